package wrapper

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// limitedHost counts requests in windows, as the vendor does, and answers each
// after a second.
type limitedHost struct {
	allowed int
	window  time.Duration
	silent  bool // no headers but Retry-After

	mu       sync.Mutex
	end      time.Time
	count    int
	inFlight int
	most     int // in flight at once
	refused  int
	windows  int
}

func (h *limitedHost) RoundTrip(request *http.Request) (*http.Response, error) {
	h.mu.Lock()
	h.inFlight++
	h.most = max(h.most, h.inFlight)
	now := time.Now()
	if !now.Before(h.end) {
		h.end, h.count = now.Add(h.window), 0
		h.windows++
	}
	seconds := func() string { return strconv.Itoa(int((h.end.Sub(now) + time.Second - 1) / time.Second)) }
	status, headers := 200, []string{}
	if h.count >= h.allowed {
		h.refused++
		status, headers = 429, []string{"Retry-After", seconds()}
	} else {
		h.count++
		if !h.silent {
			headers = []string{"inin-ratelimit-count", fmt.Sprint(h.count), "inin-ratelimit-allowed", fmt.Sprint(h.allowed), "inin-ratelimit-reset", seconds()}
		}
	}
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.inFlight--
		h.mu.Unlock()
	}()
	select {
	case <-time.After(time.Second):
	case <-request.Context().Done():
		return nil, request.Context().Err()
	}
	return respond(request, status, "{}", headers...), nil
}

func (h *limitedHost) flying() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.inFlight
}

// send sends n requests at once and returns how long that took.
func send(t *testing.T, transport http.RoundTripper, n int) time.Duration {
	t.Helper()
	start := time.Now()
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			if _, err := transport.RoundTrip(newRequest(t, "GET", "")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return time.Since(start)
}

func TestRateLimitIsLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := &limitedHost{allowed: 300, window: time.Minute}
		took := send(t, &rateLimitTransport{base: host, logger: discardLog}, 1000)
		if host.refused != 0 || host.windows != 4 {
			t.Errorf("%d refused, %d windows, want 0 and 4", host.refused, host.windows)
		}
		if took > 3*time.Minute+10*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestRateLimitStartsWithFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := &limitedHost{allowed: 300, window: time.Minute}
		transport := &rateLimitTransport{base: host, logger: discardLog}
		for range 20 {
			go transport.RoundTrip(newRequest(t, "GET", ""))
		}
		synctest.Wait()
		if n := host.flying(); n != 8 {
			t.Errorf("%d in flight before the first answer, want 8", n)
		}
		time.Sleep(time.Second + 1)
		synctest.Wait()
		if n := host.flying(); n != 12 {
			t.Errorf("%d in flight after it, want the other 12", n)
		}
		time.Sleep(time.Minute)
	})
}

func TestRateLimitWithoutHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := &limitedHost{allowed: 1000, window: time.Hour, silent: true}
		send(t, &rateLimitTransport{base: host, logger: discardLog}, 100)
		if host.most != 8 {
			t.Errorf("%d in flight, want 8", host.most)
		}
	})
}

func TestRateLimitPauseIsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := map[string]time.Duration{}
		start := time.Now()
		transport := &rateLimitTransport{logger: discardLog, base: roundTripper(func(request *http.Request) (*http.Response, error) {
			name := request.URL.Path
			sent[name] = time.Since(start)
			switch name {
			case "/refused":
				return respond(request, 429, "", "Retry-After", "42"), nil
			case "/silent":
				return respond(request, 429, ""), nil
			}
			return respond(request, 200, ""), nil
		})}
		get := func(host, path string) {
			request, _ := http.NewRequestWithContext(t.Context(), "GET", "https://"+host+path, nil)
			transport.RoundTrip(request)
		}
		get("a", "/silent")
		get("a", "/after silence")
		get("a", "/refused")
		get("b", "/elsewhere")
		get("a", "/waits")
		get("a", "/goes on")
		for name, want := range map[string]time.Duration{
			"/after silence": 0, "/elsewhere": 0, "/waits": 42 * time.Second, "/goes on": 42 * time.Second,
		} {
			if sent[name] != want {
				t.Errorf("%s was sent after %v, want %v", name, sent[name], want)
			}
		}
	})
}

func TestRateLimitWaitIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		transport := &rateLimitTransport{logger: newTextLogger(&log), base: roundTripper(func(request *http.Request) (*http.Response, error) {
			return respond(request, 429, "", "Retry-After", "42"), nil
		})}
		transport.RoundTrip(newRequest(t, "GET", ""))
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { transport.RoundTrip(newRequest(t, "GET", "").WithContext(ctx)) })
			synctest.Wait()
		}
		cancel()
		all.Wait()
		if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), "wait=42s") {
			t.Errorf("%d warnings: %s", n, &log)
		}
	})
}

func TestRateLimitDoesNotWaitPastTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := &rateLimitTransport{logger: discardLog, base: roundTripper(func(request *http.Request) (*http.Response, error) {
			return respond(request, 429, "", "Retry-After", "42"), nil
		})}
		transport.RoundTrip(newRequest(t, "GET", ""))
		ctx, cancel := context.WithTimeout(t.Context(), 41*time.Second)
		defer cancel()
		start := time.Now()
		_, err := transport.RoundTrip(newRequest(t, "GET", "").WithContext(ctx))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 0 || !isPermanent(err) {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestRateLimitQueueCanBeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := &limitedHost{allowed: 10, window: time.Hour, silent: true}
		transport := &rateLimitTransport{base: host, logger: discardLog}
		for range 8 {
			go transport.RoundTrip(newRequest(t, "GET", ""))
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		start := time.Now()
		if _, err := transport.RoundTrip(newRequest(t, "GET", "").WithContext(ctx)); !errors.Is(err, context.Canceled) || time.Since(start) != time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		time.Sleep(time.Hour)
		limit := transport.host("api.example.com")
		limit.mu.Lock()
		defer limit.mu.Unlock()
		if limit.inFlight != 0 || len(limit.queue) != 0 {
			t.Errorf("%d in flight and %d in the queue are left over", limit.inFlight, len(limit.queue))
		}
	})
}

func TestRateLimitHeadersOutOfOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := &rateLimit{logger: discardLog}
		learn := func(count, reset string) {
			limit.learn(respond(nil, 200, "", "inin-ratelimit-count", count, "inin-ratelimit-allowed", "100", "inin-ratelimit-reset", reset))
		}
		learn("50", "30")
		learn("40", "31") // overtaken by the one before
		if left := limit.window.left(); left != 50 {
			t.Errorf("%d left, want 50", left)
		}
		if end := time.Until(limit.end); end != 30*time.Second {
			t.Errorf("the window ends in %v, want 30 s", end)
		}
		learn("1", "60") // the next window, which came early
		if left := limit.window.left(); left != 99 {
			t.Errorf("%d left of a new window, want 99", left)
		}
	})
}

func TestParseWindow(t *testing.T) {
	for _, test := range []struct {
		count, allowed, reset string
		ok                    bool
	}{
		{"1", "180", "61", true},
		{"0", "1", "0", true},
		{"", "180", "61", false},
		{"1", "0", "61", false},
		{"-1", "180", "61", false},
		{"1", "180", "-1", false},
		{"1", "180", "999999999", false},
		{"x", "y", "z", false},
	} {
		header := http.Header{}
		header.Set("inin-ratelimit-count", test.count)
		header.Set("inin-ratelimit-allowed", test.allowed)
		header.Set("inin-ratelimit-reset", test.reset)
		if _, ok := parseWindow(header); ok != test.ok {
			t.Errorf("%+v: %v", test, ok)
		}
	}
}
