package wrapper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/transport"
)

// ways are the ways to read a report, of either API; the rows are told by their numbers.
var ways = []struct {
	name string
	own  bool // submitted by the same call
	read func(context.Context, *testing.T, *Client) ([]int64, error)
}{
	{"Query", true, func(ctx context.Context, _ *testing.T, c *Client) ([]int64, error) {
		rows, err := c.Query(ctx, someQuery)
		return numbers(rows), err
	}},
	{"QueryRows", true, func(ctx context.Context, t *testing.T, c *Client) ([]int64, error) {
		rows, err := collect(t, c.QueryRows(ctx, someQuery))
		return numbers(rows), err
	}},
	{"QueryJob", true, func(ctx context.Context, _ *testing.T, c *Client) ([]int64, error) {
		rows, err := c.QueryJob(ctx, someJobQuery)
		return numbers(rows), err
	}},
	{"QueryJobRows", true, func(ctx context.Context, t *testing.T, c *Client) ([]int64, error) {
		rows, err := collect(t, c.QueryJobRows(ctx, someJobQuery))
		return numbers(rows), err
	}},
	{"Execution.Wait", false, func(ctx context.Context, _ *testing.T, c *Client) ([]int64, error) {
		rows, err := c.Execution("id").Wait(ctx)
		return numbers(rows), err
	}},
	{"Execution.Rows", false, func(ctx context.Context, t *testing.T, c *Client) ([]int64, error) {
		rows, err := collect(t, c.Execution("id").Rows(ctx))
		return numbers(rows), err
	}},
	{"Job.Wait", false, func(ctx context.Context, _ *testing.T, c *Client) ([]int64, error) {
		rows, err := c.Job("id").Wait(ctx)
		return numbers(rows), err
	}},
	{"Job.Rows", false, func(ctx context.Context, t *testing.T, c *Client) ([]int64, error) {
		rows, err := collect(t, c.Job("id").Rows(ctx))
		return numbers(rows), err
	}},
}

// inBubbles runs a test for each way to read a report, in the time of package synctest.
func inBubbles(t *testing.T, test func(*testing.T, func(context.Context, *Client) ([]int64, error))) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test(t, func(ctx context.Context, c *Client) ([]int64, error) { return way.read(ctx, t, c) })
			})
		})
	}
}

// doneBody is the result of a query or job that is done, with two rows.
func doneBody(request *http.Request) string {
	if strings.Contains(request.URL.Path, "/jobs/") {
		return succeededBody
	}
	return completeBody
}

// submitted answers submits, and leaves everything else to a handler.
func submitted(handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodPost {
			reply(w, submittedBody)
			return
		}
		handler(w, request)
	}
}

// progressLog keeps what a client says of its progress.
type progressLog []Progress

func (l *progressLog) option() Option { return WithProgress(func(p Progress) { *l = append(*l, p) }) }

// failures are the updates with an error.
func (l *progressLog) failures() (failures progressLog) {
	for _, p := range *l {
		if p.Err != nil {
			failures = append(failures, p)
		}
	}
	return failures
}

