package wrapper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/transport"
)

// newTestClient makes a client of a server that answers by a function. Its waits
// are short.
func newTestClient(t *testing.T, handler http.HandlerFunc, options ...Option) *testClient {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := New("", append([]Option{
		WithBaseURL(server.URL), WithAccessToken("T"),
		WithPolling(Polling{Initial: 1, Max: time.Millisecond}),
		WithRetry(Retry{MaxAttempts: 3, Initial: 1, Max: time.Millisecond}),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	return &testClient{client, server.URL}
}

// testClient is a client with its server's address.
type testClient struct {
	*Client
	base string
}

// script answers each poll with the next body, and then with the last again.
func script(polls *atomic.Int32, bodies ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		n := int(polls.Add(1))
		body := bodies[min(n, len(bodies))-1]
		if cut, ok := strings.CutSuffix(body, "CUT"); ok {
			w.Header().Set("Content-Length", fmt.Sprint(len(cut)+1))
			body = cut
		}
		fmt.Fprint(w, body)
	}
}

const (
	runningBody  = `{"queryStatus":"Running"}`
	completeBody = `{"results":[{"requests":1},{"requests":2}],"queryStatus":"Complete"}`
)

func TestWaitAndRows(t *testing.T) {
	for _, test := range []struct {
		name      string
		bodies    []string
		rows      int
		wantErr   string // of both
		rowsErr   string // of Rows, where it differs
		rowsFirst int    // rows before that
		polls     int
		rowsPolls int
		final     bool // asking again would not help
	}{
		{name: "complete", bodies: []string{completeBody}, rows: 2, polls: 1},
		{name: "running first", bodies: []string{runningBody, runningBody, completeBody}, rows: 2, polls: 3},
		{name: "unknown statuses first", bodies: []string{`{"queryStatus":"Queued"}`, `{}`, completeBody}, rows: 2, polls: 3},
		{name: "no rows", bodies: []string{`{"results":[],"queryStatus":"Complete"}`}, polls: 1},
		{name: "no results at all", bodies: []string{`{"queryStatus":"Complete"}`}, polls: 1},
		{name: "empty and running", bodies: []string{`{"results":[],"queryStatus":"Running"}`, completeBody}, rows: 2, polls: 2},
		{name: "failed", bodies: []string{runningBody, `{"queryStatus":"Failed"}`}, wantErr: ErrQueryFailed.Error(), polls: 2, final: true},
		{name: "running with rows, status first", bodies: []string{`{"queryStatus":"Running","results":[{},{},{}]}`, completeBody}, rows: 2, polls: 2},
		{name: "any letter case", bodies: []string{`{"queryStatus":"RUNNING"}`, `{"results":[{"requests":1},{}],"queryStatus":"COMPLETE"}`}, rows: 2, polls: 2},
		{name: "failed, any letter case", bodies: []string{`{"queryStatus":"failed"}`}, wantErr: ErrQueryFailed.Error(), polls: 1, final: true},
		{name: "another page", bodies: []string{`{"results":[{}],"cursors":{"after":"x"},"queryStatus":"Complete"}`}, wantErr: "not the whole report", rowsFirst: 1, polls: 1, final: true},
		{name: "no other page", bodies: []string{`{"results":[{}],"cursors":{"before":"x","after":""},"queryStatus":"Complete"}`}, rows: 1, polls: 1},
		{name: "running with rows, status last", bodies: []string{`{"results":[{}],"queryStatus":"Running"}`, completeBody}, rows: 2, polls: 2,
			rowsErr: "not the whole report", rowsFirst: 1, rowsPolls: 1},
		{name: "failed with rows", bodies: []string{`{"results":[{}],"queryStatus":"Failed"}`}, wantErr: ErrQueryFailed.Error(), rowsFirst: 1, polls: 1, final: true},
		{name: "cut before a row", bodies: []string{`{"results":[{"requests":1CUT`, completeBody}, rows: 2, polls: 2},
		{name: "cut behind a row", bodies: []string{`{"results":[{"requests":1},CUT`, completeBody}, rows: 2, polls: 2},
		{name: "cut behind each row", bodies: []string{`{"results":[{"requests":1},CUT`, `{"results":[{"requests":1},{"requests":2}CUT`, completeBody}, rows: 2, polls: 3},
		{name: "cut, and then another answer", bodies: []string{`{"results":[{"requests":1},CUT`, `{"results":[{"requests":7},{"requests":2}],"queryStatus":"Complete"}`}, rows: 2, polls: 2,
			rowsErr: "is another one now", rowsFirst: 1, rowsPolls: 2},
		{name: "cut, and then running", bodies: []string{`{"results":[{"requests":1},CUT`, runningBody, completeBody}, rows: 2, polls: 3,
			rowsErr: "is another one now", rowsFirst: 1, rowsPolls: 2},
		{name: "cut for ever", bodies: []string{`{"results":[{"requests":1},CUT`}, wantErr: "breaks off", rowsFirst: 1, polls: 3},
		{name: "not JSON", bodies: []string{"<html>", "", completeBody}, rows: 2, polls: 3},
		{name: "never JSON", bodies: []string{"<html>"}, wantErr: "invalid character '<'", polls: 3},
		{name: "wrong type", bodies: []string{`{"results":[{"requests":1},{"requests":"x"}]}`, completeBody}, wantErr: "row 2", rowsFirst: 1, polls: 1, final: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var polls atomic.Int32
			rows, err := newTestClient(t, script(&polls, test.bodies...)).Execution("id").Wait(t.Context())
			checkError(t, err, test.wantErr)
			checkGoesOn(t, err, !test.final)
			if len(rows) != test.rows || err == nil && rows == nil || int(polls.Load()) != test.polls {
				t.Errorf("Wait: %d rows after %d polls, want %d after %d", len(rows), polls.Load(), test.rows, test.polls)
			}

			polls.Store(0)
			wantErr, wantPolls, wantRows := test.wantErr, test.polls, test.rows
			if test.rowsErr != "" {
				wantErr, wantPolls = test.rowsErr, test.rowsPolls
			}
			if wantErr != "" {
				wantRows = test.rowsFirst
			}
			got, last := 0, error(nil)
			for row, err := range newTestClient(t, script(&polls, test.bodies...)).Execution("id").Rows(t.Context()) {
				if last != nil {
					t.Error("a row after the error")
				}
				if last = err; err != nil {
					if row != (gen.APIUsageRow{}) {
						t.Errorf("the error comes with %+v", row)
					}
					continue
				}
				got++
			}
			checkError(t, last, wantErr)
			checkGoesOn(t, last, !test.final)
			if got != wantRows || int(polls.Load()) != wantPolls {
				t.Errorf("Rows: %d rows after %d polls, want %d after %d", got, polls.Load(), wantRows, wantPolls)
			}
		})
	}
}

// checkError wants an *ExecutionError with a text in it, or none.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("error %v", err)
		}
		return
	}
	var execution *ExecutionError
	if !errors.As(err, &execution) || execution.ExecutionID != "id" || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want an ExecutionError with %q", err, want)
	}
}

