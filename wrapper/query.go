package wrapper

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"

	"github.com/genesyscloud-go/usage/gen"
)

// Query submits a query, waits until it is complete and returns its rows, which
// are in no particular order. Once it was submitted, all errors are
// *ExecutionError; before that they are those of Submit.
func (c *Client) Query(ctx context.Context, query gen.APIUsageQuery) ([]gen.APIUsageRow, error) {
	execution, err := c.Submit(ctx, query)
	if err != nil {
		return nil, err
	}
	return execution.Wait(ctx)
}

// QueryRows is Query for reports that are better not held in memory: each row is
// handed on as it arrives. Ranging over the sequence submits the query; ranging
// over it again submits it again. An error comes last, with a zero row; see
// Execution.Rows.
func (c *Client) QueryRows(ctx context.Context, query gen.APIUsageQuery) iter.Seq2[gen.APIUsageRow, error] {
	return func(yield func(gen.APIUsageRow, error) bool) {
		execution, err := c.Submit(ctx, query)
		if err != nil {
			yield(gen.APIUsageRow{}, err)
			return
		}
		execution.Rows(ctx)(yield)
	}
}

// Submit starts a query and returns its execution, which does not wait for it.
// The errors are those of the query itself, which is checked before anything is
// sent, of fetching a token (*oauth2.RetrieveError where the credentials are
// refused), *APIError, and those of the network and the context.
func (c *Client) Submit(ctx context.Context, query gen.APIUsageQuery) (*Execution, error) {
	var result gen.UsageExecutionResult
	err := checkQuery(query)
	if err == nil {
		err = submit(func() (*http.Response, error) { return c.api.PostUsageQuery(ctx, query) }, &result)
	}
	if err == nil {
		err = checkID(result.ExecutionID)
	}
	if err != nil {
		return nil, fmt.Errorf("submitting a usage query: %w", err)
	}
	execution := c.Execution(result.ExecutionID)
	execution.answered = true
	return execution, nil
}

// checkQuery finds what the API would refuse.
func checkQuery(query gen.APIUsageQuery) error {
	if err := checkInterval(query.Interval); err != nil {
		return err
	}
	return checkEnums(query.Granularity, query.GroupBy, query.Metrics)
}

// checkEnums finds values that a query may not have.
func checkEnums[G, B, M interface {
	~string
	Valid() bool
}](granularity G, groupBy []B, metrics []M) error {
	if granularity != "" && !granularity.Valid() {
		return fmt.Errorf("unknown granularity %q; see the constants of %T", granularity, granularity)
	}
	for _, group := range groupBy {
		if !group.Valid() {
			return fmt.Errorf("cannot group by %q; see the constants of %T", group, group)
		}
	}
	for _, metric := range metrics {
		if !metric.Valid() {
			return fmt.Errorf("unknown metric %q; see the constants of %T", metric, metric)
		}
	}
	return nil
}

// An Execution is a query that was submitted, here or in another process: Submit
// and Client.Execution give one. Its methods are safe for concurrent use, and
// may be called again. All their errors are *ExecutionError.
type Execution struct {
	execution[gen.APIUsageQueryResult, gen.APIUsageRow]
}

// Execution takes up a query that was submitted before, by its id. It sends
// nothing and checks nothing: the methods of the Execution do. How long the
// vendor keeps an execution is not documented.
func (c *Client) Execution(id string) *Execution {
	return &Execution{execution[gen.APIUsageQueryResult, gen.APIUsageRow]{
		client: c, id: id, kind: "execution", again: "Client.Execution", member: "results",
		waiting: []string{string(gen.QueryStatusRunning)}, complete: string(gen.QueryStatusComplete),
		get: func(ctx context.Context, _ string) (*http.Response, error) {
			return c.api.GetUsageQueryExecutionIDResults(ctx, id)
		},
		status: func(result *gen.APIUsageQueryResult) string { return string(result.QueryStatus) },
		failed: func(result *gen.APIUsageQueryResult) error {
			if is(string(result.QueryStatus), string(gen.QueryStatusFailed)) {
				return ErrQueryFailed
			}
			return nil
		},
		next: func(result *gen.APIUsageQueryResult) (string, error) {
			if result.Cursors.After != "" {
				return "", errors.New("the answer has a cursor to another page, which this operation is not known to have: its rows are not the whole report")
			}
			return "", nil
		},
	}}
}

// ID returns the execution id, with which Client.Execution takes the query up
// again. It is opaque.
func (e *Execution) ID() string { return e.id }

// Poll asks once how far the query is, and returns the answer whatever its
// status: check QueryStatus for Failed. When the query is complete, the answer
// holds all rows.
func (e *Execution) Poll(ctx context.Context) (*gen.APIUsageQueryResult, error) {
	result, rows, err := e.poll(ctx)
	if err != nil {
		return nil, err
	}
	result.Results = rows
	return result, nil
}

// Wait waits until the query is complete and returns its rows, which are in no
// particular order, and none if the query found nothing. It holds all of them in
// memory. It ends with ErrQueryFailed if the query fails, when the context does,
// and after Polling.Timeout.
func (e *Execution) Wait(ctx context.Context) ([]gen.APIUsageRow, error) { return e.wait(ctx) }

// Rows waits like Wait, and then hands on each row as it arrives, so that a
// report of any size takes no memory to speak of. An error comes last, with a
// zero row. Rows that were handed on cannot be taken back, so look for it: only
// a loop that ends without an error has seen the whole report. Leaving the loop
// early closes the response. Ranging over the sequence again polls again.
//
// Where the answer breaks off, it is asked for again, and goes on behind the last
// row if it begins with the same bytes; the error says so if it does not. The time
// that the loop takes for its rows is its own: Polling.Timeout is about polls.
func (e *Execution) Rows(ctx context.Context) iter.Seq2[gen.APIUsageRow, error] { return e.rows(ctx) }
