package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxBody bounds a body that is read as a whole.
const maxBody = 1 << 20

// A Reader reads the body of a 2xx answer as a part of the attempt, so that a
// body that breaks off costs one attempt of the request's budget like anything
// else that goes wrong. It returns a *BrokenError where asking again may help, and any
// other error where it may not. It does not close the body.
type Reader func(*http.Response) error

type readerKey struct{}

// WithReader returns a context for a request whose answer a Reader reads. Such a
// request is one that does no harm when it arrives twice. Who gets the response
// finds its body empty, unless the Reader has put another in its place.
func WithReader(ctx context.Context, read Reader) context.Context {
	return context.WithValue(ctx, readerKey{}, read)
}

func readerOf(request *http.Request) Reader {
	read, _ := request.Context().Value(readerKey{}).(Reader)
	return read
}

// A BrokenError is what a Reader says of a body that is cut, empty or no JSON.
type BrokenError struct {
	Err    error
	Gained bool // it had more than the ones before it: the attempts start anew
}

func (b *BrokenError) Error() string { return b.Err.Error() }

// Unwrap returns Err.
func (b *BrokenError) Unwrap() error { return b.Err }

// A BodyError is a 2xx answer whose body cannot be used: Err says why.
type BodyError struct {
	answer string // which it was
	Err    error
}

func (e *BodyError) Error() string { return fmt.Sprintf("%s: %v", e.answer, e.Err) }

// Unwrap returns Err.
func (e *BodyError) Unwrap() error { return e.Err }

// readBody lets a Reader have the body of an answer, and closes it.
func readBody(response *http.Response, read Reader) error {
	body := response.Body
	defer body.Close()
	if err := read(response); err != nil {
		return &BodyError{fmt.Sprintf("the answer to %s %s, status %d%s, cannot be used",
			response.Request.Method, response.Request.URL.Path, response.StatusCode, correlation(response)), err}
	}
	if response.Body == body {
		response.Body = http.NoBody
	}
	return nil
}

// correlation says under which id the vendor's support finds an answer.
func correlation(response *http.Response) string {
	if id := response.Header.Get(CorrelationHeader); id != "" {
		return " (correlation id " + id + ")"
	}
	return ""
}

// readJSON is a Reader of small answers, which it leaves to be read again.
func readJSON(response *http.Response) error {
	data, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		return &BrokenError{Err: fmt.Errorf("the body breaks off: %w", err)}
	case len(data) > maxBody:
		return fmt.Errorf("the body is larger than %d bytes", maxBody)
	case len(bytes.TrimSpace(data)) == 0 && response.StatusCode != http.StatusNoContent:
		return &BrokenError{Err: errors.New("the body is empty")}
	case len(data) > 0 && !json.Valid(data):
		return &BrokenError{Err: errors.New("the body is not JSON")}
	}
	response.Body = io.NopCloser(bytes.NewReader(data))
	return nil
}
