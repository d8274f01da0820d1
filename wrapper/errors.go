package wrapper

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
	"github.com/genesyscloud-go/usage/wrapper/internal/transport"
)

// ErrQueryFailed says that the vendor gave a query up: its status is Failed, or a
// job's Failed or Cancelled. It is found in an *ExecutionError, whose text has the
// vendor's reason where there is one. Submit the query again.
var ErrQueryFailed = errors.New("the query failed at the vendor's side; submit it again")

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
	case e.StatusCode/100 == 3:
		return "redirects are not followed: check the region or base URL"
	case e.StatusCode == http.StatusUnauthorized:
		return "check the credentials, and that they belong to this region"
	case e.StatusCode == http.StatusForbidden && strings.Contains(e.Path, "/usage/aggregates/"):
		return "the OAuth client needs the permission usage:organization:view"
	case e.StatusCode == http.StatusForbidden:
		return "the OAuth client needs the permission oauth:client:view or usage:organization:view"
	case e.StatusCode == http.StatusNotFound && e.Method == http.MethodGet:
		return "check the id, and that it belongs to this organization and region; if in doubt submit the query again"
	case e.RetryAfter > 0:
		return fmt.Sprintf("try again in %v", e.RetryAfter)
	}
	return ""
}

// newAPIError reads what an answer says went wrong. It does not close the body.
func newAPIError(response *http.Response) *APIError {
	e := &APIError{
		StatusCode:    response.StatusCode,
		CorrelationID: response.Header.Get(transport.CorrelationHeader),
		Method:        response.Request.Method,
		Path:          response.Request.URL.Path,
	}
	e.RetryAfter, _ = transport.RetryAfter(response)
	// A body that breaks off or is something else entirely, an HTML page of a
	// gateway say, takes nothing from what the status and headers say.
	if err := rows.Decode(response.Body, &e.Body); err != nil {
		e.Body = gen.ErrorBody{}
	}
	e.Code, e.Message = e.Body.Code, e.Body.Message
	if e.CorrelationID == "" {
		e.CorrelationID = e.Body.ContextID
	}
	return e
}

// An ExecutionError is everything that goes wrong after a query was submitted, a
// job's too. It names the execution, so that Client.Execution, or Client.Job, can go
// on with it, here or in another process; its text says so where that makes sense.
// Err is an *APIError, ErrQueryFailed, context.Canceled, context.DeadlineExceeded
// (of the context, or of Polling.Timeout), an *oauth2.RetrieveError or what the
// network or the body said, perhaps wrapped; use errors.Is and errors.As.
type ExecutionError struct {
	ExecutionID string
	Err         error

	kind  string // execution or job
	again string // what takes it up again
}

// Error says which execution it was, what went wrong and what to do next.
func (e *ExecutionError) Error() string {
	message := fmt.Sprintf("usage query %s %q: %v", cmp.Or(e.kind, "execution"), e.ExecutionID, e.Err)
	if e.again != "" {
		message += "; " + e.again + " takes it up again with this id"
	}
	return message
}

// Unwrap returns Err.
func (e *ExecutionError) Unwrap() error { return e.Err }

// answerError is one of an answer that came whole, and no outage. A final one is the
// same whenever the execution is asked for.
type answerError struct {
	err   error
	final bool
}

func (e *answerError) Error() string { return e.err.Error() }
func (e *answerError) Unwrap() error { return e.err }

// isFinal tells errors that asking again for the same execution does not change:
// the vendor's last word, and answers that are whole but cannot be used. Missing
// permissions can be given, and credentials mended.
func isFinal(err error) bool {
	if api, ok := errors.AsType[*APIError](err); ok {
		switch api.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			return false
		}
		return api.StatusCode/100 == 4 && !transport.TransientStatus(api.StatusCode)
	}
	answer, ok := errors.AsType[*answerError](err)
	return ok && answer.final || errors.Is(err, ErrQueryFailed) || transport.Unusable(err) && !errors.Is(err, rows.ErrChanged)
}

// fromLogin makes an answer of the login host that says nothing of the credentials
// an *APIError like those of the API.
func fromLogin(err error) error {
	if login, ok := errors.AsType[*transport.LoginError](err); ok {
		return fmt.Errorf("fetching a token: %w", newAPIError(login.Response))
	}
	return err
}

func correlation(id string) string {
	if id == "" {
		return ""
	}
	return fmt.Sprintf(" (correlation id %s)", id)
}
