package cli

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/terminal"
)

// Polls show, and waits for the rate limit, and that a request is sent again, the first time.
func TestWaitsShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := terminal.NewProgress(&out)
		p.NoStatus = false
		c := &Command{progress: p}
		c.polled(wrapper.Progress{Status: "Running", Polls: 3, NextPoll: time.Second})
		c.polled(wrapper.Progress{Polls: 4, NextPoll: time.Second})
		c.polled(wrapper.Progress{Status: "Complete", Polls: 5})
		log := slog.New(waitHandler{slog.DiscardHandler, p, new(sync.Once)})
		log.Warn("rate limited, waiting", "host", "api.mypurecloud.ie", "wait", 19500*time.Millisecond)
		log.Warn("something else", "wait", time.Hour, "error", "no")
		log.Debug("rate limited, waiting", "wait", time.Hour)
		p.Status("")
		for range 2 {
			log.Info("retrying", "attempt", 1, "error", "dial tcp:\nno such host")
		}
		want := "\r\x1b[KRunning, poll 3, 0s\r\x1b[Kno response, poll 4, 0s\r\x1b[Krate limited, waiting 20 s, 0s\r\x1b[Kgenesys-usage: dial tcp: no such host; trying again\n"
		if got := out.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
