package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

func TestRetryOutcomes(t *testing.T) {
	good := outcome{status: 200, body: "{}"}
	for _, test := range []struct {
		name    string
		outcome outcome
		retried bool
		once    bool // for a POST that is not known to do no harm twice: refused unseen
	}{
		{name: "200", outcome: good},
		{name: "204", outcome: outcome{status: 204}},
		{name: "400", outcome: outcome{status: 400}},
		{name: "401", outcome: outcome{status: 401}},
		{name: "404", outcome: outcome{status: 404}},
		{name: "302", outcome: outcome{status: 302}},
		{name: "408", outcome: outcome{status: 408}, retried: true},
		{name: "429", outcome: outcome{status: 429}, retried: true, once: true},
		{name: "500", outcome: outcome{status: 500}, retried: true},
		{name: "501", outcome: outcome{status: 501}},
		{name: "502", outcome: outcome{status: 502}, retried: true},
		{name: "503", outcome: outcome{status: 503}, retried: true},
		{name: "504", outcome: outcome{status: 504}, retried: true},
		{name: "refused", outcome: outcome{err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}, retried: true},
		{name: "reset", outcome: outcome{err: &net.OpError{Op: "read", Err: syscall.ECONNRESET}}, retried: true},
		{name: "closed", outcome: outcome{err: io.EOF}, retried: true},
		{name: "stalled", outcome: outcome{err: &stallError{time.Minute}}, retried: true},
		{name: "unknown authority", outcome: outcome{err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}},
		{name: "not TLS", outcome: outcome{err: tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}}},
		{name: "a timeout of the connection, which passes for a context's", outcome: outcome{err: context.DeadlineExceeded}, retried: true},
		{name: "no token", outcome: outcome{err: &tokenError{io.EOF}}},
		{name: "empty", outcome: outcome{status: 200, body: " \n"}, retried: true},
		{name: "not JSON", outcome: outcome{status: 200, body: "<html>"}, retried: true},
		{name: "half", outcome: outcome{status: 200, body: `{"executionId":`}, retried: true},
		{name: "cut", outcome: outcome{status: 200, reader: iotest.ErrReader(io.ErrUnexpectedEOF)}, retried: true},
		{name: "body stalled", outcome: outcome{status: 200, reader: iotest.ErrReader(&stallError{time.Minute})}, retried: true},
		{name: "endless", outcome: outcome{status: 200, reader: newEndless()}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				below := &outcomes{t: t, all: []outcome{test.outcome, good}}
				stack := &Stack{outermost: newRetry(below)}
				response, err := stack.Do(newRequest(t, http.MethodPost))
				if got := len(below.sent) == 2; got != test.retried {
					t.Errorf("%d attempts, retried %v, want %v", len(below.sent), got, test.retried)
				}
				if test.retried && (err != nil || response.StatusCode != 200) {
					t.Errorf("after a retry: %v, %v", response, err)
				}
				if (err == nil) == (response == nil) {
					t.Errorf("response %v with error %v", response, err)
				}

				// Nobody reads the body of another POST here, and nobody knows what it does.
				below = &outcomes{t: t, all: []outcome{test.outcome, good}}
				stack = &Stack{outermost: newRetry(below)}
				stack.RoundTrip(newRequest(t, http.MethodPost))
				if got := len(below.sent) == 2; got != test.once {
					t.Errorf("another POST: %d attempts, retried %v, want %v", len(below.sent), got, test.once)
				}
			})
		})
	}
}

func TestRetryMethods(t *testing.T) {
	for method, want := range map[string]int{"": 2, "GET": 2, "HEAD": 2, "OPTIONS": 2, "PUT": 2, "DELETE": 2, "POST": 1, "PATCH": 1} {
		synctest.Test(t, func(t *testing.T) {
			below := &outcomes{t: t, all: []outcome{{status: 503}, {status: 200}}}
			request := newRequest(t, method)
			request.Method = method // "" means GET
			newRetry(below).RoundTrip(request)
			if len(below.sent) != want {
				t.Errorf("%q is sent %d times, want %d", method, len(below.sent), want)
			}
		})
	}
}

func TestRetryGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		below := &outcomes{t: t, all: []outcome{{status: 503, body: "still down"}}}
		stack := &Stack{outermost: newRetry(below)}
		response, err := stack.Do(newRequest(t, http.MethodPost))
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(response.Body); response.StatusCode != 503 || string(body) != "still down" {
			t.Errorf("the last answer is %d %q", response.StatusCode, body)
		}
		waits := below.waits()
		if len(waits) != 4 {
			t.Fatalf("%d attempts", len(below.sent))
		}
		for i, wait := range []time.Duration{500, 1000, 2000, 4000} {
			wait *= time.Millisecond
			if got := waits[i]; got < wait/2 || got > wait {
				t.Errorf("wait %d is %v, want %v less jitter", i+1, got, wait)
			}
		}
	})
}

func TestRetryWaitsAreBoundedAndJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		below := &outcomes{t: t, all: []outcome{{status: 503}}}
		transport := newRetry(below)
		transport.MaxAttempts, transport.Max = 50, 2*time.Second
		transport.RoundTrip(newRequest(t, "GET"))
		waits := below.waits()[2:]
		if len(waits) != 47 || slices.Max(waits) > 2*time.Second || slices.Min(waits) < time.Second || slices.Max(waits) == slices.Min(waits) {
			t.Errorf("%d waits from %v to %v", len(waits), slices.Min(waits), slices.Max(waits))
		}
	})
}

// One budget counts whatever goes wrong, in whatever order.
func TestRetryBudget(t *testing.T) {
	broken := outcome{status: 200, reader: iotest.ErrReader(io.ErrUnexpectedEOF)}
	down := outcome{status: 503}
	lost := outcome{err: io.EOF}
	soon := outcome{status: 429, headers: []string{"Retry-After", "1"}}
	some := outcome{status: 429}
	for _, test := range []struct {
		name string
		all  []outcome
		max  int
		want int
	}{
		{"down and broken", []outcome{down, down, down, down, broken}, 5, 5},
		{"in turns", []outcome{down, broken, lost, broken, down}, 5, 5},
		{"no retries", []outcome{down}, 1, 1},
		{"no retries, limited", []outcome{soon}, 1, 1},
		{"limited, in silence", []outcome{some}, 5, 5},
		{"limited first", append(slices.Repeat([]outcome{soon}, 30), down), 5, 35},
		{"limited in between", []outcome{down, soon, down, soon, down, soon, down, soon, down}, 5, 9},
		{"limited for ever", []outcome{soon}, 5, 600 + 5},
		{"limited for minutes", []outcome{{status: 429, headers: []string{"Retry-After", "180"}}}, 5, 3 + 5},
		{"down, with a time", []outcome{{status: 503, headers: []string{"Retry-After", "1"}}}, 5, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				below := &outcomes{t: t, all: test.all}
				transport := newRetry(below)
				transport.MaxAttempts = test.max
				(&Stack{outermost: transport}).Do(newRequest(t, http.MethodPost))
				if len(below.sent) != test.want {
					t.Errorf("sent %d times, want %d", len(below.sent), test.want)
				}
			})
		})
	}
}

// A Reader that gained something starts the attempts anew, with this one as the
// first.
func TestRetryReaderGains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		below := &outcomes{t: t, all: []outcome{{status: 503}, {status: 200}}}
		reads := 0
		ctx := WithReader(t.Context(), func(*http.Response) error {
			reads++
			return fmt.Errorf("row %d: %w", reads, &BrokenError{Err: io.ErrUnexpectedEOF, Gained: reads <= 10})
		})
		_, err := newRetry(below).RoundTrip(newRequest(t, "GET").WithContext(ctx))
		if len(below.sent) != 1+10+4 || !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "row 14") {
			t.Errorf("sent %d times: %v", len(below.sent), err)
		}
		if wait := below.waits()[10]; wait > 500*time.Millisecond {
			t.Errorf("waits %v after a gain", wait)
		}
	})
}

