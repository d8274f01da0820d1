// Command genesys-usage reports who uses the API allowance of a Genesys Cloud
// organization: as a table in the terminal, CSV, JSON, a workbook or an HTML page.
//
//	genesys-usage -demo                          # a made-up organization
//	genesys-usage -last 7d -group-by endpoint
//	genesys-usage -month 2026-10 -compare
//	genesys-usage -month 2026-10 -o october.xlsx -o october.html
//
// It finds the region and the credentials where the vendor's own tools do, in
// the environment: GENESYSCLOUD_REGION, and GENESYSCLOUD_OAUTHCLIENT_ID with
// GENESYSCLOUD_OAUTHCLIENT_SECRET, or GENESYSCLOUD_ACCESS_TOKEN.
//
// The report goes to standard output or to the files of -o, everything else to
// standard error. The exit code is 0 if all went well, 1 if something failed, 2 for a
// usage error, 3 if the allowance of -allowance will run out before its period ends, and 4
// if that is not sure.
package main

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/cli"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/demo"
)

func main() { os.Exit(run()) }

// run runs the command, and returns the exit code.
func run() int {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}
	signals = slices.DeleteFunc(signals, signal.Ignored) // as nohup has it
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, stop)   // a second Ctrl-C ends the program at once
	signal.Ignore(syscall.SIGPIPE) // a reader that leaves is an error of writing: files are cleaned up
	command := cli.Command{
		Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now(),
		Fake: demo.Organization(),
	}
	return command.Run(ctx)
}