func TestProgress(t *testing.T) {
	inBubbles(t, func(t *testing.T, read func(context.Context, *Client) ([]int64, error)) {
		var updates progressLog
		polls := 0
		client := newBubbleClient(t, submitted(func(w http.ResponseWriter, request *http.Request) {
			if polls++; polls == 1 {
				reply(w, runningBody)
				return
			}
			reply(w, doneBody(request))
		}), updates.option())
		start := time.Now()
		if _, err := read(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if len(updates) != 2 {
			t.Fatalf("%d updates, want 2: %+v", len(updates), updates)
		}
		first, last := updates[0], updates[1]
		check[string](t, "first Status", first.Status, "Running") // a plain string, of jobs too
		check(t, "first Polls", first.Polls, 1)
		check(t, "first NextPoll", first.NextPoll, last.Elapsed-first.Elapsed)
		check(t, "last Polls", last.Polls, 2)
		check(t, "last NextPoll", last.NextPoll, 0)
		check(t, "last Elapsed", last.Elapsed, time.Since(start))
		check(t, "last ExecutionID", last.ID, "id")
		check(t, "last Err", last.Err, nil)
	})
}

func TestRetryAfterIsAFloorForPolls(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		after  string
		want   time.Duration
	}{
		{"running", http.StatusOK, "90", 90 * time.Second},
		{"running, for longer than the longest wait", http.StatusOK, "3600", transport.MaxRetryAfter},
		{"down", http.StatusServiceUnavailable, "90", 90 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var updates progressLog
				client := newBubbleClient(t, submitted(func(w http.ResponseWriter, _ *http.Request) {
					if len(updates) > 0 {
						reply(w, completeBody)
						return
					}
					w.Header().Set("Retry-After", test.after)
					w.WriteHeader(test.status)
					reply(w, runningBody)
				}), WithRetry(Retry{MaxAttempts: 1}), updates.option())
				if _, err := client.Query(t.Context(), someQuery); err != nil {
					t.Fatal(err)
				}
				check(t, "polls", len(updates), 2)
				check(t, "NextPoll", updates[0].NextPoll, test.want)
				check(t, "wait before the second poll", updates[1].Elapsed-updates[0].Elapsed, test.want)
			})
		})
	}
}

func TestTimeout(t *testing.T) {
	inBubbles(t, func(t *testing.T, read func(context.Context, *Client) ([]int64, error)) {
		polls := 0
		client := newBubbleClient(t, submitted(func(w http.ResponseWriter, _ *http.Request) {
			polls++
			reply(w, runningBody)
		}))
		start := time.Now()
		_, err := read(t.Context(), client)
		checkOperationError(t, err, `not done after 1h0m0s (Polling.Timeout); last status "Running"`, true)
		checkIs(t, err, context.DeadlineExceeded, true)
		check(t, "Retryable", Retryable(err), true)
		check(t, "time", time.Since(start), time.Hour)
		if polls < 300 || polls > 450 {
			t.Errorf("%d polls in an hour, want about 365", polls)
		}
	})
}

// Timeout is about polls: the time that a loop takes for its rows is not cut short by
// it, on one page or several, nor what comes after.
func TestTimeoutDoesNotCountTheTimeOfTheLoop(t *testing.T) {
	const rows = 100_000 // more than the buffers hold
	one := `{"results":[{}` + strings.Repeat(",{}", rows-1) + `],"queryStatus":"Complete"}`
	synctest.Test(t, func(t *testing.T) {
		client := newBubbleClient(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, one) },
			WithPolling(Polling{Timeout: time.Minute}))
		n := 0
		for _, err := range client.Execution("id").Rows(t.Context()) {
			if err != nil {
				t.Fatalf("after %d rows: %v", n, err)
			}
			if n++; n%(rows/2) == 1 {
				time.Sleep(time.Hour)
			}
		}
		check(t, "rows", n, rows)
	})
	synctest.Test(t, func(t *testing.T) {
		outage := time.Time{} // its end
		client := newBubbleClient(t, func(w http.ResponseWriter, request *http.Request) {
			switch request.URL.Query().Get("after") {
			case "":
				reply(w, `{"entities":[{"requestCount":1}],"queryStatus":"Succeeded","nextUri":"?after=b"}`)
			case "b":
				reply(w, `{"queryStatus":"Succeeded","nextUri":"?after=c"}`)
			default:
				if outage.IsZero() {
					outage = time.Now().Add(30 * time.Second)
				}
				if time.Now().Before(outage) {
					reply(w, down)
					return
				}
				reply(w, `{"entities":[{"requestCount":2}],"queryStatus":"Succeeded"}`)
			}
		}, WithPolling(Polling{Timeout: time.Minute}))
		var got []int64
		for row, err := range client.Job("id").Rows(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, row.RequestCount)
			time.Sleep(time.Hour)
		}
		check(t, "rows", fmt.Sprint(got), "[1 2]")
	})
}

