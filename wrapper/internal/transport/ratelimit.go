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

// maxInFlight is the limit of requests in flight to one host, until their headers
// arrive. Nothing but a 429 reveals the state of a rate limit, so this many requests
// may be refused when it is used up.
const maxInFlight = 8

// rateLimit keeps few requests in flight to a host, and pauses all of them after a 429
// with a Retry-After.
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
	defer t.release()
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

// acquire waits for a slot and for the end of a pause.
func (t *rateLimit) acquire(ctx context.Context) error {
	for {
		if err := sleep(ctx, t.left()); err != nil {
			return err
		}
		select {
		case t.slots <- struct{}{}:
		case <-ctx.Done():
			return failure.Context(ctx)
		}
		if t.left() <= 0 {
			return nil
		}
		t.release() // the pause began during the wait for a slot
	}
}

func (t *rateLimit) release() { <-t.slots }

// left returns how long the pause still lasts.
func (t *rateLimit) left() time.Duration {
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
