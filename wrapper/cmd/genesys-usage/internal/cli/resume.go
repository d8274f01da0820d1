package cli

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/render"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// failure says what went wrong, and what to do next.
func (c *Command) failure(ctx context.Context, err error) string {
	words := err.Error()
	operation, ok := errors.AsType[*wrapper.OperationError](err)
	if ok {
		words = operation.Err.Error() // its own text is for Go programs
	}
	if c.id != "" {
		words = "query " + text.Name(c.id) + ": " + words
	}
	words = "genesys-usage: " + text.Message(words) + "\n"
	unwritten := slices.ContainsFunc(c.outputs, func(out *output) bool { return out.failure != nil })
	switch {
	case c.id == "", !unwritten && ctx.Err() == nil && ok && !operation.Resumable():
		return words
	case unwritten:
		words += "The query is complete. To write its rows to another file"
	default:
		words += "The query goes on without this command. To get its report"
	}
	if c.Compare != nil {
		words += " (the query of the period before is submitted once more)"
	}
	words += ":\n\n    genesys-usage " + strings.Join(c.resumeArgs(c.id), " ") + "\n\n"
	if c.has("demo") {
		words += "(The demo organization has ended with this command, and its queries with it.)\n"
	}
	return words
}

// resumeArgs returns the flags that describe a query and its report, quoted for a shell,
// with the day that they are about. A failed output becomes a placeholder.
func (o *options) resumeArgs(id string) []string {
	given := maps.Clone(o.given)
	for _, name := range []string{"resume", "o"} {
		delete(given, name)
	}
	if !o.has("interval") {
		given["as-of"] = o.today.Format(time.DateOnly)
	}
	given["granularity"] = o.Query.Granularity.String()
	given["group-by"] = cmp.Or(given["group-by"], "client")
	args := []string{"-resume " + text.ShellQuote(id)}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if given[name] == "" { // a boolean
			args = append(args, "-"+name)
			continue
		}
		args = append(args, "-"+name+" "+text.ShellQuote(given[name]))
	}
	for _, out := range o.outputs {
		name := out.name
		if out.failure != nil {
			name = "ANOTHER-FILE" + out.form.Extension
			if errors.Is(out.failure, render.ErrTooManyRows) {
				name = "ANOTHER-FILE.csv"
			}
		}
		if name != "-" || len(o.files) > 0 {
			args = append(args, "-o "+text.ShellQuote(name))
		}
	}
	return args
}
