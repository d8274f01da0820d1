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
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

var (
	good      = outcome{status: 200, body: "{}"}
	truncated = outcome{status: 200, reader: iotest.ErrReader(io.ErrUnexpectedEOF)}
)

func TestRetryOutcomes(t *testing.T) {
	for _, test := range []struct {
		name     string
		outcome  outcome
		retried  bool
		rejected bool // before processing, so that even a request that may not arrive twice is retried
	}{
		{name: "200", outcome: good},
		{name: "204", outcome: outcome{status: 204}},
		{name: "101", outcome: outcome{status: 101}},
		{name: "302", outcome: outcome{status: 302}},
		{name: "400", outcome: outcome{status: 400}},
		{name: "401", outcome: outcome{status: 401}},
		{name: "404", outcome: outcome{status: 404}},
		{name: "408", outcome: outcome{status: 408}, retried: true},
		{name: "429", outcome: outcome{status: 429}, retried: true, rejected: true},
		{name: "499", outcome: outcome{status: 499}},
		{name: "500", outcome: outcome{status: 500}, retried: true},
		{name: "501", outcome: outcome{status: 501}},
		{name: "502", outcome: outcome{status: 502}, retried: true},
		{name: "503", outcome: outcome{status: 503}, retried: true},
		{name: "504", outcome: outcome{status: 504}, retried: true},
		{name: "505", outcome: outcome{status: 505}},
		{name: "520", outcome: outcome{status: 520}, retried: true},
		{name: "522", outcome: outcome{status: 522}, retried: true},
		{name: "524", outcome: outcome{status: 524}, retried: true},
		{name: "599", outcome: outcome{status: 599}, retried: true},
		{name: "600", outcome: outcome{status: 600}},
		{name: "refused", outcome: outcome{err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}, retried: true},
		{name: "reset", outcome: outcome{err: &net.OpError{Op: "read", Err: syscall.ECONNRESET}}, retried: true},
		{name: "closed", outcome: outcome{err: io.EOF}, retried: true},
		{name: "a timeout of the connection", outcome: outcome{err: context.DeadlineExceeded}, retried: true},
		{name: "timed out", outcome: outcome{err: os.ErrDeadlineExceeded}, retried: true},
		{name: "unknown authority",
			outcome: outcome{err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}},
		{name: "not TLS", outcome: outcome{err: tls.RecordHeaderError{Msg: "first record"}}},
		{name: "truncated", outcome: truncated},
	} {
		bubble(t, test.name, func(t *testing.T) {
			base := newOutcomes(t, test.outcome, good)
			response, err := newStack(base, static).Do(newRequest(t, http.MethodPost))
			check(t, "retried", len(base.sent) == 2, test.retried)
			check(t, "response xor error", response != nil, err == nil)
			if test.retried {
				checkError(t, "request", err, nil)
			} else if err != nil {
				check(t, "permanent", failure.IsPermanent(err), true)
			}
			if err == nil {
				response.Body.Close()
			}
			check(t, "open bodies", base.open, 0)

			// Nothing is known of another POST.
			base = newOutcomes(t, test.outcome, good)
			response, err = newStack(base, static).RoundTrip(newRequest(t, http.MethodPost))
			check(t, "another POST retried", len(base.sent) == 2, test.rejected)
			if err == nil {
				response.Body.Close()
			}
			check(t, "open bodies of another POST", base.open, 0)
		})
	}
}

func TestRetryMethods(t *testing.T) {
	for method, want := range map[string]int{
		"": 2, "GET": 2, "HEAD": 2, "OPTIONS": 2, "PUT": 2, "DELETE": 2, "POST": 1, "PATCH": 1,
	} {
		bubble(t, "method "+method, func(t *testing.T) {
			base := newOutcomes(t, outcome{status: 503}, good)
			request := newRequest(t, method)
			request.Method = method // "" means GET
			_, err := newStack(base, static).RoundTrip(request)
			checkError(t, "request", err, nil)
			check(t, "attempts", len(base.sent), want)
		})
	}
}

func TestRetryGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := newOutcomes(t, outcome{status: 503, body: "still down"})
		response, err := newStack(base, static).Do(newRequest(t, http.MethodPost))
		if err != nil {
			t.Fatal(err)
		}
		check(t, "attempts", len(base.sent), 5)
		check(t, "status", response.StatusCode, 503)
		body, err := io.ReadAll(response.Body)
		checkError(t, "reading the last response", err, nil)
		check(t, "body of the last response", string(body), "still down")
		response.Body.Close()
		check(t, "open bodies", base.open, 0)
		for i, got := range base.waits() {
			want := time.Duration(500<<i) * time.Millisecond
			if got < want/2 || got > want {
				t.Errorf("wait %d: got %v, want %v less jitter of a half", i+1, got, want)
			}
		}
	})
}

func TestRetryWaitsAreBoundedAndJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := newOutcomes(t, outcome{status: 503})
		config := newConfig(base, static)
		config.Retry.MaxAttempts, config.Retry.Max = 50, 2*time.Second
		_, err := New(config).RoundTrip(newRequest(t, "GET"))
		checkError(t, "request", err, nil)
		check(t, "attempts", len(base.sent), 50)
		waits := base.waits()[2:]
		if got := slices.Max(waits); got > 2*time.Second {
			t.Errorf("longest wait: got %v, want 2s at most", got)
		}
		if got := slices.Min(waits); got < time.Second {
			t.Errorf("shortest wait at full length: got %v, want 1s at least", got)
		}
		check(t, "all waits are the same", slices.Max(waits) == slices.Min(waits), false)
	})
}

// One budget counts whatever goes wrong, in whatever order.
func TestRetryBudget(t *testing.T) {
	down, lost := outcome{status: 503}, outcome{err: io.EOF}
	throttled := func(after string) outcome { return outcome{status: 429, headers: []string{"Retry-After", after}} }
	soon := throttled("1")
	for _, test := range []struct {
		name string
		all  []outcome
		max  int
		want int
	}{
		{"down and truncated", []outcome{down, down, down, down, truncated}, 5, 5},
		{"in turns", []outcome{down, truncated, lost, truncated, down}, 5, 5},
		{"two attempts", []outcome{down}, 2, 2},
		{"one attempt", []outcome{down}, 1, 1},
		{"one attempt, throttled", []outcome{soon}, 1, 1},
		{"throttled without a time", []outcome{{status: 429}}, 5, 5},
		{"throttled first", append(slices.Repeat([]outcome{soon}, 30), down), 5, 35},
		{"throttled in between", []outcome{down, soon, down, soon, down, soon, down, soon, down}, 5, 9},
		{"throttled for ever", []outcome{soon}, 5, 600 + 5},
		{"throttled for minutes", []outcome{throttled("180")}, 5, 3 + 5},
		{"throttled for the last minutes", []outcome{throttled("150")}, 5, 4 + 5},
		{"down with a time", []outcome{{status: 503, headers: []string{"Retry-After", "1"}}}, 5, 5},
	} {
		bubble(t, test.name, func(t *testing.T) {
			base := newOutcomes(t, test.all...)
			config := newConfig(base, static)
			config.Retry.MaxAttempts = test.max
			err := New(config).Read(newRequest(t, http.MethodPost), readAll)
			check(t, "attempts", len(base.sent), test.want)
			check(t, "succeeds", err == nil, false)
			check(t, "open bodies", base.open, 0)
		})
	}
}