// A context that ends, ends the loop before the next row, whatever is buffered, with
// the cause of its end.
func TestContextEndsTheLoopBeforeTheNextRow(t *testing.T) {
	body := `{"results":[{}` + strings.Repeat(",{}", 1000) + `],"queryStatus":"Complete"}`
	client := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, body) })
	cause := errors.New("the loop has seen enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	rows, last := 0, error(nil)
	for _, err := range client.Execution("id").Rows(ctx) {
		if last = err; err == nil {
			rows++
			cancel(cause)
		}
	}
	check(t, "rows", rows, 1)
	checkOperationError(t, last, cause.Error(), true)
	checkIs(t, last, cause, true)
	checkIs(t, last, context.Canceled, false)
	check(t, "Retryable", Retryable(last), false)
	if text := last.Error(); strings.Contains(text, "cannot be used") {
		t.Errorf("the error blames the response: %s", text)
	}
}

// The cause of a context's end is the error in each phase of a query.
func TestContextCause(t *testing.T) {
	cause := errors.New("shutting down")
	for _, test := range []struct {
		name      string
		handler   http.HandlerFunc
		execution bool
	}{
		{"submit", func(_ http.ResponseWriter, request *http.Request) { <-request.Context().Done() }, false},
		{"retry wait", func(w http.ResponseWriter, _ *http.Request) { reply(w, down) }, false},
		{"poll", submitted(func(_ http.ResponseWriter, request *http.Request) { <-request.Context().Done() }), true},
		{"poll wait", submitted(func(w http.ResponseWriter, _ *http.Request) { reply(w, runningBody) }), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := newBubbleClient(t, test.handler)
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(1300*time.Millisecond, func() { cancel(cause) })
				_, err := client.Query(ctx, someQuery)
				checkIs(t, err, cause, true)
				checkIs(t, err, context.Canceled, false)
				check(t, "Retryable", Retryable(err), false)
				_, execution := errors.AsType[*OperationError](err)
				check(t, "is an *OperationError", execution, test.execution)
			})
		})
	}
}

// Nothing is yielded to a loop that was left.
func TestLoopThatWasLeft(t *testing.T) {
	client := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, completeBody) })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, err := range client.Execution("id").Rows(ctx) {
		if err != nil {
			t.Error(err)
		}
		cancel()
		break
	}
}

// Once the API has answered for a query, a transient error is waited out; before that,
// it ends the wait.
func TestOutages(t *testing.T) {
	status := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
	}
	body := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
	}
	for _, test := range []struct {
		name   string
		outage http.HandlerFunc
		passes bool
	}{
		{"503", status(http.StatusServiceUnavailable), true},
		{"408", status(http.StatusRequestTimeout), true},
		{"429", status(http.StatusTooManyRequests), true},
		{"520", status(520), true},
		{"522", status(522), true},
		{"524", status(524), true},
		{"empty 200", status(http.StatusOK), true},
		{"empty 202", status(http.StatusAccepted), true},
		{"HTML with 200", body("<html>"), false},
		{"truncated", func(w http.ResponseWriter, _ *http.Request) { reply(w, `{"queryStatus":`+truncated) }, false},
		{"limited for longer than the longest wait", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		}, false},
		{"401", status(http.StatusUnauthorized), false},
		{"403", status(http.StatusForbidden), false},
		{"410", status(http.StatusGone), false},
		{"501", status(http.StatusNotImplemented), false},
		{"redirect", status(http.StatusFound), false},
		{"another type", body(`{"queryStatus":1}`), false},
		{"not an object", body(`[]`), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubbles(t, func(t *testing.T, read func(context.Context, *Client) ([]int64, error)) {
				start := time.Now()
				var updates progressLog
				client := newBubbleClient(t, submitted(func(w http.ResponseWriter, request *http.Request) {
					switch since := time.Since(start); {
					case since < 10*time.Second:
						reply(w, runningBody)
					case since < 10*time.Minute:
						test.outage(w, request)
					default:
						reply(w, doneBody(request))
					}
				}), updates.option())
				rows, err := read(t.Context(), client)
				if !test.passes {
					if err == nil {
						t.Error("no error")
					}
					check(t, "failed polls that were waited out", len(updates.failures()), 0)
					return
				}
				checkError(t, err, "")
				check(t, "rows", fmt.Sprint(rows), "[1 2]")
				if failures := updates.failures(); len(failures) < 10 {
					t.Errorf("%d failed polls in 10 minutes, want 10 at least", len(failures))
				} else {
					check(t, "Status of a failed poll", failures[0].Status, "")
					check(t, "failed poll names the next one", failures[0].NextPoll > 0, true)
				}
			})
		})
	}
}