// checkGoesOn wants an error, if it is one, to say how to go on where that helps.
func checkGoesOn(t *testing.T, err error, want bool) {
	t.Helper()
	if err != nil && strings.Contains(err.Error(), "takes it up again") != want {
		t.Errorf("says how to go on: %v: %v", !want, err)
	}
}

func TestPoll(t *testing.T) {
	for _, test := range []struct {
		bodies []string
		status gen.QueryStatus
		rows   int
	}{
		{[]string{runningBody}, gen.QueryStatusRunning, 0},
		{[]string{`{"queryStatus":"Failed"}`}, gen.QueryStatusFailed, 0},
		{[]string{`{"queryStatus":"Queued","results":[{}]}`}, "Queued", 1},
		{[]string{completeBody}, gen.QueryStatusComplete, 2},
		{[]string{`{"results":[{"requests":1},CUT`, completeBody}, gen.QueryStatusComplete, 2},
	} {
		var polls atomic.Int32
		result, err := newTestClient(t, script(&polls, test.bodies...)).Execution("id").Poll(t.Context())
		if err != nil || result.QueryStatus != test.status || len(result.Results) != test.rows || int(polls.Load()) != len(test.bodies) {
			t.Errorf("%s: %+v, %v after %d requests", test.bodies, result, err, polls.Load())
		}
	}
	_, err := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }).Execution("id").Poll(t.Context())
	var api *APIError
	if !errors.As(err, &api) || api.StatusCode != 404 || api.Method != "GET" || api.Path != "/api/v2/usage/query/id/results" {
		t.Errorf("404: %v", err)
	}
	checkError(t, err, "404")
}

