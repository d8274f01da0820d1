package cli

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// failure says what went wrong, and what to do next.
func (c *Command) failure(ctx context.Context, err error) string {
	words := c.sentence(err)
	if c.id != "" {
		words = "query " + text.Name(c.id) + ": " + words
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		words += "; install the certificates of this system (ca-certificates), or name a file of them in SSL_CERT_FILE"
	}
	words = text.Wrap("genesys-usage: "+text.Message(strings.ReplaceAll(words, "\n", "; ")), c.progress.Width) + "\n"
	operation, failed := errors.AsType[*wrapper.OperationError](err)
	i := slices.IndexFunc(c.outputs, func(out *output) bool { return out.failure != nil && !out.done })
	incomplete := slices.ContainsFunc(c.outputs, func(out *output) bool { return !out.done })
	switch {
	case c.id == "", !incomplete, i < 0 && ctx.Err() == nil && failed && !operation.Resumable():
		return words
	case i >= 0:
		words += "The query is complete. To get its report, name another file in place of " + c.outputs[i].String()
	default:
		words += "The query goes on without this command. To get its report"
	}
	if c.Compare != nil {
		words += " (the query of the period before is submitted once more)"
	}
	words += ":\n\n    genesys-usage " + strings.Join(c.resumeArgs(), " ") + "\n\n"
	if c.Demo {
		words += "(The demo organization has ended with this command, and its queries with it.)\n"
	}
	return words
}

// sentence words an error for a user of the command.
func (c *Command) sentence(err error) string {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return fmt.Sprintf("the login host refused the OAuth client: %s; check GENESYSCLOUD_OAUTHCLIENT_ID and "+
			"GENESYSCLOUD_OAUTHCLIENT_SECRET, and that they belong to this region",
			cmp.Or(refused.ErrorDescription, refused.ErrorCode, refused.Response.Status))
	}
	words := err.Error()
	if operation, ok := errors.AsType[*wrapper.OperationError](err); ok {
		words = operation.Err.Error() // its own text is for Go programs
	}
	api, ok := errors.AsType[*wrapper.APIError](err)
	if ok && api.StatusCode == http.StatusUnauthorized && os.Getenv("GENESYSCLOUD_ACCESS_TOKEN") != "" && !c.Demo {
		words += "; GENESYSCLOUD_ACCESS_TOKEN may have expired: replace it, or unset it to use GENESYSCLOUD_OAUTHCLIENT_ID"
	}
	return words
}

// resumeArgs returns the arguments of this call, quoted for a shell, with what makes them
// those of its query on any other day.
func (c *Command) resumeArgs() []string {
	args := slices.Clone(c.Args)
	add := func(name, value string) {
		if !c.has(name) {
			args = slices.Insert(args, 0, "-"+name, value)
		}
	}
	add("granularity", c.Query.Granularity.String())
	add("group-by", defaultGroupBy)
	add("as-of", c.today.Format(time.DateOnly))
	add("resume", c.id)
	for i, arg := range args {
		args[i] = text.ShellQuote(arg)
	}
	return args
}
