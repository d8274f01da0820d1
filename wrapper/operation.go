package wrapper

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
	"github.com/genesyscloud-go/usage/wrapper/internal/poll"
	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
	"github.com/genesyscloud-go/usage/wrapper/internal/transport"
)

// operation is what an Execution and a Job have in common: a long-running operation
// whose results, of type A, have rows of type R on one page or more.
type operation[A, R any] struct {
	client     *Client
	id         string
	kind       string // what the vendor calls it
	resumeWith string // the method that resumes it
	submitted  bool   // by this process, so the id is right

	request func(cursor string) (*http.Request, error) // of a page; "" is the first
	inspect func(*A) state
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

// submit sends the request that starts an operation, and returns the operation's id.
func submit[A any](
	ctx context.Context, c *Client, kind string, build func() (*http.Request, error), idOf func(*A) string,
) (id string, err error) {
	result, err := get[A](ctx, c, build)
	if err == nil {
		id = idOf(result)
		err = checkID(id)
	}
	if err != nil {
		return "", fmt.Errorf("submitting a usage %s: %w", kind, err)
	}
	return id, nil
}

// get sends a request and decodes the response.
func get[A any](ctx context.Context, c *Client, build func() (*http.Request, error)) (result *A, err error) {
	request, err := build()
	if err != nil {
		return nil, err
	}
	err = c.stack.Read(request.WithContext(ctx), func(response *http.Response) (progress bool, err error) {
		result, err = rows.Decode[A](response.Body)
		return false, err
	})
	return result, err
}

// submitRows submits an operation and yields its rows, each time that it is ranged over.
func submitRows[R any, O interface {
	Rows(context.Context) iter.Seq2[R, error]
}](ctx context.Context, submit func() (O, error)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		submitted, err := submit()
		if err != nil {
			yield(*new(R), err)
			return
		}
		submitted.Rows(ctx)(yield)
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

// fail wraps an error in an *ExecutionError.
func (o *operation[A, R]) fail(ctx context.Context, err error) error {
	e := &ExecutionError{ExecutionID: o.id, Err: err, kind: o.kind}
	if resumable(ctx, err) {
		e.resumeWith = o.resumeWith
	}
	return e
}

// poll fetches the first page once, whatever its status.
func (o *operation[A, R]) poll(ctx context.Context) (result *A, err error) {
	if err = checkID(o.id); err == nil {
		result, err = get[A](ctx, o.client, func() (*http.Request, error) { return o.request("") })
	}
	if err != nil {
		return nil, o.fail(ctx, err)
	}
	return result, nil
}

// wait returns the rows of all pages.
func (o *operation[A, R]) wait(ctx context.Context) ([]R, error) {
	all := []R{}
	d := &download[A, R]{
		operation: o,
		add:       func(row *R) bool { all = append(all, *row); return true },
		truncate:  func(length int) { all = all[:length] },
	}
	if err := d.run(ctx); err != nil {
		return nil, o.fail(ctx, err)
	}
	return all, nil
}

// rows yields the rows of all pages.
func (o *operation[A, R]) rows(ctx context.Context) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		stopped := false
		d := &download[A, R]{operation: o, add: func(row *R) bool {
			stopped = !yield(*row, nil)
			return !stopped
		}}
		if err := d.run(ctx); err != nil && !stopped {
			yield(*new(R), o.fail(ctx, err))
		}
	}
}

// errStopped ends the download for a loop that was left.
var errStopped = failure.Permanentf("the loop was left")

// notFoundPatience is how long 404s are waited out for an id that is right: what was just
// submitted may not be known everywhere yet.
const notFoundPatience = 30 * time.Second

// download polls an operation and adds the rows of all its pages.
type download[A, R any] struct {
	*operation[A, R]
	add      func(*R) bool    // adds a row, and reports whether to go on
	truncate func(length int) // drops the last rows; nil if they were yielded

	stream        *rows.Stream[A, R] // of the current page
	cursor        string             // of the current page; "" for the first
	cursors       map[string]bool    // of all pages so far
	committed     int                // rows of the pages before the current one
	added         int                // rows of all pages
	answered      bool               // the API has answered for the id, so it is right
	notFoundSince time.Time          // zero unless the last response was a 404
	warned        bool               // about an undocumented status
	changed       error              // rows.ErrChanged, if rows were yielded that cannot be completed
}

