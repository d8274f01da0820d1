package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
)

// progress tells people on standard error how far the query is. It is written to
// by one goroutine and, while the spinner turns, another.
type progress struct {
	out     io.Writer
	quiet   bool
	spins   bool // there is a terminal to do it on
	streams bool // rows go to the same terminal: no spinner among them
	start   time.Time

	mu      sync.Mutex
	last    wrapper.Progress
	rows    int64
	stop    chan struct{} // not nil while the spinner turns
	stopped chan struct{}
}

func newProgress(s *settings, out io.Writer) *progress {
	return &progress{out: out, quiet: s.quiet, spins: !s.quiet && !s.verbose && isTerminal(out) && os.Getenv("TERM") != "dumb", start: s.now}
}

func (p *progress) note(format string, args ...any) {
	p.done()
	if !p.quiet {
		text := fmt.Sprintf("genesys-usage: "+format, args...)
		if isTerminal(p.out) {
			text = wrap(text, widthOf(p.out))
		}
		fmt.Fprintln(p.out, text)
	}
}

// update is told of each poll.
func (p *progress) update(update wrapper.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = update
	p.rows = 0
	if update.NextPoll > 0 {
		p.turn()
	}
}

// received is told of each row.
func (p *progress) received(rows int64) {
	switch {
	case !p.spins:
	case p.streams:
		p.done()
	default:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.rows = rows
		p.turn()
	}
}

// turn starts the spinner, if it does not turn.
func (p *progress) turn() {
	if p.spins && p.stop == nil {
		p.stop, p.stopped = make(chan struct{}), make(chan struct{})
		go p.spin(p.stop, p.stopped)
	}
}

// spin turns the spinner until it is stopped, and wipes it away.
func (p *progress) spin(stop, stopped chan struct{}) {
	defer close(stopped)
	ticker := time.NewTicker(120 * time.Millisecond)
	defer ticker.Stop()
	for frame := 0; ; frame++ {
		fmt.Fprintf(p.out, "\r\x1b[K%c %s", []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")[frame%10], p.state())
		select {
		case <-ticker.C:
		case <-stop:
			fmt.Fprint(p.out, "\r\x1b[K")
			return
		}
	}
}

// state says how far the query is.
func (p *progress) state() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rows > 0 {
		return thousands(p.rows) + " rows"
	}
	return fmt.Sprintf("%s, %v, poll %d", shorten(clean(string(p.last.Status)), 30), time.Since(p.start).Round(time.Second), p.last.Polls)
}

// done stops the spinner, if it turns.
func (p *progress) done() {
	p.mu.Lock()
	stop, stopped := p.stop, p.stopped
	p.stop = nil
	p.mu.Unlock()
	if stop != nil {
		close(stop)
		<-stopped
	}
}
