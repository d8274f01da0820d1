package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

// Retry says how often and when a request is sent again. All fields are set.
type Retry struct {
	MaxAttempts  int           // how often a request is sent, whatever went wrong with it
	Initial, Max time.Duration // the first wait, doubled for each later one, and the longest
	Stall        time.Duration // how long a reader waits for a byte
}

// MaxRetryAfter is the longest Retry-After that is waited for, as in the vendor's
// SDKs. Some limits are by the day.
const MaxRetryAfter = 3 * time.Minute

// maxLimited is how long a request waits in all for rate limits that say when to
// come back, before they count as attempts.
const maxLimited = 10 * time.Minute

// retry sends requests again. It is the outermost layer, so that one budget of
// attempts counts all that can go wrong.
type retry struct {
	base http.RoundTripper
	Retry
	userAgent string
	logger    *slog.Logger
}

func (t *retry) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	if canCopy(request) {
		defer request.Body.Close() // what is sent are copies
	}
	left := budget{Retry: t.Retry, wait: t.Initial, limited: maxLimited}
	for number := 1; ; number++ {
		try := &attempt{number: number}
		response, err := t.send(request, try)
		if err != nil && ctx.Err() != nil {
			return nil, withEnd(ctx, err)
		}
		wait, ok := left.spend(request, try, response, err)
		if !ok || !fits(ctx, wait) {
			return response, err
		}
		failure := err
		if response != nil {
			failure = fmt.Errorf("%d %s", response.StatusCode, http.StatusText(response.StatusCode))
			response.Body.Close()
		}
		t.logger.LogAttrs(ctx, slog.LevelInfo, "retrying",
			slog.String("method", request.Method), slog.String("path", request.URL.Path),
			slog.Int("attempt", number), slog.Duration("wait", wait), slog.Any("error", failure))
		if err := sleep(ctx, wait); err != nil {
			return nil, fmt.Errorf("%w while waiting to try again after: %w", err, failure)
		}
	}
}

// send sends a request once. The copy that goes out gets a token; the response
// names the original, for whoever prints it.
func (t *retry) send(request *http.Request, try *attempt) (*http.Response, error) {
	outgoing := request.Clone(context.WithValue(request.Context(), attemptKey{}, try))
	if canCopy(request) {
		body, err := request.GetBody()
		if err != nil {
			return nil, &permanentError{err}
		}
		outgoing.Body = body
	}
	setDefault(outgoing.Header, "User-Agent", t.userAgent)
	setDefault(outgoing.Header, "Accept", "application/json")
	response, err := t.base.RoundTrip(outgoing)
	if err != nil {
		return nil, err
	}
	response.Request = request
	if read := readerOf(request); read != nil && response.StatusCode/100 == 2 {
		if err := readBody(response, read); err != nil {
			return nil, err
		}
	}
	return response, nil
}

func setDefault(header http.Header, key, value string) {
	if header.Get(key) == "" {
		header.Set(key, value)
	}
}

// budget is what is left to a request.
type budget struct {
	Retry
	spent   int           // attempts
	wait    time.Duration // before the next one
	limited time.Duration // left to wait for rate limits
	renewed bool          // a token was renewed before
}

// spend tells whether to send a request again after an attempt, and when.
func (b *budget) spend(request *http.Request, try *attempt, response *http.Response, err error) (wait time.Duration, again bool) {
	b.spent++
	status := 0
	if response != nil {
		status = response.StatusCode
	}
	after, asked := RetryAfter(response)
	limited := status == http.StatusTooManyRequests
	switch {
	case !canResend(request),
		!isRepeatable(request) && !limited && !try.renewed,
		err != nil && !isRetryable(err),
		err == nil && !TransientStatus(status) && !try.renewed,
		asked && after > MaxRetryAfter,
		b.MaxAttempts == 1:
		return 0, false
	case limited && asked && after <= b.limited:
		b.limited -= after
		b.spent--
	}
	if broken, ok := errors.AsType[*BrokenError](err); ok && broken.Gained {
		b.spent, b.wait = 1, b.Initial
	}
	if b.spent >= b.MaxAttempts {
		return 0, false
	}
	switch {
	case asked:
		return after, true
	case try.renewed && !b.renewed:
		b.renewed = true
		return 0, true
	}
	wait = b.wait/2 + rand.N(b.wait/2+1) // jitter: clients that failed together do not come back together
	b.wait = min(2*b.wait, b.Max)
	return wait, true
}

