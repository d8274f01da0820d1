package transport

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// maxInFlight is the limit of requests in flight to the host of a stack, until their headers
// arrive. Nothing but a 429 reveals the state of a rate limit, so this many requests
// may be refused when it is used up.
const maxInFlight = 8

// rateLimit keeps few requests in flight to the one host of its stack, and pauses all of them
// after a 429 with a Retry-After.
type rateLimit struct {
	base   http.RoundTripper
	logger *slog.Logger
	slots  chan struct{} // a semaphore

	mu     sync.Mutex
	paused time.Time // the end of the pause
}

func newRateLimit(base http.RoundTripper, logger *slog.Logger) *rateLimit {
	return &rateLimit{base: base, logger: logger, slots: make(chan struct{}, maxInFlight)}
}

func (t *rateLimit) RoundTrip(request *http.Request) (returned *http.Response, err error) {
	ctx, host := request.Context(), request.URL.Host
	if err := t.acquire(ctx); err != nil {
		closeBody(request)
		return nil, fmt.Errorf("waiting for the rate limit of %s: %w", host, err)
	}
	defer func() { <-t.slots }()
	response, err := t.base.RoundTrip(request)
	defer closeUnreturned(response, &returned)
	if err != nil || response.StatusCode != http.StatusTooManyRequests {
		return response, err
	}
	if wait := RetryAfter(response); wait > 0 && wait <= MaxRetryAfter && t.pause(wait) {
		t.logger.LogAttrs(ctx, slog.LevelWarn, "rate limited, waiting",
			slog.String("host", host), slog.Duration("wait", wait))
	}
	return response, nil
}

// acquire waits for a slot and, in the slot, for the end of a pause.
func (t *rateLimit) acquire(ctx context.Context) error {
	select {
	case t.slots <- struct{}{}:
	case <-ctx.Done():
		return failure.Context(ctx)
	}
	for remaining := t.remaining(); remaining > 0; remaining = t.remaining() { // a pause may be extended
		if err := sleep(ctx, remaining); err != nil {
			<-t.slots
			return err
		}
	}
	return nil
}

// remaining returns how long the pause still lasts.
func (t *rateLimit) remaining() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Until(t.paused)
}

// pause begins or extends a pause, and reports whether it begins.
func (t *rateLimit) pause(wait time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	begins := !now.Before(t.paused)
	if end := now.Add(wait); end.After(t.paused) {
		t.paused = end
	}
	return begins
}
