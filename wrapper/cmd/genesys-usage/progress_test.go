package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
)

// On a terminal a spinner says how far the query is, how many rows there are, and goes
// away without a trace.
func TestSpinner(t *testing.T) {
	var out bytes.Buffer
	p := &progress{out: &out, spins: true, start: time.Now()}
	p.update(wrapper.Progress{Status: "Running\x1b[2J", Polls: 3, NextPoll: time.Second})
	if got := p.state(); !strings.HasPrefix(got, "Running�[2J, 0s, poll 3") {
		t.Error(got)
	}
	p.received(12_345)
	if got := p.state(); got != "12,345 rows" {
		t.Error(got)
	}
	p.note("done")
	if got := out.String(); !strings.HasPrefix(got, "\r\x1b[K") || !strings.HasSuffix(got, "\r\x1b[Kgenesys-usage: done\n") {
		t.Errorf("%q", got)
	}
}

// Among rows that go to the same terminal there is no spinner; elsewhere none at all.
func TestNoSpinner(t *testing.T) {
	for _, p := range []*progress{{spins: true, streams: true}, {}} {
		var out bytes.Buffer
		p.out = &out
		p.received(1)
		p.done()
		if p.stop != nil || out.Len() > 0 {
			t.Errorf("%q", &out)
		}
	}
}

func TestWidthOf(t *testing.T) {
	for columns, want := range map[string]int{"": 0, "80": 80, "wide": 0, "-5": 0} {
		t.Setenv("COLUMNS", columns)
		if got := widthOf(&bytes.Buffer{}); got != want {
			t.Errorf("%q is %d", columns, got)
		}
	}
}
