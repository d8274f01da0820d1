// Package cli is the command: its flags, its help, the run from flags to files, its
// progress, and how to resume.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// The exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage
	exitOver // the allowance does not last
)

// Command is a call of the command.
type Command struct {
	Args           []string // without the name of the program
	Stdout, Stderr io.Writer
	Now            time.Time
	Demo           usagetest.Config // the organization of -demo
}

// Run runs the command until it is done or ctx ends, and returns the exit code.
func (c *Command) Run(ctx context.Context) int {
	o, v, err := parse(c.Args, c.Now)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(c.Stdout, help(newFlags(&flagValues{})))
		return exitOK
	case err != nil:
		return c.usageError(err)
	case v.version:
		fmt.Fprintf(c.Stdout, "genesys-usage %s\n", version())
		return exitOK
	}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("no report within %v (-timeout)", o.timeout))
		defer cancel()
	}
	over, err := c.report(ctx, o)
	switch {
	case errors.Is(err, syscall.EPIPE):
		return exitFailed // the reader of the report has left, and knows
	case err != nil:
		fmt.Fprint(c.Stderr, failure(ctx, o, v, err))
		return exitFailed
	case over:
		return exitOver
	}
	return exitOK
}

func (c *Command) usageError(err error) int {
	words := text.Message(strings.ReplaceAll(err.Error(), "\n", "; "))
	fmt.Fprintf(c.Stderr, "genesys-usage: %s (see genesys-usage -h)\n", words)
	return exitUsage
}

// version returns the module's version and what it was built with.
func version() string {
	version, commit := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				commit = " " + setting.Value
			}
		}
	}
	return fmt.Sprintf("%s%s (%s, %s/%s)", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
