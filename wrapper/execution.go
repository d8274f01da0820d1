package wrapper

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/poll"
	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
	"github.com/genesyscloud-go/usage/wrapper/internal/transport"
)

// execution is what an Execution and a Job have in common: asking for answers of
// type A until one is complete, and getting its rows of type R, page by page.
type execution[A, R any] struct {
	client   *Client
	id       string
	kind     string // what the vendor calls it
	again    string // what takes it up again
	answered bool   // the API has answered for it, in this process

	member   string   // the one of an answer that has its rows
	waiting  []string // the statuses that are known to end
	complete string   // the status of an answer with rows
	get      func(ctx context.Context, cursor string) (*http.Response, error)
	status   func(*A) string
	failed   func(*A) error
	next     func(*A) (cursor string, err error) // "" behind the last page
}

// is compares statuses, in any letter case.
func is(status, other string) bool { return strings.EqualFold(status, other) }

// fail makes an error one of this execution.
func (e *execution[A, R]) fail(err error) error {
	failed := &ExecutionError{ExecutionID: e.id, Err: err, kind: e.kind}
	if !isFinal(err) {
		failed.again = e.again
	}
	return failed
}

// checkID finds ids that would not arrive as one segment of a path. All others do,
// escaped.
func checkID(id string) error {
	switch {
	case id == "":
		return &answerError{errors.New("the execution id is empty"), true}
	case id == "." || id == "..":
		return &answerError{fmt.Errorf("the execution id is %q, which stands for another path", id), true}
	case strings.ContainsFunc(id, unicode.IsControl):
		return &answerError{errors.New("the execution id holds control characters"), true}
	}
	return nil
}

// ask asks for a page. Reading it is a part of the request's attempts: read may be
// called again with another copy of the page, and says whether it gained rows.
func (e *execution[A, R]) ask(ctx context.Context, cursor string, read func(*http.Response) (answer *A, gained bool, err error)) (answer *A, after time.Duration, err error) {
	ctx = transport.WithReader(ctx, func(response *http.Response) error {
		var gained bool
		var err error
		if answer, gained, err = read(response); err != nil && rows.Broken(err) {
			return &transport.BrokenError{Err: err, Gained: gained}
		}
		after, _ = transport.RetryAfter(response)
		return err
	})
	response, err := e.get(ctx, cursor)
	if err != nil {
		return nil, 0, fromLogin(err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return nil, 0, newAPIError(response)
	}
	return answer, min(after, transport.MaxRetryAfter), nil
}

// poll asks for the first page, whatever its status.
func (e *execution[A, R]) poll(ctx context.Context) (*A, []R, error) {
	var all collector[R]
	err := checkID(e.id)
	if err != nil {
		return nil, nil, e.fail(err)
	}
	answer, _, err := e.ask(ctx, "", func(response *http.Response) (*A, bool, error) {
		all.restart()
		answer, err := rows.NewStream[A, R](e.member).Read(response.Body, func(_ *A, row *R) error { return all.add(row) })
		return answer, false, err
	})
	if err != nil {
		return nil, nil, e.fail(err)
	}
	return answer, all.rows(), nil
}

func (e *execution[A, R]) wait(ctx context.Context) ([]R, error) {
	var all collector[R]
	if err := e.run(ctx, &all); err != nil {
		return nil, e.fail(err)
	}
	return all.rows(), nil
}

func (e *execution[A, R]) rows(ctx context.Context) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		out := &handover[R]{yield: yield}
		if err := e.run(ctx, out); err != nil && !out.left {
			yield(*new(R), e.fail(err))
		}
	}
}

