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
	const after = time.Minute
	for _, test := range []struct {
		name    string
		header  time.Duration
		lost    error // in place of a header
		body    []time.Duration
		reader  time.Duration // the time that the reader takes before each read
		wantErr bool
		after   time.Duration
	}{
		{name: "quick"},
		{name: "slow but steady", header: after - 1, body: []time.Duration{after - 1, after - 1}, after: 3 * (after - 1)},
		{name: "no header", header: time.Hour, wantErr: true, after: after},
		{name: "no more body", body: []time.Duration{1, 1, time.Hour}, wantErr: true, after: after + 2},
		{name: "slow reader", body: []time.Duration{1, 1}, reader: time.Hour, after: 3*time.Hour + 2},
		{name: "no connection", lost: io.EOF},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var below context.Context
				var body *slowBody
				transport := &stall{after: after, base: roundTripper(func(request *http.Request) (*http.Response, error) {
					below = request.Context()
					select {
					case <-time.After(test.header):
					case <-request.Context().Done():
						return nil, request.Context().Err()
					}
					if test.lost != nil {
						return nil, test.lost
					}
					response := respond(request, 200, "")
					body = &slowBody{ctx: request.Context(), waits: test.body}
					response.Body = body
					return response, nil
				})}
				response, err := transport.RoundTrip(newRequest(t, "GET"))
				for err == nil {
					time.Sleep(test.reader)
					_, err = response.Body.Read(make([]byte, 10))
				}
				if response != nil {
					response.Body.Close()
				}
				if below.Err() == nil || body != nil && !body.closed {
					t.Error("the context of the request, or its body, is left over")
				}
				var stalled *stallError
				if errors.As(err, &stalled) != test.wantErr || !test.wantErr && err != io.EOF {
					t.Errorf("error %v", err)
				}
				if test.wantErr && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || !Transient(err)) {
					t.Errorf("%v passes for a context's end, or is not tried again", err)
				}
				var timeout net.Error
				if test.wantErr && (!errors.As(err, &timeout) || !timeout.Timeout()) {
					t.Errorf("%v is no timeout", err)
				}
				if got := time.Since(start); got != test.after {
					t.Errorf("took %v, want %v", got, test.after)
				}
			})
		})
	}
}

func TestStallKeepsTheCallersContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	transport := &stall{after: time.Hour, base: roundTripper(func(request *http.Request) (*http.Response, error) {
		cancel()
		<-request.Context().Done()
		return nil, request.Context().Err()
	})}
	if _, err := transport.RoundTrip(newRequest(t, "GET").WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}
