package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// progress shows on standard error how far the query is. It is written to by one
// goroutine and, while the spinner turns, another.
type progress struct {
	out     io.Writer
	quiet   bool
	spins   bool // there is a terminal for a spinner
	streams bool // rows go to the same terminal: no spinner among them
	start   time.Time

	mu           sync.Mutex
	last         wrapper.Progress
	rows         int64
	limitedUntil time.Time
	stop         chan struct{} // not nil while the spinner turns
	stopped      chan struct{}
}

func newProgress(o *options, out io.Writer, start time.Time) *progress {
	return &progress{
		out: out, quiet: o.quiet, start: start,
		spins: !o.quiet && !o.verbose && isTerminal(out) && os.Getenv("TERM") != "dumb",
	}
}

// note prints a line.
func (p *progress) note(format string, args ...any) {
	p.done()
	if !p.quiet {
		words := fmt.Sprintf("genesys-usage: "+format, args...)
		if isTerminal(p.out) {
			words = text.Wrap(words, widthOf(p.out))
		}
		fmt.Fprintln(p.out, words)
	}
}

// update is called after each poll.
func (p *progress) update(update wrapper.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = update
	p.rows = 0
	if update.NextPoll > 0 {
		p.turn()
	}
}

// limited is called before each wait for the rate limit.
func (p *progress) limited(wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limitedUntil = time.Now().Add(wait)
	p.turn()
}

// received is called with the number of rows so far.
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

// turn starts the spinner, if it does not turn yet.
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
		fmt.Fprintf(p.out, "\r\x1b[K%c %s", []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")[frame%10], p.line(widthOf(p.out), time.Now()))
		select {
		case <-ticker.C:
		case <-stop:
			fmt.Fprint(p.out, "\r\x1b[K")
			return
		}
	}
}

// line says how far the query is, in a line of the terminal that has room for the spinner
// too: a longer one would scroll it at each turn.
func (p *progress) line(width int, now time.Time) string {
	line := p.state(now)
	if width > 0 {
		line = text.Shorten(line, max(width-3, 0))
	}
	return line
}

func (p *progress) state(now time.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait := p.limitedUntil.Sub(now); wait > 0 {
		return fmt.Sprintf("rate limited, continuing in %d s", (wait+time.Second-1)/time.Second)
	}
	if p.rows > 0 {
		return text.Thousands(p.rows) + " rows"
	}
	if p.last.Status == "" {
		return fmt.Sprintf("waiting, %v", now.Sub(p.start).Round(time.Second))
	}
	return fmt.Sprintf("%s, %v, poll %d", text.Shorten(text.Clean(string(p.last.Status)), 30), now.Sub(p.start).Round(time.Second), p.last.Polls)
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
