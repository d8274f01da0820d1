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
		checkStatus(t, updates[1].Err, http.StatusServiceUnavailable)
		updates[1].Err = nil
		first, second, last := updates[0].Elapsed, updates[1].Elapsed, time.Since(start)
		check(t, "first update", updates[0], Progress{"id", "Running", 1, first, second - first, nil})
		check(t, "second update", updates[1], Progress{"id", "", 2, second, last - second, nil})
		check(t, "last update", updates[2], Progress{"id", "Complete", 3, last, 0, nil})
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
		pages := &pages{t: t, bodies: map[string]string{
			"":  pageOf(numbered(1, 1), "b"),
			"b": pageOf("", "c"), // the next page waits for the schedule
			"c": pageOf(numbered(2, 2), ""),
		}}
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
		{"results in between, not found", waitQuery, slices.Repeat([]string{runningBody, notFound}, 18), "", 0, "",
			5 * time.Minute},
		{"an outage in between, not found", query, slices.Concat([]string{notFound}, slices.Repeat([]string{down}, 50),
			[]string{notFound}), "", 0, "", 100 * time.Second},
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

func TestUnknownStatusIsWarnedOfOnce(t *testing.T) {
	const queued = `{"queryStatus":"Queued"}`
	const warning = `level=WARN msg="unknown status, polling goes on" `
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	for _, test := range []struct {
		name     string
		bodies   []string
		read     func(context.Context, *Client) error
		warnings string
	}{
		{"unknown", []string{queued, queued, completeBody}, waitQuery, warning + "query=id status=Queued\n"},
		{"known", []string{`{"queryStatus":"RUNNING"}`, completeBody}, waitQuery, ""},
		{"unknown, of jobs", []string{`{"queryStatus":"Paused"}`, `{}`, succeededBody}, waitJob,
			warning + "job=id status=Paused\n"},
		{"known, of jobs", []string{queued, `{"queryStatus":"running"}`, succeededBody}, waitJob, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log strings.Builder
			handler := slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: withoutTime})
			script := script{bodies: test.bodies}
			err := test.read(t.Context(), newTestClient(t, script.serve, WithLogger(slog.New(handler))))
			checkError(t, err, "")
			check(t, "warnings", log.String(), test.warnings)
		})
	}
}

// Results in shapes that the simulation does not draw. TestLenient has what may be a cursor.
func TestResults(t *testing.T) {
	const more = "unexpected cursor of another page; the rows are incomplete"
	for _, test := range []struct {
		name, body string
		rows       int
		want       string
	}{
		{"rows without a status", `{"results":[{"requests":1}]}`, 1, `rows arrived with status ""`},
		{"a status that changes", `{"queryStatus":"Running","results":[{"requests":1}],"queryStatus":"Complete"}`, 0,
			"the status changed within the response; the rows are incomplete"},
		{"failed, with rows before", `{"results":[{"requests":1}],"queryStatus":"Failed"}`, 1, ErrQueryFailed.Error()},
		{"failed, with rows after", `{"queryStatus":"Failed","results":[{"requests":1}]}`, 0, ErrQueryFailed.Error()},
		{"no cursor", `{"results":[{"requests":1}],"cursors":{"before":"x","after":""},"queryStatus":"Complete"}`, 1, ""},
		{"cursors are an empty list", `{"cursors":[],"queryStatus":"Complete"}`, 0, ""},
		{"a cursor", `{"results":[{"requests":1}],"cursors":{"after":"x"},"queryStatus":"Complete"}`, 1, more},
		{"cursors are a text", `{"cursors":"x","queryStatus":"Complete"}`, 0, more},
	} {
		t.Run(test.name, func(t *testing.T) {
			script := script{bodies: []string{test.body}}
			rows, err := collect(t, newTestClient(t, script.serve).Execution("id").Rows(t.Context()))
			checkError(t, err, test.want)
			checkNumbers(t, rows, test.rows)
			check(t, "polls", script.polls.Load(), 1)
		})
	}
}

// Wait returns an empty slice and not nil, so that its JSON is a list.
func TestWaitOfNoRows(t *testing.T) {
	script := script{bodies: []string{`{"queryStatus":"Complete"}`}}
	rows, err := newTestClient(t, script.serve).Execution("id").Wait(t.Context())
	checkError(t, err, "")
	check(t, "rows are nil", rows == nil, false)
}

// Poll polls once, and returns the result whatever its status, or the error, even where
// Wait would wait.
func TestPoll(t *testing.T) {
	script := script{bodies: []string{failedBody, `{"queryStatus":"Queued","results":[{"requests":1}]}`, notFound}}
	execution, err := newTestClient(t, script.serve).Submit(t.Context(), someQuery)
	checkError(t, err, "")
	for rows, status := range []gen.QueryStatus{gen.QueryStatusFailed, "Queued"} {
		result, err := execution.Poll(t.Context())
		checkError(t, err, "")
		check(t, "QueryStatus", result.QueryStatus, status)
		checkNumbers(t, result.Results, rows)
	}
	_, err = execution.Poll(t.Context())
	api := checkStatus(t, err, http.StatusNotFound)
	check(t, "Method", api.Method, "GET")
	check(t, "Path", api.Path, "/api/v2/usage/query/id/results")
	check(t, "requests", script.polls.Load(), 3)
}
