package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// stall calls the base, and cancels a request whose response sends no byte for too long,
// headers included. It is below the rate limit, so that a pause is no stall; the time
// that the reader takes between two reads does not count either. It also makes any
// Transport keep the contract that the other layers rely on: a response has a header and
// a body, and a call ends with its context.
type stall struct {
	base    http.RoundTripper
	limit   time.Duration
	stalled error
}

func newStall(base http.RoundTripper, limit time.Duration) *stall {
	// As for any other timeout of a connection, Timeout() of the error is true.
	return &stall{base, limit, fmt.Errorf("the response stalled: no byte for %v: %w", limit, os.ErrDeadlineExceeded)}
}

func (t *stall) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(request.Context())
	timer := time.AfterFunc(t.limit, func() { cancel(t.stalled) })
	response, err := await(ctx, func() (*http.Response, error) {
		return t.base.RoundTrip(request.WithContext(ctx))
	}, closeResponse)
	timer.Stop()
	if response == nil {
		response = &http.Response{}
		if err == nil {
			err = failure.Permanentf("the Transport returned neither a response nor an error")
		}
	}
	if response.Header == nil {
		response.Header = http.Header{}
	}
	if response.Body == nil {
		response.Body = http.NoBody
	}
	response.Body = &stallBody{stall: t, body: response.Body, ctx: ctx, cancel: cancel, timer: timer}
	if err != nil {
		err = t.classify(ctx, err) // before Close ends ctx
		response.Body.Close()
		return nil, err
	}
	if response.StatusCode < http.StatusOK { // nobody asked to switch protocols: its body is a connection
		response.Body.Close()
		response.Body = http.NoBody
	}
	return response, nil
}

// closeResponse closes the body of a response, where there is one.
func closeResponse(response *http.Response) {
	if response != nil && response.Body != nil {
		response.Body.Close()
	}
}

// classify returns the error of a stall or of the context in the place of err, and marks
// what a retry cannot fix.
func (t *stall) classify(ctx context.Context, err error) error {
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case context.Cause(ctx) == t.stalled: //nolint:errorlint // this very one
		return t.stalled
	case ctx.Err() != nil:
		return failure.WithContext(ctx, err)
	case errors.As(err, &verification), errors.As(err, &record):
		return failure.Permanent(err)
	}
	return err
}

// stallBody reads ahead of its reader by a buffer, so that a read that outlasts the
// context has no hold of the reader's.
type stallBody struct {
	stall  *stall
	body   io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer

	buffer []byte // grows as long as reads fill it
	filled int    // by the last read
	unread []byte // of the buffer
	err    error  // after what is unread
}

// Sizes of the buffer: most responses are small.
const (
	minBuffer  = 512
	bodyBuffer = 32 << 10
)

func (b *stallBody) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil { // however quickly the body gives what it has
		return 0, b.stall.classify(b.ctx, b.ctx.Err())
	}
	if len(b.unread) == 0 && b.err == nil {
		b.fill()
	}
	if len(b.unread) == 0 {
		return 0, b.err
	}
	n := copy(p, b.unread)
	b.unread = b.unread[n:]
	return n, nil
}

func (b *stallBody) fill() {
	if b.filled == len(b.buffer) && b.filled < bodyBuffer {
		b.buffer = make([]byte, min(max(8*b.filled, minBuffer), bodyBuffer))
	}
	b.timer.Reset(b.stall.limit)
	n, err := await(b.ctx, func() (int, error) { return b.body.Read(b.buffer) }, func(int) {})
	b.timer.Stop()
	b.filled, b.unread = n, b.buffer[:n]
	if b.err = err; err != nil && err != io.EOF { //nolint:errorlint // a wrapped one is an error
		b.err = b.stall.classify(b.ctx, err)
	}
}

func (b *stallBody) Close() error {
	b.cancel(nil) // so that await gives up a Close that hangs
	_, err := await(b.ctx, func() (struct{}, error) { return struct{}{}, b.body.Close() }, func(struct{}) {})
	return err
}
