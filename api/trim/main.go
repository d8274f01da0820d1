// Command trim cuts the vendor's API document, of some 10 MB, down to the few
// operations that this module is made of, and writes them as OpenAPI 3.0.3 to
// api/usage.yaml, from which go generate makes the client.
//
//	go run ./api/trim                           # from the vendor's address
//	go run ./api/trim -from swagger.json        # from a file; - is standard input
//	go run ./api/trim -check                    # compare only; write nothing
//
// It reads Swagger 2.0 and OpenAPI 3.0, JSON and YAML. It keeps the operations
// and all that they reach, and drops the rest. The same input gives the same
// bytes below the header comment, whatever the order of its keys.
//
// Whenever it writes, it reports on standard output what the change means for
// Go programs that import this module; see the README's section "When Genesys
// changes the API".
//
// It exits with 0, or 1 for an error, which leaves the old file as it was, or 2
// for wrong usage. With -check: 0 when nothing changed, 3 when what changed
// is compatible, 4 when it breaks programs. (go run turns each of these into 1:
// build the command first where the difference matters.)
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
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
	keep := strings.FieldsFunc(*operations, func(r rune) bool { return r == ',' || r == ' ' })
	usage := ""
	switch {
	case flags.NArg() > 0:
		usage = fmt.Sprintf("unexpected argument %q", flags.Arg(0))
	case len(keep) == 0:
		usage = "-operations names no operation"
	case *from == "" || *output == "":
		usage = "-from and -o cannot be empty"
	case *check && *output == "-":
		usage = "-check compares with the file that -o names, and - is none"
	}
	if usage != "" {
		fmt.Fprintf(stderr, "trim: %s (see trim -h)\n", usage)
		return exitUsage
	}

	code, err := trim(ctx, *from, *output, keep, *check, stdin, stdout)
	if err != nil {
		fmt.Fprintf(stderr, "trim: %v\n", err)
	}
	return code
}

// trim does what the flags ask for and gives the exit code.
func trim(ctx context.Context, from, output string, operations []string, check bool, stdin io.Reader, stdout io.Writer) (int, error) {
	data, err := read(ctx, from, stdin)
	if err != nil {
		return exitError, err
	}
	spec, version, err := trimmed(data, operations)
	var missing *missingOperationsError
	switch {
	case errors.As(err, &missing) && missing.neverWere(output):
		return exitUsage, fmt.Errorf("-operations: %w (see trim -h)", err)
	case check && missing != nil:
		return exitBreaking, fmt.Errorf("%s: %w", from, err)
	case err != nil:
		return exitError, fmt.Errorf("%s: %w", from, err)
	}
	spec = append(header(from, version), spec...)
	if output == "-" {
		if _, err := stdout.Write(spec); err != nil {
			return exitError, err
		}
		return exitOK, nil
	}

	before, err := os.ReadFile(output)
	changes := output + " is new.\n"
	result := exitOK
	switch {
	case err == nil:
		r, err := compare(ctx, before, spec)
		if err != nil {
			return exitError, err
		}
		if !r.same {
			result = map[level]int{other: exitCompatible, compatible: exitCompatible, breaking: exitBreaking}[r.level()]
		}
		changes = r.String()
	case check || !errors.Is(err, fs.ErrNotExist):
		return exitError, err
	}
	if !check {
		result = exitOK
		if err := writeFile(output, spec); err != nil {
			return exitError, err
		}
	}
	if _, err := io.WriteString(stdout, changes); err != nil {
		return exitError, err
	}
	return result, nil
}
