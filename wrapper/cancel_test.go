package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"go.uber.org/goleak"
)

// A call ends within 100 ms of its context in each of its phases, over a real network. A
// single measurement on a machine that is busy says little, so that the best of several
// has to do.
func TestCancelIsPrompt(t *testing.T) {
	const prompt = 100 * time.Millisecond
	tirelessly := wrapper.WithRetry(wrapper.Retry{MaxAttempts: 1 << 30, Initial: time.Millisecond})
	held := usagetest.Fault{Delay: time.Hour}
	stalled := usagetest.Fault{Connection: usagetest.Stall}
	for _, test := range []struct {
		name      string
		config    usagetest.Config
		execution bool // the error names it
		options   []wrapper.Option
	}{
		{"token", usagetest.Config{Fault: on(tokenPath, held)}, false, nil},
		{"token stalls", usagetest.Config{Fault: on(tokenPath, stalled)}, false, nil},
		{"submit", usagetest.Config{Fault: on(submitPath, held)}, false, nil},
		{"submit stalls", usagetest.Config{Fault: on(submitPath, stalled)}, false, nil},
		{"503 stalls", usagetest.Config{Fault: on(submitPath, usagetest.Fault{Status: 503, Connection: usagetest.Stall})},
			false,
			[]wrapper.Option{tirelessly}},
		{"retries", usagetest.Config{Fault: on(submitPath, usagetest.Fault{Status: 503})}, false,
			[]wrapper.Option{tirelessly}},
		{"retry wait", usagetest.Config{Fault: on(submitPath, usagetest.Fault{Status: 503})}, false,
			[]wrapper.Option{wrapper.WithRetry(wrapper.Retry{Initial: time.Hour})}},
		{"rate limit", usagetest.Config{RateLimit: 1, RateWindow: 2 * time.Minute}, true, nil},
		{"poll", usagetest.Config{Fault: on(resultPath, held)}, true, nil},
		{"polls", usagetest.Config{RunningPolls: 1 << 30}, true, nil},
		{"poll wait", usagetest.Config{RunningPolls: 1 << 30}, true,
			[]wrapper.Option{wrapper.WithPolling(wrapper.Polling{Initial: time.Hour})}},
		{"download stalls", usagetest.Config{Fault: on(resultPath, stalled)}, true, nil},
		{"download is truncated for ever",
			usagetest.Config{Fault: on(resultPath, usagetest.Fault{Connection: usagetest.Cut})}, true,
			[]wrapper.Option{tirelessly}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newUsageServer(t, test.config)
			best := time.Hour
			for range 10 {
				client := mustNew(t, append(server.Options(), test.options...)...)
				ctx, cancel := context.WithCancel(t.Context())
				cancelled := make(chan time.Time, 1)
				time.AfterFunc(30*time.Millisecond, func() { // long enough to get there
					cancelled <- time.Now()
					cancel()
				})
				_, err := client.Query(ctx, january)
				took := time.Since(<-cancelled)
				if !errors.Is(err, context.Canceled) {
					t.Fatalf("error %v, want %v", err, context.Canceled)
				}
				if _, got := errors.AsType[*wrapper.ExecutionError](err); got != test.execution {
					t.Errorf("names an execution: %v, want %v: %v", got, test.execution, err)
				}
				if best = min(best, took); best < prompt {
					return
				}
			}
			t.Errorf("it took %v at best, want %v at most", best, prompt)
		})
	}
}

// hasty are the time constants of a client that is to give up soon.
func hasty(server *usagetest.Server) []wrapper.Option {
	return append(server.Options(),
		wrapper.WithRetry(wrapper.Retry{MaxAttempts: 2, Initial: 1, Max: time.Millisecond, Stall: 20 * time.Millisecond}),
		wrapper.WithPolling(wrapper.Polling{Initial: 1, Max: time.Millisecond, Timeout: 50 * time.Millisecond}))
}

// Nothing is left over when a call has ended, however it ended: no goroutine, and
// with idle connections closed no connection.
func TestNothingIsLeftOver(t *testing.T) {
	for name, fault := range outcomes() {
		for _, way := range []string{"Query", "left early", "deadline", "Poll"} {
			if way == "Poll" && strings.HasPrefix(name, "held") {
				continue // nothing would end it
			}
			t.Run(name+"/"+way, func(t *testing.T) {
				before := goleak.IgnoreCurrent()
				server := usagetest.NewServer(usagetest.Config{Fault: fault})
				transport := &http.Transport{}
				client := mustNew(t, append(hasty(server), wrapper.WithHTTPClient(&http.Client{Transport: transport}))...)
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				if way == "deadline" {
					ctx, cancel = context.WithTimeout(t.Context(), 2*time.Millisecond)
				}
				switch way {
				case "Poll": // no context ends: what is left over stays
					if execution, err := client.Submit(context.Background(), january); err == nil {
						_, _ = execution.Poll(context.Background())
					}
				case "left early":
					for range client.QueryRows(ctx, january) {
						break
					}
				default:
					_, _ = client.Query(ctx, january)
				}
				cancel()
				transport.CloseIdleConnections()
				server.Close()
				goleak.VerifyNone(t, before)
			})
		}
	}
}

// Memory is bounded in each place that reads a body, however long that is.
func TestEndlessBodiesTakeLittleMemory(t *testing.T) {
	live := func() int64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64())
	}
	for _, path := range []string{tokenPath, submitPath, resultPath} {
		for _, status := range []int{0, 400, 503} {
			t.Run(fmt.Sprint(path, status), func(t *testing.T) {
				endless := usagetest.Fault{Status: status, Connection: usagetest.Endless}
				server := newUsageServer(t, usagetest.Config{Fault: on(path, endless)})
				client := mustNew(t, append(patient(server),
					wrapper.WithRetry(wrapper.Retry{MaxAttempts: 3, Initial: 1, Max: time.Millisecond}),
					wrapper.WithPolling(wrapper.Polling{Initial: 1, Max: time.Millisecond, Timeout: 1}))...)
				runtime.GC()
				before := live()
				if _, err := client.Query(t.Context(), january); err == nil {
					t.Error("no error")
				}
				// Garbage included, of all attempts.
				if grown := live() - before; grown > 64<<20 {
					t.Errorf("it took %d bytes, want %d at most", grown, 64<<20)
				}
			})
		}
	}
}

// A response that stalls is given up after Stall, and the request is retried.
func TestStalledResponsesAreRetried(t *testing.T) {
	for _, path := range []string{tokenPath, submitPath, resultPath} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			var once sync.Once
			server := newUsageServer(t, usagetest.Config{Fault: func(request *http.Request) (fault usagetest.Fault) {
				if strings.HasSuffix(request.URL.Path, path) {
					once.Do(func() { fault.Connection = usagetest.Stall })
				}
				return fault
			}})
			rows, err := mustNew(t, patient(server)...).Query(t.Context(), january)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) == 0 {
				t.Error("no rows")
			}
		})
	}
}
