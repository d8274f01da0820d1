package wrapper

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/transport"
)

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

func waitQuery(ctx context.Context, c *Client) error {
	_, err := c.Execution("id").Wait(ctx)
	return err
}

func rangeQuery(ctx context.Context, c *Client) (err error) {
	for _, err = range c.Execution("id").Rows(ctx) {
	}
	return err
}

func waitJob(ctx context.Context, c *Client) error {
	_, err := c.Job("id").Wait(ctx)
	return err
}

// progressLog keeps what a client says of its progress.
type progressLog []Progress

func (l *progressLog) option() Option { return WithProgress(func(p Progress) { *l = append(*l, p) }) }

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var updates progressLog
		script := script{bodies: []string{runningBody, down, completeBody}}
		client := newBubbleClient(t, script.serve, WithRetry(Retry{MaxAttempts: 1}), updates.option())
		start := time.Now()
		_, err := client.Query(t.Context(), someQuery)
		checkError(t, err, "")
		if len(updates) != 3 {
			t.Fatalf("%d updates, want 3: %+v", len(updates), updates)
		}
		for i, status := range []string{"Running", "", "Complete"} {
			check(t, "ID", updates[i].ID, "id")
			check(t, "Status", updates[i].Status, status)
			check(t, "Polls", updates[i].Polls, i+1)
			check(t, "has an Err", updates[i].Err != nil, status == "")
		}
		checkStatus(t, updates[1].Err, http.StatusServiceUnavailable)
		check(t, "first NextPoll", updates[0].NextPoll, updates[1].Elapsed-updates[0].Elapsed)
		check(t, "second NextPoll", updates[1].NextPoll, updates[2].Elapsed-updates[1].Elapsed)
		check(t, "last NextPoll", updates[2].NextPoll, 0)
		check(t, "last Elapsed", updates[2].Elapsed, time.Since(start))
	})
}

// A Retry-After is the wait before the next poll, where it is the longer one.
func TestRetryAfterOfAPoll(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		after  string
		want   time.Duration
	}{
		{"running", http.StatusOK, "90", 90 * time.Second},
		{"running, for longer than the longest wait", http.StatusOK, "3600", transport.MaxRetryAfter},
		{"down, for the longest wait", http.StatusServiceUnavailable, "180", transport.MaxRetryAfter},
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
				_, err := client.Query(t.Context(), someQuery)
				checkError(t, err, "")
				check(t, "polls", len(updates), 2)
				check(t, "wait before the second poll", updates[1].Elapsed-updates[0].Elapsed, test.want)
			})
		})
	}
}

// Polling.Timeout does not count the time that a loop takes for its rows.
func TestTimeoutDoesNotCountTheTimeOfTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pages := newPages(t, map[string][]string{
			"":  {pageOf(numbered(1, 1), "b")},
			"b": {pageOf("", "c")}, // the next page waits for the schedule
			"c": {pageOf(numbered(2, 2), "")},
		})
		client := newBubbleClient(t, pages.serve, WithPolling(Polling{Timeout: time.Minute}))
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

// An outage and a 404 are waited out once the API has responded for the id: the submit of
// this process, a result or a row. Until then the id may be wrong.
func TestWaitingOutNeedsAKnownID(t *testing.T) {
	const row = `{"results":[{"requests":1},` + truncated
	query := func(ctx context.Context, c *Client) error { _, err := c.Query(ctx, someQuery); return err }
	for _, test := range []struct {
		name   string
		call   func(context.Context, *Client) error
		before []string // responses before the outage
		outage string
		lasts  time.Duration
		want   string // the error; "" for none
		after  time.Duration
	}{
		{"submitted, down", query, nil, down, 10 * time.Minute, "", 10 * time.Minute},
		{"submitted, not found for a while", query, nil, notFound, 20 * time.Second, "", 20 * time.Second},
		{"submitted, not found for long", query, nil, notFound, time.Hour, "404", 30 * time.Second},
		{"a result, down", waitQuery, []string{runningBody}, down, 10 * time.Minute, "", 10 * time.Minute},
		{"a result, not found for long", waitQuery, []string{runningBody}, notFound, time.Hour, "404", 30 * time.Second},
		{"a row, down", rangeQuery, []string{row}, down, 10 * time.Minute, "", 10 * time.Minute},
		{"unknown, down", waitQuery, nil, down, 10 * time.Minute, "503", 3 * time.Second},
		{"unknown, not found", waitQuery, nil, notFound, time.Second, "404", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				polls := 0
				start := time.Now()
				err := test.call(t.Context(), newBubbleClient(t, submitted(func(w http.ResponseWriter, _ *http.Request) {
					polls++
					switch {
					case polls <= len(test.before):
						reply(w, test.before[polls-1])
					case time.Since(start) < test.lasts:
						reply(w, test.outage)
					default:
						reply(w, completeBody)
					}
				})))
				checkError(t, err, test.want)
				if took := time.Since(start); took < test.after || took > test.after+45*time.Second {
					t.Errorf("it took %v, want %v and some polls", took, test.after)
				}
			})
		})
	}
}

