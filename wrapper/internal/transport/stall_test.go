package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// slow is a base, and the body of its response. It waits before the header and before
// each byte, for as long as the context of the request lasts.
type slow struct {
	ctx    context.Context
	waits  []time.Duration
	closed bool
}

func (s *slow) RoundTrip(request *http.Request) (*http.Response, error) {
	s.ctx = request.Context()
	response := newResponse(request, 200, "")
	response.Body = s
	_, err := s.Read(make([]byte, 1))
	return response, err
}

func (s *slow) Read(p []byte) (int, error) {
	if len(s.waits) == 0 {
		return 0, io.EOF
	}
	wait := s.waits[0]
	s.waits = s.waits[1:]
	return copy(p, "x"), sleep(s.ctx, wait)
}

func (s *slow) Close() error {
	s.closed = true
	return nil
}

func TestStall(t *testing.T) {
	const limit = time.Minute
	for _, test := range []struct {
		name    string
		waits   []time.Duration // before the header and each byte
		reader  time.Duration   // the time that the reader takes before each read
		stalled bool
		took    time.Duration
	}{
		{"quick", []time.Duration{0}, 0, false, 0},
		{"slow but steady", []time.Duration{limit - 1, limit - 1, limit - 1}, 0, false, 3 * (limit - 1)},
		{"no header", []time.Duration{time.Hour}, 0, true, limit},
		{"no more body", []time.Duration{0, 1, 1, time.Hour}, 0, true, limit + 2},
		{"slow reader", []time.Duration{0, 1, 1}, time.Hour, false, 3*time.Hour + 2},
	} {
		bubble(t, test.name, func(t *testing.T) {
			start := time.Now()
			base := &slow{waits: test.waits}
			response, err := newStall(base, limit, false).RoundTrip(newRequest(t, "GET"))
			for err == nil {
				time.Sleep(test.reader)
				_, err = response.Body.Read(make([]byte, 10))
			}
			if response != nil {
				response.Body.Close()
			}
			check(t, "duration", time.Since(start), test.took)
			check(t, "context of the request ended", base.ctx.Err() != nil, true)
			check(t, "body closed", base.closed, response != nil)
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

// Nothing is read after the end of the context, not even what has arrived.
func TestReadAfterTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		stall := newStall(newOutcomes(t, good), time.Minute, false)
		response, err := stall.RoundTrip(newRequest(t, "GET").WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		cancel(errCause)
		n, err := response.Body.Read(make([]byte, 10))
		check(t, "bytes", n, 0)
		checkFailure(t, err, "the cause", failure.ErrBlocked)
	})
}

// A timeout of the dialer is not the end of a context, and a response that is not HTTP is not
// quoted at length.
func TestErrorsOfTheBase(t *testing.T) {
	for name, err := range map[string]error{
		"dialer": &net.OpError{Op: "dial", Err: context.DeadlineExceeded},
		"long":   errors.New("malformed HTTP response " + strings.Repeat("x", 100_000)),
	} {
		bubble(t, name, func(t *testing.T) {
			base := roundTripper(func(*http.Request) (*http.Response, error) { return nil, err })
			_, got := newStall(base, time.Minute, false).RoundTrip(newRequest(t, "GET"))
			check(t, "past a deadline", errors.Is(got, context.DeadlineExceeded), false)
			check(t, "a short text", len(errorText(got)) < 1000, true)
			checkContains(t, "error", errorText(got), err.Error()[:4])
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
