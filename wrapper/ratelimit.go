package wrapper

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// unknownInFlight is how many requests to a host are under way at most while
// its limit is not known.
const unknownInFlight = 8

// rateLimitTransport keeps the requests to each host within what the host says
// is left, and lets all of them wait when nothing is.
type rateLimitTransport struct {
	base   http.RoundTripper
	logger *slog.Logger

	mu    sync.Mutex
	hosts map[string]*rateLimit
}

func (t *rateLimitTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	limit := t.host(request.URL.Host)
	if err := limit.acquire(request.Context()); err != nil {
		return nil, err
	}
	response, err := t.base.RoundTrip(request)
	limit.release(response)
	return response, err
}

func (t *rateLimitTransport) host(name string) *rateLimit {
	t.mu.Lock()
	defer t.mu.Unlock()
	limit, ok := t.hosts[name]
	if !ok {
		limit = &rateLimit{host: name, logger: t.logger}
		if t.hosts == nil {
			t.hosts = map[string]*rateLimit{}
		}
		t.hosts[name] = limit
	}
	return limit
}

// rateLimit is what is known of one host's limit. The host counts requests in
// windows of time and says in each answer how many it counted, how many it
// allows and when the window ends. What is under way may or may not be counted
// yet, so it is taken to be not.
type rateLimit struct {
	host   string
	logger *slog.Logger

	mu       sync.Mutex
	inFlight int
	window   rateWindow // the last known
	end      time.Time  // of that window; it is unknown what holds after it
	paused   time.Time  // until when a 429 told all to wait
	queue    []chan struct{}
	timer    *time.Timer // opens the queue at the end of a wait; stopped while nobody is in it
	warned   time.Time   // the wait that the log knows of
}

// acquire waits until a request may be sent. Each is followed by a release.
func (l *rateLimit) acquire(ctx context.Context) error {
	l.mu.Lock()
	if len(l.queue) == 0 && l.admit() {
		l.mu.Unlock()
		return nil
	}
	until := l.usedUpUntil()
	wait := time.Until(until)
	if !until.IsZero() && !fits(ctx, wait) {
		l.mu.Unlock()
		return fmt.Errorf("the rate limit of %s is used up for another %v: %w", l.host, wait.Round(time.Millisecond), context.DeadlineExceeded)
	}
	news := !until.IsZero() && l.warned != until
	l.warned = until
	turn := make(chan struct{})
	l.queue = append(l.queue, turn)
	l.wake()
	l.mu.Unlock()
	if news {
		l.logger.LogAttrs(ctx, slog.LevelWarn, "rate limit used up, waiting", slog.String("host", l.host), slog.Duration("wait", wait))
	}

	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.queue, turn); i >= 0 {
		l.queue = slices.Delete(l.queue, i, i+1)
	} else {
		l.inFlight-- // the turn came at the same moment
	}
	l.wake()
	return fmt.Errorf("%w while waiting for the rate limit of %s", context.Cause(ctx), l.host)
}

// release learns from the answer, nil if there is none, and lets others go.
func (l *rateLimit) release(response *http.Response) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	l.learn(response)
	l.wake()
}

func (l *rateLimit) learn(response *http.Response) {
	now := time.Now()
	if response == nil {
		l.window.count++ // perhaps counted, perhaps not
		return
	}
	if wait, ok := retryAfter(response); ok && response.StatusCode == http.StatusTooManyRequests {
		if until := now.Add(wait); until.After(l.paused) {
			l.paused = until
		}
	}
	window, ok := parseWindow(response.Header)
	if !ok {
		l.window.count++
		return
	}
	end := now.Add(window.reset)
	// Answers overtake one another: within a window, the highest count and the
	// earliest end are the true ones. Ends are told in whole seconds, so one that
	// is later by more than that, with a lower count, is another window's.
	if now.Before(l.end) && (window.count >= l.window.count || end.Before(l.end.Add(2*time.Second))) {
		window.count = max(window.count, l.window.count)
		if l.end.Before(end) {
			end = l.end
		}
	}
	l.window, l.end = window, end
}

// wake gives their turn to as many as may have it now, first come first served,
// and sees to it that the others get theirs.
func (l *rateLimit) wake() {
	for len(l.queue) > 0 && l.admit() {
		close(l.queue[0])
		l.queue = l.queue[1:]
	}
	until := l.usedUpUntil()
	if len(l.queue) == 0 || until.IsZero() {
		if l.timer != nil {
			l.timer.Stop()
		}
		return
	}
	if l.timer == nil {
		l.timer = time.AfterFunc(time.Until(until), func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.wake()
		})
		return
	}
	l.timer.Reset(time.Until(until))
}

// admit counts one more request under way, if there may be one.
func (l *rateLimit) admit() bool {
	now := time.Now()
	switch {
	case now.Before(l.paused):
		return false
	case now.Before(l.end) && l.inFlight >= l.window.left():
		return false
	case !now.Before(l.end) && l.inFlight >= unknownInFlight:
		return false
	}
	l.inFlight++
	return true
}

// usedUpUntil returns when the wait for a limit that is used up ends, or zero
// while it is not, or not known to be.
func (l *rateLimit) usedUpUntil() time.Time {
	now := time.Now()
	var until time.Time
	if now.Before(l.end) && l.window.left() == 0 {
		until = l.end
	}
	if now.Before(l.paused) && until.Before(l.paused) {
		until = l.paused
	}
	return until
}

// rateWindow is what the headers of an answer say of the rate limit.
type rateWindow struct {
	count   int           // requests counted in this window
	allowed int           // requests allowed in it
	reset   time.Duration // until it ends
}

func (w rateWindow) left() int { return max(w.allowed-w.count, 0) }

func parseWindow(header http.Header) (rateWindow, bool) {
	count, err1 := strconv.Atoi(header.Get("inin-ratelimit-count"))
	allowed, err2 := strconv.Atoi(header.Get("inin-ratelimit-allowed"))
	reset, err3 := strconv.Atoi(header.Get("inin-ratelimit-reset"))
	if err1 != nil || err2 != nil || err3 != nil || count < 0 || allowed <= 0 || reset < 0 || reset > 24*60*60 {
		return rateWindow{}, false
	}
	return rateWindow{count, allowed, time.Duration(reset) * time.Second}, true
}