// An own submit is an answer of the API for the query; an id from elsewhere is none.
func TestOutageOnTheFirstPoll(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				client := newBubbleClient(t, submitted(func(w http.ResponseWriter, request *http.Request) {
					if time.Since(start) < 10*time.Minute {
						reply(w, down)
						return
					}
					reply(w, doneBody(request))
				}))
				rows, err := way.read(t.Context(), t, client)
				if way.own {
					checkError(t, err, "")
					check(t, "rows", fmt.Sprint(rows), "[1 2]")
					return
				}
				checkStatus(t, err, http.StatusServiceUnavailable)
				checkOperationError(t, err, "503", true)
				if took := time.Since(start); took > time.Minute {
					t.Errorf("the error took %v, want the attempts of one poll", took)
				}
			})
		})
	}
}

// What was just submitted may not be known everywhere yet: a 404 is waited out for 30 s
// and then the error. For an id from elsewhere it is the error at once.
func TestNotFoundAfterSubmit(t *testing.T) {
	for _, test := range []struct {
		name  string
		lasts time.Duration
		found bool
	}{
		{"for a poll", time.Second, true},
		{"for 20 s", 20 * time.Second, true},
		{"for 2 minutes", 2 * time.Minute, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, way := range ways {
				t.Run(way.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						start := time.Now()
						var updates progressLog
						client := newBubbleClient(t, submitted(func(w http.ResponseWriter, request *http.Request) {
							if time.Since(start) < test.lasts {
								reply(w, notFound)
								return
							}
							reply(w, doneBody(request))
						}), updates.option())
						rows, err := way.read(t.Context(), t, client)
						if way.own && test.found {
							checkError(t, err, "")
							check(t, "rows", fmt.Sprint(rows), "[1 2]")
							for _, update := range updates.failures() {
								checkStatus(t, update.Err, http.StatusNotFound)
							}
							check(t, "some polls failed", len(updates.failures()) > 0, true)
							return
						}
						checkStatus(t, err, http.StatusNotFound)
						checkOperationError(t, err, "check the id", false)
						took := time.Since(start)
						if way.own && (took < notFoundPatience || took > notFoundPatience+15*time.Second) {
							t.Errorf("the error took %v, want %v and a poll", took, notFoundPatience)
						}
						if !way.own && took > time.Second {
							t.Errorf("the error took %v, want that of the first poll", took)
						}
					})
				})
			}
		})
	}
}

// A wait that ends while a 404 may pass can be resumed.
func TestNotFoundUntilTheWaitEnds(t *testing.T) {
	for _, test := range []struct {
		name      string
		timeout   time.Duration // of Polling
		retryable bool
	}{
		{"Polling.Timeout", 10 * time.Second, true},
		{"deadline of the context", time.Hour, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := newBubbleClient(t, submitted(func(w http.ResponseWriter, _ *http.Request) { reply(w, notFound) }),
					WithPolling(Polling{Timeout: test.timeout}))
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				_, err := client.Query(ctx, someQuery)
				checkOperationError(t, err, "last poll failed: GET", true)
				check(t, "Retryable", Retryable(err), test.retryable)
				check(t, "is DeadlineExceeded", errors.Is(err, context.DeadlineExceeded), true)
				_, isStatus := errors.AsType[*APIError](err)
				check(t, "is an APIError too", isStatus, false)
			})
		})
	}
}

