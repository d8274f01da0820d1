package terminal

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// On a terminal, a line that is written over says how far the query is, and for how long: it
// counts on between polls, and goes away without a trace.
func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := &Progress{out: &out, start: time.Now()}
		ctx, stop := context.WithCancel(t.Context())
		go p.Run(ctx)
		time.Sleep(1500 * time.Millisecond) // nothing to show
		p.Status("Running\x1b[2J")
		time.Sleep(time.Second)
		synctest.Wait()
		p.Status("%d rows", 10)
		p.Note("done")
		p.Status("")
		stop()
		time.Sleep(time.Minute)
		got := strings.ReplaceAll(out.String(), "\r\x1b[K", "|")
		if want := "|Running\ufffd[2J, 1s|Running\ufffd[2J, 2s|10 rows, 2s|genesys-usage: done\n|10 rows, 2s|"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// On a terminal, lines break between words, and the status is cut: a longer one would scroll
// it each time. Elsewhere there are lines alone, and with -q warnings alone.
func TestLines(t *testing.T) {
	for _, test := range []struct {
		name string
		p    *Progress
		want string
	}{
		{"terminal", &Progress{Width: 20}, "\r\x1b[Kabcdefghi…pqrst, 0s\r\x1b[Kgenesys-usage: some\nwords more\n" +
			"\r\x1b[Kabcdefghi…pqrst, 0s\r\x1b[Kgenesys-usage: more\n\r\x1b[Kabcdefghi…pqrst, 0s"},
		{"no terminal", &Progress{NoStatus: true}, "genesys-usage: some words more\ngenesys-usage: more\n"},
		{"quiet", &Progress{NoStatus: true, Quiet: true}, "genesys-usage: more\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			p := test.p
			p.out, p.start = &out, time.Now()
			p.Status("%s", "abcdefghijklmnopqrst")
			p.Note("some words more")
			p.Warn("more")
			if got := out.String(); got != test.want {
				t.Errorf("%s: got %q, want %q", test.name, got, test.want)
			}
		})
	}
}
