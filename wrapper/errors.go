package wrapper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
	"github.com/genesyscloud-go/usage/wrapper/internal/transport"
)

// ErrQueryFailed is wrapped by the *ExecutionError of a query with status Failed, or of a
// job with status Failed or Cancelled. For a job the text has the vendor's reason, if there
// is one. Submitting the query again may help.
var ErrQueryFailed = failure.Permanentf("the query failed on the server; submit it again")

// ErrInvalidQuery is wrapped by the error of every query that is refused before anything
// is sent.
var ErrInvalidQuery = failure.Permanentf("invalid query")

// Retryable reports whether the same call may succeed later with nothing changed. It is
// true for outages, rate limits, timeouts, stalls and truncated responses. It is false for
// bad input, refused credentials, missing permissions, certificates that do not verify,
// ErrQueryFailed, responses that cannot be used, the end of the caller's context, and nil.
//
// The error has to come from this package: Retryable knows nothing of others, and is true
// for them. After Query or QueryRows, calling again submits another query; to go on with
// the one that was submitted, resume it with the id of the *ExecutionError.
func Retryable(err error) bool {
	return err != nil && !failure.IsPermanent(err) && !errors.Is(err, context.Canceled)
}

// An APIError is a response of the API, or of the login host, with a status other than
// 2xx. Requests that are worth a retry have been retried before; see Retry.
type APIError struct {
	// StatusCode is the HTTP status.
	StatusCode int
	// Code and Message are the vendor's, for programs and for people. Both are empty
	// where the response has no error body of the vendor's, as from a gateway.
	Code, Message string
	// CorrelationID is what to quote to the vendor's support, if there is one.
	CorrelationID string
	// Method and Path are those of the request.
	Method, Path string
	// RetryAfter is how long the API asks to wait before the next request, or 0.
	RetryAfter time.Duration
	// Body is the error body. Fields that were missing or of another type than
	// documented are zero.
	Body gen.ErrorBody
}

// Error returns the request, the status, the API's code and message, the correlation id
// and, if it is known, what to do next.
func (e *APIError) Error() string {
	text := fmt.Sprintf("%s %s: %d %s", e.Method, failure.Quote(e.Path), e.StatusCode, http.StatusText(e.StatusCode))
	text = strings.TrimSpace(text) + describe(e.Code, e.Message, e.CorrelationID)
	if advice := e.advice(); advice != "" {
		text += "; " + advice
	}
	return text
}

// describe returns what an error body says, to be appended to the text of an error.
func describe(code, message, correlationID string) (text string) {
	if code != "" {
		text += ": " + failure.Quote(code)
	}
	if message != "" {
		text += ": " + failure.Quote(message)
	}
	if correlationID != "" {
		text += " (correlation id " + failure.Quote(correlationID) + ")"
	}
	return text
}

func (e *APIError) advice() string {
	switch {
	case e.StatusCode/100 == 3:
		return "redirects are not followed: check the region or base URL"
	case e.StatusCode == http.StatusProxyAuthRequired:
		return "check the credentials of the proxy"
	case e.StatusCode == http.StatusUnauthorized:
		return "check the credentials, and that they belong to this region"
	case e.StatusCode == http.StatusForbidden && strings.Contains(e.Path, "/usage/aggregates/"):
		return "the OAuth client needs the permission usage:organization:view"
	case e.StatusCode == http.StatusForbidden && strings.Contains(e.Path, "/usage/"):
		return "the OAuth client needs the permission oauth:client:view or usage:organization:view"
	case e.StatusCode == http.StatusNotFound && e.Method == http.MethodGet:
		return "check the id, and that it belongs to this organization and region, or submit the query again"
	case e.RetryAfter > 0 && Retryable(e):
		return fmt.Sprintf("retry in %v", e.RetryAfter)
	}
	return ""
}

// Is supports Retryable: it matches the mark of permanent errors if a retry cannot get
// another status.
func (e *APIError) Is(target error) bool {
	return target == failure.ErrPermanent && !transport.TransientStatus(e.StatusCode)
}

// newAPIError decodes what a response says went wrong.
func newAPIError(response *http.Response, body []byte) error {
	e := &APIError{
		StatusCode:    response.StatusCode,
		CorrelationID: response.Header.Get(transport.CorrelationHeader),
		Method:        response.Request.Method,
		Path:          response.Request.URL.Path,
	}
	e.RetryAfter = transport.RetryAfter(response)
	rows.DecodeLenient(body, &e.Body)
	e.Code, e.Message = e.Body.Code, e.Body.Message
	e.CorrelationID = cmp.Or(e.CorrelationID, e.Body.ContextID)
	return e
}

// An ExecutionError wraps every error that occurs after a query or job was submitted. It
// has the id that Client.Execution, or Client.Job, resumes it with, here or in another
// process; the text says so if that may help. Err is or wraps an *APIError,
// ErrQueryFailed, the cause of a context that ended, context.DeadlineExceeded after
// Polling.Timeout, an *oauth2.RetrieveError, or the error of the network or of the
// response.
type ExecutionError struct {
	ExecutionID string // or the job id
	Err         error

	kind       string // execution or job
	resumeWith string // the method to take it up with, where that may help
}

// Error returns the execution, what went wrong and what to do next.
func (e *ExecutionError) Error() string {
	text := fmt.Sprintf("usage query %s %q: %v", cmp.Or(e.kind, "execution"), e.ExecutionID, e.Err)
	if e.resumeWith != "" {
		text += fmt.Sprintf("; resume with %s(%q)", e.resumeWith, e.ExecutionID)
	}
	return text
}

// Unwrap returns Err.
func (e *ExecutionError) Unwrap() error { return e.Err }

// resumable reports whether an operation may still complete after an error: a retry may
// help, or the caller's context, credentials or permissions failed and not the operation.
func resumable(ctx context.Context, err error) bool {
	if _, refused := errors.AsType[*oauth2.RetrieveError](err); refused || Retryable(err) || ctx.Err() != nil {
		return true
	}
	api, ok := errors.AsType[*APIError](err)
	return ok && (api.StatusCode == http.StatusUnauthorized || api.StatusCode == http.StatusForbidden)
}
