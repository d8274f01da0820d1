package transport

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// limitedHost allows some requests a window, and asks those that it rejects to come
// back when it ends, in full seconds. Each response takes a second.
type limitedHost struct {
	allowed int
	window  time.Duration

	mu       sync.Mutex
	end      time.Time
	count    int // of the window
	inFlight int
	most     int // in flight at once
	accepted int
	rejected int
	windows  int
}

func (h *limitedHost) RoundTrip(request *http.Request) (*http.Response, error) {
	response := h.respond(request)
	defer func() {
		h.mu.Lock()
		h.inFlight--
		h.mu.Unlock()
	}()
	select {
	case <-time.After(time.Second):
		return response, nil
	case <-request.Context().Done():
		return nil, request.Context().Err()
	}
}

func (h *limitedHost) respond(request *http.Request) *http.Response {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inFlight++
	h.most = max(h.most, h.inFlight)
	now := time.Now()
	if !now.Before(h.end) {
		h.end, h.count = now.Add(h.window), 0
		h.windows++
	}
	if h.count >= h.allowed {
		h.rejected++
		after := (h.end.Sub(now) + time.Second - 1) / time.Second
		return newResponse(request, 429, "", "Retry-After", strconv.Itoa(int(after)))
	}
	h.accepted++
	h.count++
	return newResponse(request, 200, "{}")
}

// Each program knows of the others' requests only by being rejected. Nothing is lost,
// each window is used, and few requests are rejected.
func TestRateLimitShared(t *testing.T) {
	// The race detector fails where many timers of a bubble fire at once on several
	// processors (golang.org/issue/78156).
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, test := range []struct {
		name     string
		programs int
		allowed  int
		rejected float64 // share at most
	}{
		{"alone", 1, 300, 0.03},
		{"two", 2, 300, 0.06},
		{"three", 3, 300, 0.15},
		{"a lower limit", 1, 60, 0.15},
	} {
		bubble(t, test.name, func(t *testing.T) {
			const requests = 1500
			host := &limitedHost{allowed: test.allowed, window: time.Minute}
			var all sync.WaitGroup
			for range test.programs {
				program := newStack(host, static)
				for range requests / test.programs {
					all.Go(func() {
						checkError(t, "request", program.Read(newRequest(t, "GET"), readNothing), nil)
					})
				}
			}
			all.Wait()
			share := float64(host.rejected) / float64(host.rejected+host.accepted)
			t.Logf("%d of %d rejected, %.1f %%", host.rejected, host.rejected+host.accepted, 100*share)
			check(t, "requests accepted", host.accepted, requests)
			check(t, "windows", host.windows, requests/test.allowed)
			if share >= test.rejected {
				t.Errorf("share of rejected requests: got %.3f, want less than %.3f", share, test.rejected)
			}
		})
	}
}

func TestRateLimitInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := &limitedHost{allowed: 1000, window: time.Hour}
		transport := newRateLimit(host, discardLog)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { transport.RoundTrip(newRequest(t, "GET")) })
		}
		all.Wait()
		check(t, "requests in flight", host.most, 8)
	})
}

func TestRateLimitPause(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		after  string
		want   time.Duration
	}{
		{"with a time", 429, "42", 42 * time.Second},
		{"without a time", 429, "", 0},
		{"the longest", 429, "180", 3 * time.Minute},
		{"too long", 429, "181", 0},
		{"another status", 503, "42", 0},
	} {
		bubble(t, test.name, func(t *testing.T) {
			first := outcome{status: test.status, headers: []string{"Retry-After", test.after}}
			transport := newRateLimit(newOutcomes(t, first, good), discardLog)
			transport.RoundTrip(newRequest(t, "GET"))
			start := time.Now()
			transport.RoundTrip(newRequest(t, "GET"))
			transport.RoundTrip(newRequest(t, "GET"))
			check(t, "pause", time.Since(start), test.want)
		})
	}
}

// A pause that begins holds back those who wait for a slot, and a shorter one after it
// does not end it.
func TestRateLimitPauseIsForThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var mu sync.Mutex
		var sent []time.Duration
		transport := newRateLimit(roundTripper(func(request *http.Request) (*http.Response, error) {
			mu.Lock()
			sent = append(sent, time.Since(start))
			n := len(sent)
			mu.Unlock()
			time.Sleep(time.Duration(n) * time.Millisecond)
			switch n {
			case 1:
				return newResponse(request, 429, "", "Retry-After", "60"), nil
			case 2:
				return newResponse(request, 429, "", "Retry-After", "1"), nil
			}
			return newResponse(request, 200, ""), nil
		}), discardLog)
		var all sync.WaitGroup
		for range 8 + 5 {
			all.Go(func() { transport.RoundTrip(newRequest(t, "GET")) })
		}
		all.Go(func() { // and who comes later
			time.Sleep(30 * time.Second)
			transport.RoundTrip(newRequest(t, "GET"))
		})
		all.Wait()
		check(t, "requests", len(sent), 8+5+1)
		for i, got := range sent[8:] {
			if got < time.Minute || got > time.Minute+time.Second {
				t.Errorf("request %d: sent after %v, want 1m0s to 1m1s", i+9, got)
			}
		}
	})
}

func TestRateLimitPauseIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		transport := newRateLimit(&limitedHost{window: 43 * time.Second}, newTextLogger(&log))
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { transport.RoundTrip(newRequest(t, "GET")) })
		}
		all.Wait()
		check(t, "warnings", strings.Count(log.String(), "level=WARN"), 1)
		checkContains(t, "log", log.String(), "wait=43s", "host=api.example.com")
	})
}

// Whoever leaves, in whatever way, leaves the slot to others.
func TestRateLimitSlotsAreReleased(t *testing.T) {
	cause := errors.New("the cause")
	// leave sends 20 requests, and ends their context.
	leave := func(t *testing.T, transport *rateLimit) {
		var all sync.WaitGroup
		ctx, cancel := context.WithCancelCause(t.Context())
		for range 20 {
			all.Go(func() {
				_, err := transport.RoundTrip(newRequest(t, "GET").WithContext(ctx))
				checkError(t, "request that left", err, cause)
				check(t, "permanent", failure.IsPermanent(err), true)
			})
		}
		synctest.Wait()
		start := time.Now()
		cancel(cause)
		all.Wait()
		check(t, "time to leave", time.Since(start), 0)
	}
	for _, test := range []struct {
		name string
		send func(*testing.T, *rateLimit)
	}{
		{"while waiting for a slot", func(t *testing.T, transport *rateLimit) {
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() { transport.RoundTrip(newRequest(t, "GET")) })
			}
			synctest.Wait()
			leave(t, transport)
			all.Wait()
		}},
		{"while paused", func(t *testing.T, transport *rateLimit) {
			transport.pause(time.Minute)
			leave(t, transport)
		}},
		{"when a pause began during the wait for a slot", func(t *testing.T, transport *rateLimit) {
			var all sync.WaitGroup
			for range 8 + 8 {
				all.Go(func() { transport.RoundTrip(newRequest(t, "GET")) })
			}
			synctest.Wait()
			transport.pause(time.Minute)
			all.Wait()
		}},
		{"in a panic", func(t *testing.T, transport *rateLimit) {
			transport.base = roundTripper(func(*http.Request) (*http.Response, error) { panic("base") })
			check(t, "panic", panicOf(func() { transport.RoundTrip(newRequest(t, "GET")) }), any("base"))
		}},
	} {
		bubble(t, test.name, func(t *testing.T) {
			transport := newRateLimit(&limitedHost{allowed: 1000, window: time.Hour}, discardLog)
			test.send(t, transport)
			check(t, "slots taken", len(transport.slots), 0)
		})
	}
}

// A pause is waited for until the context ends.
func TestRateLimitPauseAndDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := newOutcomes(t, outcome{status: 429, headers: []string{"Retry-After", "42"}})
		transport := newRateLimit(base, discardLog)
		transport.RoundTrip(newRequest(t, "GET"))
		ctx, cancel := context.WithTimeout(t.Context(), 41*time.Second)
		defer cancel()
		start := time.Now()
		_, err := transport.RoundTrip(newRequest(t, "GET").WithContext(ctx))
		checkError(t, "request", err, context.DeadlineExceeded)
		check(t, "duration", time.Since(start), 41*time.Second)
		check(t, "requests sent", len(base.sent), 1)
	})
}

// The login host has a rate limit of its own.
func TestRateLimitOfTheAPIDoesNotPauseTheLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var mu sync.Mutex
		var sent []string
		stack := newStack(roundTripper(func(request *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			sent = append(sent, time.Since(start).String()+" "+request.URL.Host)
			if len(sent) == 2 {
				return newResponse(request, 429, "", "Retry-After", "60"), nil
			}
			return newResponse(request, 200, `{"access_token":"T","expires_in":10}`), nil
		}), clientCredentials)
		var all sync.WaitGroup
		for range 2 { // the second request finds an old token, and the pause
			all.Go(func() { checkError(t, "request", stack.Read(newRequest(t, "GET"), readNothing), nil) })
			time.Sleep(20 * time.Second)
		}
		all.Wait()
		got := strings.Join(sent, ", ")
		want := "0s login.example.com, 0s api.example.com, 20s login.example.com"
		if !strings.HasPrefix(got, want+", 1m0s ") {
			t.Errorf("requests: got %s, want %s and no other for a minute", got, want)
		}
	})
}
