package wrapper

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// outcome is what a layer below answers with.
type outcome struct {
	status  int
	body    string
	reader  io.Reader
	headers []string
	err     error
}

func (o outcome) respond(request *http.Request) (*http.Response, error) {
	if o.err != nil {
		return nil, o.err
	}
	response := respond(request, o.status, o.body, o.headers...)
	if o.reader != nil {
		response.Body = io.NopCloser(o.reader)
	}
	return response, nil
}

func TestRetryOutcomes(t *testing.T) {
	good := outcome{status: 200, body: "{}"}
	for _, test := range []struct {
		name    string
		outcome outcome
		get     bool
		retried bool
	}{
		{name: "200", outcome: good},
		{name: "400", outcome: outcome{status: 400}},
		{name: "401", outcome: outcome{status: 401}},
		{name: "404", outcome: outcome{status: 404}},
		{name: "302", outcome: outcome{status: 302}},
		{name: "408", outcome: outcome{status: 408}, retried: true},
		{name: "429", outcome: outcome{status: 429}, retried: true},
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
		{name: "wrong host name", outcome: outcome{err: x509.HostnameError{Certificate: &x509.Certificate{}}}},
		{name: "not TLS", outcome: outcome{err: tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}}},
		{name: "deadline", outcome: outcome{err: context.DeadlineExceeded}},
		{name: "POST: empty", outcome: outcome{status: 200, body: " \n"}, retried: true},
		{name: "POST: not JSON", outcome: outcome{status: 200, body: "<html>"}, retried: true},
		{name: "POST: half", outcome: outcome{status: 200, body: `{"executionId":`}, retried: true},
		{name: "POST: cut", outcome: outcome{status: 200, reader: iotest.ErrReader(io.ErrUnexpectedEOF)}, retried: true},
		{name: "POST: stalled", outcome: outcome{status: 200, reader: iotest.ErrReader(&stallError{time.Minute})}, retried: true},
		{name: "POST: endless", outcome: outcome{status: 200, reader: endless{}}},
		{name: "GET: streamed as it is", outcome: outcome{status: 200, body: "<html>"}, get: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				transport := &retryTransport{retry: defaultRetry(t), logger: discardLog, base: roundTripper(func(request *http.Request) (*http.Response, error) {
					attempts++
					if attempts > 1 {
						return good.respond(request)
					}
					return test.outcome.respond(request)
				})}
				method := "POST"
				if test.get {
					method = "GET"
				}
				response, err := transport.RoundTrip(newRequest(t, method, ""))
				if want := map[bool]int{false: 1, true: 2}[test.retried]; attempts != want {
					t.Errorf("%d attempts, want %d", attempts, want)
				}
				if test.retried && (err != nil || response.StatusCode != 200) {
					t.Errorf("after a retry: %v, %v", response, err)
				}
			})
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestRetryGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var attempts []time.Duration
		transport := &retryTransport{retry: defaultRetry(t), logger: discardLog, base: roundTripper(func(request *http.Request) (*http.Response, error) {
			attempts = append(attempts, time.Since(start))
			if body, _ := io.ReadAll(request.Body); string(body) != "the body" {
				t.Errorf("attempt %d sends %q", len(attempts), body)
			}
			if n := request.Context().Value(attemptKey{}); n != len(attempts) {
				t.Errorf("attempt %d calls itself %v", len(attempts), n)
			}
			return respond(request, 503, "still down"), nil
		})}
		response, err := transport.RoundTrip(newRequest(t, "POST", "the body"))
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(response.Body); response.StatusCode != 503 || string(body) != "still down" {
			t.Errorf("the last answer is %d %q", response.StatusCode, body)
		}
		if len(attempts) != 5 {
			t.Fatalf("%d attempts", len(attempts))
		}
		for i, wait := range []time.Duration{500, 1000, 2000, 4000} {
			wait *= time.Millisecond
			if got := attempts[i+1] - attempts[i]; got < wait/2 || got > wait*3/2 {
				t.Errorf("wait %d is %v, want %v and jitter", i+1, got, wait)
			}
		}
	})
}

func TestRetryAfterWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		attempts := 0
		transport := &retryTransport{retry: defaultRetry(t), logger: discardLog, base: roundTripper(func(request *http.Request) (*http.Response, error) {
			if attempts++; attempts == 1 {
				return respond(request, 429, "", "Retry-After", "3600"), nil
			}
			return respond(request, 200, "{}"), nil
		})}
		if response, err := transport.RoundTrip(newRequest(t, "GET", "")); err != nil || response.StatusCode != 200 {
			t.Errorf("%v, %v", response, err)
		}
		if got := time.Since(start); got != time.Hour {
			t.Errorf("waited %v, want 1 h: Retry-After is not capped", got)
		}
	})
}

func TestRetryDoesNotWaitPastTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		transport := &retryTransport{retry: defaultRetry(t), logger: discardLog, base: roundTripper(func(request *http.Request) (*http.Response, error) {
			return respond(request, 429, "quota", "Retry-After", "61"), nil
		})}
		start := time.Now()
		response, err := transport.RoundTrip(newRequest(t, "GET", "").WithContext(ctx))
		if err != nil || response.StatusCode != 429 {
			t.Fatalf("%v, %v, want the 429", response, err)
		}
		if body, _ := io.ReadAll(response.Body); string(body) != "quota" || time.Since(start) != 0 {
			t.Errorf("body %q after %v, want all of it at once", body, time.Since(start))
		}
	})
}

func TestRetryWaitCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		transport := &retryTransport{retry: defaultRetry(t), logger: discardLog, base: roundTripper(func(request *http.Request) (*http.Response, error) {
			return respond(request, 503, "", "Retry-After", "3600"), nil
		})}
		start := time.Now()
		_, err := transport.RoundTrip(newRequest(t, "GET", "").WithContext(ctx))
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "Service Unavailable") || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestRetryNeedsABodyItCanRepeat(t *testing.T) {
	attempts := 0
	transport := &retryTransport{retry: defaultRetry(t), logger: discardLog, base: roundTripper(func(request *http.Request) (*http.Response, error) {
		attempts++
		return respond(request, 503, ""), nil
	})}
	request := newRequest(t, "POST", "")
	request.Body = io.NopCloser(strings.NewReader("once"))
	if response, err := transport.RoundTrip(request); err != nil || response.StatusCode != 503 || attempts != 1 {
		t.Errorf("%v, %v after %d attempts", response, err, attempts)
	}
}

func TestRetryDefaults(t *testing.T) {
	for _, test := range []struct{ given, want Retry }{
		{Retry{}, Retry{5, 500 * time.Millisecond, 30 * time.Second, time.Minute}},
		{Retry{MaxAttempts: 1}, Retry{1, 500 * time.Millisecond, 30 * time.Second, time.Minute}},
		{Retry{Initial: time.Minute}, Retry{5, time.Minute, time.Minute, time.Minute}},
		{Retry{Max: time.Millisecond}, Retry{5, time.Millisecond, time.Millisecond, time.Minute}},
	} {
		if got, err := test.given.withDefaults(); err != nil || got != test.want {
			t.Errorf("%+v becomes %+v, %v, want %+v", test.given, got, err, test.want)
		}
	}
}
