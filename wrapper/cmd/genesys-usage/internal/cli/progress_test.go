package cli

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
)

// On a terminal, a line that is written over says how far the query is, and for how long: it
// counts on between polls, and goes away without a trace.
func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := &progress{out: &out, terminal: true, start: time.Now()}
		ctx, stop := context.WithCancel(t.Context())
		go p.run(ctx)
		time.Sleep(1500 * time.Millisecond) // nothing to show
		p.polled(wrapper.Progress{Status: "Running\x1b[2J", Polls: 3, NextPoll: time.Second})
		time.Sleep(time.Second)
		synctest.Wait()
		p.polled(wrapper.Progress{Polls: 4, NextPoll: time.Second})
		p.polled(wrapper.Progress{Status: "Complete", Polls: 5})
		p.note("done")
		p.status("")
		stop()
		time.Sleep(time.Minute)
		got := strings.ReplaceAll(out.String(), "\r\x1b[K", "|")
		if want := "|Running\ufffd[2J, poll 3, 1s|Running\ufffd[2J, poll 3, 2s||no response, poll 4, 2s|genesys-usage: done\n" +
			"|no response, poll 4, 2s|"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// On a terminal, lines break between words, and the status is cut: a longer one would scroll
// it each time. Elsewhere there are lines alone, and with -q warnings alone.
func TestLines(t *testing.T) {
	for _, test := range []struct {
		name string
		p    *progress
		want string
	}{
		{"terminal", &progress{terminal: true, width: 20}, "\r\x1b[K東京東京…東京, 0s\r\x1b[Kgenesys-usage: some\nwords more\n" +
			"\r\x1b[K東京東京…東京, 0s\r\x1b[Kgenesys-usage: more\n\r\x1b[K東京東京…東京, 0s"},
		{"no terminal", &progress{}, "genesys-usage: some words more\ngenesys-usage: more\n"},
		{"quiet", &progress{quiet: true}, "genesys-usage: more\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			p := test.p
			p.out, p.start = &out, time.Now()
			p.status("%s", "東京東京東京東京東京東京東京")
			p.note("some words more")
			p.warn("more")
			if got := out.String(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A wait for the rate limit shows, and that a request is sent again, the first time.
func TestWaitsShow(t *testing.T) {
	var out bytes.Buffer
	p := &progress{out: &out, terminal: true, start: time.Now()}
	log := slog.New(waitHandler{slog.DiscardHandler, p, new(sync.Once)})
	log.Warn("rate limited, waiting", "host", "api.mypurecloud.ie", "wait", 19500*time.Millisecond)
	log.Warn("something else", "wait", time.Hour, "error", "no")
	log.Debug("rate limited, waiting", "wait", time.Hour)
	p.status("")
	for range 2 {
		log.Info("retrying", "attempt", 1, "error", "dial tcp:\nno such host")
	}
	want := "\r\x1b[Krate limited, waiting 20 s, 0s\r\x1b[Kgenesys-usage: dial tcp: no such host; trying again\n"
	if got := out.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