// The 30 s begin anew with each 404 that comes after a result.
func TestNotFoundBetweenResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		client := newBubbleClient(t, func(w http.ResponseWriter, _ *http.Request) {
			switch minute := time.Since(start) % time.Minute; {
			case time.Since(start) > 5*time.Minute:
				reply(w, completeBody)
			case minute > 30*time.Second && minute < 50*time.Second:
				reply(w, notFound)
			default:
				reply(w, runningBody)
			}
		}, WithPolling(Polling{Initial: time.Second, Max: time.Second}))
		rows, err := client.Execution("id").Wait(t.Context())
		checkError(t, err, "")
		checkNumbers(t, rows, 2)
	})
}

// A 404 of the login host says nothing of the query, and is no reason to wait.
func TestNotFoundOfTheLoginHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := 0
		start := time.Now()
		client := newBubbleClient(t, func(w http.ResponseWriter, request *http.Request) {
			switch {
			case request.URL.Path != "/oauth/token":
				submitted(func(w http.ResponseWriter, _ *http.Request) { reply(w, runningBody) })(w, request)
			case tokens > 0:
				reply(w, notFound)
			default:
				tokens++
				reply(w, `{"access_token":"T","expires_in":1}`)
			}
		}, WithClientCredentials("id", "secret"))
		_, err := client.Query(t.Context(), someQuery)
		checkStatus(t, err, http.StatusNotFound)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("the error took %v, want it at once", took)
		}
	})
}

