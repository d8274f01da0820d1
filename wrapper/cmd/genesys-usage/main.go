// Command genesys-usage reports who uses the API allowance of a Genesys Cloud
// organization: as a table in the terminal, as CSV or JSON, or as an HTML page.
//
//	genesys-usage -demo                          # a made-up organization
//	genesys-usage -last 7d -group-by endpoint
//	genesys-usage -month 2026-10 -compare
//	genesys-usage -month 2026-10 -format csv -o october.csv
//
// It finds the region and the credentials where the vendor's own tools do, in
// the environment: GENESYSCLOUD_REGION, and GENESYSCLOUD_OAUTHCLIENT_ID with
// GENESYSCLOUD_OAUTHCLIENT_SECRET, or GENESYSCLOUD_ACCESS_TOKEN.
//
// The report goes to standard output, everything else to standard error. It
// exits with 0, with 1 if it failed, with 2 if it was called wrongly, and with 3 if
// the allowance that it was told does not last at this pace.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

const (
	exitOK = iota
	exitFailed
	exitUsage
	exitOver
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	context.AfterFunc(ctx, stop)   // a second Ctrl-C ends the program at once
	signal.Ignore(syscall.SIGPIPE) // a reader that leaves is an error of writing: files are cleaned up
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// endings are the signals that end the command, those aside that it was started to
// ignore, as nohup does.
func endings() []os.Signal {
	var signals []os.Signal
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signals = append(signals, s)
		}
	}
	return signals
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	demo := usagetest.Config{RunningPolls: 2, QueryTime: 500 * time.Millisecond}
	return runAt(ctx, args, stdout, stderr, time.Now(), demo)
}

// runAt runs the command at a time, with a demo organization.
func runAt(ctx context.Context, args []string, stdout, stderr io.Writer, now time.Time, demo usagetest.Config) int {
	settings, err := parseFlags(args, stderr, now)
	switch {
	case errors.Is(err, errHelp):
		return exitOK
	case err != nil:
		text := strings.ReplaceAll(err.Error(), "\n", "; ")
		fmt.Fprintf(stderr, "genesys-usage: %s (see genesys-usage -h)\n", message(text))
		return exitUsage
	}
	settings.organization = demo
	over, err := report(ctx, settings, stdout, stderr)
	switch {
	case errors.Is(err, syscall.EPIPE):
		return exitFailed // whoever read the report has left, and knows
	case err != nil:
		printFailure(ctx, settings, err, stderr)
		return exitFailed
	case over:
		return exitOver
	}
	return exitOK
}