func TestRetryAfterIsAFloorForPolls(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		after  string
		want   time.Duration
	}{
		{"running", 200, "90", 90 * time.Second},
		{"running, for longer than anybody waits", 200, "3600", 3 * time.Minute},
		{"down", 503, "90", 90 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told []Progress
				client := newTimelessClient(t, func(request *http.Request) (*http.Response, error) {
					switch len(told) {
					case 0:
						return respond(request, 200, runningBody), nil
					case 1:
						return respond(request, test.status, runningBody, "Retry-After", test.after), nil
					}
					return respond(request, 200, completeBody), nil
				}, WithRetry(Retry{MaxAttempts: 1}), WithProgress(func(p Progress) { told = append(told, p) }))
				start := time.Now()
				_, err := client.Execution("id").Wait(t.Context())
				took := time.Since(start)
				if err != nil || len(told) != 3 || took < test.want || took > test.want+2*time.Second {
					t.Fatalf("%v after %v and %d polls", err, took, len(told))
				}
				if told[1].NextPoll != test.want || told[2].NextPoll != 0 || told[2].Elapsed != took {
					t.Errorf("after %v: %+v", took, told)
				}
			})
		})
	}
}

// newTimelessClient makes a client on top of a function, for time that is not
// the machine's.
func newTimelessClient(t *testing.T, answer roundTripper, options ...Option) *Client {
	t.Helper()
	client, err := New(USEast1, append([]Option{WithAccessToken("T"), WithHTTPClient(&http.Client{Transport: answer})}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		polls := 0
		client := newTimelessClient(t, func(request *http.Request) (*http.Response, error) {
			polls++
			return respond(request, 200, runningBody), nil
		})
		check := func(err error, took time.Duration) {
			t.Helper()
			checkError(t, err, `its last status was "Running"`)
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || took != time.Hour || polls < 300 || polls > 450 ||
				!strings.Contains(err.Error(), "Polling.Timeout") || !strings.Contains(err.Error(), "takes it up again") {
				t.Errorf("%v after %v and %d polls", err, took, polls)
			}
			polls = 0
		}
		start := time.Now()
		_, err := client.Execution("id").Wait(t.Context())
		check(err, time.Since(start))
		start = time.Now()
		for _, err := range client.Execution("id").Rows(t.Context()) {
			check(err, time.Since(start))
		}
	})
}

// contextBody is a body that comes in pieces, and ends with its request's context,
// as that of a connection does.
type contextBody struct {
	ctx    context.Context
	pieces []string
}

func (b *contextBody) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if len(b.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.pieces[0])
	if b.pieces[0] = b.pieces[0][n:]; b.pieces[0] == "" {
		b.pieces = b.pieces[1:]
	}
	return n, nil
}

func (b *contextBody) Close() error { return nil }

// Timeout is about polls: the time that a loop takes for its rows, and that a
// download takes, are not cut short by it.
func TestTimeoutDoesNotCountTheReadersTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newTimelessClient(t, func(request *http.Request) (*http.Response, error) {
			response := respond(request, 200, "")
			response.Body = &contextBody{request.Context(), []string{`{"results":[{}`, strings.Repeat(",{}", 100_000), `],"queryStatus":"Complete"}`}}
			return response, nil
		}, WithPolling(Polling{Timeout: time.Minute}))
		rows := 0
		for _, err := range client.Execution("id").Rows(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if rows++; rows%50_000 == 1 {
				time.Sleep(time.Hour)
			}
		}
		if rows != 100_001 {
			t.Errorf("%d rows", rows)
		}
	})
}

// A context that ends, ends the loop before the next row, whatever is buffered.
func TestContextEndsTheLoopBeforeTheNextRow(t *testing.T) {
	client := newTestClient(t, script(new(atomic.Int32), `{"results":[{}`+strings.Repeat(",{}", 1000)+`],"queryStatus":"Complete"}`))
	ctx, cancel := context.WithCancel(t.Context())
	rows, last := 0, error(nil)
	for _, err := range client.Execution("id").Rows(ctx) {
		if last = err; err == nil {
			rows++
			cancel()
		}
	}
	if rows != 1 || !errors.Is(last, context.Canceled) || strings.Contains(last.Error(), "cannot be used") {
		t.Errorf("%d rows, and then %v", rows, last)
	}
	checkError(t, last, "takes it up again")
	// Nothing is said to a loop that was left.
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	for _, err := range client.Execution("id").Rows(ctx) {
		if err != nil {
			t.Error(err)
		}
		cancel()
		break
	}
}

