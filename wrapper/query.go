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
)

// Query submits a query, waits until it is complete and returns its rows, which are in
// no particular order. The errors are those of Submit and, after that, those of
// Execution.Wait.
func (c *Client) Query(ctx context.Context, query gen.APIUsageQuery) ([]gen.APIUsageRow, error) {
	execution, err := c.Submit(ctx, query)
	if err != nil {
		return nil, err
	}
	return execution.Wait(ctx)
}

// QueryRows is Query for reports that are better not held in memory: it yields each row
// as it arrives. Ranging over the sequence submits the query, each time anew. An error
// comes last, with a zero row; see Execution.Rows.
func (c *Client) QueryRows(ctx context.Context, query gen.APIUsageQuery) iter.Seq2[gen.APIUsageRow, error] {
	return submitRows(ctx, func() (*Execution, error) { return c.Submit(ctx, query) })
}

// Submit starts a query and returns its execution without waiting for it. The query is
// checked before anything is sent; the error is then ErrInvalidQuery. Other errors are
// *APIError, *oauth2.RetrieveError where the credentials are refused, and those of the
// network and of the context.
func (c *Client) Submit(ctx context.Context, query gen.APIUsageQuery) (*Execution, error) {
	id, err := submit(ctx, c, "query", func() (*http.Request, error) {
		if err := checkQuery(query); err != nil {
			return nil, err
		}
		return gen.NewPostUsageQueryRequest(c.baseURL, query)
	}, func(result *gen.UsageExecutionResult) string { return result.ExecutionID })
	if err != nil {
		return nil, err
	}
	execution := c.Execution(id)
	execution.operation.submitted = true
	return execution, nil
}

// checkQuery returns an error for a query that the API would refuse.
func checkQuery(query gen.APIUsageQuery) error {
	return cmp.Or(
		checkInterval(query.Interval),
		checkEnum("granularity", optional(query.Granularity)...),
		checkEnum("dimension to group by", query.GroupBy...),
		checkEnum("metric", query.Metrics...),
	)
}

// checkInterval returns an error for an interval that the API would refuse. ISO-8601
// has more forms than package interval knows, and the API may take them.
func checkInterval(text string) error {
	i, known := interval.Parse(text)
	switch {
	case text == "":
		return fmt.Errorf("%w: no interval; see Days and Month", ErrInvalidQuery)
	case !strings.Contains(text, "/"):
		return fmt.Errorf("%w: interval %q has no end; the form is 2026-10-01/2026-10-31", ErrInvalidQuery, text)
	case known && i.End.Before(i.Start):
		return fmt.Errorf("%w: interval %q ends before it starts", ErrInvalidQuery, text)
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

// An Execution is a query that was submitted, here or in another process: Submit and
// Client.Execution return one. It is safe for concurrent use, and its methods may be
// called any number of times. All their errors are *ExecutionError.
type Execution struct {
	operation operation[gen.APIUsageQueryResult, gen.APIUsageRow]
}

// Execution resumes a query that was submitted before, by its id. It sends nothing and
// checks nothing: the methods of the Execution do. Until the API has answered for the id
// once, a 404, or an outage that outlasts the attempts of a request, ends the wait, since
// the id may be wrong. How long the vendor keeps an execution is not documented.
func (c *Client) Execution(id string) *Execution {
	return &Execution{operation[gen.APIUsageQueryResult, gen.APIUsageRow]{
		client: c, id: id, kind: "execution", resumeWith: "Client.Execution",
		request: func(string) (*http.Request, error) {
			return gen.NewGetUsageQueryExecutionIDResultsRequest(c.baseURL, id)
		},
		inspect: inspectQuery,
	}}
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

// ID returns the execution id, which is opaque. Client.Execution takes it.
func (e *Execution) ID() string { return e.operation.id }

// Poll polls the query once, with the attempts of one request, and returns the result
// whatever its status: check QueryStatus for Failed. The result of a complete query has
// all rows.
func (e *Execution) Poll(ctx context.Context) (*gen.APIUsageQueryResult, error) {
	return e.operation.poll(ctx)
}

// Wait waits until the query is complete and returns its rows, in no particular order.
// If the query found nothing, the slice is empty and the error nil. All rows are held in
// memory. Outages are waited out, and so are 404s of up to 30 s for a query that this
// process submitted. The error is ErrQueryFailed if the query fails, the cause of a context
// that ended, or context.DeadlineExceeded after Polling.Timeout, among others; see
// ExecutionError.
func (e *Execution) Wait(ctx context.Context) ([]gen.APIUsageRow, error) {
	return e.operation.wait(ctx)
}

// Rows waits like Wait, and then yields each row as it arrives, in constant memory. An
// error comes last, with a zero row: only a loop that ends without one has seen the
// complete report. Leaving the loop early closes the response. Ranging over the
// sequence again polls again.
//
// After a truncated response the results are requested again, and the rows resume after
// the last one yielded, provided that the bytes before are identical; otherwise the
// error says so. Polling.Timeout does not count the time that the loop takes for its
// rows.
func (e *Execution) Rows(ctx context.Context) iter.Seq2[gen.APIUsageRow, error] {
	return e.operation.rows(ctx)
}
