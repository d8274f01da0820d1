package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
)

// submittedError is what went wrong after a query was submitted.
type submittedError struct {
	id  string
	err error
}

func (e *submittedError) Error() string {
	err := e.err
	if execution, ok := errors.AsType[*wrapper.ExecutionError](err); ok {
		err = execution.Err // its own words are those of a Go package
	}
	return fmt.Sprintf("query %s: %v", shorten(clean(e.id), maxName), err)
}

func (e *submittedError) Unwrap() error { return e.err }

// printFailure says what went wrong, and how to go on.
func printFailure(ctx context.Context, s *settings, err error, stderr io.Writer) {
	text := strings.ReplaceAll(err.Error(), context.DeadlineExceeded.Error(), fmt.Sprintf("no report within %v (-timeout)", s.timeout))
	if cause := context.Cause(ctx); cause != nil {
		text = strings.ReplaceAll(text, context.Canceled.Error(), cause.Error())
		text = strings.ReplaceAll(text, cause.Error()+": "+cause.Error(), cause.Error())
	}
	fmt.Fprintf(stderr, "genesys-usage: %s\n", message(text))
	submitted, ok := errors.AsType[*submittedError](err)
	if !ok {
		return
	}
	switch {
	case isFinal(err) && s.resume != "":
		fmt.Fprintln(stderr, "To ask anew, leave -resume out.")
	case isFinal(err):
		fmt.Fprintln(stderr, "To ask anew, run the same command again.")
	case clean(submitted.id) != submitted.id || len(submitted.id) > maxName:
		fmt.Fprintln(stderr, "The vendor has the query, but its id cannot be shown here: run the same command again.")
	default:
		fmt.Fprintf(stderr, "The vendor has the query. To get its report:\n\n    genesys-usage %s\n\n",
			strings.Join(append([]string{"-resume " + shellQuote(submitted.id)}, s.again...), " "))
		if s.demo {
			fmt.Fprintln(stderr, "(Not this one, though: the demo organization ends with this process.)")
		}
	}
}

// isFinal tells errors that are the same whenever this query is asked for again.
func isFinal(err error) bool {
	if api, ok := errors.AsType[*wrapper.APIError](err); ok {
		return api.StatusCode == http.StatusBadRequest || api.StatusCode == http.StatusNotFound || api.StatusCode == http.StatusGone
	}
	return errors.Is(err, wrapper.ErrQueryFailed)
}

// again returns the flags that say once more what this call did, in the words of a
// shell; days that move are those of today.
func again(flags *flag.FlagSet, s *settings) []string {
	var args []string
	days := "-interval " + shellQuote(s.question.interval)
	named := false
	flags.Visit(func(f *flag.Flag) {
		value := f.Value.String()
		isBool, ok := f.Value.(interface{ IsBoolFlag() bool })
		switch {
		case f.Name == "resume":
		case f.Name == "interval", f.Name == "last":
			args, named = append(args, days), true
		case f.Name == "month" && s.allowance > 0:
			args, named = append(args, "-period-start "+s.billing.first.Format(time.DateOnly), days), true
		case f.Name == "period-start":
			args, named = append(args, "-period-start "+shellQuote(value), days), true
		case ok && isBool.IsBoolFlag() && value == "true":
			args = append(args, "-"+f.Name)
		case ok && isBool.IsBoolFlag():
			args = append(args, "-"+f.Name+"=false")
		default:
			named = named || f.Name == "month"
			args = append(args, "-"+f.Name+" "+shellQuote(value))
		}
	})
	if !named && s.question.interval != "" {
		args = append(args, days)
	}
	return args
}

// shellQuote quotes an opaque id or another value for a shell, where it needs that.
func shellQuote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.:,/", r))
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
