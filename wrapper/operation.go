package wrapper

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"unicode"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
)

// An Operation is a long-running operation of the API that was submitted, here or in
// another process: an [Execution] of a usage query, or a [Job]. Submit and
// Client.Execution return the one, SubmitJob and Client.Job the other. It is safe for
// concurrent use, and its methods may be called any number of times. All their errors are
// *OperationError.
type Operation[Result, Row any] struct {
	client    *Client
	kind      *kind[Result, Row]
	id        string
	submitted bool // by this process
}

// kind has the parts in which operations differ.
type kind[Result, Row any] struct {
	name    string                                                  // in errors and logs
	request func(baseURL, id, cursor string) (*http.Request, error) // for a page; cursor "" is the first
	inspect func(*Result) state
	fields  *rows.Fields
}

// state is the state of an operation according to a result.
type state struct {
	status string // as the API spells it
	phase  phase
	next   string // the cursor of the next page, if there is one
	err    error  // why there are no rows, or not all
}

type phase int

const (
	unknown  phase = iota // of an undocumented status; polling goes on
	running               // polling goes on
	complete              // the result has a page of rows
	failed                // there will be no rows
)

// isStatus compares two statuses in any letter case.
func isStatus[S ~string](status string, documented S) bool {
	return strings.EqualFold(status, string(documented))
}

// submit sends the request that starts an operation.
func submit[Response, Result, Row any](
	ctx context.Context, c *Client, kind *kind[Result, Row],
	build func() (*http.Request, error), idOf func(*Response) string,
) (*Operation[Result, Row], error) {
	var id string
	request, err := build()
	if err == nil {
		err = c.stack.Read(request.WithContext(ctx), func(response *http.Response) (progress bool, err error) {
			result, err := rows.Decode[Response, struct{}](response.Body, nil)
			if err == nil {
				id = idOf(result)
				err = checkID(id)
			}
			return false, err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("submitting a usage %s: %w", kind.name, err)
	}
	return &Operation[Result, Row]{c, kind, id, true}, nil
}

// read requests a page, and reads the response in each attempt.
func (o *Operation[Result, Row]) read(
	ctx context.Context, cursor string, read func(*http.Response) (progress bool, err error),
) error {
	if err := checkID(o.id); err != nil {
		return err
	}
	request, err := o.kind.request(o.client.baseURL, o.id, cursor)
	if err != nil {
		return err
	}
	return o.client.stack.Read(request.WithContext(ctx), read)
}

// submitRows submits an operation and yields its rows, each time that it is ranged over.
func submitRows[Result, Row any](
	ctx context.Context, submit func() (*Operation[Result, Row], error),
) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		operation, err := submit()
		if err != nil {
			yield(*new(Row), err)
			return
		}
		operation.Rows(ctx)(yield)
	}
}

// checkID refuses an id that cannot be one segment of a path. All others can, escaped.
func checkID(id string) error {
	switch {
	case id == "":
		return failure.Permanent(errors.New(`invalid id "": it is empty`))
	case id == "." || id == ".." || strings.ContainsFunc(id, unicode.IsControl):
		return failure.Permanentf("invalid id %.100q: not a segment of a path", id)
	}
	return nil
}

// ID returns the id of the operation, which is opaque. Client.Execution or Client.Job
// takes it.
func (o *Operation[Result, Row]) ID() string { return o.id }

// Poll polls the operation once, with the attempts of one request, and returns the result
// whatever its status: check QueryStatus for Failed and, of a job, Cancelled. The result
// of a complete query has all rows. That of a job that has succeeded has its first page,
// of at most 1,000 rows; NextURI is set if there are more.
func (o *Operation[Result, Row]) Poll(ctx context.Context) (*Result, error) {
	var result *Result
	err := o.read(ctx, "", func(response *http.Response) (progress bool, err error) {
		result, err = rows.Decode[Result, Row](response.Body, o.kind.fields)
		return false, err
	})
	if err != nil {
		return nil, o.wrap(err)
	}
	return result, nil
}

// Wait waits until the operation is complete and returns all that Rows yields: the rows of
// all its pages, of a query in no particular order, of a job in the order of SortBy. If there
// are none, the slice is empty and the error nil. All rows are held in memory.
//
// Outages are waited out, and so are 404s of up to 30 s for an operation that this process
// submitted. The error is ErrQueryFailed if the operation failed or was cancelled,
// the cause of a context that ended, or context.DeadlineExceeded after Polling.Timeout,
// among others; see OperationError.
func (o *Operation[Result, Row]) Wait(ctx context.Context) ([]Row, error) {
	all := []Row{}
	for row, err := range o.Rows(ctx) {
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}

// Rows waits like Wait, and then yields each row as it arrives, in constant memory. An
// error comes last, with a zero row: only a loop that ends without one has seen the
// complete report. Leaving the loop early closes the response. Ranging over the
// sequence again polls again.
//
// After a truncated response the results are requested again, and the rows resume after
// the last one yielded, provided that the bytes before are identical. If they are not in
// any attempt, the error says so, and is Retryable. Polling.Timeout does not count the time
// that the loop takes for its rows.
func (o *Operation[Result, Row]) Rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		stopped := false
		err := (&download[Result, Row]{Operation: o, add: func(row *Row) bool {
			stopped = !yield(*row, nil)
			return !stopped
		}}).run(ctx)
		if err != nil && !stopped {
			yield(*new(Row), o.wrap(err))
		}
	}
}

func (o *Operation[Result, Row]) wrap(err error) error {
	return &OperationError{Kind: o.kind.name, ID: o.id, Err: err}
}
