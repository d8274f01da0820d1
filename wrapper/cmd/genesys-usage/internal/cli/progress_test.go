package cli

import (
	"bytes"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// On a terminal, a line that is written over says how far the query is, and goes away
// without a trace.
func TestStatus(t *testing.T) {
	var out bytes.Buffer
	p := &progress{out: &out, terminal: true}
	p.polled(wrapper.Progress{Status: "Running\x1b[2J", Polls: 3, Elapsed: 4 * time.Second, NextPoll: time.Second})
	p.polled(wrapper.Progress{Status: "Complete", Polls: 4})
	p.status("%s", "10,000 rows")
	p.note("done")
	p.clear()
	want := "\r\x1b[KRunning\ufffd[2J, 4s, poll 3" + "\r\x1b[K10,000 rows" + "\r\x1b[Kgenesys-usage: done\n"
	if got := out.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A line that is longer than the terminal would scroll it each time.
func TestStatusFitsTheTerminal(t *testing.T) {
	for _, width := range []int{1, 3, 10, 20, 40} {
		t.Setenv("COLUMNS", strconv.Itoa(width))
		var out bytes.Buffer
		p := &progress{out: &out, terminal: true}
		p.polled(wrapper.Progress{Status: "東京東京東京東京東京東京東京", NextPoll: time.Second})
		if got := text.Width(strings.TrimPrefix(out.String(), "\r\x1b[K")); got > width-1 {
			t.Errorf("%d cells and the cursor in %d", got, width)
		}
	}
}

// A wait for the rate limit shows.
func TestStatusShowsWaitsForTheRateLimit(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(limitHandler{slog.DiscardHandler, &progress{out: &out, terminal: true}})
	log.Warn("rate limited, waiting", "host", "api.mypurecloud.ie", "wait", 19500*time.Millisecond)
	log.Warn("something else", "wait", time.Hour)
	log.Debug("rate limited, waiting", "wait", time.Hour)
	if got, want := out.String(), "\r\x1b[Krate limited, continuing in 20 s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Where there is no terminal, there are lines alone.
func TestNoStatus(t *testing.T) {
	var out bytes.Buffer
	p := &progress{out: &out}
	p.polled(wrapper.Progress{Status: "Running", NextPoll: time.Second})
	p.note("done")
	if got, want := out.String(), "genesys-usage: done\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWidthOf(t *testing.T) {
	for columns, want := range map[string]int{"": 0, "80": 80, "wide": 0, "-5": 0} {
		t.Setenv("COLUMNS", columns)
		if got := widthOf(&bytes.Buffer{}); got != want {
			t.Errorf("%q is %d, want %d", columns, got, want)
		}
	}
}