func TestRetryReader(t *testing.T) {
	wrong := errors.New("wrong type")
	closed := 0
	answer := func(request *http.Request) (*http.Response, error) {
		response := respond(request, 200, "rows", CorrelationHeader, "abc")
		response.Body = &closeCounter{response.Body, &closed}
		return response, nil
	}
	request := newRequest(t, "GET")
	request = request.WithContext(WithReader(t.Context(), func(response *http.Response) error {
		body := make([]byte, 2) // it need not read all
		if _, err := io.ReadFull(response.Body, body); err != nil || string(body) != "ro" || response.Request.URL != request.URL {
			t.Errorf("reads %q of %v, %v", body, response.Request.URL, err)
		}
		return nil
	}))
	response, err := newRetry(roundTripper(answer)).RoundTrip(request)
	if err != nil || closed != 1 {
		t.Fatalf("%v, closed %d times", err, closed)
	}
	if left, err := io.ReadAll(response.Body); err != nil || len(left) > 0 {
		t.Errorf("left over: %q, %v", left, err)
	}

	request = request.WithContext(WithReader(t.Context(), func(*http.Response) error { return wrong }))
	_, err = newRetry(roundTripper(answer)).RoundTrip(request)
	if !errors.Is(err, wrong) || closed != 2 || !Unusable(err) || Transient(err) {
		t.Errorf("%v, closed %d times", err, closed)
	}
	for _, want := range []string{"GET /api/v2/usage/query", "200", "wrong type", "abc"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}

	// Who panics while reading leaves nothing open.
	request = request.WithContext(WithReader(t.Context(), func(*http.Response) error { panic("reader") }))
	func() {
		defer func() { _ = recover() }()
		newRetry(roundTripper(answer)).RoundTrip(request)
	}()
	if closed != 3 {
		t.Errorf("closed %d times", closed)
	}
}

type closeCounter struct {
	io.ReadCloser
	closed *int
}

func (c *closeCounter) Close() error {
	*c.closed++
	return c.ReadCloser.Close()
}

// The answers that are not the last are closed, and so is the body that is sent.
func TestRetryClosesWhatItDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed, sent := 0, 0
		request := newRequest(t, http.MethodPost)
		request.Body = &closeCounter{request.Body, &sent}
		response, err := newRetry(roundTripper(func(request *http.Request) (*http.Response, error) {
			response := respond(request, 429, "")
			response.Body = &closeCounter{response.Body, &closed}
			return response, nil
		})).RoundTrip(request)
		if err != nil || closed != 4 || sent != 1 {
			t.Errorf("%v: %d answers closed of 5, body closed %d times", err, closed, sent)
		}
		response.Body.Close()
	})
}

func TestRetryAfterWins(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		after  string
		sent   int
		took   time.Duration
	}{
		{"429", 429, "42", 2, 42 * time.Second},
		{"503", 503, "42", 2, 42 * time.Second},
		{"the longest", 429, "180", 2, 3 * time.Minute},
		{"too long", 429, "181", 1, 0},
		{"too long, 503", 503, "3600", 1, 0},
		{"for ever", 429, "99999999999999999999", 1, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				below := &outcomes{t: t, all: []outcome{{status: test.status, body: "quota", headers: []string{"Retry-After", test.after}}, {status: 200}}}
				start := time.Now()
				response, err := newRetry(below).RoundTrip(newRequest(t, "GET"))
				if err != nil || len(below.sent) != test.sent || time.Since(start) != test.took {
					t.Fatalf("%v: sent %d times in %v", err, len(below.sent), time.Since(start))
				}
				if body, _ := io.ReadAll(response.Body); test.sent == 1 && (response.StatusCode != test.status || string(body) != "quota") {
					t.Errorf("got %d %q", response.StatusCode, body)
				}
			})
		})
	}
}

func TestRetryDoesNotWaitPastTheDeadline(t *testing.T) {
	for _, after := range []string{"60", "61"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			below := &outcomes{t: t, all: []outcome{{status: 429, body: "quota", headers: []string{"Retry-After", after}}}}
			start := time.Now()
			response, err := newRetry(below).RoundTrip(newRequest(t, "GET").WithContext(ctx))
			if err != nil || response.StatusCode != 429 {
				t.Fatalf("%v, %v, want the 429", response, err)
			}
			if body, _ := io.ReadAll(response.Body); string(body) != "quota" || time.Since(start) != 0 {
				t.Errorf("body %q after %v, want all of it at once", body, time.Since(start))
			}
		})
	}
}

func TestRetryWaitCanBeCancelled(t *testing.T) {
	lost := errors.New("connection reset")
	for _, test := range []struct {
		outcome outcome
		after   time.Duration
		want    string
		is      error
	}{
		{outcome{status: 503, headers: []string{"Retry-After", "150"}}, time.Minute, "503 Service Unavailable", nil},
		{outcome{err: lost}, 100 * time.Millisecond, "connection reset", lost},
	} {
		synctest.Test(t, func(t *testing.T) {
			cause := errors.New("the cause")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(test.after, func() { cancel(cause) })
			start := time.Now()
			_, err := newRetry(&outcomes{t: t, all: []outcome{test.outcome}}).RoundTrip(newRequest(t, "GET").WithContext(ctx))
			if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) || !strings.Contains(err.Error(), test.want) || time.Since(start) != test.after {
				t.Errorf("%v after %v", err, time.Since(start))
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v is not %v", err, test.is)
			}
		})
	}
}

