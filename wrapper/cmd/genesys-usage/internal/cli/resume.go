package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/render"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// submittedError is an error after a query was submitted.
type submittedError struct {
	id  string
	err error
}

func (e *submittedError) Error() string {
	err := e.err
	if execution, ok := errors.AsType[*wrapper.ExecutionError](err); ok {
		err = execution.Err // its own text is for Go programs
	}
	return fmt.Sprintf("query %s: %v", text.Name(e.id), err)
}

func (e *submittedError) Unwrap() error { return e.err }

// failure says what went wrong, and what to do next.
func failure(ctx context.Context, o *options, v *flagValues, err error) string {
	words := err.Error()
	if cause := context.Cause(ctx); cause != nil {
		for _, end := range []error{context.DeadlineExceeded, context.Canceled} {
			words = strings.ReplaceAll(words, end.Error(), cause.Error())
		}
		words = strings.ReplaceAll(words, cause.Error()+": "+cause.Error(), cause.Error())
	}
	words = "genesys-usage: " + text.Message(words) + "\n"
	submitted, ok := errors.AsType[*submittedError](err)
	if !ok {
		return words
	}
	written, _ := errors.AsType[*outputError](err)
	command := fmt.Sprintf("\n\n    genesys-usage -resume %s %s\n\n", shellQuote(submitted.id), strings.Join(o.resumeArgs(v, written), " "))
	switch {
	case written == nil && ctx.Err() == nil && !resumable(err):
		if o.resume != "" {
			return words + "To submit the query again, leave -resume out.\n"
		}
		return words
	case text.Clean(submitted.id) != submitted.id || text.Width(submitted.id) > text.MaxName:
		return words + "The id of the query cannot be printed here: run the same command again.\n"
	case written != nil:
		words += "The query is complete. To write its rows to another file:" + command
	default:
		words += "The query goes on without this command. To get its report:" + command
	}
	if o.demo {
		words += "(The demo organization has ended with this command, and its queries with it.)\n"
	}
	return words
}

// resumable reports whether the same query may give its rows later. Credentials and
// permissions can be mended.
func resumable(err error) bool {
	if api, ok := errors.AsType[*wrapper.APIError](err); ok {
		switch api.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			return true
		}
	}
	return retryable(err)
}

// resumeArgs returns the flags that describe the query and its report, quoted for a
// shell; days that move are those of today. In place of an output that could not be
// written there is another one to be named.
func (o *options) resumeArgs(v *flagValues, written *outputError) []string {
	var args []string
	add := func(name, value string) { args = append(args, "-"+name+" "+shellQuote(value)) }
	switch complete := o.period.Last.Equal(report.EndOfMonthly(o.period.First)); {
	case v.month != "" && complete:
		add("month", v.month)
	case o.period.Monthly:
		add("period-start", o.period.First.Format(time.DateOnly))
		fallthrough
	case o.query.Interval != "":
		add("interval", o.query.Interval)
	}
	if o.query.GroupBy != nil {
		names := make([]string, len(o.query.GroupBy))
		for i, d := range o.query.GroupBy {
			names[i] = d.String()
		}
		add("group-by", strings.Join(names, ","))
	}
	if step := o.query.Granularity; step != report.AnyStep {
		add("granularity", strings.ToLower(cmp.Or(string(step), "none")))
	}
	v.flags.Visit(func(f *flag.Flag) {
		isBool, ok := f.Value.(interface{ IsBoolFlag() bool })
		switch value := f.Value.String(); {
		case slices.Contains([]string{"resume", "last", "month", "period-start", "interval", "group-by", "granularity", "o"}, f.Name):
		case ok && isBool.IsBoolFlag() && value == "true":
			args = append(args, "-"+f.Name)
		case ok && isBool.IsBoolFlag():
			args = append(args, "-"+f.Name+"=false")
		default:
			add(f.Name, value)
		}
	})
	for _, t := range o.outputs {
		switch {
		case written != nil && written.output.target == t:
			if errors.Is(written.err, render.ErrTooManyRows) {
				t.form = render.CSV
			}
			add("o", "ANOTHER-FILE"+t.form.Extension())
		case len(v.files) > 0:
			add("o", t.file)
		}
	}
	return args
}

// shellQuote quotes a value for a shell, if it needs that.
func shellQuote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.:,/", r))
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
