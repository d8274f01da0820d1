package wrapper

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-json-experiment/json/jsontext"
)

// Retry says how often and when a request is sent again that failed in a way
// that another try may mend: a connection error, a 408, 429, 500, 502, 503 or
// 504, a response that stalls, or a 2xx whose body is cut, empty or not JSON.
// Submitting a query twice reads twice and changes nothing.
//
// Zero fields mean the defaults.
type Retry struct {
	// MaxAttempts is how often a request is sent at most, the first time
	// included. Default: 5. 1 means no retries.
	MaxAttempts int
	// Initial is the wait before the second attempt, doubled for each later one
	// up to Max, each with jitter. Defaults: 500 ms and 30 s. A Retry-After
	// takes the place of the wait and is not capped. A wait that could not end
	// before the context's deadline is not begun: the error comes at once.
	Initial, Max time.Duration
	// Stall is how long a response may keep a reader waiting without a byte
	// before it is given up. Default: 60 s.
	Stall time.Duration
}

func (r Retry) withDefaults() (Retry, error) {
	if r.MaxAttempts < 0 || r.Initial < 0 || r.Max < 0 || r.Stall < 0 {
		return r, errors.New("WithRetry: a field is negative")
	}
	if r.MaxAttempts == 0 {
		r.MaxAttempts = 5
	}
	if r.Initial == 0 {
		r.Initial = 500 * time.Millisecond
		if r.Max != 0 {
			r.Initial = min(r.Initial, r.Max)
		}
	}
	if r.Max == 0 {
		r.Max = max(30*time.Second, r.Initial)
	}
	if r.Stall == 0 {
		r.Stall = 60 * time.Second
	}
	if r.Max < r.Initial {
		return r, errors.New("WithRetry: Max is less than Initial")
	}
	return r, nil
}

// waits returns the waits between attempts, one after the other.
func (r Retry) waits() func() time.Duration {
	return growingWaits(r.Initial, r.Max, 2, backoff.DefaultRandomizationFactor)
}

// growingWaits returns waits that grow up to a longest one, which jitter does not
// exceed.
func growingWaits(initial, longest time.Duration, multiplier, jitter float64) func() time.Duration {
	waits := &backoff.ExponentialBackOff{
		InitialInterval:     initial,
		RandomizationFactor: jitter,
		Multiplier:          multiplier,
		MaxInterval:         longest,
	}
	return func() time.Duration { return min(waits.NextBackOff(), longest) }
}

// retryTransport sends requests again. It is above the rate limit, so that each
// attempt is counted there.
type retryTransport struct {
	base   http.RoundTripper
	retry  Retry
	logger *slog.Logger
}

func (t *retryTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	next := t.retry.waits()
	for attempt := 1; ; attempt++ {
		response, err := t.attempt(request, attempt)
		if attempt >= t.retry.MaxAttempts || !canResend(request) || !worthRetrying(ctx, response, err) {
			return response, err
		}
		wait := next()
		if asked, ok := retryAfter(response); ok {
			wait = asked
		}
		if !fits(ctx, wait) {
			return response, err
		}
		failure := err
		if response != nil {
			failure = errors.New(response.Status)
			response.Body.Close()
		}
		t.logger.LogAttrs(ctx, slog.LevelInfo, "retrying",
			slog.String("method", request.Method), slog.String("path", request.URL.Path),
			slog.Int("attempt", attempt), slog.Duration("wait", wait), slog.Any("error", failure))
		if err := sleep(ctx, wait); err != nil {
			return nil, fmt.Errorf("%w while waiting to try again after: %w", err, failure)
		}
	}
}

// attempt sends the request once. The body of a successful POST, which is small,
// is read and checked here, so that a broken one can be asked for again. Results
// are streamed: whoever reads them has to do that.
func (t *retryTransport) attempt(request *http.Request, attempt int) (*http.Response, error) {
	outgoing, err := resend(context.WithValue(request.Context(), attemptKey{}, attempt), request)
	if err != nil {
		return nil, err
	}
	response, err := t.base.RoundTrip(outgoing)
	if err != nil || response.StatusCode/100 != 2 || request.Method != http.MethodPost {
		return response, err
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	response.Body.Close()
	if ctxErr := request.Context().Err(); err != nil && ctxErr != nil {
		return nil, ctxErr
	}
	switch {
	case err != nil:
		return nil, newAnswerError(response, fmt.Errorf("the body breaks off: %w", err), true)
	case len(data) > maxBody:
		return nil, newAnswerError(response, fmt.Errorf("the body is larger than %d bytes", maxBody), false)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, newAnswerError(response, errors.New("the body is empty"), true)
	case !jsontext.Value(data).IsValid(lenient, jsontext.AllowDuplicateNames(true)):
		return nil, newAnswerError(response, errors.New("the body is not JSON"), true)
	}
	response.Body = io.NopCloser(bytes.NewReader(data))
	return response, nil
}

// attemptKey is the context key under which the log layer finds how often the
// request was sent.
type attemptKey struct{}

// worthRetrying tells outcomes that another try may mend.
func worthRetrying(ctx context.Context, response *http.Response, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		return !isPermanent(err)
	}
	switch response.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// isPermanent tells errors of a request that will be the same next time:
// certificates that do not verify, and a deadline that cannot be met.
func isPermanent(err error) bool {
	var (
		answer       *answerError
		verification *tls.CertificateVerificationError
		record       tls.RecordHeaderError
		alert        tls.AlertError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
	)
	if errors.As(err, &answer) {
		return !answer.broken
	}
	return errors.As(err, &verification) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &invalid) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// canResend tells whether there is a way to send the body of a request again.
func canResend(request *http.Request) bool {
	return request.Body == nil || request.Body == http.NoBody || request.GetBody != nil
}

// resend returns a copy of a request that can be sent while the original is kept
// for the next time.
func resend(ctx context.Context, request *http.Request) (*http.Request, error) {
	clone := request.Clone(ctx)
	if request.GetBody == nil {
		return clone, nil
	}
	body, err := request.GetBody()
	clone.Body = body
	return clone, err
}

// fits tells whether a wait can end before the context's deadline.
func fits(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || wait < time.Until(deadline)
}

// sleep waits, or returns the error of a context that ends first.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
