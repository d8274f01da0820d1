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

// retry sends a request until it succeeds or its attempts are used up. It is the
// outermost layer, so that one budget counts every kind of failure.
type retry struct {
	base   http.RoundTripper
	tokens *tokenCache // nil: requests have no token
	Retry
	userAgent string
	logger    *slog.Logger
}

func (t *retry) send(request *http.Request, read Reader) (*http.Response, error) {
	ctx := request.Context()
	if request.GetBody != nil {
		defer closeBody(request) // copies are sent
	}
	budget := budget{Retry: t.Retry, delay: t.Initial, throttled: throttledBudget,
		idempotent: isIdempotent(request) || read != nil, rewindable: isRewindable(request)}
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
			cause = fmt.Errorf("%d %s", attempt.response.StatusCode, http.StatusText(attempt.response.StatusCode))
		}
		t.logger.LogAttrs(ctx, slog.LevelInfo, "retrying",
			slog.String("method", request.Method), slog.String("path", request.URL.Path),
			slog.Int("attempt", number), slog.Duration("delay", delay), slog.Any("error", cause))
		if err := sleep(ctx, delay); err != nil {
			return nil, fmt.Errorf("%w; last attempt: %w", err, cause)
		}
	}
}

// attempt is what came of sending a request once: a response or an error.
type attempt struct {
	response *http.Response
	err      error
	final    bool // not to be retried, although the error may be transient
	renewed  bool // the API rejected the token, and there is another one now
	progress bool // the body was read further than before
}

// try sends a copy of the request once, with a token. The response has the original as
// its Request, so that nobody finds the token there.
func (t *retry) try(request *http.Request, read Reader) (a attempt) {
	ctx := request.Context()
	outgoing := request.Clone(ctx)
	if request.GetBody != nil {
		if outgoing.Body, a.err = request.GetBody(); a.err != nil {
			return attempt{err: failure.Permanent(a.err)}
		}
	}
	if outgoing.Header == nil {
		outgoing.Header = http.Header{}
	}
	outgoing.Header.Set("User-Agent", t.userAgent)
	token, err := t.tokens.get(ctx)
	if err != nil {
		closeBody(outgoing)
		return attempt{err: err, final: true} // fetching it had attempts of its own
	}
	if token != nil {
		token.SetAuthHeader(outgoing)
	}
	response, err := t.base.RoundTrip(outgoing)
	if err != nil {
		return attempt{err: err}
	}
	response.Request = request
	switch {
	case read != nil && response.StatusCode/100 == 2:
		if a.progress, a.err = readBody(response, read); a.err != nil {
			return a
		}
	case token != nil && response.StatusCode == http.StatusUnauthorized:
		if a.renewed, err = t.tokens.renew(ctx, token); err != nil {
			response.Body.Close()
			return attempt{err: fmt.Errorf("replacing a token that the API rejected: %w", err), final: true}
		}
	}
	a.response = response
	return a
}

// budget counts the attempts of a request.
type budget struct {
	Retry
	idempotent, rewindable bool
	spent                  int           // attempts so far
	delay                  time.Duration // before the next attempt
	throttled              time.Duration // left of throttledBudget
	renewed                bool          // the token was renewed before
}

// next reports whether to send the request again after an attempt, and when.
func (b *budget) next(a attempt) (delay time.Duration, retry bool) {
	b.spent++
	status := 0
	if a.response != nil {
		status = a.response.StatusCode
	}
	after := RetryAfter(a.response)
	throttled := status == http.StatusTooManyRequests
	switch {
	case a.final, !b.rewindable, b.MaxAttempts == 1, after > MaxRetryAfter,
		!b.idempotent && !throttled && !a.renewed,
		a.err != nil && failure.IsPermanent(a.err),
		a.err == nil && !TransientStatus(status) && !a.renewed:
		return 0, false
	case throttled && after > 0 && after <= b.throttled:
		b.throttled -= after
		b.spent--
	case a.progress:
		b.spent, b.delay = 1, b.Initial
	}
	if b.spent >= b.MaxAttempts {
		return 0, false
	}
	switch {
	case after > 0:
		return after, true
	case a.renewed && !b.renewed:
		b.renewed = true
		return 0, true
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
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return failure.Context(ctx)
	}
	return nil
}
