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
	out      io.Writer
	terminal bool
	start    time.Time

	mu      sync.Mutex
	last    wrapper.Progress
	stop    chan struct{} // not nil while the spinner turns
	stopped chan struct{}
}

func newProgress(out io.Writer) *progress {
	return &progress{out: out, terminal: isTerminal(out), start: time.Now()}
}

// isTerminal tells whether somebody is looking.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

func (p *progress) note(format string, args ...any) {
	p.done()
	fmt.Fprintf(p.out, "genesys-usage: "+format+"\n", args...)
}

// update is told of each poll.
func (p *progress) update(update wrapper.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = update
	if p.terminal && p.stop == nil && update.NextPoll > 0 {
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
		p.mu.Lock()
		last := p.last
		p.mu.Unlock()
		fmt.Fprintf(p.out, "\r\x1b[K%c %s, %v, poll %d", []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")[frame%10], clean(string(last.Status)),
			time.Since(p.start).Round(time.Second), last.Polls)
		select {
		case <-ticker.C:
		case <-stop:
			fmt.Fprint(p.out, "\r\x1b[K")
			return
		}
	}
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
