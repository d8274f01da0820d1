package transport

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// limitedHost allows some requests a window, and says when to come back to those
// that it refuses, in whole seconds. It answers each after a second.
type limitedHost struct {
	allowed int
	window  time.Duration

	mu       sync.Mutex
	end      time.Time
	count    int
	underWay int
	most     int // under way at once
	answered int
	refused  int
	windows  int
}

func (h *limitedHost) RoundTrip(request *http.Request) (*http.Response, error) {
	h.mu.Lock()
	h.underWay++
	h.most = max(h.most, h.underWay)
	now := time.Now()
	if !now.Before(h.end) {
		h.end, h.count = now.Add(h.window), 0
		h.windows++
	}
	response := respond(request, 200, "{}")
	if h.count >= h.allowed {
		h.refused++
		response = respond(request, 429, "", "Retry-After", strconv.Itoa(int((h.end.Sub(now)+time.Second-1)/time.Second)))
	} else {
		h.answered++
		h.count++
	}
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.underWay--
		h.mu.Unlock()
	}()
	select {
	case <-time.After(time.Second):
		return response, nil
	case <-request.Context().Done():
		return nil, request.Context().Err()
	}
}

func newRateLimit(base http.RoundTripper) *rateLimit {
	return &rateLimit{base: base, logger: discardLog}
}

// Each program knows of the others' requests only by being refused. Nothing is
// lost, each window is used, and few requests are refused.
func TestRateLimitShared(t *testing.T) {
	for _, test := range []struct {
		name     string
		programs int
		allowed  int
		refused  float64 // share at most
	}{
		{"alone", 1, 300, 0.03},
		{"two", 2, 300, 0.06},
		{"three", 3, 300, 0.15},
		{"a limit that nobody knows of", 1, 60, 0.15},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const requests = 1500
				host := &limitedHost{allowed: test.allowed, window: time.Minute}
				var all sync.WaitGroup
				for range test.programs {
					program := newRetry(newRateLimit(host))
					for range requests / test.programs {
						all.Go(func() {
							response, err := program.RoundTrip(newRequest(t, "GET"))
							if err != nil || response.StatusCode != 200 {
								t.Errorf("lost: %v, %v", response, err)
							}
						})
					}
				}
				all.Wait()
				share := float64(host.refused) / float64(host.refused+host.answered)
				t.Logf("%d of %d refused, %.1f %%, %d windows", host.refused, host.refused+host.answered, 100*share, host.windows)
				if host.answered != requests || share >= test.refused {
					t.Errorf("%d answered, %.1f %% refused", host.answered, 100*share)
				}
				if needed := requests / test.allowed; host.windows > needed {
					t.Errorf("%d windows where %d are needed", host.windows, needed)
				}
			})
		})
	}
}

func TestRateLimitKeepsFewUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := &limitedHost{allowed: 1000, window: time.Hour}
		transport := newRateLimit(host)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { transport.RoundTrip(newRequest(t, "GET")) })
		}
		// Another host has places of its own.
		all.Go(func() {
			start := time.Now()
			request := newRequest(t, "GET")
			request.URL.Host = "login.example.com"
			if transport.RoundTrip(request); time.Since(start) != time.Second {
				t.Errorf("the other host's request took %v", time.Since(start))
			}
		})
		all.Wait()
		if host.most != 8+1 {
			t.Errorf("%d under way to both hosts, want 9", host.most)
		}
	})
}

func TestRateLimitPause(t *testing.T) {
	for _, test := range []struct {
		name   string
		host   string
		status int
		after  string
		want   time.Duration
	}{
		{"told when", "a", 429, "42", 42 * time.Second},
		{"told nothing", "a", 429, "", 0},
		{"the longest", "a", 429, "180", 3 * time.Minute},
		{"longer than anybody waits", "a", 429, "181", 0},
		{"another host", "b", 429, "42", 0},
		{"another status", "a", 503, "42", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answer := respond(nil, test.status, "", "Retry-After", test.after)
				transport := newRateLimit(roundTripper(func(*http.Request) (*http.Response, error) { return answer, nil }))
				request := newRequest(t, "GET")
				request.URL.Host = "a"
				transport.RoundTrip(request)
				answer = respond(nil, 200, "")
				start := time.Now()
				for range 2 {
					request := newRequest(t, "GET")
					request.URL.Host = test.host
					transport.RoundTrip(request)
				}
				if got := time.Since(start); got != test.want {
					t.Errorf("sent after %v, want %v", got, test.want)
				}
			})
		})
	}
}

