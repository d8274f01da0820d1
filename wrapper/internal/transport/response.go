package transport

import (
	"fmt"
	"io"
	"net/http"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// maxBody bounds a body that is read into memory completely, in bytes.
const maxBody = 64 << 10

// A Reader reads the body of a 2xx response as a part of the attempt, so that a truncated
// body costs one attempt like any other failure. It reports progress if it read further
// than the attempts before, which are then forgotten. It does not close the body.
type Reader func(*http.Response) (progress bool, err error)

// readBody lets a Reader read the body of a response, and closes it.
func readBody(response *http.Response, read Reader) (progress bool, err error) {
	defer response.Body.Close()
	if progress, err = read(response); err != nil {
		return progress, fmt.Errorf("%s %s: reading the response with status %d%s: %w",
			response.Request.Method, response.Request.URL.Path, response.StatusCode, correlation(response.Header), err)
	}
	return progress, nil
}

// closeUnreturned closes a response that is not returned, because the caller's logger
// panicked. It is deferred.
func closeUnreturned(response *http.Response, returned **http.Response) {
	if response != nil && *returned == nil {
		response.Body.Close()
	}
}

// A NewStatusError returns the error for a response without a 2xx status, whose body has
// been read, up to a limit. The layers mark it.
type NewStatusError func(response *http.Response, body []byte) error

// readStatus returns the error for a response without a 2xx status, and closes it. A
// truncated body is no error of its own, since the status says what happened.
func (t *retrier) readStatus(response *http.Response) error {
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxBody))
	return t.statusError(response, body)
}

// TransientStatus reports whether a retry may get another status. That is so for timeouts,
// rate limits and failures of the API and of the gateways in front of it.
func TransientStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return status/100 == 5
}

// correlation returns the correlation id of a response for the text of an error.
func correlation(header http.Header) string {
	if id := header.Get(CorrelationHeader); id != "" {
		return fmt.Sprintf(" (correlation id %s)", failure.Quote(id))
	}
	return ""
}