// Whatever a context's end becomes on its way, its error and its cause are found,
// and said once. What else a connection says stays.
func TestRetryContextsEnd(t *testing.T) {
	cause := errors.New("the cause")
	for name, below := range map[string]error{
		"itself": context.Canceled, "its cause": cause, "of a connection": io.ErrClosedPipe,
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		attempts := 0
		_, err := newRetry(roundTripper(func(*http.Request) (*http.Response, error) {
			attempts++
			cancel(cause)
			return nil, fmt.Errorf("below: %w", below)
		})).RoundTrip(newRequest(t, "GET").WithContext(ctx))
		if !errors.Is(err, context.Canceled) || attempts != 1 || name != "itself" && !errors.Is(err, cause) {
			t.Errorf("%s: %v after %d attempts", name, err, attempts)
		}
		if !errors.Is(err, below) || strings.Count(err.Error(), context.Canceled.Error()) != 1 || strings.Count(err.Error(), cause.Error()) > 1 {
			t.Errorf("%s: says %v", name, err)
		}
	}
	// While a body is read, it is not the body's fault.
	ctx, cancel := context.WithCancel(t.Context())
	ctx = WithReader(ctx, func(*http.Response) error {
		cancel()
		return &BrokenError{Err: fmt.Errorf("breaks off: %w", io.ErrClosedPipe)}
	})
	_, err := newRetry(&outcomes{t: t, all: []outcome{{status: 200}}}).RoundTrip(newRequest(t, "GET").WithContext(ctx))
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "cannot be used") {
		t.Errorf("%v", err)
	}
}

func TestRetryNeedsABodyItCanRepeat(t *testing.T) {
	for _, status := range []int{503, 429} {
		below := &outcomes{t: t, all: []outcome{{status: status}}}
		request := newRequest(t, http.MethodPost)
		request.GetBody = nil
		if response, err := (&Stack{outermost: newRetry(below)}).Do(request); err != nil || response.StatusCode != status || len(below.sent) != 1 {
			t.Errorf("%v, %v after %d attempts", response, err, len(below.sent))
		}
	}
	// A body that cannot be had is no attempt that failed.
	gone, asked := errors.New("gone"), 0
	request := newRequest(t, http.MethodPost)
	request.GetBody = func() (io.ReadCloser, error) {
		asked++
		return nil, gone
	}
	below := &outcomes{t: t, all: []outcome{{status: 200}}}
	if _, err := (&Stack{outermost: newRetry(below)}).Do(request); !errors.Is(err, gone) || asked != 1 || len(below.sent) != 0 {
		t.Errorf("%v: asked for %d times, sent %d times", err, asked, len(below.sent))
	}
}

func TestRetryHeaders(t *testing.T) {
	var got http.Header
	transport := newRetry(roundTripper(func(request *http.Request) (*http.Response, error) {
		got = request.Header
		return respond(request, 200, ""), nil
	}))
	request := newRequest(t, "GET")
	response, _ := transport.RoundTrip(request)
	if got.Get("User-Agent") != "agent" || got.Get("Accept") != "application/json" || len(request.Header) != 0 || response.Request != request {
		t.Errorf("sent %v, the caller's request has %v", got, request.Header)
	}
	request.Header.Set("Accept", "text/csv")
	if transport.RoundTrip(request); got.Get("Accept") != "text/csv" {
		t.Errorf("sent %v", got)
	}
}

func TestRetryIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		transport := newRetry(&outcomes{t: t, all: []outcome{{status: 503}, {status: 200}}})
		transport.logger = newTextLogger(&log)
		transport.RoundTrip(newRequest(t, "GET"))
		for _, want := range []string{"level=INFO", "method=GET", "path=/api/v2/usage/query", "attempt=1", "wait=", `error="503 Service Unavailable"`} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("%q is not in %s", want, &log)
			}
		}
	})
}

func TestTransient(t *testing.T) {
	for _, test := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{io.EOF, true},
		{&stallError{1}, true},
		{&permanentError{io.EOF}, false},
		{&BodyError{"", &BrokenError{Err: io.EOF}}, false},
		{&LoginError{respond(newRequest(t, "GET"), 503, "")}, true},
		{&LoginError{respond(newRequest(t, "GET"), 302, "")}, false},
		{&tokenError{errors.New("no token")}, false},
	} {
		if got := Transient(test.err); got != test.want {
			t.Errorf("%v: %v", test.err, got)
		}
	}
}