// canResend tells whether there is a way to send the body of a request again.
func canResend(request *http.Request) bool {
	return request.Body == nil || request.Body == http.NoBody || request.GetBody != nil
}

// canCopy tells whether there are copies of the body to send.
func canCopy(request *http.Request) bool { return request.Body != nil && request.GetBody != nil }

// closeBody is for a layer that does not send a request: who would, closes its body.
func closeBody(request *http.Request) {
	if request.Body != nil {
		request.Body.Close()
	}
}

// isRepeatable tells requests that may be sent again when it is not known what
// became of them.
func isRepeatable(request *http.Request) bool {
	switch request.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return readerOf(request) != nil
}

// TransientStatus tells the statuses that may be another the next time.
func TransientStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// isRetryable tells errors of an attempt that another may not have. A token that
// cannot be had has had attempts of its own.
func isRetryable(err error) bool {
	if _, ok := errors.AsType[*tokenError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*BodyError](err); ok {
		return !Unusable(err)
	}
	return Transient(err)
}

// Unusable tells errors of answers that are whole, but other than expected.
func Unusable(err error) bool {
	body, ok := errors.AsType[*BodyError](err)
	if !ok {
		return false
	}
	_, broken := errors.AsType[*BrokenError](body.Err)
	return !broken
}

// Transient tells errors of a request whose context has not ended, after all its
// attempts, that may pass: those of connections, those that stall, and a login host
// that is down or limits. Certificates that do not verify, answers that cannot be
// used and credentials that are refused stay as they are.
func Transient(err error) bool {
	if login, ok := errors.AsType[*LoginError](err); ok {
		return TransientStatus(login.Response.StatusCode)
	}
	if _, ok := errors.AsType[*tokenError](err); ok {
		// Only what an http.Client says is known to be a connection's.
		if _, ok := errors.AsType[*url.Error](err); !ok {
			return false
		}
	}
	var (
		permanent    *permanentError
		body         *BodyError
		verification *tls.CertificateVerificationError
		record       tls.RecordHeaderError
	)
	return err != nil && !errors.As(err, &permanent) && !errors.As(err, &body) &&
		!errors.As(err, &verification) && !errors.As(err, &record)
}

// permanentError is one of a request that would be the same the next time.
type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// fits tells whether a wait can end before the context's deadline.
func fits(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || wait < time.Until(deadline)
}

// sleep waits, or returns the end of a context that comes first.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return end(ctx)
	}
}

// end is the error of a context that ended, with its cause where it has one.
func end(ctx context.Context) error {
	if cause := context.Cause(ctx); !errors.Is(cause, ctx.Err()) {
		return fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	return ctx.Err()
}

// withEnd makes an error that came of a context's end say so: on the way here it
// may have become the cause alone, or something that a connection says.
func withEnd(ctx context.Context, err error) error {
	if body, ok := errors.AsType[*BodyError](err); ok {
		err = body.Err // which was nothing of the body's
	}
	cause := context.Cause(ctx)
	switch said := errors.Is(err, ctx.Err()); {
	case said && errors.Is(err, cause):
		return err
	case said:
		return fmt.Errorf("%w: %w", err, cause)
	case errors.Is(err, cause):
		return end(ctx)
	}
	return fmt.Errorf("%w: %w", end(ctx), err)
}
