package cli

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// On a terminal a spinner says how far the query is and how many rows there are, and goes
// away without a trace.
func TestSpinner(t *testing.T) {
	var out bytes.Buffer
	start := time.Now()
	p := &progress{out: &out, spins: true, start: start}
	p.update(wrapper.Progress{Status: "Running\x1b[2J", Polls: 3, NextPoll: time.Second})
	if got, want := p.line(0, start), "Running\ufffd[2J, 0s, poll 3"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.received(12_345)
	if got, want := p.line(0, start), "12,345 rows"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.note("done")
	got := out.String()
	if !strings.HasPrefix(got, "\r\x1b[K") {
		t.Errorf("the spinner did not begin: %q", got)
	}
	if want := "\r\x1b[Kgenesys-usage: done\n"; !strings.HasSuffix(got, want) {
		t.Errorf("%q, want %q at the end", got, want)
	}
}

// A line that is longer than the terminal would scroll it at each turn.
func TestSpinnerFitsTheTerminal(t *testing.T) {
	start := time.Now()
	p := &progress{start: start}
	p.update(wrapper.Progress{Status: "東京東京東京東京東京東京東京東京東京東京", Polls: 3})
	for _, width := range []int{1, 3, 10, 20, 40} {
		if got := text.Width(p.line(width, start)); got > max(width-3, 0) {
			t.Errorf("%d cells and the spinner in %d", got, width)
		}
	}
}

// A wait for the rate limit is shown, and counted down.
func TestSpinnerShowsWaitsForTheRateLimit(t *testing.T) {
	start := time.Now()
	p := &progress{start: start}
	p.update(wrapper.Progress{Status: "Running", Polls: 3})
	log := slog.New(newLogHandler(false, nil, p.limited))
	log.With("request", 1).Warn(limitedMessage, "host", "api.mypurecloud.ie", "wait", 20*time.Second)
	log.Warn("something else", "wait", time.Hour)
	for after, want := range map[time.Duration]string{
		0: "rate limited, continuing in 20 s", 15500 * time.Millisecond: "rate limited, continuing in 5 s", 25 * time.Second: "Running, 25s, poll 3",
	} {
		p.start = p.limitedUntil.Add(-20 * time.Second)
		if got := p.line(0, p.start.Add(after)); got != want {
			t.Errorf("after %v: %q, want %q", after, got, want)
		}
	}
}

// The log of -v has all records, and without it there is none.
func TestLog(t *testing.T) {
	for _, verbose := range []bool{false, true} {
		var out bytes.Buffer
		log := slog.New(newLogHandler(verbose, &out, func(time.Duration) {})).With("a", 1).WithGroup("g")
		log.Debug("request", "b", 2)
		log.Warn(limitedMessage, "wait", time.Second)
		for _, want := range []string{"msg=request a=1 g.b=2", limitedMessage} {
			if got := strings.Contains(out.String(), want); got != verbose {
				t.Errorf("-v=%v: %q is there: %v", verbose, want, got)
			}
		}
	}
}

// Among rows that go to the same terminal there is no spinner; elsewhere none at all.
func TestNoSpinner(t *testing.T) {
	for name, p := range map[string]*progress{"rows on the terminal": {spins: true, streams: true}, "no terminal": {}} {
		var out bytes.Buffer
		p.out = &out
		p.received(1)
		p.limited(0)
		p.done()
		if name == "no terminal" && out.Len() > 0 {
			t.Errorf("%s: %q", name, &out)
		}
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
