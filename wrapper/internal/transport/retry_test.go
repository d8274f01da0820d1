package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

func TestRetryOutcomes(t *testing.T) {
	unverified := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	for _, test := range []struct {
		what    string
		all     []outcome
		retried bool
		// rejected before processing, so that even a request that may not arrive twice is retried
		rejected bool
	}{
		{"final", statuses(200, 302, 400, 401, 499, 501, 505, 600), false, false},
		{"transient", statuses(408, 500, 503, 599), true, false},
		{"rejected", statuses(429), true, true},
		{"connection", []outcome{{err: syscall.ECONNREFUSED}, {err: context.DeadlineExceeded}}, true, false},
		{"TLS", []outcome{{err: unverified}, {err: tls.RecordHeaderError{Msg: "first record"}}}, false, false},
	} {
		for _, outcome := range test.all {
			bubble(t, fmt.Sprintf("%s, %d %v", test.what, outcome.status, outcome.err), func(t *testing.T) {
				for _, way := range []struct {
					name    string
					send    func(*Stack, *http.Request) (*http.Response, error)
					retried bool
				}{{"Do", (*Stack).Do, test.retried}, {"RoundTrip", (*Stack).RoundTrip, test.rejected}} {
					base := newOutcomes(t, outcome, good)
					response, err := way.send(newStack(base, static), newRequest(t, "POST"))
					check(t, way.name+": retried", len(base.sent) == 2, way.retried)
					if err == nil {
						response.Body.Close()
					} else {
						check(t, way.name+": response", response, nil)
						check(t, way.name+": blocked", errors.Is(err, failure.ErrBlocked), !test.retried)
					}
				}
			})
		}
	}
}

func TestRetryMethods(t *testing.T) {
	for method, want := range map[string]int{
		"": 2, "GET": 2, "HEAD": 2, "OPTIONS": 2, "PUT": 2, "DELETE": 2, "POST": 1, "PATCH": 1,
	} {
		bubble(t, "method "+method, func(t *testing.T) {
			base := newOutcomes(t, down, good)
			request := newRequest(t, method)
			request.Method = method // "" means GET
			response, err := newStack(base, static).RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			check(t, "attempts", len(base.sent), want)
		})
	}
}

// The waits double up to the longest one, less jitter of a half; and the last response is
// returned.
func TestRetryWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := newOutcomes(t, outcome{status: 503, body: "still down"})
		config := newConfig(base, static)
		config.Retry.MaxAttempts, config.Retry.Max = 30, 2*time.Second
		response, err := New(config).RoundTrip(newRequest(t, "GET"))
		if err != nil {
			t.Fatal(err)
		}
		check(t, "attempts", len(base.sent), 30)
		check(t, "status", response.StatusCode, 503)
		body, err := io.ReadAll(response.Body)
		checkError(t, "reading the last response", err, nil)
		response.Body.Close()
		check(t, "body of the last response", string(body), "still down")
		waits := base.waits()
		for i, got := range waits {
			want := min(500*time.Millisecond<<i, 2*time.Second)
			checkBetween(t, fmt.Sprint("wait ", i+1), got, want/2, want)
		}
		check(t, "all waits are the same", slices.Max(waits[2:]) == slices.Min(waits[2:]), false)
	})
}

// One budget counts whatever goes wrong, in whatever order.
func TestRetryBudget(t *testing.T) {
	lost := outcome{err: io.EOF}
	throttled := func(after string) outcome { return outcome{status: 429, headers: []string{"Retry-After", after}} }
	soon := throttled("1")
	for _, test := range []struct {
		name string
		all  []outcome
		max  int
		want int
	}{
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
			err := New(config).Read(newRequest(t, "POST"), readAll)
			check(t, "attempts", len(base.sent), test.want)
			check(t, "transient", errors.Is(err, failure.ErrTransient) && !failure.IsPermanent(err), true)
		})
	}
}

// An attempt whose Reader got further than before is the first of a new count.
func TestRetryProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := newOutcomes(t, down, good)
		reads := 0
		err := newStack(base, static).Read(newRequest(t, "GET"), func(*http.Response) (bool, error) {
			reads++
			return reads <= 10, fmt.Errorf("row %d: %w", reads, io.ErrUnexpectedEOF)
		})
		check(t, "attempts", len(base.sent), 1+10+4)
		checkContains(t, "error", errorText(err), "row 14")
		checkBetween(t, "wait after progress", base.waits()[10], 250*time.Millisecond, 500*time.Millisecond)
	})
}