// A pause that begins holds those back who wait for a place, and a shorter one
// that is told later does not end it.
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
				return respond(request, 429, "", "Retry-After", "60"), nil
			case 2:
				return respond(request, 429, "", "Retry-After", "1"), nil
			}
			return respond(request, 200, ""), nil
		}))
		var all sync.WaitGroup
		for range 8 + 5 {
			all.Go(func() { transport.RoundTrip(newRequest(t, "GET")) })
		}
		all.Go(func() { // and who comes later
			time.Sleep(30 * time.Second)
			transport.RoundTrip(newRequest(t, "GET"))
		})
		all.Wait()
		for i, got := range sent[8:] {
			if got < time.Minute || got > time.Minute+time.Second {
				t.Errorf("request %d is sent after %v", i+9, got)
			}
		}
	})
}

func TestRateLimitWaitIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		transport := newRateLimit(roundTripper(func(request *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return respond(request, 429, "", "Retry-After", "42"), nil
		}))
		transport.logger = newTextLogger(&log)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { transport.RoundTrip(newRequest(t, "GET")) })
		}
		all.Wait()
		if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), "wait=42s") || !strings.Contains(log.String(), "host=api.example.com") {
			t.Errorf("%d warnings: %s", n, &log)
		}
	})
}

func TestRateLimitDoesNotWaitPastTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := newRateLimit(roundTripper(func(request *http.Request) (*http.Response, error) {
			return respond(request, 429, "", "Retry-After", "42"), nil
		}))
		transport.RoundTrip(newRequest(t, "GET"))
		ctx, cancel := context.WithTimeout(t.Context(), 41*time.Second)
		defer cancel()
		start := time.Now()
		_, err := transport.RoundTrip(newRequest(t, "GET").WithContext(ctx))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 0 || Transient(err) || !strings.Contains(err.Error(), "42s") {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// Who leaves, by whatever way, leaves the place to others.
func TestRateLimitPlacesAreGivenBack(t *testing.T) {
	for _, test := range []struct {
		name  string
		leave func(t *testing.T, transport *rateLimit)
	}{
		{"while waiting for a place", func(t *testing.T, transport *rateLimit) {
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() { transport.RoundTrip(newRequest(t, "GET")) })
			}
			synctest.Wait()
			cause := errors.New("the cause")
			ctx, cancel := context.WithCancelCause(t.Context())
			for range 20 {
				all.Go(func() {
					if _, err := transport.RoundTrip(newRequest(t, "GET").WithContext(ctx)); !errors.Is(err, context.Canceled) || !errors.Is(err, cause) || !strings.Contains(err.Error(), "waiting for the rate limit") {
						t.Errorf("left with %v", err)
					}
				})
			}
			synctest.Wait()
			start := time.Now()
			cancel(cause)
			synctest.Wait()
			if time.Since(start) != 0 {
				t.Error("leaving takes time")
			}
			all.Wait()
		}},
		{"while paused", func(t *testing.T, transport *rateLimit) {
			transport.host("api.example.com").pause(time.Minute)
			var all sync.WaitGroup
			cause := errors.New("the cause")
			ctx, cancel := context.WithCancelCause(t.Context())
			for range 20 {
				all.Go(func() {
					if _, err := transport.RoundTrip(newRequest(t, "GET").WithContext(ctx)); !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
						t.Errorf("left with %v", err)
					}
				})
			}
			synctest.Wait()
			cancel(cause)
			all.Wait()
		}},
		{"when a pause began meanwhile", func(t *testing.T, transport *rateLimit) {
			var all sync.WaitGroup
			for range 8 + 8 {
				all.Go(func() { transport.RoundTrip(newRequest(t, "GET")) })
			}
			synctest.Wait()
			transport.host("api.example.com").pause(time.Minute)
			all.Wait()
		}},
		{"in a panic", func(t *testing.T, transport *rateLimit) {
			base := transport.base
			defer func() { transport.base = base; _ = recover() }()
			transport.base = roundTripper(func(*http.Request) (*http.Response, error) { panic("base") })
			transport.RoundTrip(newRequest(t, "GET"))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := newRateLimit(&limitedHost{allowed: 1000, window: time.Hour})
				test.leave(t, transport)
				if n := len(transport.host("api.example.com").places); n != 0 {
					t.Errorf("%d places are taken", n)
				}
			})
		})
	}
}

// Nothing is sent for a context that has ended, though there is a place.
func TestRateLimitOfAContextThatEnded(t *testing.T) {
	sent := 0
	transport := newRateLimit(roundTripper(func(request *http.Request) (*http.Response, error) {
		sent++
		return respond(request, 200, ""), nil
	}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 {
		if _, err := transport.RoundTrip(newRequest(t, "GET").WithContext(ctx)); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
	if sent > 0 {
		t.Errorf("%d were sent", sent)
	}
}
