package transport

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// maxUnderWay is how many requests to a host are under way at most, until their
// headers arrive. Nothing tells the state of a limit but a 429, so this many more
// may be refused when a limit is used up.
const maxUnderWay = 8

// rateLimit keeps few requests to each host under way, and lets all of them wait
// when one was told when to come back.
type rateLimit struct {
	base   http.RoundTripper
	logger *slog.Logger

	mu    sync.Mutex
	hosts map[string]*host
}

// host is what is known of one host.
type host struct {
	places chan struct{} // one in it for each request under way

	mu     sync.Mutex
	paused time.Time // until when all wait
}

func (t *rateLimit) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, name := request.Context(), request.URL.Host
	h := t.host(name)
	if err := h.enter(ctx); err != nil {
		closeBody(request)
		return nil, fmt.Errorf("waiting for the rate limit of %s: %w", name, err)
	}
	defer func() { <-h.places }()
	response, err := t.base.RoundTrip(request)
	if wait, ok := RetryAfter(response); ok && response.StatusCode == http.StatusTooManyRequests && wait <= MaxRetryAfter && h.pause(wait) {
		t.logger.LogAttrs(ctx, slog.LevelWarn, "rate limit used up, waiting", slog.String("host", name), slog.Duration("wait", wait))
	}
	return response, err
}

func (t *rateLimit) host(name string) *host {
	t.mu.Lock()
	defer t.mu.Unlock()
	h, ok := t.hosts[name]
	if !ok {
		h = &host{places: make(chan struct{}, maxUnderWay)}
		if t.hosts == nil {
			t.hosts = map[string]*host{}
		}
		t.hosts[name] = h
	}
	return h
}

// enter waits for a place while there is no pause. The error says that the
// context ended, or that it will before the pause does.
func (h *host) enter(ctx context.Context) error {
	for {
		if ctx.Err() != nil {
			return end(ctx)
		}
		for wait := h.wait(); wait > 0; wait = h.wait() {
			if !fits(ctx, wait) {
				return &permanentError{fmt.Errorf("%w: it lasts %v more, longer than the deadline", context.DeadlineExceeded, wait.Round(time.Millisecond))}
			}
			if err := sleep(ctx, wait); err != nil {
				return err
			}
		}
		select {
		case h.places <- struct{}{}:
		case <-ctx.Done():
			return end(ctx)
		}
		if h.wait() <= 0 {
			return nil
		}
		<-h.places // the pause began while this one waited
	}
}

func (h *host) wait() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Until(h.paused)
}

// pause lets all wait, and tells whether they did not before.
func (h *host) pause(wait time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	began := !now.Before(h.paused)
	if until := now.Add(wait); until.After(h.paused) {
		h.paused = until
	}
	return began
}
