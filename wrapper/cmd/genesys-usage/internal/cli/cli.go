// Package cli is the command: its flags, its help, the run from flags to files, its
// progress, and how to resume.
package cli

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/render"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/terminal"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

//go:embed help.txt
var help string

// The exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage
	exitOver    // the allowance does not last
	exitNotSure // whether it lasts
)

// Command is a call of the command. It is used once.
type Command struct {
	Args           []string // without the name of the program
	Stdout, Stderr io.Writer
	Now            time.Time
	Fake           usagetest.Config // the organization of -demo

	*options
	progress *terminal.Progress
	client   *wrapper.Client
	id       string // of the query, once it is submitted
}

// helpText returns the help, with the forms that there are.
func helpText() string {
	var forms strings.Builder
	for _, f := range render.Forms {
		fmt.Fprintf(&forms, "    %-8s %-7s  %s\n", f.Extension, f.Name, f.Help)
	}
	return strings.Replace(help, "FORMS\n", forms.String(), 1)
}

// Run runs the command until it is done or ctx ends, and returns the exit code.
func (c *Command) Run(ctx context.Context) int {
	c.progress = terminal.NewProgress(c.Stderr)
	var err error
	c.options, err = parse(c.Args, c.Now)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(c.Stdout, helpText())
		return exitOK
	case err != nil:
		c.progress.Warn("%s (see genesys-usage -h)", text.Message(err.Error()))
		return exitUsage
	case c.has("version"):
		info, _ := debug.ReadBuildInfo()
		fmt.Fprint(c.Stdout, version(info))
		return exitOK
	}
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("no report within %v (-timeout)", c.timeout))
		defer cancel()
	}
	c.progress.Quiet = c.has("q")
	c.progress.NoStatus = c.progress.NoStatus || c.has("q") || c.has("v")
	exit := make(chan int, 2)
	go func() { exit <- c.runAndSay(ctx) }()
	defer context.AfterFunc(ctx, func() {
		time.Sleep(700 * time.Millisecond) // it takes longer if nobody reads standard error, or a disk is stuck
		exit <- exitFailed
	})()
	return <-exit
}

// runAndSay runs the command, and says what went wrong.
func (c *Command) runAndSay(ctx context.Context) int {
	showing, stop := context.WithCancel(ctx)
	go c.progress.Run(showing)
	code, err := c.run(ctx)
	stop()
	c.progress.Status("")
	switch {
	case errors.Is(err, syscall.EPIPE):
		return exitFailed // the reader of the report has left, and knows
	case err != nil:
		fmt.Fprint(c.Stderr, c.failure(ctx, err))
		return exitFailed
	}
	return code
}
