package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// progress shows on standard error how far the query is. It is safe for concurrent use.
type progress struct {
	out      io.Writer
	quiet    bool
	terminal bool // there is a line for the status, which is written over
	width    int  // of lines; 0 for any
	start    time.Time

	mu    sync.Mutex
	words string // the status
	shown bool   // it is
}

func newProgress(o *options, out io.Writer) *progress {
	terminal := !o.has("q") && !o.has("v") && isTerminal(out) && os.Getenv("TERM") != "dumb"
	return &progress{out: out, quiet: o.has("q"), terminal: terminal, width: widthOf(out), start: time.Now()}
}

// run shows how long it takes, once a second, until ctx ends.
func (p *progress) run(ctx context.Context) {
	for {
		select {
		case <-time.After(time.Second):
			p.mu.Lock()
			p.draw()
			p.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// note prints a line, unless -q is given.
func (p *progress) note(format string, args ...any) {
	if !p.quiet {
		p.warn(format, args...)
	}
}

// warn prints a line, with -q too.
func (p *progress) warn(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	fmt.Fprintln(p.out, text.Wrap("genesys-usage: "+fmt.Sprintf(format, args...), p.width))
	p.draw()
}

// status shows a line in place of the one before; an empty one removes it.
func (p *progress) status(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.words = text.Clean(fmt.Sprintf(format, args...))
	p.draw()
}

// draw shows the status. It is cut to the width of the terminal: a longer one would scroll.
func (p *progress) draw() {
	if !p.terminal || p.words == "" {
		return
	}
	words := fmt.Sprintf("%s, %v", p.words, time.Since(p.start).Truncate(time.Second))
	if p.width > 0 {
		words = text.Shorten(words, p.width-1)
	}
	fmt.Fprint(p.out, "\r\x1b[K"+words)
	p.shown = true
}

func (p *progress) erase() {
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.shown = false
	}
}

// polled is called after each poll.
func (p *progress) polled(update wrapper.Progress) {
	if update.NextPoll > 0 {
		p.status("%s, poll %d", cmp.Or(update.Status, "no response"), update.Polls)
	}
}