// An attempt whose Reader got further than before is the first of a new count.
func TestRetryProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := newOutcomes(t, outcome{status: 503}, good)
		reads := 0
		err := newStack(base, static).Read(newRequest(t, "GET"), func(*http.Response) (bool, error) {
			reads++
			return reads <= 10, fmt.Errorf("row %d: %w", reads, io.ErrUnexpectedEOF)
		})
		check(t, "attempts", len(base.sent), 1+10+4)
		checkError(t, "request", err, io.ErrUnexpectedEOF)
		checkContains(t, "error", err.Error(), "row 14")
		check(t, "permanent", failure.IsPermanent(err), false)
		if got := base.waits()[10]; got > defaultRetry.Initial {
			t.Errorf("wait after progress: got %v, want %v at most", got, defaultRetry.Initial)
		}
	})
}

func TestReader(t *testing.T) {
	wrongType := errors.New("wrong type")
	for _, test := range []struct {
		name      string
		read      Reader
		err       error
		permanent bool
		panics    any
	}{
		{name: "reads a part", read: func(response *http.Response) (bool, error) {
			_, err := response.Body.Read(make([]byte, 2))
			return false, err
		}},
		{name: "permanent error", err: wrongType, permanent: true,
			read: func(*http.Response) (bool, error) { return false, failure.Permanent(wrongType) }},
		{name: "transient error", err: wrongType,
			read: func(*http.Response) (bool, error) { return false, wrongType }},
		{name: "panic", read: func(*http.Response) (bool, error) { panic("reader") }, panics: "reader"},
	} {
		bubble(t, test.name, func(t *testing.T) {
			base := newOutcomes(t, outcome{status: 200, body: "rows", headers: []string{CorrelationHeader, "abc"}})
			stack := newStack(base, static)
			var err error
			panicked := panicOf(func() { err = stack.Read(newRequest(t, "GET"), test.read) })
			check(t, "panic", panicked, test.panics)
			checkError(t, "request", err, test.err)
			check(t, "permanent", failure.IsPermanent(err), test.permanent)
			if err != nil {
				checkContains(t, "error", err.Error(), "GET /api/v2/usage/query", "200", "wrong type", "abc")
			}
			check(t, "open bodies", base.open, 0)
		})
	}
}

// A Reader sees the caller's request, without the token, and not its copy.
func TestReaderSeesTheRequest(t *testing.T) {
	request := newRequest(t, "GET")
	err := newStack(newOutcomes(t, good), static).Read(request, func(response *http.Response) (bool, error) {
		check(t, "request of the response", response.Request, request)
		return false, nil
	})
	checkError(t, "request", err, nil)
}

// A response with another status is the error of Read.
func TestReadStatus(t *testing.T) {
	for _, test := range []struct {
		name      string
		outcome   outcome
		body      string
		permanent bool
	}{
		{"refused", outcome{status: 403, body: "denied"}, "denied", true},
		{"down", outcome{status: 503, body: "later"}, "later", false},
		{"truncated", outcome{status: 403, reader: io.MultiReader(strings.NewReader("den"), truncated.reader)},
			"den", true},
		{"endless", outcome{status: 403, reader: newEndless()},
			strings.Repeat("\x00", maxBody), true},
	} {
		bubble(t, test.name, func(t *testing.T) {
			base := newOutcomes(t, test.outcome)
			err := newStack(base, static).Read(newRequest(t, "GET"), readNothing)
			status, ok := errors.AsType[*statusError](err)
			if !ok {
				t.Fatalf("error: got %v, want a statusError", err)
			}
			check(t, "status", status.status, test.outcome.status)
			check(t, "body", status.body, test.body)
			check(t, "method", status.method, "GET")
			check(t, "path", status.path, "/api/v2/usage/query")
			check(t, "permanent", failure.IsPermanent(err), test.permanent)
			check(t, "open bodies", base.open, 0)
		})
	}
}

