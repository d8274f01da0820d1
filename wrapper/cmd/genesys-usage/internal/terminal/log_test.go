package terminal

import (
	"bytes"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// Waits for the rate limit show, and that a request is sent again, the first time.
func TestLogHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := &Progress{out: &out, start: time.Now()}
		log := slog.New(p.LogHandler())
		log.Warn("rate limited, waiting", "host", "api.mypurecloud.ie", "wait", 19500*time.Millisecond)
		log.Warn("something else", "wait", time.Hour, "error", "no")
		log.Debug("rate limited, waiting", "wait", time.Hour)
		p.Status("")
		for range 2 {
			log.Info("retrying", "attempt", 1, "error", "dial tcp:\nno such host")
		}
		want := "\r\x1b[Krate limited, waiting 20 s, 0s\r\x1b[Kgenesys-usage: dial tcp: no such host; trying again\n"
		if got := out.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
