package wrapper_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"go.uber.org/goleak"
	"golang.org/x/oauth2"
)

var january = gen.APIUsageQuery{Interval: "2026-01-01/2026-01-31"}

// outcomes are the ways that a call can end.
func outcomes() map[string]func(*http.Request) usagetest.Fault {
	all := map[string]func(*http.Request) usagetest.Fault{"nothing": nil}
	for _, fault := range usagetest.TransientFaults() {
		for _, path := range []string{tokenPath, submitPath, resultPath} {
			all[fault.Name+" at "+path] = on(path, fault)
		}
	}
	for _, path := range []string{tokenPath, submitPath, resultPath} {
		all["400 at "+path] = on(path, usagetest.Fault{Status: 400})
		all["endless at "+path] = on(path, usagetest.Fault{Connection: usagetest.Endless})
		all["endless error at "+path] = on(path, usagetest.Fault{Status: 400, Connection: usagetest.Endless})
		all["held at "+path] = on(path, usagetest.Fault{Delay: time.Hour})
		for _, status := range []int{301, 302, 303, 307, 308} {
			all[fmt.Sprint(status, " at ", path)] = on(path, usagetest.Fault{Status: status, Header: http.Header{"Location": {"http://127.0.0.1:1/"}}})
		}
	}
	all["failed"] = on(resultPath, usagetest.Fault{QueryStatus: gen.QueryStatusFailed})
	return all
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
				client := mustNew(t, append(server.Options(), wrapper.WithHTTPClient(&http.Client{Transport: transport}),
					wrapper.WithRetry(wrapper.Retry{MaxAttempts: 2, Initial: 1, Max: time.Millisecond, Stall: 20 * time.Millisecond}),
					wrapper.WithPolling(wrapper.Polling{Initial: 1, Max: time.Millisecond, Timeout: 50 * time.Millisecond}))...)
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
				server := newUsageServer(t, usagetest.Config{Fault: on(path, usagetest.Fault{Status: status, Connection: usagetest.Endless})})
				client := mustNew(t, append(patient(server), wrapper.WithRetry(wrapper.Retry{MaxAttempts: 3, Initial: 1, Max: time.Millisecond}),
					wrapper.WithPolling(wrapper.Polling{Initial: 1, Max: time.Millisecond, Timeout: 1}))...)
				runtime.GC()
				before := live()
				if _, err := client.Query(t.Context(), january); err == nil {
					t.Error("no error")
				}
				// Garbage included, of all attempts.
				if grown := live() - before; grown > 64<<20 {
					t.Errorf("took %d bytes", grown)
				}
			})
		}
	}
}

// A context's deadline is met within 100 ms everywhere. A single measurement on a
// machine that is busy says little, so that the best of several has to do.
func TestDeadlinesAreMet(t *testing.T) {
	for _, test := range []struct {
		name    string
		config  usagetest.Config
		options []wrapper.Option
	}{
		{"token", usagetest.Config{Fault: on(tokenPath, usagetest.Fault{Delay: time.Hour})}, nil},
		{"token stalls", usagetest.Config{Fault: on(tokenPath, usagetest.Fault{Connection: usagetest.Stall})}, nil},
		{"submit", usagetest.Config{Fault: on(submitPath, usagetest.Fault{Delay: time.Hour})}, nil},
		{"submit stalls", usagetest.Config{Fault: on(submitPath, usagetest.Fault{Connection: usagetest.Stall})}, nil},
		{"error stalls", usagetest.Config{Fault: on(submitPath, usagetest.Fault{Status: 400, Connection: usagetest.Stall})}, nil},
		{"poll", usagetest.Config{Fault: on(resultPath, usagetest.Fault{Delay: time.Hour})}, nil},
		{"download stalls", usagetest.Config{Fault: on(resultPath, usagetest.Fault{Connection: usagetest.Stall})}, nil},
		{"download is cut for ever", usagetest.Config{Fault: on(resultPath, usagetest.Fault{Connection: usagetest.Cut})},
			[]wrapper.Option{wrapper.WithRetry(wrapper.Retry{MaxAttempts: 1 << 30, Initial: time.Millisecond})}},
		{"running for ever", usagetest.Config{RunningPolls: 1 << 30}, nil},
		{"poll sleep", usagetest.Config{RunningPolls: 1 << 30}, []wrapper.Option{wrapper.WithPolling(wrapper.Polling{Initial: time.Hour})}},
		{"retries", usagetest.Config{Fault: on(submitPath, usagetest.Fault{Status: 503})},
			[]wrapper.Option{wrapper.WithRetry(wrapper.Retry{MaxAttempts: 1 << 30, Initial: time.Millisecond})}},
		{"retry sleep", usagetest.Config{Fault: on(submitPath, usagetest.Fault{Status: 503})}, []wrapper.Option{wrapper.WithRetry(wrapper.Retry{Initial: time.Hour})}},
		{"Retry-After", usagetest.Config{Fault: on(submitPath, usagetest.Fault{Status: 429, Header: http.Header{"Retry-After": {"3600"}}})}, nil},
		{"rate limit", usagetest.Config{RateLimit: 1, RateWindow: time.Hour}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newUsageServer(t, test.config)
			best := time.Duration(1<<63 - 1)
			for range 10 {
				client := mustNew(t, append(server.Options(), test.options...)...)
				deadline := time.Now().Add(30 * time.Millisecond)
				ctx, cancel := context.WithDeadline(t.Context(), deadline)
				_, err := client.Query(ctx, january)
				late := time.Since(deadline)
				cancel()
				if err == nil { // whichever: the last one, where no other try fits
					t.Fatal("no error")
				}
				if best = min(best, late); best < 100*time.Millisecond {
					return
				}
			}
			t.Errorf("%v late at best", best)
		})
	}
}

