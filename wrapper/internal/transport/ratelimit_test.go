package transport

import (
	"context"
	"fmt"
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

// limitedHost allows some requests a minute, and asks those that it rejects to come back
// when it ends, in full seconds. Each response takes a second.
type limitedHost struct {
	allowed int

	mu                          sync.Mutex
	end                         time.Time // of the minute
	count                       int       // of the minute
	inFlight, most              int
	accepted, rejected, windows int
}

func (h *limitedHost) RoundTrip(request *http.Request) (*http.Response, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inFlight++
	h.most = max(h.most, h.inFlight)
	defer func() { h.inFlight-- }()
	now := time.Now()
	if !now.Before(h.end) {
		h.end, h.count = now.Add(time.Minute), 0
		h.windows++
	}
	response := newResponse(request, 200, "{}")
	if h.count >= h.allowed {
		h.rejected++
		after := (h.end.Sub(now) + time.Second - 1) / time.Second
		response = newResponse(request, 429, "", "Retry-After", strconv.Itoa(int(after)))
	} else {
		h.accepted++
		h.count++
	}
	h.mu.Unlock()
	defer h.mu.Lock()
	return response, sleep(request.Context(), time.Second)
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
		{"three", 3, 300, 0.15},
	} {
		bubble(t, test.name, func(t *testing.T) {
			const requests = 1500
			host := &limitedHost{allowed: test.allowed}
			var all sync.WaitGroup
			for range test.programs {
				program := newStack(host, static)
				for range requests / test.programs {
					all.Go(func() {
						checkError(t, "request", program.Read(newRequest(t, "GET"), readAll), nil)
					})
				}
			}
			all.Wait()
			share := float64(host.rejected) / float64(host.rejected+host.accepted)
			t.Logf("%d of %d rejected, %.1f %%", host.rejected, host.rejected+host.accepted, 100*share)
			check(t, "most requests in flight", host.most, 8*test.programs)
			check(t, "requests accepted", host.accepted, requests)
			check(t, "windows", host.windows, requests/test.allowed)
			if share >= test.rejected {
				t.Errorf("share of rejected requests: got %.3f, want less than %.3f", share, test.rejected)
			}
		})
	}
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
			send := func() {
				response, _ := transport.RoundTrip(newRequest(t, "GET"))
				response.Body.Close()
			}
			send()
			start := time.Now()
			send()
			send()
			check(t, "pause", time.Since(start), test.want)
		})
	}
}

// A pause that begins holds back those who wait for a slot, is logged once, and a shorter
// one after it does not end it.
func TestRateLimitPauseIsForThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
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
		}), newTextLogger(&log))
		var all sync.WaitGroup
		send := func() { transport.RoundTrip(newRequest(t, "GET")) }
		for range 8 + 5 {
			all.Go(send)
		}
		all.Go(func() { // and who comes later
			time.Sleep(30 * time.Second)
			send()
		})
		all.Wait()
		check(t, "requests", len(sent), 8+5+1)
		for i, got := range sent[8:] {
			checkBetween(t, fmt.Sprintf("request %d: sent after", i+9), got, time.Minute, time.Minute+time.Second)
		}
		check(t, "slots taken", len(transport.slots), 0)
		check(t, "warnings", strings.Count(log.String(), "level=WARN"), 1)
		checkContains(t, "log", log.String(), "wait=1m0s", "host=api.example.com")
	})
}

// Whoever leaves while waiting, for a slot or for the end of a pause, leaves at once, and
// leaves the slot to others.
func TestRateLimitWaitersCanLeave(t *testing.T) {
	for _, paused := range []bool{false, true} {
		bubble(t, fmt.Sprintf("paused %v", paused), func(t *testing.T) {
			transport := newRateLimit(newOutcomes(t, outcome{status: 200, takes: time.Second}), discardLog)
			send := func() {
				response, _ := transport.RoundTrip(newRequest(t, "GET"))
				response.Body.Close()
			}
			var all sync.WaitGroup
			for range maxInFlight {
				all.Go(send)
			}
			synctest.Wait()
			if paused {
				all.Wait()
				transport.pause(time.Minute)
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			for range 20 {
				all.Go(func() {
					_, err := transport.RoundTrip(newRequest(t, "POST").WithContext(ctx))
					checkFailure(t, err, "waiting for the rate limit of api.example.com: the cause", failure.ErrBlocked)
				})
			}
			synctest.Wait()
			start := time.Now()
			cancel(errCause)
			synctest.Wait()
			check(t, "time to leave", time.Since(start), 0)
			all.Wait()
			check(t, "slots taken", len(transport.slots), 0)
		})
	}
}

// A pause of the API is none of the login host's, no stall, and no part of the duration of
// a request.
func TestRateLimitPauseOfTheAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		login, api := newOutcomes(t, outcome{status: 200, body: `{"access_token":"T"}`}), newOutcomes(t, good)
		var log strings.Builder
		config := newConfig(hosts{loginHost: login, apiHost: api}, clientCredentials)
		config.Logger = newTextLogger(&log)
		stack, start := New(config), time.Now()
		stack.retry.base.(*rateLimit).pause(150 * time.Second)
		checkError(t, "request", stack.Read(newRequest(t, "GET"), readAll), nil)
		check(t, "login", login.sent[0].Sub(start), 0)
		check(t, "request", api.sent[0].Sub(start), 150*time.Second)
		check(t, "requests of no duration in the log", strings.Count(log.String(), "duration=0s"), 2)
	})
}
