// Command trim cuts the vendor's API document, of some 10 MB, down to the few
// operations of this module, and writes them as OpenAPI 3.0.3 to api/usage.yaml,
// from which go generate makes the client. Run it in the root of a checkout.
//
//	go run ./api/trim                           # from the vendor's address
//	go run ./api/trim -from swagger.json        # from a file; - is standard input
//	go run ./api/trim -check                    # compare only; write nothing
//
// It reads Swagger 2.0 and OpenAPI 3.0, in JSON, and drops what the operations do
// not refer to. The output does not depend on the order of keys, nor on other ways
// to write what means the same to clients. An operation that has another operationId
// upstream, at the same method and path, keeps the one that it had.
//
// The document is not trusted. Of its extensions only the vendor's own are kept,
// and control characters are neither written nor printed.
//
// If there is an old file, it first generates the client, and reports what changes
// for programs that import this module, and which lines of this module are to be
// edited. It is an error if no client can be generated. If nothing has changed,
// nothing is written.
//
// The exit code is 0, or 1 for an error, also if an operation is gone: the old file
// stays as it is; or 2 for a usage error. With -check, it is 0 if nothing changed, 3
// if all changes are compatible, and 4 if a change breaks programs, or no client can
// be generated. (go run turns each of these into 1: build the command first where
// the difference matters.)
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
)

// Exit codes.
const (
	exitOK = iota
	exitError
	exitUsage
	exitCompatible // -check only
	exitBreaking   // -check only
)

// usageOperations are the operations of this module.
const usageOperations = "postUsageQuery,getUsageQueryExecutionIdResults," +
	"postUsageAggregatesQueryJobs,getUsageAggregatesQueryJob"

// upstream is where the vendor publishes its document.
const upstream = "https://api.mypurecloud.com/api/v2/docs/swagger"

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run runs the command, prints its error, and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	code, err := command(ctx, args, stdin, stdout, stderr)
	if err != nil {
		// Indented: a line that starts with "::" is a command to some build servers.
		fmt.Fprintf(stderr, "trim: %s\n", strings.ReplaceAll(printable(err.Error()), "\n", "\n  "))
	}
	return code
}

func command(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int, err error) {
	flags := flag.NewFlagSet("trim", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	from := flags.String("from", upstream, "`file`, URL or - (standard input) to read the vendor's document from")
	output := flags.String("o", "api/usage.yaml", "`file` to compare with, and to write")
	ids := flags.String("operations", usageOperations, "comma-separated `ids` of the operations to keep")
	check := flags.Bool("check", false, "write nothing; exit with 0 (same), 3 (compatible) or 4 (breaking, or no client can be generated)")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stdout)
		flags.Usage()
		return exitOK, nil
	case err != nil:
		return exitUsage, fmt.Errorf("usage error: %w; see trim -h", err)
	case flags.NArg() > 0:
		return exitUsage, fmt.Errorf("usage error: unexpected argument %q; see trim -h", flags.Arg(0))
	}
	data, err := read(*from, stdin)
	root, invalid := parse(data)
	if err = cmp.Or(err, invalid); err != nil {
		return exitError, fmt.Errorf("%s: %w", *from, err)
	}
	before, err := os.ReadFile(*output) // there is none for a new one
	if err != nil && (*check || !errors.Is(err, os.ErrNotExist)) {
		return exitError, err
	}
	// From here on, an interrupt stops the commands that are run, and removes their files.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	dir, err := os.MkdirTemp("", "trim")
	if err != nil {
		return exitError, err
	}
	defer os.RemoveAll(dir)
	t := &tools{ctx: ctx, dir: dir}
	d, err := t.update(root, strings.Split(*ids, ","), before)
	if err != nil {
		if code = exitError; *check && errors.Is(err, errNoClient) {
			code = exitBreaking
		}
		return code, fmt.Errorf("%s: %w", *from, err)
	}
	for _, warning := range d.warnings {
		fmt.Fprintf(stderr, "trim: warning: %s\n", warning)
	}
	if before != nil {
		fmt.Fprint(stdout, &d.report)
	}
	for _, o := range d.others {
		if strings.HasPrefix(o.path, "/api/v2/usage/") {
			fmt.Fprintf(stdout, "Not kept: %s (%s)\n", oneLine(o.String()), oneLine(o.id))
		}
	}
	switch r := d.report; {
	case r.same:
		return exitOK, nil
	case *check && len(r.breaking) > 0:
		return exitBreaking, nil
	case *check:
		return exitCompatible, nil
	case r.gone:
		return exitError, fmt.Errorf("%s: operations are gone; %s was not written", *from, *output)
	}
	return exitOK, os.WriteFile(*output, d.spec, 0o644)
}