// Markers that are recognized wherever they get to.
const (
	markedID     = "MARKED-ID"
	markedSecret = "MARKED%SECRET+/="
	markedToken  = "MARKEDTOKEN"
)

// hidden are the forms in which a secret travels.
func hidden() []string {
	escaped := url.QueryEscape(markedSecret)
	return []string{
		markedSecret, escaped, url.PathEscape(markedSecret), base64.StdEncoding.EncodeToString([]byte(markedSecret)),
		base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(markedID) + ":" + escaped)), markedToken,
		base64.StdEncoding.EncodeToString([]byte(markedToken)),
	}
}

// lockedBuffer takes a log from several goroutines.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// No secret is in a log, an error, or what fmt prints of any exported type,
// whatever happens.
func TestSecretsDoNotGetOut(t *testing.T) {
	for name, fault := range outcomes() {
		for _, credential := range []string{"client credentials", "token", "source"} {
			t.Run(name+"/"+credential, func(t *testing.T) {
				t.Parallel()
				// The fake's tokens are made up; this one is the marker, and refused
				// after all faults are over.
				config := usagetest.Config{ClientID: markedID, ClientSecret: markedSecret, Fault: fault}
				if fault == nil {
					config.Fault = func(request *http.Request) usagetest.Fault {
						if request.URL.Path == tokenPath {
							return usagetest.Fault{Body: []byte(`{"access_token":"` + markedToken + `","token_type":"bearer","expires_in":3600}`)}
						}
						return usagetest.Fault{}
					}
				}
				server := newUsageServer(t, config)
				var log lockedBuffer
				options := []wrapper.Option{
					wrapper.WithBaseURL(server.URL), wrapper.WithLoginURL(server.URL),
					wrapper.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
					wrapper.WithRetry(wrapper.Retry{MaxAttempts: 2, Initial: 1, Max: time.Millisecond, Stall: 20 * time.Millisecond}),
					wrapper.WithPolling(wrapper.Polling{Initial: 1, Max: time.Millisecond, Timeout: 50 * time.Millisecond}),
				}
				switch credential {
				case "client credentials":
					options = append(options, wrapper.WithClientCredentials(markedID, markedSecret))
				case "token":
					options = append(options, wrapper.WithAccessToken(markedToken))
				case "source":
					options = append(options, wrapper.WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: markedToken})))
				}
				client := mustNew(t, options...)
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				printed := []any{client, options, server, config, client.API(), server.Requests()}
				execution, err := client.Submit(ctx, january)
				printed = append(printed, execution, err)
				if execution != nil {
					rows, err := execution.Wait(ctx)
					printed = append(printed, rows, err)
				}
				response, err := client.API().PostUsageQueryWithResponse(ctx, january)
				printed = append(printed, response, err)
				if response != nil {
					// Not the request as a whole: it holds its context, which others use.
					sent := response.HTTPResponse.Request
					printed = append(printed, response.HTTPResponse.Header, sent.Header, sent.URL)
				}
				var all strings.Builder
				all.WriteString(log.String())
				for _, value := range printed {
					print(&all, value)
				}
				for _, secret := range hidden() {
					if i := strings.Index(all.String(), secret); i >= 0 {
						t.Errorf("%s is in ...%s...", secret, all.String()[max(i-200, 0):min(i+100, all.Len())])
					}
				}
			})
		}
	}
}

// print prints a value in all ways, and the errors that it wraps.
func print(all *strings.Builder, value any) {
	fmt.Fprintf(all, "%v %+v %#v %s %q\n", value, value, value, value, value)
	switch err := value.(type) {
	case interface{ Unwrap() error }:
		print(all, err.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range err.Unwrap() {
			print(all, err)
		}
	case *oauth2.RetrieveError:
		print(all, err.Response)
		print(all, *err.Response)
		print(all, string(err.Body))
	}
}

// No redirect takes a secret or a token to another server, and none is followed
// on the same one.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := newUsageServer(t, usagetest.Config{})
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, path := range []string{tokenPath, submitPath, resultPath} {
			for _, location := range []string{elsewhere.URL, ""} {
				server := newUsageServer(t, usagetest.Config{Fault: on(path, usagetest.Fault{Status: status, Header: http.Header{"Location": {location + "/redirected"}}})})
				if _, err := mustNew(t, patient(server)...).Query(t.Context(), january); err == nil {
					t.Errorf("%d at %s: no error", status, path)
				}
				for _, request := range server.Requests() {
					if request.Path == "/redirected" {
						t.Errorf("%d at %s was followed on the same server", status, path)
					}
				}
			}
		}
	}
	if n := len(elsewhere.Requests()); n > 0 {
		t.Errorf("%d requests got to another server", n)
	}
}

// A response that stalls is given up after Stall, and asked for again.
func TestStalledResponsesAreAskedForAgain(t *testing.T) {
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
			if rows, err := mustNew(t, patient(server)...).Query(t.Context(), january); err != nil || len(rows) == 0 {
				t.Errorf("%d rows, %v", len(rows), err)
			}
		})
	}
}