// A Reader reads 2xx responses; any other status is an error.
func TestRead(t *testing.T) {
	wrongType := errors.New("wrong type")
	const query = "GET /api/v2/usage/query: "
	const reading = query + "reading the response with status 200 (correlation id abc): "
	for _, test := range []struct {
		name    string
		outcome outcome
		read    error
		want    string
		body    string // of the status error
		mark    error
	}{
		{"204", outcome{status: 204}, nil, "", "", nil},
		{"permanent error", good, failure.Permanent(wrongType), reading + "wrong type", "", failure.ErrPermanent},
		{"transient error", good, wrongType, reading + "wrong type", "", nil},
		{"302", outcome{status: 302}, nil, query + "302 Found", "", failure.ErrPermanent},
		{"403", outcome{status: 403, body: "denied"}, nil, query + "403 Forbidden", "denied", failure.ErrPermanent},
		{"503", outcome{status: 503, body: "later"}, nil, query + "503 Service Unavailable", "later", nil},
		{"403, truncated", outcome{status: 403, reader: io.MultiReader(strings.NewReader("den"), truncated.reader)}, nil,
			query + "403 Forbidden", "den", failure.ErrPermanent},
		{"403, endless", outcome{status: 403, reader: newEndless()}, nil, query + "403 Forbidden",
			strings.Repeat("\x00", maxBody), failure.ErrPermanent},
	} {
		bubble(t, test.name, func(t *testing.T) {
			test.outcome.headers = []string{CorrelationHeader, "abc"}
			base := newOutcomes(t, test.outcome)
			request := newRequest(t, "GET")
			err := newStack(base, static).Read(request, func(response *http.Response) (bool, error) {
				check(t, "request of the response", response.Request, request)
				return false, test.read
			})
			checkFailure(t, err, test.want, test.mark)
			check(t, "attempts", len(base.sent) == 5, test.want != "" && test.mark == nil)
			if status, ok := errors.AsType[*statusError](err); ok {
				check(t, "body", status.body, test.body)
			}
			if test.read != nil {
				checkError(t, "request", err, wrongType)
			}
		})
	}
}

// Retry-After takes the place of the wait, unless it is too long, for us or for the
// caller.
func TestRetryAfterIsTheWait(t *testing.T) {
	for _, test := range []struct {
		status      int
		after, took time.Duration
		deadline    time.Duration
	}{
		{429, 42 * time.Second, 42 * time.Second, time.Hour},
		{503, 42 * time.Second, 42 * time.Second, time.Hour},
		{429, 3 * time.Minute, 3 * time.Minute, time.Hour},
		{503, 3*time.Minute + time.Second, 0, time.Hour},
		{429, 59 * time.Second, 59 * time.Second, time.Minute},
		{429, 60 * time.Second, 0, time.Minute},
		{503, 61 * time.Second, 0, time.Minute},
	} {
		bubble(t, fmt.Sprintf("%d, %v of %v", test.status, test.after, test.deadline), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), test.deadline)
			defer cancel()
			headers := []string{"Retry-After", fmt.Sprint(test.after.Seconds())}
			base := newOutcomes(t, outcome{status: test.status, body: "quota", headers: headers}, good)
			start := time.Now()
			response, err := newStack(base, static).RoundTrip(newRequest(t, "GET").WithContext(ctx))
			if err != nil {
				t.Fatal(err)
			}
			check(t, "duration", time.Since(start), test.took)
			body, err := io.ReadAll(response.Body)
			checkError(t, "reading the body", err, nil)
			response.Body.Close()
			check(t, "body", string(body), map[bool]string{true: "{}", false: "quota"}[test.took > 0])
		})
	}
}

// The Retry-After of a 2xx response holds where its content cannot be read, up to the longest one.
func TestRetryAfterOfUnreadableContent(t *testing.T) {
	for after, want := range map[string]time.Duration{"42": 42 * time.Second, "181": MaxRetryAfter} {
		bubble(t, after, func(t *testing.T) {
			base := newOutcomes(t, outcome{status: 200, reader: truncated.reader, headers: []string{"Retry-After", after}}, good)
			checkError(t, "request", newStack(base, static).Read(newRequest(t, "GET"), readAll), nil)
			check(t, "wait", base.waits()[0], want)
		})
	}
}

