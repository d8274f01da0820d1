// Command genesys-usage reports who uses the API allowance of a Genesys Cloud
// organization: as a table in the terminal, as CSV or JSON, or as an HTML page.
//
//	genesys-usage -demo                          # a made-up organization
//	genesys-usage -last 7d -group-by endpoint
//	genesys-usage -month 2026-10 -format csv -o october.csv
//
// It finds the region and the credentials where the vendor's own tools do, in
// the environment: GENESYSCLOUD_REGION, and GENESYSCLOUD_OAUTHCLIENT_ID with
// GENESYSCLOUD_OAUTHCLIENT_SECRET, or GENESYSCLOUD_ACCESS_TOKEN.
//
// The report goes to standard output, everything else to standard error. It
// exits with 0, with 1 if it failed, and with 2 if it was called wrongly.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

const (
	exitOK = iota
	exitFailed
	exitUsage
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	settings, err := parseFlags(args, stderr, time.Now())
	switch {
	case errors.Is(err, errHelp):
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "genesys-usage: %v (see genesys-usage -h)\n", err)
		return exitUsage
	}
	if err := report(ctx, settings, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "genesys-usage: %v\n", err)
		printResume(settings, err, stderr)
		return exitFailed
	}
	return exitOK
}

// printResume says how to go on with a query that was interrupted.
func printResume(s *settings, err error, stderr io.Writer) {
	var execution *wrapper.ExecutionError
	if !errors.As(err, &execution) || !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return
	}
	fmt.Fprintf(stderr, "The query goes on at the vendor's side. To get its report:\n\n    genesys-usage -resume %s\n\n", shellQuote(execution.ExecutionID))
	if s.demo {
		fmt.Fprintln(stderr, "(Not this one, though: the demo organization ends with this process.)")
	}
}

// report runs the query and writes the report.
func report(ctx context.Context, s *settings, stdout, stderr io.Writer) (err error) {
	if s.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.timeout)
		defer cancel()
	}
	progress := newProgress(stderr)
	client, closeDemo, err := newClient(s, progress, stderr)
	if err != nil {
		return err
	}
	defer closeDemo()

	outputs, err := newOutputs(s, stdout)
	if err != nil {
		return err
	}
	defer outputs.abandon()

	execution := client.Execution(s.resume)
	if s.resume == "" {
		progress.note("asking for %s", s.query.Interval)
		if s.period.note != "" {
			progress.note("mind: %s", s.period.note)
		}
		if execution, err = client.Submit(ctx, s.query); err != nil {
			return err
		}
	}
	progress.note("query %s", execution.ID())
	rows := 0
	for row, err := range execution.Rows(ctx) {
		if err != nil {
			progress.done()
			return err
		}
		if rows == 0 {
			progress.done()
		}
		rows++
		if err := outputs.write(&row); err != nil {
			return err
		}
	}
	progress.done()
	if err := outputs.commit(); err != nil {
		return err
	}
	progress.note("%s rows", thousands(int64(rows)))
	return nil
}

// newClient makes the client of the environment's organization, or of a demo.
func newClient(s *settings, progress *progress, stderr io.Writer) (client *wrapper.Client, closeDemo func(), err error) {
	options := []wrapper.Option{
		wrapper.WithProgress(progress.update),
		wrapper.WithPolling(wrapper.Polling{Timeout: -1}), // -timeout says it
	}
	if s.verbose {
		options = append(options, wrapper.WithLogger(slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	}
	if s.demo {
		server := usagetest.NewServer(usagetest.Config{RunningPolls: 2, QueryTime: s.demoQueryTime})
		progress.note("DEMO: the organization is made up, and served at %s by this process", server.URL)
		options = append(server.Options(), options...)
		options = append(options, wrapper.WithPolling(wrapper.Polling{Initial: 50 * time.Millisecond, Timeout: -1}))
		client, err = wrapper.New("", options...)
		return client, server.Close, err
	}
	if s.region != "" {
		options = append(options, wrapper.WithBaseURL(s.region.APIURL()), wrapper.WithLoginURL(s.region.LoginURL()))
	}
	client, err = wrapper.NewFromEnv(options...)
	if err != nil {
		err = fmt.Errorf("%w\n(or try it with -demo, which needs no credentials)", err)
	}
	return client, func() {}, err
}

// A writer writes rows in one format.
type writer interface {
	write(row *gen.APIUsageRow) error
	// finish is called once, after the last row.
	finish() error
}
