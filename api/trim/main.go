// Command trim cuts the vendor's API document, of some 10 MB, down to the few
// operations of this module, and writes them as OpenAPI 3.0.3 to api/usage.yaml,
// from which go generate makes the client. Run it in the root of a checkout.
//
//	go run ./api/trim                           # from the vendor's address
//	go run ./api/trim -from swagger.json        # from a file; - is standard input
//	go run ./api/trim -check                    # compare only; write nothing
//
// It reads Swagger 2.0 and OpenAPI 3.0, in JSON or YAML, and drops what the
// operations do not refer to. The output does not depend on the order of keys.
//
// The document is not trusted. Of its extensions only the vendor's own are kept,
// and control characters are neither written nor printed.
//
// Before it writes, it generates the client, and reports what changes for
// programs that import this module: see the README's section "When Genesys changes
// the API". A document from which no client can be generated is an error.
//
// The exit code is 0, or 1 for an error in the document, after which the old file
// is unchanged, or 2 for a usage error. With -check, it is 0 when nothing changed,
// 3 when all changes are compatible, and 4 when a change breaks programs. (go run
// turns each of these into 1: build the command first where the difference matters.)
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
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

// timeout is the limit of the download, and of the commands that are run, together.
const timeout = 10 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

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
	output := flags.String("o", "api/usage.yaml", "`file` to write, or - for standard output")
	ids := flags.String("operations", usageOperations, "comma-separated `ids` of the operations to keep")
	check := flags.Bool("check", false, "write nothing; exit with 0 (same), 3 (compatible) or 4 (breaking)")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stdout)
		flags.Usage()
		return exitOK, nil
	case err != nil:
		return exitUsage, fmt.Errorf("usage error: %w; see trim -h", err)
	case flags.NArg() > 0:
		return exitUsage, fmt.Errorf("usage error: unexpected argument %q; see trim -h", flags.Arg(0))
	case *check && *output == "-":
		return exitUsage, errors.New("usage error: -check needs a file to compare with; see trim -h")
	}
	data, err := read(ctx, *from, stdin)
	if err != nil {
		return exitError, err
	}
	d, err := trim(data, strings.Split(*ids, ","))
	if *check && errors.Is(err, errMissing) {
		return exitBreaking, fmt.Errorf("%s: %w", *from, err)
	} else if err != nil {
		return exitError, fmt.Errorf("%s: %w", *from, err)
	}
	for _, warning := range d.warnings {
		fmt.Fprintf(stderr, "trim: warning: %s\n", warning)
	}
	spec, text := append(header(*from, d.version), d.spec...), ""
	// A new file, a pipe or a device has no content to compare with.
	if info, err := os.Stat(*output); *check || err == nil && info.Mode().IsRegular() {
		r, err := compare(ctx, ".", *output, spec)
		if err != nil {
			return exitError, fmt.Errorf("%s: %w", *from, err)
		}
		code, text = r.exitCode(), r.String()
	}
	for _, operation := range d.notKept {
		text += "Not kept: " + operation + "\n"
	}
	if *output == "-" {
		text = string(spec)
	} else if !*check {
		code, err = exitOK, os.WriteFile(*output, spec, 0o644)
	}
	if err == nil {
		_, err = io.WriteString(stdout, text)
	}
	if err != nil {
		code = exitError
	}
	return code, err
}

// header returns the comment at the head of the output, which says how it was made. It has
// the document's base name only: a path may name a user.
func header(from, version string) []byte {
	return fmt.Appendf(nil, `# Code generated by "go run ./api/trim"; DO NOT EDIT.
# Names and fixes for Go belong in overlay.yaml, which oapi-codegen applies to this.
# From: %s (info.version %q)
# The vendor's live document: %s
`, oneLine(filepath.Base(from)), version, upstream)
}
