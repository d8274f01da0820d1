package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// stall gives up a response that keeps its reader waiting for too long
// without a byte, headers included. It is below the rate limit: waiting for that
// is no stall. Nor is the time that a reader takes for what it has read.
type stall struct {
	base  http.RoundTripper
	after time.Duration
}

func (t *stall) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(request.Context())
	stalled := &stallError{t.after}
	timer := time.AfterFunc(t.after, func() { cancel(stalled) })
	response, err := t.base.RoundTrip(request.WithContext(ctx))
	timer.Stop()
	if err != nil {
		if errors.Is(context.Cause(ctx), stalled) {
			err = stalled
		}
		cancel(nil)
		return nil, err
	}
	if response.Body == nil { // only of a transport that is not net/http's
		response.Body = http.NoBody
	}
	response.Body = &stallBody{response.Body, ctx, cancel, timer, stalled}
	return response, nil
}

type stallBody struct {
	io.ReadCloser
	ctx     context.Context
	cancel  context.CancelCauseFunc
	timer   *time.Timer
	stalled *stallError
}

func (b *stallBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.stalled.after)
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	if err != nil && !errors.Is(err, io.EOF) && errors.Is(context.Cause(b.ctx), b.stalled) {
		err = b.stalled
	}
	return n, err
}

func (b *stallBody) Close() error {
	b.timer.Stop()
	defer b.cancel(nil)
	return b.ReadCloser.Close()
}

// stallError is a timeout, as net.Error has it, but not a context's.
type stallError struct{ after time.Duration }

func (e *stallError) Error() string {
	return fmt.Sprintf("the response stalled: no byte for %v", e.after)
}
func (e *stallError) Timeout() bool   { return true }
func (e *stallError) Temporary() bool { return true }
