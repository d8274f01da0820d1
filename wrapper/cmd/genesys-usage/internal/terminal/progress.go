// Package terminal knows how wide a terminal is, and shows there how far a query is.
package terminal

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// Width reports whether what is written goes to a terminal, and the number of cells of a line
// of it, or 0 for any number.
func Width(w io.Writer) (width int, isTerminal bool) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	width, _, _ = term.GetSize(int(file.Fd()))
	return width, true
}

// Progress shows lines, and on a terminal a status that is written over. It is safe for
// concurrent use.
type Progress struct {
	Quiet    bool // there are no notes
	NoStatus bool
	Width    int // of lines; 0 for any

	out   io.Writer
	start time.Time
	mu    sync.Mutex
	words string // the status
	shown bool   // it is
}

// NewProgress returns the progress of what begins now.
func NewProgress(out io.Writer) *Progress {
	width, isTerminal := Width(out)
	return &Progress{NoStatus: !isTerminal || os.Getenv("TERM") == "dumb", Width: width, out: out, start: time.Now()}
}

// Run shows how long it takes, once a second, until ctx ends.
func (p *Progress) Run(ctx context.Context) {
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

// Note prints a line, unless p is quiet.
func (p *Progress) Note(format string, args ...any) {
	if !p.Quiet {
		p.Warn(format, args...)
	}
}

// Warn prints a line.
func (p *Progress) Warn(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	fmt.Fprintln(p.out, text.Wrap("genesys-usage: "+fmt.Sprintf(format, args...), p.Width))
	p.draw()
}

// Status shows a line in place of the one before; an empty one removes it.
func (p *Progress) Status(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.words = text.Clean(fmt.Sprintf(format, args...)); p.words == "" {
		p.erase()
	}
	p.draw()
}

// draw shows the status. It is cut to the width of the terminal: a longer one would scroll.
func (p *Progress) draw() {
	if p.NoStatus || p.words == "" {
		return
	}
	words := fmt.Sprintf("%s, %v", p.words, time.Since(p.start).Truncate(time.Second))
	if p.Width > 0 {
		words = text.Shorten(words, p.Width-1)
	}
	fmt.Fprint(p.out, "\r\x1b[K"+words)
	p.shown = true
}

func (p *Progress) erase() {
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.shown = false
	}
}
