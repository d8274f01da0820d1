package cli

import (
	"cmp"
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

	mu    sync.Mutex
	shown bool // a status
}

func newProgress(r *options, out io.Writer) *progress {
	terminal := !r.has("q") && !r.has("v") && isTerminal(out) && os.Getenv("TERM") != "dumb"
	return &progress{out: out, quiet: r.has("q"), terminal: terminal}
}

// note prints a line, unless -q is given.
func (p *progress) note(format string, args ...any) {
	if !p.quiet {
		p.warn(format, args...)
	}
}

// warn prints a line, with -q too.
func (p *progress) warn(format string, args ...any) {
	p.clear()
	fmt.Fprintf(p.out, "genesys-usage: "+format+"\n", args...)
}

// status shows a line in place of the one before. It is cut to the width of the terminal:
// a longer one would scroll.
func (p *progress) status(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		words := text.Clean(fmt.Sprintf(format, args...))
		if width := widthOf(p.out); width > 0 {
			words = text.Shorten(words, width-1)
		}
		fmt.Fprint(p.out, "\r\x1b[K"+words)
		p.shown = true
	}
}

// clear removes the status.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.shown = false
	}
}

// polled is called after each poll.
func (p *progress) polled(update wrapper.Progress) {
	if update.NextPoll > 0 {
		p.status("%s, %v, poll %d", cmp.Or(update.Status, "no response"), update.Elapsed.Round(time.Second), update.Polls)
	}
}
