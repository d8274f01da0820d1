package wrapper

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/genesyscloud-go/usage/gen"
)

// An Execution is a query that was submitted, here or in another process: Submit
// and Client.Execution give one. Its methods are safe for concurrent use, and
// may be called again. All their errors are *ExecutionError.
type Execution struct {
	client *Client
	id     string
}

// Execution takes up a query that was submitted before, by its id. It sends
// nothing and checks nothing: the methods of the Execution do. How long the
// vendor keeps an execution is not documented.
func (c *Client) Execution(id string) *Execution {
	return &Execution{client: c, id: id}
}

// ID returns the execution id, with which Client.Execution takes the query up
// again. It is opaque.
func (e *Execution) ID() string { return e.id }

// Poll asks once how far the query is, and returns the answer whatever its
// status: check QueryStatus for Failed. When the query is complete, the answer
// holds all rows.
func (e *Execution) Poll(ctx context.Context) (*gen.APIUsageQueryResult, error) {
	if err := checkExecutionID(e.id); err != nil {
		return nil, e.fail(ctx, err)
	}
	var rows rowSlice
	answer, err := e.poll(ctx, &rows)
	if err != nil {
		return nil, e.fail(ctx, err)
	}
	result := answer.result
	result.Results = rows.rows()
	return &result, nil
}

// Wait waits until the query is complete and returns its rows, which are in no
// particular order, and none if the query found nothing. It ends with
// ErrQueryFailed if the query fails, and when the context or Polling.Timeout
// does.
func (e *Execution) Wait(ctx context.Context) ([]gen.APIUsageRow, error) {
	ctx, timeout := withTimeout(ctx, e.client.polling.Timeout)
	defer timeout.stop()
	var rows rowSlice
	if err := e.wait(ctx, &rows); err != nil {
		return nil, e.fail(ctx, err)
	}
	return rows.rows(), nil
}

// Rows waits like Wait, and then hands on each row as it arrives, so that a
// report of any size takes no memory to speak of. An error comes last, with a
// zero row. Rows that were handed on cannot be taken back, so look for it: only
// a loop that ends without an error has seen the whole report. Leaving the loop
// early closes the response. Ranging over the sequence again polls again.
//
// The time that the loop takes for its rows does not count for Polling.Timeout.
func (e *Execution) Rows(ctx context.Context) iter.Seq2[gen.APIUsageRow, error] {
	return func(yield func(gen.APIUsageRow, error) bool) {
		ctx, timeout := withTimeout(ctx, e.client.polling.Timeout)
		defer timeout.stop()
		stream := rowStream{yield: yield, timeout: timeout}
		if err := e.wait(ctx, &stream); err != nil && !stream.left {
			yield(gen.APIUsageRow{}, e.fail(ctx, err))
		}
	}
}

// fail makes an error one of this execution.
func (e *Execution) fail(ctx context.Context, err error) error {
	return &ExecutionError{ExecutionID: e.id, Err: withContext(ctx, err)}
}

// A rowSink takes the rows of an answer.
type rowSink interface {
	// add takes a row, which it must copy to keep it, and tells whether to go on.
	// The status is that of the answer, or "" if it has not arrived yet.
	add(row *gen.APIUsageRow, status gen.QueryStatus) bool
	// restart forgets the rows taken so far, if it can.
	restart() bool
}

// errLeft says that the sink wants no more rows.
var errLeft = errors.New("left")

// wait polls until the query is complete and its rows are in the sink.
func (e *Execution) wait(ctx context.Context, rows rowSink) error {
	if err := checkExecutionID(e.id); err != nil {
		return err
	}
	start := time.Now()
	next := e.client.polling.schedule()
	warned := false
	wait := next()
	for polls := 1; ; polls++ {
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		answer, err := e.poll(ctx, rows)
		if err != nil {
			return err
		}
		status := answer.result.QueryStatus
		ended := status == gen.QueryStatusComplete || status == gen.QueryStatusFailed
		wait = 0
		if !ended {
			wait = max(next(), answer.retryAfter)
		}
		if report := e.client.progress; report != nil {
			report(Progress{ExecutionID: e.id, Status: status, Polls: polls, Elapsed: time.Since(start), NextPoll: wait})
		}
		switch {
		case status == gen.QueryStatusComplete:
			return nil
		case status == gen.QueryStatusFailed:
			return ErrQueryFailed
		case !rows.restart():
			return fmt.Errorf("an answer held rows, but its status is %q and not %q: the rows are not the whole report", status, gen.QueryStatusComplete)
		case status != gen.QueryStatusRunning && !warned:
			warned = true
			e.client.logger.LogAttrs(ctx, slog.LevelWarn, "unknown query status, waiting on",
				slog.String("execution_id", e.id), slog.String("status", string(status)))
		}
	}
}