// The 30 s of a 404 begin anew after each result.
func TestNotFoundBetweenResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		client := newBubbleClient(t, func(w http.ResponseWriter, _ *http.Request) {
			switch since := time.Since(start); {
			case since > 5*time.Minute:
				reply(w, completeBody)
			case since%time.Minute > 30*time.Second && since%time.Minute < 50*time.Second:
				reply(w, notFound)
			default:
				reply(w, runningBody)
			}
		}, WithPolling(Polling{Initial: time.Second, Max: time.Second}))
		checkError(t, waitQuery(t.Context(), client), "")
	})
}

// A 404 of the login host says nothing of the query, and is no reason to wait.
func TestNotFoundOfTheLoginHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := 0
		start := time.Now()
		client := newBubbleClient(t, func(w http.ResponseWriter, request *http.Request) {
			switch {
			case request.URL.Path != "/oauth/token":
				submitted(func(w http.ResponseWriter, _ *http.Request) { reply(w, runningBody) })(w, request)
			case logins > 0:
				reply(w, notFound)
			default:
				logins++
				reply(w, `{"access_token":"T","token_type":"bearer","expires_in":1}`)
			}
		}, WithClientCredentials("id", "secret"))
		_, err := client.Query(t.Context(), someQuery)
		checkStatus(t, err, http.StatusNotFound)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("the error took %v, want it at once", took)
		}
	})
}

// A result that cannot be read to its end has the attempts of one request, and is not
// waited out: each download begins anew.
func TestTruncatedForEver(t *testing.T) {
	for name, call := range map[string]func(context.Context, *Client) error{"query": waitQuery, "job": waitJob} {
		for _, body := range []string{`{"queryStatus":` + truncated, "<html>", runningBody + "}"} {
			t.Run(name+": "+body, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					script := script{bodies: []string{runningBody, body}}
					err := call(t.Context(), newBubbleClient(t, script.serve))
					checkOperationError(t, err, "truncated or not JSON", true)
					check(t, "Retryable", Retryable(err), true)
					check(t, "requests", script.polls.Load(), 1+5)
				})
			})
		}
	}
}

// A panic of the caller's goes its way, and the response is closed.
func TestPanicsCloseTheResponse(t *testing.T) {
	for _, test := range []struct {
		name   string
		option Option
		loop   func()
	}{
		{"loop", nil, func() { panic("caller") }},
		{"logger", WithLogger(slog.New(panicking{})), func() {}},
	} {
		t.Run(test.name, func(t *testing.T) {
			gone := make(chan struct{})
			options := slices.DeleteFunc([]Option{test.option}, func(o Option) bool { return o == nil })
			client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
				fmt.Fprint(w, `{"queryStatus":"Complete","results":[{},{}`)
				w.(http.Flusher).Flush()
				<-request.Context().Done()
				close(gone)
			}, options...)
			func() {
				defer func() { check(t, "recovered", recover(), any("caller")) }()
				for range client.Execution("id").Rows(t.Context()) {
					test.loop()
				}
			}()
			<-gone
		})
	}
}

// panicking is a Handler of the log that panics.
type panicking struct{ slog.Handler }

func (panicking) Enabled(context.Context, slog.Level) bool  { return true }
func (panicking) Handle(context.Context, slog.Record) error { panic("caller") }

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
		{"of jobs", []string{queued, `{"queryStatus":"running"}`, `{"queryStatus":"Succeeded"}`}, waitJob, 0},
		{"unknown, of jobs", []string{`{"queryStatus":"Paused"}`, `{}`, `{"queryStatus":"Succeeded"}`}, waitJob, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log strings.Builder
			script := script{bodies: test.bodies}
			err := test.read(t.Context(), newTestClient(t, script.serve, WithLogger(newTextLogger(&log))))
			checkError(t, err, "")
			warnings := slices.DeleteFunc(strings.Split(log.String(), "\n"), func(line string) bool {
				return !strings.Contains(line, "level=WARN")
			})
			check(t, "warnings", len(warnings), test.warnings)
			for _, warning := range warnings {
				id := strings.Contains(warning, "query=id status=Queued") || strings.Contains(warning, "job=id status=Paused")
				if !id || !strings.Contains(warning, `msg="unknown status, polling goes on"`) {
					t.Errorf("the warning does not say which status is unknown: %s", warning)
				}
			}
		})
	}
}

