package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// slowBody waits before each byte, for as long as its context lasts.
type slowBody struct {
	ctx    context.Context
	waits  []time.Duration
	closed bool
}

func (b *slowBody) Read(p []byte) (int, error) {
	if len(b.waits) == 0 {
		return 0, io.EOF
	}
	select {
	case <-time.After(b.waits[0]):
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	}
	b.waits = b.waits[1:]
	p[0] = 'x'
	return 1, nil
}

func (b *slowBody) Close() error {
	b.closed = true
	return nil
}

func TestStall(t *testing.T) {
	const limit = time.Minute
	for _, test := range []struct {
		name    string
		header  time.Duration
		lost    error // in place of a header
		body    []time.Duration
		reader  time.Duration // the time that the reader takes before each read
		stalled bool
		err     error
		took    time.Duration
	}{
		{name: "quick", err: io.EOF},
		{name: "slow but steady", header: limit - 1, body: []time.Duration{limit - 1, limit - 1}, err: io.EOF,
			took: 3 * (limit - 1)},
		{name: "no header", header: time.Hour, stalled: true, took: limit},
		{name: "no more body", body: []time.Duration{1, 1, time.Hour}, stalled: true, took: limit + 2},
		{name: "slow reader", body: []time.Duration{1, 1}, reader: time.Hour, err: io.EOF, took: 3*time.Hour + 2},
		{name: "no connection", lost: io.ErrClosedPipe, err: io.ErrClosedPipe},
	} {
		bubble(t, test.name, func(t *testing.T) {
			start := time.Now()
			var below context.Context
			var body *slowBody
			transport := newStall(roundTripper(func(request *http.Request) (*http.Response, error) {
				below = request.Context()
				select {
				case <-time.After(test.header):
				case <-below.Done():
					return nil, below.Err()
				}
				if test.lost != nil {
					return nil, test.lost
				}
				response := newResponse(request, 200, "")
				body = &slowBody{ctx: below, waits: test.body}
				response.Body = body
				return response, nil
			}), limit, false)
			response, err := transport.RoundTrip(newRequest(t, "GET"))
			for err == nil {
				time.Sleep(test.reader)
				_, err = response.Body.Read(make([]byte, 10))
			}
			if response != nil {
				response.Body.Close()
			}
			check(t, "duration", time.Since(start), test.took)
			check(t, "context of the request ended", below.Err() != nil, true)
			if body != nil {
				check(t, "body closed", body.closed, true)
			}
			if !test.stalled {
				checkError(t, "request", err, test.err)
				return
			}
			checkContains(t, "error", err.Error(), "stalled", "1m0s")
			check(t, "permanent", failure.IsPermanent(err), false)
			check(t, "cancelled", errors.Is(err, context.Canceled), false)
			check(t, "past a deadline", errors.Is(err, context.DeadlineExceeded), false)
			var timeout net.Error
			if !errors.As(err, &timeout) {
				t.Fatalf("error: got %v, want a net.Error", err)
			}
			check(t, "timeout", timeout.Timeout(), true)
		})
	}
}

// The end of the caller's context is no stall.
func TestStallKeepsTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		transport := newStall(roundTripper(func(request *http.Request) (*http.Response, error) {
			cancel()
			<-request.Context().Done()
			return nil, request.Context().Err()
		}), time.Hour, false)
		_, err := transport.RoundTrip(newRequest(t, "GET").WithContext(ctx))
		checkError(t, "request", err, context.Canceled)
	})
}