// Once the API has answered for a query, an outage is waited out; before that, it
// ends the wait.
func TestOutages(t *testing.T) {
	down := func(request *http.Request) (*http.Response, error) { return respond(request, 503, ""), nil }
	lost := func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }
	limited := func(request *http.Request) (*http.Response, error) {
		return respond(request, 429, "", "Retry-After", "3600"), nil
	}
	for _, test := range []struct {
		name   string
		outage roundTripper
		known  bool // the API has answered
		passes bool
		status int
	}{
		{"down", down, true, true, 503},
		{"no connection", lost, true, true, 0},
		{"down before", down, false, false, 503},
		{"no connection before", lost, false, false, 0},
		{"limited for longer than anybody waits", limited, true, false, 429},
		{"gone", func(request *http.Request) (*http.Response, error) { return respond(request, 404, ""), nil }, true, false, 404},
		{"another page", func(request *http.Request) (*http.Response, error) {
			return respond(request, 200, `{"results":[],"cursors":{"after":"x"},"queryStatus":"Complete"}`), nil
		}, true, false, 0},
		{"cannot be used", func(request *http.Request) (*http.Response, error) { return respond(request, 200, "<html>"), nil }, true, false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var errs int
				client := newTimelessClient(t, func(request *http.Request) (*http.Response, error) {
					since := time.Since(start)
					switch {
					case test.known && since < 10*time.Second:
						return respond(request, 200, runningBody), nil
					case since < 10*time.Minute:
						return test.outage(request)
					}
					return respond(request, 200, completeBody), nil
				}, WithProgress(func(p Progress) {
					if p.Err != nil {
						errs++
						if p.NextPoll <= 0 || p.Status != "" {
							t.Errorf("%+v", p)
						}
					}
				}))
				rows, err := client.Execution("id").Wait(t.Context())
				if test.passes {
					if err != nil || len(rows) != 2 || errs < 10 {
						t.Errorf("%d rows, %v, %d polls told of an outage", len(rows), err, errs)
					}
					return
				}
				api, ok := errors.AsType[*APIError](err)
				if err == nil || ok != (test.status != 0) || ok && api.StatusCode != test.status || errs > 0 || time.Since(start) > time.Minute {
					t.Errorf("%v after %v, %d polls told of an outage", err, time.Since(start), errs)
				}
			})
		})
	}
	// A query that was submitted here has been answered for.
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		client := newTimelessClient(t, func(request *http.Request) (*http.Response, error) {
			switch {
			case request.Method == http.MethodPost:
				return respond(request, 200, `{"executionId":"id","id":"id"}`), nil
			case time.Since(start) < 10*time.Minute:
				return down(request)
			case strings.Contains(request.URL.Path, "/jobs/"):
				return respond(request, 200, `{"queryStatus":"Succeeded","entities":[{},{}]}`), nil
			}
			return respond(request, 200, completeBody), nil
		})
		if rows, err := client.QueryJob(t.Context(), gen.UsageJobQuery{Interval: "2026-10-01/2026-10-31"}); err != nil || len(rows) != 2 {
			t.Errorf("a job: %d rows, %v", len(rows), err)
		}
		start = time.Now()
		if rows, err := client.Query(t.Context(), gen.APIUsageQuery{Interval: "2026-10-01/2026-10-31"}); err != nil || len(rows) != 2 {
			t.Errorf("%d rows, %v", len(rows), err)
		}
	})
}

// Rows of an answer that is not complete are an error, and nothing is asked for again,
// for a query that was submitted here too.
func TestRowsOfAnAnswerThatIsNotComplete(t *testing.T) {
	for _, status := range []string{`,"queryStatus":"Running"`, `,"queryStatus":"Paused"`, ``} {
		var polls atomic.Int32
		client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
			if request.Method == http.MethodPost {
				io.WriteString(w, `{"executionId":"id"}`)
				return
			}
			script(&polls, `{"results":[{"clientId":"partial"}]`+status+`}`, completeBody)(w, request)
		})
		rows, last := 0, error(nil)
		for _, err := range client.QueryRows(t.Context(), gen.APIUsageQuery{Interval: "2026-10-01/2026-10-31"}) {
			if last = err; err == nil {
				rows++
			}
		}
		checkError(t, last, "the rows are not the whole report")
		checkError(t, last, "takes it up again")
		if rows != 1 || polls.Load() != 1 {
			t.Errorf("%q: %d rows after %d polls", status, rows, polls.Load())
		}
	}
}

