package wrapper

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
	"github.com/genesyscloud-go/usage/wrapper/internal/transport"
)

// ErrQueryFailed is wrapped by the *OperationError of a query with status Failed, or of a
// job with status Failed or Cancelled. For a job the text has the vendor's reason, if there
// is one. The operation stays failed; submitting the query again may help.
var ErrQueryFailed = failure.Permanentf("the query failed on the server; submit it again")

// ErrInvalidQuery is wrapped by the error of every query that is refused before anything
// is sent.
var ErrInvalidQuery = failure.Permanentf("invalid query")

// Retryable reports whether the same call may succeed later with nothing changed. It is
// true for outages, rate limits, timeouts, stalls and truncated responses, and for
// context.DeadlineExceeded after Polling.Timeout. It is false for bad input, refused
// credentials, missing permissions, certificates that do not verify, responses that cannot
// be used, a context of the caller's that ended, nil, and every error that is not from this
// package. It is false for ErrQueryFailed too: the same operation stays failed, although
// submitting the query again may help.
//
// After Query or QueryRows, calling again submits another query. To go on with the one
// that was submitted, resume it; see OperationError.
func Retryable(err error) bool {
	api, isAPI := errors.AsType[*APIError](err)
	_, isOperation := errors.AsType[*OperationError](err)
	isTransient := errors.Is(err, failure.ErrTransient) || // as a 401 is if the token was renewed
		isAPI && transport.TransientStatus(api.StatusCode) || !isAPI && isOperation
	return isTransient && !failure.IsPermanent(err)
}

// An APIError is a response of the API, or of the login host, with a status other than
// 2xx, after the attempts that Retry allows. Of a response of the login host it has no
// body, since that may have a token.
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
	case e.RetryAfter > 0 && transport.TransientStatus(e.StatusCode):
		return fmt.Sprintf("retry in %v", e.RetryAfter)
	}
	return ""
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

// An OperationError wraps every error that occurs after a query or job was submitted. Err
// is or wraps an *APIError, ErrQueryFailed, the cause of a context of the caller's that
// ended, context.DeadlineExceeded after Polling.Timeout, an *oauth2.RetrieveError, or the
// error of the network or of the response.
type OperationError struct {
	Kind string // "query" or "job"
	ID   string // what Client.Execution or Client.Job resumes it with, here or in another process
	Err  error
}

// Error returns the operation, what went wrong and what to do next.
func (e *OperationError) Error() string {
	text := fmt.Sprintf("usage %s %q: %v", e.Kind, e.ID, e.Err)
	if e.Resumable() {
		text += fmt.Sprintf("; the %s may still complete, resume it by this id", e.Kind)
	}
	return text
}

// Unwrap returns Err.
func (e *OperationError) Unwrap() error { return e.Err }

// Resumable reports whether the operation may still complete, so that it is worth resuming
// by its id: after an outage or Polling.Timeout, and once a context that ended, or credentials,
// permissions, a certificate or a proxy that were refused, are replaced or corrected.
func (e *OperationError) Resumable() bool {
	api, ok := errors.AsType[*APIError](e.Err)
	refused := ok && slices.Contains([]int{
		http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired,
	}, api.StatusCode)
	return refused || Retryable(e) || errors.Is(e.Err, failure.ErrBlocked)
}
