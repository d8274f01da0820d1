// Command trim cuts the vendor's API document, of some 10 MB, down to the few
// operations that this module is made of, and writes them as OpenAPI 3.0.3 to
// api/usage.yaml, from which go generate makes the client. Run it in the root of a
// checkout.
//
//	go run ./api/trim                           # from the vendor's address
//	go run ./api/trim -from swagger.json        # from a file; - is standard input
//	go run ./api/trim -check                    # compare only; write nothing
//
// It reads Swagger 2.0 and OpenAPI 3.0, JSON and YAML. It keeps the operations
// and all that they reach, and drops the rest. The same input gives the same
// bytes below the header comment, whatever the order of its keys.
//
// The document is not trusted. Of its extensions only those of the vendor's own are
// kept, and no control character gets into what is written or printed.
//
// Before it writes, it generates the client, and it reports what changes for
// programs that import this module: see the README's section "When Genesys changes
// the API". A document from which no client can be generated is an error.
//
// It exits with 0, or 1 for an error, which leaves the old file as it was, or 2
// for a usage error. With -check: 0 when nothing changed, 3 when what changed
// is compatible, 4 when it breaks programs. (go run turns each of these into 1:
// build the command first where the difference matters.)
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
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

// kept are the operations that this module is made of.
const kept = "postUsageQuery,getUsageQueryExecutionIdResults,postUsageAggregatesQueryJobs,getUsageAggregatesQueryJob"

// upstream is where the vendor publishes its document.
const upstream = "https://api.mypurecloud.com/api/v2/docs/swagger"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("trim", flag.ContinueOnError)
	flags.SetOutput(stderr)
	from := flags.String("from", upstream, "`file`, address or - (standard input) to read the vendor's document from")
	output := flags.String("o", "api/usage.yaml", "`file` to write; - prints it")
	operations := flags.String("operations", kept, "`ids` of the operations to keep, separated by commas")
	check := flags.Bool("check", false, "write nothing; exit with 0 (same), 3 (compatible) or 4 (breaking)")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	var usage string
	switch keep := strings.Split(*operations, ","); {
	case flags.NArg() > 0:
		usage = fmt.Sprintf("unexpected argument %q", flags.Arg(0))
	case slices.Contains(keep, ""):
		usage = "-operations: an empty id"
	case *check && *output == "-":
		usage = "-check compares with the file that -o names"
	default:
		code, err := trim(ctx, *from, *output, keep, *check, stdin, stdout, stderr)
		if err != nil {
			// No line of upstream's begins a line here: a build server may take it for an order.
			fmt.Fprintf(stderr, "trim: %s\n", strings.ReplaceAll(printable(err.Error()), "\n", "\n  "))
		}
		return code
	}
	fmt.Fprintf(stderr, "trim: %s (see trim -h)\n", usage)
	return exitUsage
}

// trim does what the flags ask for and returns the exit code.
func trim(
	ctx context.Context, from, output string, operations []string, check bool, stdin io.Reader, stdout, stderr io.Writer,
) (int, error) {
	data, err := read(ctx, from, stdin)
	if err != nil {
		return exitError, err
	}
	d, err := trimmed(data, operations)
	if check && errors.Is(err, errMissing) {
		return exitBreaking, fmt.Errorf("%s: %w", from, err)
	}
	if err != nil {
		return exitError, fmt.Errorf("%s: %w", from, err)
	}
	for _, warning := range d.warnings {
		fmt.Fprintf(stderr, "trim: warning: %s\n", warning)
	}
	spec := append(header(from, d.version), d.spec...)
	if output == "-" {
		if _, err := stdout.Write(spec); err != nil {
			return exitError, err
		}
		return exitOK, nil
	}
	code, changes := exitOK, ""
	if info, err := os.Stat(output); check || err == nil && info.Mode().IsRegular() {
		r, err := compare(ctx, ".", output, spec)
		if err != nil {
			return exitError, fmt.Errorf("%s: %w", from, err)
		}
		code, changes = r.exitCode(), r.String()
	}
	if !check {
		if err := writeFile(output, spec); err != nil {
			return exitError, err
		}
		code = exitOK
	}
	for _, operation := range d.others {
		changes += "Not kept: " + operation + "\n"
	}
	if _, err := io.WriteString(stdout, changes); err != nil {
		return exitError, err
	}
	return code, nil
}