// Rows that came are an answer: an outage behind them is waited out.
func TestOutageBehindRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, asked := time.Now(), 0
		client := newTimelessClient(t, func(request *http.Request) (*http.Response, error) {
			if asked++; asked == 1 {
				response := respond(request, 200, "")
				response.Body = io.NopCloser(io.MultiReader(strings.NewReader(completeBody[:len(`{"results":[{"requests":1},`)]), iotest.ErrReader(io.ErrUnexpectedEOF)))
				return response, nil
			}
			if time.Since(start) < 10*time.Minute {
				return respond(request, 503, ""), nil
			}
			return respond(request, 200, completeBody), nil
		})
		rows := 0
		for row, err := range client.Execution("id").Rows(t.Context()) {
			if rows++; err != nil || row.Requests != int64(rows) {
				t.Fatalf("%+v, %v", row, err)
			}
		}
		if rows != 2 {
			t.Errorf("%d rows", rows)
		}
	})
}

// An answer that cannot be used is no outage, of a query that the API has answered
// for either.
func TestAnswersAreNoOutages(t *testing.T) {
	for name, body := range map[string]string{
		"another page":      `{"results":[{}],"cursors":{"after":"x"},"queryStatus":"Complete"}`,
		"running with rows": `{"results":[{}],"queryStatus":"Running"}`,
		"wrong type":        `{"results":[{},{"requests":"x"}],"queryStatus":"Complete"}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, polls := time.Now(), 0
				client := newTimelessClient(t, func(request *http.Request) (*http.Response, error) {
					if request.Method == http.MethodPost {
						return respond(request, 200, `{"executionId":"id"}`), nil
					}
					polls++
					return respond(request, 200, body), nil
				})
				rows, last := 0, error(nil)
				for _, err := range client.QueryRows(t.Context(), gen.APIUsageQuery{Interval: "2026-10-01/2026-10-31"}) {
					if last = err; err == nil {
						rows++
					}
				}
				if last == nil || errors.Is(last, context.DeadlineExceeded) || polls != 1 || rows != 1 {
					t.Errorf("%d rows after %d polls and %v: %v", rows, polls, time.Since(start), last)
				}
			})
		})
	}
}

// An outage of the login host is one, too, and its answers are *APIErrors.
func TestLoginOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		client, err := New(USEast1, WithClientCredentials("id", "secret"), WithHTTPClient(&http.Client{Transport: roundTripper(func(request *http.Request) (*http.Response, error) {
			switch since := time.Since(start); {
			case request.URL.Path == "/oauth/token" && since > time.Minute && since < 10*time.Minute:
				return respond(request, 503, "", transport.CorrelationHeader, "abc"), nil
			case request.URL.Path == "/oauth/token":
				return respond(request, 200, `{"access_token":"T","expires_in":60}`), nil
			case since < 15*time.Minute:
				return respond(request, 200, runningBody), nil
			}
			return respond(request, 200, completeBody), nil
		})}))
		if err != nil {
			t.Fatal(err)
		}
		if rows, err := client.Execution("id").Wait(t.Context()); err != nil || len(rows) != 2 {
			t.Errorf("%d rows, %v", len(rows), err)
		}
		start = time.Now().Add(-5 * time.Minute) // down again
		time.Sleep(2 * time.Minute)              // and the token is old
		_, err = client.Execution("id").Poll(t.Context())
		if api, ok := errors.AsType[*APIError](err); !ok || api.StatusCode != 503 || api.Path != "/oauth/token" || api.Method != "POST" || api.CorrelationID != "abc" {
			t.Errorf("%v", err)
		}
		if _, err := client.Submit(t.Context(), gen.APIUsageQuery{Interval: "2026-10-01/2026-10-31"}); err == nil || !strings.Contains(err.Error(), "fetching a token") {
			t.Errorf("%v", err)
		}
	})
}

// One budget counts what goes wrong before and while the rows are read: gained
// rows start it anew where they are handed on, and only there.
func TestOneBudget(t *testing.T) {
	for _, test := range []struct {
		name   string
		bodies []string // empty: 503
		wait   int      // requests
		rows   int
	}{
		{"down and cut in turns", []string{"", "", "", "", `{"results":[{"requeCUT`, "", "", "", ""}, 5, 5},
		{"cut behind a row each time", []string{`{"results":[{},CUT`}, 5, 5},
		{"down after a row", []string{`{"results":[{},CUT`, "", "", "", ""}, 5, 5},
		{"a row more", []string{"", "", "", `{"results":[{},CUT`, "", "", `{"results":[{},{},CUT`, ""}, 5, 11},
	} {
		t.Run(test.name, func(t *testing.T) {
			var polls atomic.Int32
			handler := script(&polls, test.bodies...)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
				if n := int(polls.Load()); test.bodies[min(n, len(test.bodies)-1)] == "" {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
				handler(w, request)
			}, WithRetry(Retry{MaxAttempts: 5, Initial: 1, Max: time.Millisecond}), WithProgress(func(Progress) { cancel() })) // before another poll
			if _, err := client.Execution("id").Poll(t.Context()); err == nil || int(polls.Load()) != test.wait {
				t.Errorf("Poll: %d requests: %v", polls.Load(), err)
			}
			polls.Store(0)
			var last error
			for _, err := range client.Execution("id").Rows(ctx) {
				last = err
			}
			if last == nil || int(polls.Load()) != test.rows {
				t.Errorf("Rows: %d requests, want %d: %v", polls.Load(), test.rows, last)
			}
		})
	}
}

// However often a download breaks off, all rows come, once and in order.
func TestRowsSurviveABrokenDownload(t *testing.T) {
	var body strings.Builder
	body.WriteString(`{"results":[{"requests":1}`)
	const n = 5000
	for i := 2; i <= n; i++ {
		fmt.Fprintf(&body, `,{"clientName":"Demo","requests":%d}`, i)
	}
	body.WriteString(`],"queryStatus":"Complete"}`)
	whole := body.String()
	requests := 0
	client := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
		io.WriteString(w, whole[:min(requests*10_000, len(whole))])
	})
	got := 0
	for row, err := range client.Execution("id").Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if got++; row.Requests != int64(got) {
			t.Fatalf("row %d is %+v", got, row)
		}
	}
	if got != n || requests != len(whole)/10_000+1 {
		t.Errorf("%d rows in %d requests", got, requests)
	}
}