// A response that cannot be used is no outage.
func TestResultsThatCannotBeUsed(t *testing.T) {
	for name, body := range map[string]string{
		"another page":                      `{"results":[{}],"cursors":{"after":"x"},"queryStatus":"Complete"}`,
		"rows of a query that runs":         `{"results":[{}],"queryStatus":"Running"}`,
		"rows of a query in another status": `{"results":[{}],"queryStatus":"Paused"}`,
		"rows without a status":             `{"results":[{}]}`,
		"a number that is a string":         `{"results":[{},{"requests":"x"}],"queryStatus":"Complete"}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				script := script{bodies: []string{body, completeBody}}
				client := newBubbleClient(t, script.serve)
				rows, err := collect(t, client.QueryRows(t.Context(), someQuery))
				if err == nil {
					t.Error("no error")
				}
				check(t, "rows", len(rows), 1)
				check(t, "polls", script.polls.Load(), 1)
			})
		})
	}
}

// Rows are an answer of the API: an outage after them is waited out, and the rows that
// were yielded come once.
func TestOutageAfterRows(t *testing.T) {
	first, _, _ := strings.Cut(completeBody, `{"requests":2}`)
	synctest.Test(t, func(t *testing.T) {
		start, requests := time.Now(), 0
		client := newBubbleClient(t, func(w http.ResponseWriter, _ *http.Request) {
			switch requests++; {
			case requests == 1:
				reply(w, first+truncated)
			case time.Since(start) < 10*time.Minute:
				reply(w, down)
			default:
				reply(w, completeBody)
			}
		})
		rows, err := collect(t, client.Execution("id").Rows(t.Context()))
		checkError(t, err, "")
		checkNumbers(t, rows, 2)
	})
}

// An outage of the login host is one, too, and its responses are *APIErrors.
func TestLoginOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		client := newBubbleClient(t, func(w http.ResponseWriter, request *http.Request) {
			since := time.Since(start)
			switch isToken := request.URL.Path == "/oauth/token"; {
			case isToken && since > time.Minute && since < 10*time.Minute:
				w.Header().Set(transport.CorrelationHeader, "abc")
				reply(w, down)
			case isToken:
				reply(w, `{"access_token":"T","expires_in":60}`)
			case since < 15*time.Minute:
				submitted(func(w http.ResponseWriter, _ *http.Request) { reply(w, runningBody) })(w, request)
			default:
				reply(w, completeBody)
			}
		}, WithClientCredentials("id", "secret"))
		rows, err := client.Query(t.Context(), someQuery)
		checkError(t, err, "")
		checkNumbers(t, rows, 2)

		start = time.Now().Add(-5 * time.Minute) // down again
		time.Sleep(2 * time.Minute)              // and the token has expired
		_, err = client.Execution("id").Poll(t.Context())
		checkOperationError(t, err, "fetching a token", true)
		api := checkStatus(t, err, http.StatusServiceUnavailable)
		check(t, "Method", api.Method, "POST")
		check(t, "Path", api.Path, "/oauth/token")
		check(t, "CorrelationID", api.CorrelationID, "abc")
		check(t, "Retryable", Retryable(err), true)
	})
}

// A refused secret ends the wait at once, and does not blame the query.
func TestCredentialsAreRefusedDuringTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, tokens := time.Now(), 0
		client := newBubbleClient(t, func(w http.ResponseWriter, request *http.Request) {
			switch {
			case request.URL.Path != "/oauth/token":
				submitted(func(w http.ResponseWriter, _ *http.Request) { reply(w, runningBody) })(w, request)
			case tokens > 0:
				w.WriteHeader(http.StatusBadRequest)
				io.WriteString(w, `{"error":"invalid_client"}`)
			default:
				tokens++
				reply(w, `{"access_token":"T","expires_in":60}`)
			}
		}, WithClientCredentials("id", "secret"))
		_, err := client.Query(t.Context(), someQuery)
		checkOperationError(t, err, "check the client id and secret", true)
		check(t, "Retryable", Retryable(err), false)
		if took := time.Since(start); took > 2*time.Minute {
			t.Errorf("the error took %v, want that of the first renewal that fails", took)
		}
	})
}

// One budget of attempts counts what goes wrong before and while the rows are read:
// rows that were gained start it anew where they are yielded, and only there.
func TestOneBudget(t *testing.T) {
	const one = `{"results":[{},` + truncated
	newClient := func(t *testing.T, bodies []string) (*Client, *script, context.Context) {
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		script := &script{bodies: bodies}
		return newTestClient(t, script.serve, WithRetry(Retry{MaxAttempts: 5, Initial: 1, Max: time.Millisecond}),
			WithProgress(func(Progress) { cancel() })), script, ctx // before another poll
	}
	for _, test := range []struct {
		name       string
		bodies     []string
		wait, rows int32 // requests; of Poll as many as of Wait
	}{
		{"down and truncated in turns", []string{down, down, down, down, `{"results":[{"reque` + truncated, down}, 5, 5},
		{"truncated after a row each time", []string{one}, 5, 5},
		{"down after a row", []string{one, down}, 5, 5},
		{"a row more", []string{down, down, down, one, down, down, `{"results":[{},{},` + truncated, down}, 5, 11},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, script, ctx := newClient(t, test.bodies)
			if _, err := client.Execution("id").Poll(t.Context()); err == nil {
				t.Error("Poll: no error")
			}
			check(t, "requests of Poll", script.polls.Swap(0), test.wait)
			if _, err := client.Execution("id").Wait(ctx); err == nil {
				t.Error("Wait: no error")
			}
			check(t, "requests of Wait", script.polls.Load(), test.wait)
		})
		t.Run(test.name+", Rows", func(t *testing.T) {
			client, script, ctx := newClient(t, test.bodies)
			if _, err := collect(t, client.Execution("id").Rows(ctx)); err == nil {
				t.Error("no error")
			}
			check(t, "requests", script.polls.Load(), test.rows)
		})
	}
}

// However often a download is truncated, all rows come, once and in order.
func TestRowsOfATruncatedDownload(t *testing.T) {
	const n, share = 5000, 10_000 // rows, and bytes more with each request
	var b strings.Builder
	b.WriteString(`{"results":[{"requests":1}`)
	for i := 2; i <= n; i++ {
		fmt.Fprintf(&b, `,{"clientName":"Demo","requests":%d}`, i)
	}
	body := b.String() + `],"queryStatus":"Complete"}`
	requests := 0
	client := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		io.WriteString(w, body[:min(requests*share, len(body))])
	})
	rows, err := collect(t, client.Execution("id").Rows(t.Context()))
	checkError(t, err, "")
	checkNumbers(t, rows, n)
	check(t, "requests", requests, len(body)/share+1)
}

// newHangingClient returns a client whose results begin and do not end. The channel is
// closed when the client has gone.
func newHangingClient(t *testing.T) (client *Client, gone chan struct{}) {
	gone = make(chan struct{})
	return newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
		io.WriteString(w, `{"results":[{},{}`)
		w.(http.Flusher).Flush()
		<-request.Context().Done()
		close(gone)
	}), gone
}