func (d *download[A, R]) run(ctx context.Context) error {
	if err := checkID(d.id); err != nil {
		return err
	}
	d.answered, d.cursors = d.submitted, map[string]bool{}
	return poll.Schedule(d.client.polling).Run(ctx, func(ctx context.Context) (poll.Update, error) {
		before := d.added
		update, err := d.poll(ctx)
		update.Progress = d.added > before
		return update, err
	}, func(u poll.Update) {
		d.client.progress(Progress{d.id, u.Status, u.Polls, u.Elapsed, u.Next, u.Err})
	})
}

// poll fetches the current page and, as long as they have rows, those after it.
func (d *download[A, R]) poll(ctx context.Context) (poll.Update, error) {
	for {
		request, err := d.request(d.cursor)
		if err != nil {
			return poll.Update{}, err
		}
		var result *A
		var retryAfter time.Duration
		err = d.client.stack.Read(request.WithContext(ctx), func(response *http.Response) (progress bool, err error) {
			retryAfter = transport.RetryAfter(response)
			result, progress, err = d.read(ctx, response)
			return progress, err
		})
		if err != nil {
			return d.waitOut(err)
		}
		if d.changed != nil {
			return poll.Update{}, d.changed
		}
		d.answered, d.notFoundSince = true, time.Time{}
		state := d.inspect(result)
		update := poll.Update{Status: state.status, Wait: min(retryAfter, transport.MaxRetryAfter)}
		empty := d.added == d.committed // the page; the next one waits for the schedule then
		switch {
		case state.phase == complete || state.phase == failed:
			update.Done, err = d.finishPage(state)
		case !d.rollback():
			err = fmt.Errorf("rows arrived with status %q; they are incomplete", state.status)
		case state.phase == unknown && !d.warned:
			d.warned = true
			d.client.logger.LogAttrs(ctx, slog.LevelWarn, "unknown status, polling goes on",
				slog.String(d.kind, d.id), slog.String("status", state.status))
		}
		if err != nil || update.Done || empty || state.phase != complete {
			return update, err
		}
	}
}

// read decodes the current page. After a truncated response it starts the page anew if
// the rows added can be dropped, and otherwise resumes after the last of them.
func (d *download[A, R]) read(ctx context.Context, response *http.Response) (result *A, progress bool, err error) {
	if d.rollback() { // nothing of the page is yielded, or no longer
		d.stream = rows.NewStream[A, R]()
	}
	before, decided, skip := d.added, false, false
	result, err = d.stream.Read(response.Body, func(result *A, row *R) error {
		if !decided { // at the first row; the status may also come after the rows
			state := d.inspect(result)
			decided, skip = true, state.status != "" && state.phase != complete
		}
		switch {
		case ctx.Err() != nil:
			return failure.Context(ctx)
		case skip:
			return nil
		}
		d.added++
		d.answered = true
		if !d.add(row) {
			return errStopped
		}
		return nil
	})
	if errors.Is(err, rows.ErrChanged) {
		d.changed, err = err, nil // another attempt cannot take back what was yielded
	}
	return result, d.truncate == nil && d.added > before, err
}

// rollback drops the rows of the current page, and reports whether it could.
func (d *download[A, R]) rollback() bool {
	if d.added > d.committed {
		if d.truncate == nil {
			return false
		}
		d.truncate(d.committed)
		d.added = d.committed
	}
	return true
}

// finishPage moves on to the next page, and reports whether it was the last.
func (d *download[A, R]) finishPage(page state) (done bool, err error) {
	switch {
	case page.err != nil:
		return false, page.err
	case page.next == "":
		return true, nil
	case d.cursors[page.next]:
		return false, failure.Permanentf("cursor %q repeats; the rows are incomplete", failure.Quote(page.next))
	}
	d.cursors[page.next] = true
	d.cursor, d.committed = page.next, d.added
	return false, nil
}

// waitOut returns an update if an error is waited out, and the error if it ends the wait.
// Until the API has answered for the id, nothing is waited out: the id may be wrong.
func (d *download[A, R]) waitOut(err error) (poll.Update, error) {
	api, ok := errors.AsType[*APIError](err)
	if !ok {
		api = &APIError{}
	}
	notFound := api.StatusCode == http.StatusNotFound && api.Method == http.MethodGet
	if notFound && d.notFoundSince.IsZero() {
		d.notFoundSince = time.Now()
	}
	switch {
	case !d.answered, api.RetryAfter > transport.MaxRetryAfter,
		notFound && time.Since(d.notFoundSince) >= notFoundPatience,
		!notFound && failure.IsPermanent(err):
		return poll.Update{}, err
	}
	return poll.Update{Err: err, Wait: api.RetryAfter}, nil
}