// A panic of the loop goes its way, and leaves nothing behind.
func TestALoopThatPanics(t *testing.T) {
	gone := make(chan struct{})
	client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
		fmt.Fprint(w, `{"results":[{},{}`)
		w.(http.Flusher).Flush()
		<-request.Context().Done()
		close(gone)
	})
	func() {
		defer func() {
			if recover() != "loop" {
				t.Error("the panic is lost")
			}
		}()
		for range client.Execution("id").Rows(t.Context()) {
			panic("loop")
		}
	}()
	<-gone
}

func TestHTTPClient(t *testing.T) {
	var got []string
	client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
		got = append(got, request.Method+" "+request.URL.Path+" "+request.Header.Get("Authorization")+" "+request.Header.Get("User-Agent"))
		switch {
		case request.URL.Path == "/moved":
			http.Redirect(w, request, "/elsewhere", http.StatusFound)
		case len(got) == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			fmt.Fprint(w, "not JSON")
		}
	}, WithUserAgent("agent"))
	get := func(address string) (int, string, error) {
		response, err := client.HTTPClient().Get(address)
		if err != nil {
			return 0, "", err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return response.StatusCode, string(body), err
	}
	if status, body, err := get(client.base + "/api/v2/users"); status != 200 || body != "not JSON" || err != nil || len(got) != 2 {
		t.Errorf("%d %q, %v", status, body, err)
	}
	if status, _, err := get(client.base + "/moved"); status != 302 || err != nil || len(got) != 3 {
		t.Errorf("a redirect: %d, %v", status, err)
	}
	for _, request := range got {
		if !strings.HasSuffix(request, " Bearer T agent") {
			t.Errorf("sent %s", request)
		}
	}
	if _, _, err := get("https://elsewhere.example.com/api/v2/users"); err == nil || !strings.Contains(err.Error(), "the token is for that one only") {
		t.Errorf("another host: %v", err)
	}
}

func TestLeavingRowsClosesTheResponse(t *testing.T) {
	gone := make(chan struct{})
	client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
		fmt.Fprint(w, `{"results":[{},{}`)
		w.(http.Flusher).Flush()
		<-request.Context().Done()
		close(gone)
	})
	for _, err := range client.Execution("id").Rows(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	<-gone
}