func TestLeavingRowsClosesTheResponse(t *testing.T) {
	client, gone := newHangingClient(t)
	for _, err := range client.Execution("id").Rows(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	<-gone
}

// A panic of the loop goes its way, and closes the response.
func TestALoopThatPanics(t *testing.T) {
	client, gone := newHangingClient(t)
	func() {
		defer func() { check(t, "recovered", recover(), any("loop")) }()
		for range client.Execution("id").Rows(t.Context()) {
			panic("loop")
		}
	}()
	<-gone
}

func TestUnknownStatusIsWarnedOfOnce(t *testing.T) {
	const queued = `{"queryStatus":"Queued"}`
	for _, test := range []struct {
		name     string
		bodies   []string
		read     func(context.Context, *Client) error
		warnings int
	}{
		{"unknown", []string{queued, queued, completeBody}, waitQuery, 1},
		{"known", []string{runningBody, completeBody}, waitQuery, 0},
		{"known, any letter case", []string{`{"queryStatus":"RUNNING"}`, `{"queryStatus":"COMPLETE"}`}, waitQuery, 0},
		{"an outage", []string{runningBody, down, completeBody}, waitQuery, 0},
		{"of jobs", []string{queued, `{"queryStatus":"running"}`, `{"queryStatus":"Succeeded"}`}, waitJob, 0},
		{"unknown, of jobs", []string{`{"queryStatus":"Paused"}`, `{}`, `{"queryStatus":"Succeeded"}`}, waitJob, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log strings.Builder
			script := script{bodies: test.bodies}
			client := newTestClient(t, script.serve, WithLogger(newTextLogger(&log)), WithRetry(Retry{MaxAttempts: 1}))
			if err := test.read(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			warnings := slices.DeleteFunc(strings.Split(log.String(), "\n"), func(line string) bool {
				return !strings.Contains(line, "level=WARN")
			})
			check(t, "warnings", len(warnings), test.warnings)
			for _, warning := range warnings {
				if !strings.Contains(warning, "status=Queued") && !strings.Contains(warning, "status=Paused") {
					t.Errorf("the warning does not name the status: %s", warning)
				}
			}
		})
	}
}

func waitQuery(ctx context.Context, c *Client) error {
	_, err := c.Execution("id").Wait(ctx)
	return err
}

func waitJob(ctx context.Context, c *Client) error {
	_, err := c.Job("id").Wait(ctx)
	return err
}

// An Execution may be used any number of times, and concurrently.
func TestExecutionIsReusable(t *testing.T) {
	var polls atomic.Int32
	client := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) {
		polls.Add(1)
		reply(w, completeBody)
	})
	execution := client.Execution("id")
	errs := make(chan error)
	for range 10 {
		go func() {
			_, err := execution.Wait(t.Context())
			errs <- err
		}()
	}
	for range 10 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	check(t, "polls", polls.Load(), 10)
}
