package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// stall calls the base, and cancels a request whose response sends no byte for too long,
// headers included. It is below the rate limit, so that a pause is no stall; the time
// that the reader takes between two reads does not count either.
type stall struct {
	base       http.RoundTripper
	limit      time.Duration
	errStalled error
	secret     bool // responses have a token
}

func newStall(base http.RoundTripper, limit time.Duration, secret bool) *stall {
	// As for any other timeout of a connection, Timeout() of the error is true.
	stalled := fmt.Errorf("the response stalled: no byte for %v: %w", limit, os.ErrDeadlineExceeded)
	return &stall{base, limit, stalled, secret}
}

func (t *stall) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(request.Context())
	timer := time.AfterFunc(t.limit, func() { cancel(t.errStalled) })
	response, err := t.base.RoundTrip(request.WithContext(ctx))
	timer.Stop()
	switch {
	case err != nil:
		err = t.classify(ctx, err)
	case response == nil || response.Header == nil || response.Body == nil:
		err = failure.Permanentf("the Transport returned no response, or one without Header or Body")
	case response.StatusCode < http.StatusOK: // its body is a connection, which ignores the context
		response.Body.Close()
		err = failure.Permanentf("unexpected status %d %s", response.StatusCode, http.StatusText(response.StatusCode))
	default:
		response.Body = &stallBody{t, response.Body, ctx, cancel, timer}
		return response, nil
	}
	cancel(nil)
	return nil, err
}

// classify returns the error of a stall or of the context in the place of err, and marks
// what a retry cannot fix.
func (t *stall) classify(ctx context.Context, err error) error {
	_, unverified := errors.AsType[*tls.CertificateVerificationError](err)
	_, notTLS := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case context.Cause(ctx) == t.errStalled: //nolint:errorlint // this very one
		return t.errStalled
	case ctx.Err() != nil:
		return failure.WithContext(ctx, err)
	case unverified || notTLS:
		return failure.Blocked(err)
	case t.secret && !isConnectionError(err):
		// Its text may quote the response: net/http does so where that is not HTTP.
		return errors.New("the response is not valid HTTP, or the Transport failed; " +
			"details are left out, as they may have a token")
	case errors.Is(err, context.DeadlineExceeded): // a timeout of the dialer, and of no context
		return fmt.Errorf("%w: %v", os.ErrDeadlineExceeded, err) //nolint:errorlint // see above
	case len(err.Error()) > maxText: // it quotes a response that is not HTTP
		return errors.New(failure.Quote(err.Error()))
	}
	return err
}

// maxText is the longest text of an error that is passed on.
const maxText = 1000

// isConnectionError reports whether the text of an error is about the connection alone.
func isConnectionError(err error) bool {
	_, network := errors.AsType[*net.OpError](err)
	timeout, ok := errors.AsType[net.Error](err)
	return network || ok && timeout.Timeout() ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || failure.IsPermanent(err)
}

// stallBody is a body whose reads are timed.
type stallBody struct {
	stall  *stall
	body   io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

func (b *stallBody) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil { // of HTTP/2, what has arrived could still be read, and takes time to decode
		return 0, b.stall.classify(b.ctx, err)
	}
	b.timer.Reset(b.stall.limit)
	n, err := b.body.Read(p)
	b.timer.Stop()
	if err != nil && err != io.EOF { //nolint:errorlint // a wrapped one is an error
		err = b.stall.classify(b.ctx, err)
	}
	return n, err
}

func (b *stallBody) Close() error {
	b.cancel(nil) // first, so that Close does not wait for the rest of the body
	return b.body.Close()
}