func TestRetryAfterIsTheWait(t *testing.T) {
	const date, later = "Thu, 01 Jan 2099 00:00:00 GMT", "Thu, 01 Jan 2099 00:00:42 GMT"
	for _, test := range []struct {
		name    string
		status  int
		headers []string
		sent    int
		took    time.Duration
	}{
		{"429", 429, []string{"Retry-After", "42"}, 2, 42 * time.Second},
		{"503", 503, []string{"Retry-After", "42"}, 2, 42 * time.Second},
		{"429, by the server's clock", 429, []string{"Retry-After", later, "Date", date}, 2, 42 * time.Second},
		{"503, by the server's clock", 503, []string{"Retry-After", later, "Date", date}, 2, 42 * time.Second},
		{"the longest", 429, []string{"Retry-After", "180"}, 2, 3 * time.Minute},
		{"too long", 429, []string{"Retry-After", "181"}, 1, 0},
		{"too long, 503", 503, []string{"Retry-After", "3600"}, 1, 0},
		{"for ever", 429, []string{"Retry-After", "99999999999999999999"}, 1, 0},
	} {
		bubble(t, test.name, func(t *testing.T) {
			base := newOutcomes(t, outcome{status: test.status, body: "quota", headers: test.headers}, good)
			start := time.Now()
			response, err := newStack(base, static).RoundTrip(newRequest(t, "GET"))
			if err != nil {
				t.Fatal(err)
			}
			check(t, "attempts", len(base.sent), test.sent)
			check(t, "duration", time.Since(start), test.took)
			body, err := io.ReadAll(response.Body)
			checkError(t, "reading the body", err, nil)
			if test.sent == 1 {
				check(t, "status", response.StatusCode, test.status)
				check(t, "body", string(body), "quota")
			}
		})
	}
}

// No wait begins that could not end before the deadline.
func TestRetryBeforeTheDeadline(t *testing.T) {
	for _, test := range []struct {
		after string
		sent  int
	}{{"59", 2}, {"60", 1}, {"61", 1}} {
		bubble(t, "Retry-After "+test.after, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			quota := outcome{status: 429, body: "quota", headers: []string{"Retry-After", test.after}}
			base := newOutcomes(t, quota, outcome{status: 200, body: "quota"})
			start := time.Now()
			response, err := newStack(base, static).RoundTrip(newRequest(t, "GET").WithContext(ctx))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			checkError(t, "reading the body", err, nil)
			check(t, "body", string(body), "quota")
			check(t, "attempts", len(base.sent), test.sent)
			check(t, "at once", time.Since(start) == 0, test.sent == 1)
		})
	}
}

func TestRetryWaitCanBeCancelled(t *testing.T) {
	reset := errors.New("connection reset")
	for _, test := range []struct {
		name    string
		outcome outcome
		after   time.Duration
		want    string
		is      error
	}{
		{"after a response", outcome{status: 503, headers: []string{"Retry-After", "150"}}, time.Minute,
			"the cause; last attempt: 503 Service Unavailable", nil},
		{"after an error", outcome{err: reset}, 100 * time.Millisecond,
			"the cause; last attempt: connection reset", reset},
	} {
		bubble(t, test.name, func(t *testing.T) {
			cause := errors.New("the cause")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(test.after, func() { cancel(cause) })
			start := time.Now()
			base := newOutcomes(t, test.outcome)
			_, err := newStack(base, static).RoundTrip(newRequest(t, "GET").WithContext(ctx))
			check(t, "text", errorText(err), test.want)
			checkError(t, "request", err, cause)
			if test.is != nil {
				checkError(t, "last attempt", err, test.is)
			}
			check(t, "permanent", failure.IsPermanent(err), true)
			check(t, "duration", time.Since(start), test.after)
			check(t, "attempts", len(base.sent), 1)
			check(t, "open bodies", base.open, 0)
		})
	}
}