// Whatever the end of a context becomes on its way, the error is its cause, and the last
// attempt is named where there was one.
func TestContextEnds(t *testing.T) {
	reset := errors.New("connection reset")
	for _, test := range []struct {
		name    string
		outcome outcome
		read    error // after two seconds
		want    string
	}{
		{"in the wait after a response", outcome{status: 503, headers: []string{"Retry-After", "150"}}, nil,
			"the cause; last attempt: GET /api/v2/usage/query: 503 Service Unavailable"},
		{"in the wait after an error", outcome{err: reset}, nil, "the cause; last attempt: connection reset"},
		{"in the base", outcome{err: context.Canceled, takes: 2 * time.Second}, nil, "the cause"},
		{"in the base, which returns the cause", outcome{err: fmt.Errorf("below: %w", errCause), takes: 2 * time.Second}, nil,
			"below: the cause"}, // which says what was going on
		{"in the base, which fails", outcome{err: io.ErrClosedPipe, takes: 2 * time.Second}, nil, "the cause"},
		{"while a body is read", good, io.ErrClosedPipe, "the cause"},
		{"while a body is read, permanent", good, failure.Permanent(io.ErrClosedPipe), "the cause"},
		{"while the body of a status is read",
			outcome{status: 503, reader: iotest.ErrReader(io.ErrClosedPipe), takes: 2 * time.Second}, nil, "the cause"},
	} {
		bubble(t, test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(errCause) })
			base := newOutcomes(t, test.outcome)
			config := newConfig(base, static)
			config.Retry.Initial = time.Hour
			start := time.Now()
			err := New(config).Read(newRequest(t, "GET").WithContext(ctx), func(*http.Response) (bool, error) {
				time.Sleep(2 * time.Second)
				return true, fmt.Errorf("truncated: %w", test.read)
			})
			checkFailure(t, err, test.want, failure.ErrBlocked)
			checkError(t, "request", err, errCause)
			check(t, "is the last attempt's", errors.Is(err, reset), test.outcome.err == reset)
			checkBetween(t, "duration", time.Since(start), time.Second, 2*time.Second)
			check(t, "attempts", len(base.sent), 1)
		})
	}
}

// Nothing is sent for a context that has ended before, and no token is fetched.
func TestContextEndedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		base := newOutcomes(t, good)
		stack := newStack(base, Credentials{Source: tokenSource(func() (*oauth2.Token, error) {
			calls++
			return &oauth2.Token{AccessToken: "T"}, nil
		})})
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errCause)
		request := newRequest(t, "POST").WithContext(ctx)
		request.GetBody = nil // newRequest checks that the body is closed
		_, err := stack.Do(request)
		checkFailure(t, err, "the cause", failure.ErrBlocked)
		synctest.Wait()
		check(t, "calls of the source", calls, 0)
		check(t, "requests sent", len(base.sent), 0)
	})
}

// A body that cannot be sent twice is sent once.
func TestRetryNeedsGetBody(t *testing.T) {
	gone := errors.New("gone")
	text := func() io.ReadCloser { return io.NopCloser(strings.NewReader(requestBody)) }
	for name, test := range map[string]struct {
		body    io.ReadCloser
		getBody func() (io.ReadCloser, error)
		err     error
		sent    int
	}{
		"no body":       {http.NoBody, nil, nil, 5},
		"no GetBody":    {text(), nil, nil, 1},
		"GetBody fails": {text(), func() (io.ReadCloser, error) { return nil, gone }, gone, 0},
	} {
		bubble(t, name, func(t *testing.T) {
			base := newOutcomes(t, outcome{status: 429})
			request := newRequest(t, "GET")
			request.Body, request.GetBody = test.body, test.getBody
			response, err := newStack(base, static).Do(request)
			if err == nil {
				response.Body.Close()
			}
			checkError(t, "request", err, test.err)
			check(t, "permanent", failure.IsPermanent(err), test.err != nil)
			check(t, "attempts", len(base.sent), test.sent)
		})
	}
}
