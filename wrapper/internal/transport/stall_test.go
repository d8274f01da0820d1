package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
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
		body    []time.Duration
		reader  time.Duration // the time that the reader takes before each read
		stalled bool
		took    time.Duration
	}{
		{name: "quick"},
		{name: "slow but steady", header: limit - 1, body: []time.Duration{limit - 1, limit - 1}, took: 3 * (limit - 1)},
		{name: "no header", header: time.Hour, stalled: true, took: limit},
		{name: "no more body", body: []time.Duration{1, 1, time.Hour}, stalled: true, took: limit + 2},
		{name: "slow reader", body: []time.Duration{1, 1}, reader: time.Hour, took: 3*time.Hour + 2},
	} {
		bubble(t, test.name, func(t *testing.T) {
			start := time.Now()
			body := &slowBody{waits: test.body}
			transport := newStall(roundTripper(func(request *http.Request) (*http.Response, error) {
				body.ctx = request.Context()
				select {
				case <-time.After(test.header):
				case <-body.ctx.Done():
					return nil, body.ctx.Err()
				}
				response := newResponse(request, 200, "")
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
			check(t, "context of the request ended", body.ctx.Err() != nil, true)
			check(t, "body closed", body.closed, response != nil)
			if !test.stalled {
				check(t, "error", err, io.EOF)
				return
			}
			check(t, "text", errorText(err), "the response stalled: no byte for 1m0s: i/o timeout")
			check(t, "permanent", failure.IsPermanent(err), false)
			check(t, "past a deadline", errors.Is(err, context.DeadlineExceeded), false)
			timeout, ok := errors.AsType[net.Error](err)
			check(t, "timeout", ok && timeout.Timeout(), true)
		})
	}
}

// What a Transport must not leave out of a response, as in net/http's own client.
func TestIncompleteResponses(t *testing.T) {
	body := io.NopCloser(strings.NewReader("{}"))
	for name, response := range map[string]*http.Response{
		"no response": nil,
		"no header":   {StatusCode: 200, Body: body},
		"no body":     {StatusCode: 200, Header: http.Header{}},
	} {
		t.Run(name, func(t *testing.T) {
			var below context.Context
			_, err := newStall(roundTripper(func(request *http.Request) (*http.Response, error) {
				below = request.Context()
				return response, nil
			}), time.Minute, true).RoundTrip(newRequest(t, "GET"))
			check(t, "text", errorText(err), "the Transport returned no response, or one without Header or Body")
			check(t, "permanent", failure.IsPermanent(err), true)
			check(t, "context of the request ended", below.Err() != nil, true)
		})
	}
}
