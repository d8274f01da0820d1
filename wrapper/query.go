package wrapper

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
)

// Query submits a query, waits until it is complete and returns its rows, which are in
// no particular order. The errors are those of Submit and, after that, those of
// Operation.Wait.
func (c *Client) Query(ctx context.Context, query gen.APIUsageQuery) ([]gen.APIUsageRow, error) {
	execution, err := c.Submit(ctx, query)
	if err != nil {
		return nil, err
	}
	return execution.Wait(ctx)
}

// QueryRows is Query for reports that are better not held in memory: it yields each row
// as it arrives. Ranging over the sequence submits the query, each time anew. An error
// comes last, with a zero row; see Operation.Rows.
func (c *Client) QueryRows(ctx context.Context, query gen.APIUsageQuery) iter.Seq2[gen.APIUsageRow, error] {
	return submitRows(ctx, func() (*Execution, error) { return c.Submit(ctx, query) })
}

// Submit starts a query and returns its execution without waiting for it. The query is
// checked before anything is sent; the error is then ErrInvalidQuery. Other errors are
// *APIError, *oauth2.RetrieveError where the credentials are refused, and those of the
// network and of the context.
func (c *Client) Submit(ctx context.Context, query gen.APIUsageQuery) (*Execution, error) {
	return submit(ctx, c, &queries, func() (*http.Request, error) {
		if err := checkQuery(query); err != nil {
			return nil, err
		}
		return gen.NewPostUsageQueryRequest(c.baseURL, query)
	}, func(response *gen.UsageExecutionResult) string { return response.ExecutionID })
}

// An Execution is a usage query that was submitted.
type Execution = Operation[gen.APIUsageQueryResult, gen.APIUsageRow]

// Execution resumes a query that was submitted before, by its id. It sends nothing and
// checks nothing: the methods of the Execution do. The first poll has to succeed: an outage
// that outlasts its attempts, or a 404, is not waited out, since the id may be wrong. How
// long the vendor keeps an execution is not documented.
func (c *Client) Execution(id string) *Execution {
	return &Execution{client: c, kind: &queries, id: id}
}

var queries = kind[gen.APIUsageQueryResult, gen.APIUsageRow]{
	name: "query",
	request: func(baseURL, id, _ string) (*http.Request, error) {
		return gen.NewGetUsageQueryExecutionIDResultsRequest(baseURL, id)
	},
	inspect: inspectQuery,
	// A cursor of another type than documented means that there is another page, too.
	fields: rows.Lenient(func(c *gen.Cursors) { c.After = "of another type than documented" }),
}

// inspectQuery returns the state of a query.
func inspectQuery(result *gen.APIUsageQueryResult) state {
	s := state{status: failure.Quote(string(result.QueryStatus))}
	switch {
	case isStatus(s.status, gen.QueryStatusComplete):
		s.phase = complete
		if result.Cursors.After != "" {
			s.err = failure.Permanentf("unexpected cursor of another page; the rows are incomplete")
		}
	case isStatus(s.status, gen.QueryStatusFailed):
		s.phase, s.err = failed, ErrQueryFailed
	case isStatus(s.status, gen.QueryStatusRunning):
		s.phase = running
	}
	return s
}

// checkQuery returns an error for a query that the API would refuse.
func checkQuery(query gen.APIUsageQuery) error {
	return cmp.Or(
		checkInterval(query.Interval, interval.Interval.Check),
		checkEnum("granularity", optional(query.Granularity)...),
		checkEnum("dimension to group by", query.GroupBy...),
		checkEnum("metric", query.Metrics...),
	)
}

// checkInterval returns an error for an interval that the API would refuse. ISO-8601
// has more forms than package interval knows, and the API may take them.
func checkInterval(text string, check func(interval.Interval) error) error {
	i, known := interval.Parse(text)
	start, end, _ := strings.Cut(text, "/")
	switch {
	case text == "":
		return fmt.Errorf("%w: no interval; see Days and Month", ErrInvalidQuery)
	case start == "" || end == "":
		return fmt.Errorf("%w: interval %q has no start or no end; the form is 2026-10-01/2026-10-31", ErrInvalidQuery, text)
	case known && check(i) != nil:
		return fmt.Errorf("%w: interval %q %w", ErrInvalidQuery, text, check(i))
	}
	return nil
}

// checkEnum returns an error if one of the values is not of the API's document.
func checkEnum[E interface {
	~string
	Valid() bool
}](name string, values ...E) error {
	for _, value := range values {
		if !value.Valid() {
			return fmt.Errorf("%w: unknown %s %q; see the constants of %T", ErrInvalidQuery, name, value, value)
		}
	}
	return nil
}

// optional returns the values of a field that may be empty: one or none.
func optional[E ~string](value E) []E {
	if value == "" {
		return nil
	}
	return []E{value}
}
