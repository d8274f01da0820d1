package transport

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// Each program knows of the others' requests only by being rejected. Nothing is lost,
// each minute is used, and few requests are rejected.
func TestRateLimitShared(t *testing.T) {
	// The race detector fails where many timers of a bubble fire at once on several
	// processors (golang.org/issue/78156).
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const requests, allowed = 1500, 300                              // a minute
	for programs, share := range map[int]float64{1: 0.03, 3: 0.15} { // of rejected requests at most
		bubble(t, fmt.Sprint(programs), func(t *testing.T) {
			var mu sync.Mutex
			var end time.Time // of the minute
			var inFlight, mostInFlight, count, rejected, minutes int
			host := roundTripper(func(request *http.Request) (*http.Response, error) {
				mu.Lock()
				defer mu.Unlock()
				inFlight++
				mostInFlight = max(mostInFlight, inFlight)
				defer func() { inFlight-- }()
				if now := time.Now(); !now.Before(end) {
					end, count = now.Add(time.Minute), 0
					minutes++
				}
				response := newResponse(request, 200, "{}")
				if count++; count > allowed {
					rejected++
					after := math.Ceil(time.Until(end).Seconds())
					response = newResponse(request, 429, "", "Retry-After", fmt.Sprint(after))
				}
				mu.Unlock()
				defer mu.Lock()
				time.Sleep(time.Second)
				return response, nil
			})
			var all sync.WaitGroup
			for range programs {
				program := newStack(host, static)
				for range requests / programs {
					all.Go(func() { checkError(t, "request", program.Read(newRequest(t, "GET"), readAll), nil) })
				}
			}
			all.Wait()
			check(t, "most requests in flight", mostInFlight, 8*programs)
			check(t, "minutes", minutes, requests/allowed)
			if got := float64(rejected) / float64(rejected+requests); got >= share {
				t.Errorf("share of rejected requests: got %.3f, want less than %.3f", got, share)
			}
		})
	}
}

// sendTo returns a function that sends a request.
func sendTo(t *testing.T, transport *rateLimit) func() {
	return func() {
		response, err := transport.RoundTrip(newRequest(t, "GET"))
		checkError(t, "request", err, nil)
		response.Body.Close()
	}
}

func TestRateLimitPause(t *testing.T) {
	for _, test := range []struct {
		status int
		after  string
		want   time.Duration
	}{
		{429, "42", 42 * time.Second},
		{429, "", 0},
		{429, "180", 3 * time.Minute},
		{429, "181", 0},
		{503, "42", 0},
	} {
		bubble(t, fmt.Sprintf("%d, %q", test.status, test.after), func(t *testing.T) {
			first := outcome{status: test.status, headers: []string{"Retry-After", test.after}}
			var log strings.Builder
			send := sendTo(t, newRateLimit(newOutcomes(t, first, good), newTextLogger(&log)))
			send()
			start := time.Now()
			send()
			send()
			check(t, "pause", time.Since(start), test.want)
			check(t, "logged", log.Len() > 0, test.want > 0)
		})
	}
}

// A pause that begins holds back those who wait for a slot and those who come later, is
// logged once, and a shorter one after it does not end it.
func TestRateLimitPauseIsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		base := newOutcomes(t,
			outcome{status: 429, headers: []string{"Retry-After", "60"}, takes: time.Millisecond},
			outcome{status: 429, headers: []string{"Retry-After", "1"}, takes: 2 * time.Millisecond},
			outcome{status: 200, takes: 3 * time.Millisecond})
		transport := newRateLimit(base, newTextLogger(&log))
		start, send := time.Now(), sendTo(t, transport)
		var all sync.WaitGroup
		for range maxInFlight + 5 {
			all.Go(send)
		}
		time.Sleep(30 * time.Second)
		send()
		all.Wait()
		check(t, "requests", len(base.sent), maxInFlight+5+1)
		for _, at := range base.sent[maxInFlight:] {
			checkBetween(t, "time of a request that waited", at.Sub(start), time.Minute, time.Minute+time.Second)
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
			var all sync.WaitGroup
			for range maxInFlight {
				all.Go(sendTo(t, transport))
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
