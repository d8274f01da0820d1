package transport

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// Retry limits the attempts of a request. All fields are set.
type Retry struct {
	MaxAttempts  int           // the number of times that a request is sent at most
	Initial, Max time.Duration // the wait before the second attempt, doubled for each later one up to Max
	Stall        time.Duration // the longest wait for a byte
}

// MaxRetryAfter is the longest Retry-After that is waited for, as in the vendor's SDKs. A
// limit by the day asks for hours.
const MaxRetryAfter = 3 * time.Minute

// throttledBudget is the time that a request waits in total after 429s with a
// Retry-After before these count as attempts.
const throttledBudget = 10 * time.Minute

// retrier sends a request until it succeeds or its attempts are used up. It is the
// outermost layer, so that one budget counts every kind of failure.
type retrier struct {
	base   http.RoundTripper
	tokens *tokenCache // nil for the login host, whose requests have no token
	Retry
	statusError NewStatusError
	userAgent   string
	logger      *slog.Logger
}

// send sends a request, which may arrive twice if it is idempotent. With a Reader it
// returns no response, but an error for a status other than 2xx.
func (t *retrier) send(request *http.Request, read Reader, idempotent bool) (*http.Response, error) {
	ctx := request.Context()
	if request.GetBody != nil || ctx.Err() != nil {
		defer closeBody(request) // copies are sent, or nothing
	}
	budget := budget{Retry: t.Retry, delay: t.Initial, throttled: throttledBudget,
		idempotent: idempotent, rewindable: isRewindable(request)}
	if ctx.Err() != nil {
		return nil, failure.Context(ctx)
	}
	for number := 1; ; number++ {
		attempt := t.try(request, read)
		if attempt.err != nil && ctx.Err() != nil {
			return nil, failure.WithContext(ctx, attempt.err)
		}
		delay, retry := budget.next(attempt)
		if !retry || !beforeDeadline(ctx, delay) {
			return attempt.response, attempt.err
		}
		cause := attempt.err
		if attempt.response != nil {
			attempt.response.Body.Close()
			cause = fmt.Errorf("%d %s", attempt.status, http.StatusText(attempt.status))
		}
		t.logger.LogAttrs(ctx, slog.LevelInfo, "retrying",
			slog.String("method", request.Method), slog.String("path", request.URL.Path),
			slog.Int("attempt", number), slog.Duration("delay", delay), slog.Any("error", cause))
		if err := sleep(ctx, delay); err != nil {
			return nil, fmt.Errorf("%w; last attempt: %w", err, cause)
		}
	}
}

// attempt is the result of sending a request once: a response, an error, or neither if the
// response was read.
type attempt struct {
	response    *http.Response
	err         error
	status      int           // of the response, or 0
	retryAfter  time.Duration // of the response, or 0
	tokenFailed bool          // to be fetched, in attempts of its own
	renewable   bool          // the API rejected the token, and another one can be had
	progress    bool          // the body was read further than before
}

// try sends a copy of the request once, with a token. The response has the original as
// its Request, so that nobody finds the token there.
func (t *retrier) try(request *http.Request, read Reader) (a attempt) {
	ctx := request.Context()
	outgoing := request.Clone(ctx)
	if request.GetBody != nil {
		if outgoing.Body, a.err = request.GetBody(); a.err != nil {
			return attempt{err: failure.Permanent(a.err)}
		}
	}
	outgoing.Header.Set("User-Agent", t.userAgent)
	token, err := t.tokens.get(ctx)
	if err != nil {
		closeBody(outgoing)
		return attempt{err: err, tokenFailed: true}
	}
	if token != nil {
		token.SetAuthHeader(outgoing)
	}
	response, err := t.base.RoundTrip(outgoing)
	if err != nil {
		return attempt{err: err}
	}
	response.Request = request
	a.status = response.StatusCode
	switch {
	case TransientStatus(a.status):
		a.retryAfter = RetryAfter(response)
	case a.status/100 == 2: // whose content may be unreadable
		a.retryAfter = min(RetryAfter(response), MaxRetryAfter)
	}
	switch {
	case a.status == http.StatusUnauthorized:
		a.renewable = t.tokens.reject(token)
	case !TransientStatus(a.status):
		t.tokens.accept(token)
	}
	switch {
	case read == nil:
		a.response = response
	case a.status/100 == 2:
		a.progress, a.err = readBody(response, read)
	default:
		a.err = t.readStatus(response)
		if !TransientStatus(a.status) && !a.renewable {
			a.err = failure.Permanent(a.err)
		}
	}
	return a
}

// budget counts the attempts of a request.
type budget struct {
	Retry
	idempotent, rewindable bool
	spent                  int           // attempts so far
	delay                  time.Duration // before the next attempt
	throttled              time.Duration // left of throttledBudget
}

// next reports whether to send the request again after an attempt, and when.
func (b *budget) next(a attempt) (delay time.Duration, retry bool) {
	b.spent++
	throttled := a.status == http.StatusTooManyRequests
	switch {
	case a.tokenFailed, !b.rewindable, b.MaxAttempts == 1, a.retryAfter > MaxRetryAfter,
		!b.idempotent && !throttled && !a.renewable,
		failure.IsPermanent(a.err),
		a.err == nil && !TransientStatus(a.status) && !a.renewable:
		return 0, false
	case throttled && a.retryAfter > 0 && a.retryAfter <= b.throttled:
		b.throttled -= a.retryAfter
		b.spent--
	case a.progress:
		b.spent, b.delay = 1, b.Initial
	}
	switch {
	case b.spent >= b.MaxAttempts:
		return 0, false
	case a.renewable:
		return 0, true
	case a.retryAfter > 0:
		return a.retryAfter, true
	}
	delay = b.delay/2 + rand.N(b.delay/2+1) // jitter keeps clients apart that failed together
	b.delay = min(2*b.delay, b.Max)
	return delay, true
}

// isRewindable reports whether the body of a request can be sent again.
func isRewindable(request *http.Request) bool {
	return request.Body == nil || request.Body == http.NoBody || request.GetBody != nil
}

// isIdempotent reports whether a request may arrive twice.
func isIdempotent(request *http.Request) bool {
	return slices.Contains([]string{"", "GET", "HEAD", "OPTIONS", "PUT", "DELETE"}, request.Method)
}

// beforeDeadline reports whether a delay can end before the context's deadline.
func beforeDeadline(ctx context.Context, delay time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || delay < time.Until(deadline)
}

// sleep waits, or returns the error of a context that ends first.
func sleep(ctx context.Context, delay time.Duration) error {
	select {
	case <-time.After(delay):
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return failure.Context(ctx)
	}
	return nil
}
