package wrapper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
	"github.com/genesyscloud-go/usage/wrapper/internal/poll"
	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
	"github.com/genesyscloud-go/usage/wrapper/internal/transport"
)

// A download polls an operation until it is complete, and adds the rows of all its pages.
// It runs only once. From the outside in,
//
//   - run polls by the client's schedule,
//   - poll reads page after page as long as they have rows,
//   - readPage reads one page, in as many attempts as a request has,
//   - readRows reads one response.
type download[Result, Row any] struct {
	*Operation[Result, Row]
	add func(*Row) bool // adds a row, and reports whether to go on

	stream      *rows.Stream[Result, Row] // of the current page
	cursor      string                    // of the current page; "" for the first
	seenCursors map[string]bool           // of the pages so far
	added       int                       // rows of all pages
	pageStart   int                       // rows of the pages before the current one

	idConfirmed   bool      // by the API, which has responded for it
	notFoundSince time.Time // zero unless the last response was a 404
	warned        bool      // about an undocumented status
}

// errStopped ends the download for a loop that was left.
var errStopped = failure.Permanentf("the loop was left")

func (d *download[Result, Row]) run(ctx context.Context) error {
	d.idConfirmed, d.seenCursors = d.submitted, map[string]bool{}
	return poll.Schedule(d.client.polling).Run(ctx, func(ctx context.Context) (poll.Update, error) {
		added := d.added
		update, err := d.poll(ctx)
		update.Progress = d.added > added
		return update, err
	}, func(u poll.Update) {
		d.client.progress(Progress{d.id, u.Status, u.Polls, u.Elapsed, u.Next, u.Err})
	})
}

// poll reads the current page and, as long as they have rows, those after it.
func (d *download[Result, Row]) poll(ctx context.Context) (poll.Update, error) {
	for {
		result, retryAfter, err := d.readPage(ctx)
		if err != nil {
			return d.waitOut(err)
		}
		d.idConfirmed, d.notFoundSince = true, time.Time{}
		state := d.kind.inspect(result)
		update := poll.Update{Status: state.status, Wait: min(retryAfter, transport.MaxRetryAfter)}
		switch state.phase {
		case failed:
			return update, state.err
		case complete:
			empty := d.added == d.pageStart
			update.Done, err = d.turnPage(state)
			if err != nil || update.Done || empty { // after an empty page, the next one waits for the schedule
				return update, err
			}
		default:
			if d.added > d.pageStart {
				return update, fmt.Errorf("rows arrived with status %q; they are incomplete", state.status)
			}
			if state.phase == unknown && !d.warned {
				d.warned = true
				d.client.logger.LogAttrs(ctx, slog.LevelWarn, "unknown status, polling goes on",
					slog.String(d.kind.name, d.id), slog.String("status", state.status))
			}
			return update, nil
		}
	}
}

// readPage reads the current page. Each attempt resumes after the rows of the last one.
func (d *download[Result, Row]) readPage(ctx context.Context) (result *Result, retryAfter time.Duration, err error) {
	err = d.Operation.read(ctx, d.cursor, func(response *http.Response) (progress bool, err error) {
		if d.added == d.pageStart {
			d.stream = rows.NewStream[Result, Row](d.kind.fields)
		}
		added := d.added
		result, err = d.readRows(ctx, response)
		retryAfter = transport.RetryAfter(response)
		return d.added > added, err
	})
	return result, retryAfter, err
}

// readRows reads a response and adds its rows, except those of an operation that is not
// complete.
func (d *download[Result, Row]) readRows(ctx context.Context, response *http.Response) (*Result, error) {
	first, incomplete := true, false
	result, err := d.stream.Read(response.Body, func(result *Result, row *Row) error {
		if first { // the status may also come after the rows
			state := d.kind.inspect(result)
			first, incomplete = false, state.status != "" && state.phase != complete
		}
		switch {
		case ctx.Err() != nil:
			return failure.Context(ctx)
		case incomplete:
			return nil
		}
		d.added++
		d.idConfirmed, d.notFoundSince = true, time.Time{}
		if !d.add(row) {
			return errStopped
		}
		return nil
	})
	if err == nil && incomplete && d.kind.inspect(result).phase == complete {
		err = failure.Permanentf("the status changed within the response; the rows are incomplete")
	}
	return result, err
}

// turnPage moves on to the next page, and reports whether there is none.
func (d *download[Result, Row]) turnPage(page state) (done bool, err error) {
	switch {
	case page.err != nil:
		return false, page.err
	case page.next == "":
		return true, nil
	case d.seenCursors[page.next]:
		return false, failure.Permanentf("cursor %q repeats; the rows are incomplete", failure.Quote(page.next))
	}
	d.seenCursors[page.next] = true
	d.cursor, d.pageStart = page.next, d.added
	return false, nil
}

// notFoundPatience is how long 404s are waited out for an id that is right: what was just
// submitted may not be known everywhere yet.
const notFoundPatience = 30 * time.Second

// waitOut returns an update for an error that is waited out: one that tells nothing of the
// result. It returns any other.
func (d *download[Result, Row]) waitOut(err error) (poll.Update, error) {
	api, ok := errors.AsType[*APIError](err)
	if !ok {
		api = &APIError{}
	}
	notFound := api.StatusCode == http.StatusNotFound && api.Method == http.MethodGet &&
		!errors.Is(err, failure.ErrBlocked) // a context's cause may wrap an *APIError, too
	switch {
	case !notFound:
		d.notFoundSince = time.Time{}
	case d.notFoundSince.IsZero():
		d.notFoundSince = time.Now()
	}
	stalled := errors.Is(err, os.ErrDeadlineExceeded) // an outage, in the middle of a response too
	switch {
	case !d.idConfirmed, // the id may be wrong
		api.RetryAfter > transport.MaxRetryAfter,
		notFound && time.Since(d.notFoundSince) >= notFoundPatience,
		!notFound && failure.IsPermanent(err),
		errors.Is(err, rows.ErrTruncated) && !stalled, errors.Is(err, rows.ErrChanged):
		return poll.Update{}, err
	}
	return poll.Update{Err: err, Wait: api.RetryAfter}, nil
}