// Results in shapes that the simulation does not draw.
func TestResults(t *testing.T) {
	const more = "unexpected cursor of another page; the rows are incomplete"
	for _, test := range []struct {
		name, body string
		rows       int
		want       string
	}{
		{"no rows", `{"results":[],"queryStatus":"Complete"}`, 0, ""},
		{"no results at all", `{"queryStatus":"Complete"}`, 0, ""},
		{"null results", `{"results":null,"queryStatus":"Complete"}`, 0, ""},
		{"other letter case", `{"Results":[{"REQUESTS":1}],"QueryStatus":"complete"}`, 1, ""},
		{"rows without a status", `{"results":[{"requests":1}]}`, 1, `rows arrived with status ""`},
		{"a status that changes", `{"queryStatus":"Running","results":[{"requests":1}],"queryStatus":"Complete"}`, 0,
			"the status changed within the response; the rows are incomplete"},
		{"failed, with rows before", `{"results":[{"requests":1}],"queryStatus":"Failed"}`, 1, ErrQueryFailed.Error()},
		{"failed, with rows after", `{"queryStatus":"Failed","results":[{"requests":1}]}`, 0, ErrQueryFailed.Error()},
		{"no cursor", `{"results":[{"requests":1}],"cursors":{"before":"x","after":""},"queryStatus":"Complete"}`, 1, ""},
		{"cursors are null", `{"cursors":null,"queryStatus":"Complete"}`, 0, ""},
		{"cursors are an empty list", `{"cursors":[],"queryStatus":"Complete"}`, 0, ""},
		{"cursors are an empty text", `{"cursors":"","queryStatus":"Complete"}`, 0, ""},
		{"a cursor", `{"results":[{"requests":1}],"cursors":{"after":"x"},"queryStatus":"Complete"}`, 1, more},
		{"cursors are a text", `{"cursors":"x","queryStatus":"Complete"}`, 0, more},
		{"cursors are a list", `{"cursors":["x"],"queryStatus":"Complete"}`, 0, more},
		{"a cursor is a number", `{"cursors":{"after":5},"queryStatus":"Complete"}`, 0, more},
	} {
		t.Run(test.name, func(t *testing.T) {
			script := script{bodies: []string{test.body}}
			rows, err := collect(t, newTestClient(t, script.serve).Execution("id").Rows(t.Context()))
			checkError(t, err, test.want)
			checkNumbers(t, rows, test.rows)
			check(t, "polls", script.polls.Load(), 1)
		})
	}
	t.Run("Wait", func(t *testing.T) {
		script := script{bodies: []string{`{"queryStatus":"Complete"}`}}
		rows, err := newTestClient(t, script.serve).Execution("id").Wait(t.Context())
		checkError(t, err, "")
		check(t, "rows are nil", rows == nil, false)
	})
}

// Poll polls once, and returns the result whatever its status.
func TestPoll(t *testing.T) {
	for _, test := range []struct {
		body   string
		status gen.QueryStatus
		rows   int
	}{
		{runningBody, gen.QueryStatusRunning, 0},
		{failedBody, gen.QueryStatusFailed, 0},
		{`{"queryStatus":"Queued","results":[{"requests":1}]}`, "Queued", 1},
		{completeBody, gen.QueryStatusComplete, 2},
	} {
		script := script{bodies: []string{test.body}}
		result, err := newTestClient(t, script.serve).Execution("id").Poll(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		check(t, "QueryStatus", result.QueryStatus, test.status)
		checkNumbers(t, result.Results, test.rows)
	}
	script := script{bodies: []string{notFound}}
	client := newTestClient(t, script.serve)
	execution, err := client.Submit(t.Context(), someQuery)
	checkError(t, err, "")
	_, err = execution.Poll(t.Context()) // of an own submit, too: Poll does not wait
	api := checkStatus(t, err, http.StatusNotFound)
	check(t, "Method", api.Method, "GET")
	check(t, "Path", api.Path, "/api/v2/usage/query/id/results")
	check(t, "requests", script.polls.Load(), 1)
}