// Whatever the end of a context becomes on its way, the error is its cause.
func TestContextEnds(t *testing.T) {
	cause := errors.New("the cause")
	for _, test := range []struct {
		name string
		base error // nil: a response
		read error
		want string
	}{
		{"the context's error", context.Canceled, nil, "the cause"},
		{"its cause", cause, nil, "below: the cause"}, // which says what was going on
		{"an error of the connection", io.ErrClosedPipe, nil, "the cause"},
		{"while a body is read", nil, io.ErrClosedPipe, "the cause"},
		{"while a body is read, permanent", nil, failure.Permanent(io.ErrClosedPipe), "the cause"},
	} {
		bubble(t, test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			attempts := 0
			stack := newStack(roundTripper(func(request *http.Request) (*http.Response, error) {
				attempts++
				if test.base == nil {
					return newResponse(request, 200, ""), nil
				}
				cancel(cause)
				return nil, fmt.Errorf("below: %w", test.base)
			}), static)
			err := stack.Read(newRequest(t, "GET").WithContext(ctx), func(*http.Response) (bool, error) {
				cancel(cause)
				return true, fmt.Errorf("truncated: %w", test.read)
			})
			checkError(t, "request", err, cause)
			check(t, "text", errorText(err), test.want)
			check(t, "permanent", failure.IsPermanent(err), true)
			check(t, "attempts", attempts, 1)
		})
	}
}

// Nothing is sent for a context that has ended before, tokens neither.
func TestContextEndedBefore(t *testing.T) {
	for name, credentials := range map[string]Credentials{"API": static, "login": clientCredentials} {
		bubble(t, name, func(t *testing.T) {
			sent := 0
			stack := newStack(roundTripper(func(request *http.Request) (*http.Response, error) {
				sent++
				return newResponse(request, 200, "{}"), nil
			}), credentials)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			for range 50 {
				_, err := stack.Do(newRequest(t, "POST").WithContext(ctx))
				checkError(t, "request", err, context.Canceled)
			}
			check(t, "requests sent", sent, 0)
		})
	}
}

// A body that cannot be sent twice is sent once.
func TestRetryNeedsGetBody(t *testing.T) {
	for _, status := range []int{503, 429} {
		bubble(t, http.StatusText(status), func(t *testing.T) {
			base := newOutcomes(t, outcome{status: status})
			request := newRequest(t, http.MethodPost)
			request.GetBody = nil
			response, err := newStack(base, static).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			check(t, "status", response.StatusCode, status)
			check(t, "attempts", len(base.sent), 1)
		})
	}
}

func TestGetBodyFails(t *testing.T) {
	gone, calls := errors.New("gone"), 0
	request := newRequest(t, http.MethodPost)
	request.GetBody = func() (io.ReadCloser, error) {
		calls++
		return nil, gone
	}
	base := newOutcomes(t, good)
	_, err := newStack(base, static).Do(request)
	checkError(t, "request", err, gone)
	check(t, "permanent", failure.IsPermanent(err), true)
	check(t, "calls", calls, 1)
	check(t, "attempts", len(base.sent), 0)
}

func TestRetryHeaders(t *testing.T) {
	var got http.Header
	stack := newStack(roundTripper(func(request *http.Request) (*http.Response, error) {
		got = request.Header
		return newResponse(request, 200, ""), nil
	}), static)
	request := newRequest(t, "GET")
	response, err := stack.RoundTrip(request)
	checkError(t, "request", err, nil)
	check(t, "User-Agent", got.Get("User-Agent"), "agent")
	check(t, "Authorization", got.Get("Authorization"), "Bearer static")
	check(t, "headers of the caller's request", len(request.Header), 0)
	check(t, "request of the response", response.Request, request)
}

func TestRetryIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		config := newConfig(newOutcomes(t, outcome{status: 503}, good), static)
		config.Logger = newTextLogger(&log)
		_, err := New(config).RoundTrip(newRequest(t, "GET"))
		checkError(t, "request", err, nil)
		checkContains(t, "log", log.String(), "level=INFO", "msg=retrying", "method=GET",
			"path=/api/v2/usage/query", "attempt=1", "delay=", `error="503 Service Unavailable"`)
	})
}