func TestUnknownStatusIsWarnedOfOnce(t *testing.T) {
	for _, test := range []struct {
		name     string
		bodies   []string // empty: 503
		warnings int
	}{
		{"unknown", []string{`{"queryStatus":"Queued"}`, `{"queryStatus":"Queued"}`, completeBody}, 1},
		{"known", []string{runningBody, completeBody}, 0},
		{"known, any letter case", []string{`{"queryStatus":"RUNNING"}`, `{"queryStatus":"COMPLETE"}`}, 0},
		{"an outage", []string{runningBody, "", completeBody}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log strings.Builder
			var polls atomic.Int32
			answer := script(&polls, test.bodies...)
			client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
				if test.bodies[min(int(polls.Load()), len(test.bodies)-1)] == "" {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
				answer(w, request)
			}, WithLogger(newTextLogger(&log)), WithRetry(Retry{MaxAttempts: 1}))
			if _, err := client.Execution("id").Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(log.String(), "level=WARN"); n != test.warnings || n > 0 && !strings.Contains(log.String(), "status=Queued") {
				t.Errorf("%d warnings in %s", n, &log)
			}
		})
	}
}

// The statuses of the vendor's document are known.
func TestKnownStatusesAreNotWarnedOf(t *testing.T) {
	var log strings.Builder
	var polls atomic.Int32
	client := newTestClient(t, script(&polls, `{"queryStatus":"Queued"}`, `{"queryStatus":"RUNNING"}`, `{"queryStatus":"Succeeded"}`), WithLogger(newTextLogger(&log)))
	if _, err := client.Job("id").Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	polls.Store(0)
	client = newTestClient(t, script(&polls, `{"queryStatus":"running"}`, completeBody), WithLogger(newTextLogger(&log)))
	if _, err := client.Execution("id").Wait(t.Context()); err != nil || strings.Contains(log.String(), "level=WARN") {
		t.Errorf("%v, %s", err, &log)
	}
}

func TestExecutionIDs(t *testing.T) {
	var path string
	client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
		path = request.URL.EscapedPath()
		fmt.Fprint(w, completeBody)
	})
	for _, id := range []string{
		"9f32b7cf-7418-4cc1-b4e7-a37f7cd870e1", "a/b", "/", "//", "../x", "..%2fx", "%2e%2e", "a?b", "a#b", "a b", "ä", "a%b", "...", "a;b=c", "a:b", "\xff", "+&=$,@!*'()",
	} {
		path = ""
		_, err := client.Execution(id).Poll(t.Context())
		checkPath(t, id, path, err)
	}
	for _, id := range []string{"", ".", "..", "a\nb", "\r", "\x00", "a\x7f", "\u0085"} {
		path = ""
		_, err := client.Execution(id).Poll(t.Context())
		var execution *ExecutionError
		if !errors.As(err, &execution) || execution.ExecutionID != id || path != "" {
			t.Errorf("id %q: sent %q, error %v", id, path, err)
		}
		checkGoesOn(t, err, false)
	}
}

// checkPath wants an id to be one escaped segment of a path.
func checkPath(t *testing.T, id, path string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("id %q: %v", id, err)
		return
	}
	segment, ok1 := strings.CutPrefix(path, "/api/v2/usage/query/")
	segment, ok2 := strings.CutSuffix(segment, "/results")
	got, err := url.PathUnescape(segment)
	if !ok1 || !ok2 || strings.Contains(segment, "/") || err != nil || got != id {
		t.Errorf("id %q: sent as %s", id, path)
	}
}

func FuzzExecutionID(f *testing.F) {
	for _, id := range []string{"", ".", "..", "a/b", "../../oauth", "%2e%2e", "a%2fb", "a\nb", "ä/😀", "\xff", "?x=y#z", "a b;c"} {
		f.Add(id)
	}
	var path string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		path = request.URL.EscapedPath()
		fmt.Fprint(w, completeBody)
	}))
	defer server.Close()
	client, err := New("", WithBaseURL(server.URL), WithAccessToken("T"), WithRetry(Retry{MaxAttempts: 1}))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if len(id) > 10_000 {
			return // a server takes no path of any length
		}
		path = ""
		if _, err := client.Execution(id).Poll(t.Context()); path != "" || checkID(id) == nil {
			checkPath(t, id, path, err)
		} else if err == nil {
			t.Errorf("id %q: neither sent nor refused", id)
		}
	})
}
