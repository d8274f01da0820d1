package wrapper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/go-json-experiment/json"
)

// ErrQueryFailed says that the vendor gave a query up: its status is Failed. It
// is found in an *ExecutionError. Why is not reported; submit the query again.
var ErrQueryFailed = errors.New("the query failed at the vendor's side; submit it again")

// maxBody bounds each body that is read as a whole: errors, tokens and the
// answer to a submit. Rows are streamed and have no such bound.
const maxBody = 1 << 20

// correlationHeader carries the id under which the vendor's support finds a
// request.
const correlationHeader = "ININ-Correlation-Id"

// An APIError is an answer of the API with another status than 2xx. Those that
// are worth another try have been tried again before it is returned; see Retry.
type APIError struct {
	// StatusCode is the HTTP status.
	StatusCode int
	// Code and Message are the vendor's, for programs and for people. Both are
	// empty when the answer came without the vendor's error body, as from a
	// gateway.
	Code, Message string
	// CorrelationID is what to quote to the vendor's support, if there is one.
	CorrelationID string
	// Method and Path are those of the request.
	Method, Path string
	// RetryAfter is how long the API asks to wait before the next request, or 0.
	RetryAfter time.Duration
	// Body is the whole error body, zero where it was missing or not JSON.
	Body gen.ErrorBody
}

// Error says what was answered to what, with the correlation id, and what to do
// next where that is known.
func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %d %s", e.Method, e.Path, e.StatusCode, http.StatusText(e.StatusCode))
	if e.Code != "" {
		b.WriteString(": " + e.Code)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	b.WriteString(correlation(e.CorrelationID))
	if hint := e.hint(); hint != "" {
		b.WriteString("; " + hint)
	}
	return b.String()
}

func (e *APIError) hint() string {
	switch {
	case e.StatusCode >= 300 && e.StatusCode < 400:
		return "redirects are not followed: check the region or base URL"
	case e.StatusCode == http.StatusUnauthorized:
		return "check the credentials, and that they belong to this region"
	case e.StatusCode == http.StatusForbidden:
		return "the OAuth client needs the permission oauth:client:view or usage:organization:view"
	case e.StatusCode == http.StatusNotFound && e.Method == http.MethodGet:
		return "check the execution id, and that it belongs to this organization and region; if in doubt submit the query again"
	case e.RetryAfter > 0:
		return fmt.Sprintf("try again in %v", e.RetryAfter)
	}
	return ""
}

// newAPIError reads what an answer says went wrong. It does not close the body.
func newAPIError(response *http.Response) *APIError {
	e := &APIError{
		StatusCode:    response.StatusCode,
		CorrelationID: response.Header.Get(correlationHeader),
		Method:        response.Request.Method,
		Path:          response.Request.URL.Path,
	}
	e.RetryAfter, _ = retryAfter(response)
	// A body that breaks off or is something else entirely, an HTML page of a
	// gateway say, takes nothing from what the status and headers say.
	data, _ := io.ReadAll(io.LimitReader(response.Body, maxBody))
	var body gen.ErrorBody
	if err := json.Unmarshal(data, &body, lenient); err == nil {
		e.Body = body
		e.Code = body.Code
		e.Message = body.Message
		if e.CorrelationID == "" {
			e.CorrelationID = body.ContextID
		}
	}
	return e
}

// An ExecutionError is everything that goes wrong after a query was submitted.
// It names the execution, so that Client.Execution can go on with it, here or in
// another process. Err is an *APIError, ErrQueryFailed, context.Canceled,
// context.DeadlineExceeded (of the context, or of Polling.Timeout) or what the
// network or the body said, perhaps wrapped; use errors.Is and errors.As.
type ExecutionError struct {
	ExecutionID string
	Err         error
}

// Error says which execution it was, what went wrong and what to do next.
func (e *ExecutionError) Error() string {
	message := fmt.Sprintf("usage query execution %q: %v", e.ExecutionID, e.Err)
	if errors.Is(e.Err, context.Canceled) || errors.Is(e.Err, context.DeadlineExceeded) {
		message += "; Client.Execution takes it up again with this id"
	}
	return message
}

// Unwrap returns Err.
func (e *ExecutionError) Unwrap() error { return e.Err }

// answerError is an answer that cannot be used although its status is fine.
type answerError struct {
	request       string // its method and path
	status        string
	correlationID string
	err           error
	broken        bool // cut, empty or not JSON: another try may mend it
}

func newAnswerError(response *http.Response, err error, broken bool) error {
	return &answerError{
		request:       response.Request.Method + " " + response.Request.URL.Path,
		status:        response.Status,
		correlationID: response.Header.Get(correlationHeader),
		err:           err,
		broken:        broken,
	}
}

func (e *answerError) Error() string {
	return fmt.Sprintf("%s: %s, but %v%s", e.request, e.status, e.err, correlation(e.correlationID))
}

func (e *answerError) Unwrap() error { return e.err }

// isBroken tells errors that another try may mend: the body of an answer was
// cut, empty or not JSON.
func isBroken(err error) bool {
	var e *answerError
	return errors.As(err, &e) && e.broken
}

func correlation(id string) string {
	if id == "" {
		return ""
	}
	return fmt.Sprintf(" (correlation id %s)", id)
}

// withContext makes an error that came of a context's end say so. On the way up
// it may have become the cause of a cancellation alone, or the cancellation
// without its cause.
func withContext(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	if timeout, ok := errors.AsType[*timeoutError](context.Cause(ctx)); ok {
		if errors.Is(err, timeout) {
			return err
		}
		return timeout
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", ctx.Err(), err)
}