// poll asks for the results once, and again where the body of the answer is
// broken and the sink can forget what it got of it.
func (e *Execution) poll(ctx context.Context, rows rowSink) (*answer, error) {
	retry := e.client.retry
	next := retry.waits()
	for attempt := 1; ; attempt++ {
		answer, err := e.fetch(ctx, rows)
		if err == nil || !isBroken(err) || ctx.Err() != nil || attempt >= retry.MaxAttempts || !rows.restart() {
			return answer, err
		}
		wait := next()
		if !fits(ctx, wait) {
			return nil, err
		}
		e.client.logger.LogAttrs(ctx, slog.LevelInfo, "asking for the results again",
			slog.String("execution_id", e.id), slog.Int("attempt", attempt), slog.Duration("wait", wait), slog.Any("error", err))
		if ctxErr := sleep(ctx, wait); ctxErr != nil {
			return nil, fmt.Errorf("%w while waiting to try again after: %w", ctxErr, err)
		}
	}
}

// fetch asks for the results once.
func (e *Execution) fetch(ctx context.Context, rows rowSink) (*answer, error) {
	response, err := e.client.api.GetUsageQueryExecutionIDResults(ctx, e.id)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return nil, newAPIError(response)
	}
	answer, err := decode(response.Body, rows)
	if err != nil {
		return nil, newAnswerError(response, err, isCut(err))
	}
	answer.retryAfter, _ = retryAfter(response)
	return answer, nil
}

// checkExecutionID finds ids that would not arrive as one segment of a path.
// All others do, escaped.
func checkExecutionID(id string) error {
	switch {
	case id == "":
		return errors.New("the execution id is empty")
	case id == "." || id == "..":
		return fmt.Errorf("the execution id is %q, which stands for another path", id)
	case strings.ContainsFunc(id, unicode.IsControl):
		return errors.New("the execution id holds control characters")
	}
	return nil
}

// rowSlice collects rows: in pieces, because a slice that grows by append leaves
// five times its size behind.
type rowSlice struct{ pieces [][]gen.APIUsageRow }

const maxPiece = 4096

func (s *rowSlice) add(row *gen.APIUsageRow, _ gen.QueryStatus) bool {
	last := len(s.pieces) - 1
	if last < 0 || len(s.pieces[last]) == cap(s.pieces[last]) {
		size := 16
		if last >= 0 {
			size = min(2*cap(s.pieces[last]), maxPiece)
		}
		s.pieces = append(s.pieces, make([]gen.APIUsageRow, 0, size))
		last++
	}
	s.pieces[last] = append(s.pieces[last], *row)
	return true
}

func (s *rowSlice) restart() bool {
	s.pieces = nil
	return true
}

// rows returns what was collected, never nil, and forgets it.
func (s *rowSlice) rows() []gen.APIUsageRow {
	n := 0
	for _, piece := range s.pieces {
		n += len(piece)
	}
	rows := make([]gen.APIUsageRow, 0, n)
	for i, piece := range s.pieces {
		rows = append(rows, piece...)
		s.pieces[i] = nil // the collector may have it while the others are copied
	}
	s.pieces = nil
	return rows
}

// rowStream hands rows on.
type rowStream struct {
	yield   func(gen.APIUsageRow, error) bool
	timeout *timeout
	began   bool
	left    bool // the loop was left: nothing more may be handed on
}

func (s *rowStream) add(row *gen.APIUsageRow, status gen.QueryStatus) bool {
	if status != "" && status != gen.QueryStatusComplete {
		return true
	}
	if !s.began {
		s.began = true
		s.timeout.disarm()
	}
	s.left = !s.yield(*row, nil)
	return !s.left
}

func (s *rowStream) restart() bool { return !s.began }

// timeout ends a context, like context.WithTimeout, but can be disarmed.
type timeout struct {
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

// timeoutError is what Polling.Timeout ends with.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("not complete after %v (Polling.Timeout): %v", e.after, context.DeadlineExceeded)
}

func (e *timeoutError) Unwrap() error { return context.DeadlineExceeded }

func withTimeout(parent context.Context, after time.Duration) (context.Context, *timeout) {
	ctx, cancel := context.WithCancelCause(parent)
	t := &timeout{cancel: cancel}
	if after > 0 {
		t.timer = time.AfterFunc(after, func() { cancel(&timeoutError{after}) })
	}
	return ctx, t
}

func (t *timeout) disarm() {
	if t.timer != nil {
		t.timer.Stop()
	}
}

func (t *timeout) stop() {
	t.disarm()
	t.cancel(nil)
}