// run polls until the query is complete, and its rows are in the sink.
func (e *execution[A, R]) run(ctx context.Context, to sink[R]) error {
	if err := checkID(e.id); err != nil {
		return err
	}
	report := &report[A, R]{execution: e, sink: to, answered: e.answered, cursors: map[uint64]bool{}, seed: maphash.MakeSeed()}
	warned := false
	err := poll.Loop{
		Schedule: poll.Schedule(e.client.polling),
		Ask:      report.ask,
		Outage:   report.outage,
		Report: func(r poll.Report) {
			e.client.progress(Progress{e.id, gen.QueryStatus(r.Status), r.Polls, r.Elapsed, r.Next, r.Err})
			if r.Err == nil && !r.Done && !warned && !slices.ContainsFunc(e.waiting, func(known string) bool { return is(r.Status, known) }) {
				warned = true
				e.client.logger.LogAttrs(ctx, slog.LevelWarn, "unknown query status, waiting on",
					slog.String("execution_id", e.id), slog.String("status", r.Status))
			}
		},
	}.Run(ctx)
	if err != nil {
		return err
	}
	return report.failure
}

// report is what is known of the pages of an answer.
type report[A, R any] struct {
	*execution[A, R]
	sink     sink[R]
	answered bool               // the API has answered for it, here or in another process
	stream   *rows.Stream[A, R] // of this page, where rows of it were handed on
	cursor   string             // of this page
	cursors  map[uint64]bool    // of all so far, hashed: they may be long
	seed     maphash.Seed
	failure  error // the vendor's
}

// ask asks how far the query is, and when it is complete, for one page after the
// other. Asking again after an error goes on where that one came.
func (r *report[A, R]) ask(ctx context.Context) (poll.Answer, error) {
	for {
		answer, after, err := r.execution.ask(ctx, r.cursor, func(response *http.Response) (*A, bool, error) { return r.read(ctx, response) })
		if err != nil {
			return poll.Answer{}, err
		}
		r.answered = true
		told := poll.Answer{Status: r.status(answer), Wait: after}
		if r.failure = r.failed(answer); r.failure != nil {
			told.Done = true
			return told, nil //nolint:nilerr // asking went well; run returns what it told
		}
		if !is(told.Status, r.complete) {
			if !r.sink.restart() {
				return told, &answerError{fmt.Errorf("an answer held rows, but its status is %q and not %q: the rows are not the whole report", told.Status, r.complete), false}
			}
			return told, nil
		}
		next, err := r.next(answer)
		hash := maphash.String(r.seed, next)
		switch {
		case err != nil:
			return told, &answerError{err, true}
		case next == "":
			told.Done = true
			return told, nil
		case r.cursors[hash]:
			return told, &answerError{fmt.Errorf("the pages go round: the cursor %q comes again, and the rows are not the whole report", next), true}
		}
		r.cursors[hash] = true
		r.cursor = next
		r.sink.whole()
	}
}

// outage tells errors that pass, and how long the API asks to wait. Before the API
// has answered for an execution they may as well be for good.
func (r *report[A, R]) outage(err error) (wait time.Duration, passes bool) {
	if _, ok := errors.AsType[*answerError](err); ok {
		return 0, false
	}
	if api, ok := errors.AsType[*APIError](err); ok {
		wait, passes = api.RetryAfter, transport.TransientStatus(api.StatusCode) && api.RetryAfter <= transport.MaxRetryAfter
	} else {
		passes = transport.Transient(err)
	}
	return wait, passes && r.answered
}

// read reads a copy of this page, from the beginning where its rows so far can be
// taken back, and else behind the last of them.
func (r *report[A, R]) read(ctx context.Context, response *http.Response) (answer *A, gained bool, err error) {
	if r.stream == nil || r.sink.restart() {
		r.stream = rows.NewStream[A, R](r.member)
	}
	answer, err = r.stream.Read(response.Body, func(answer *A, row *R) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if status := r.status(answer); status != "" && !is(status, r.complete) {
			return nil
		}
		gained, r.answered = true, true
		return r.sink.add(row)
	})
	if err != nil && r.sink.restart() {
		gained = false
	}
	return answer, gained, err
}
