package wrapper

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

// newTestClient makes a client of a server that answers by a function. Its waits
// are short.
func newTestClient(t *testing.T, handler http.HandlerFunc, options ...Option) *Client {
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
	return client
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
	}{
		{name: "complete", bodies: []string{completeBody}, rows: 2, polls: 1},
		{name: "running first", bodies: []string{runningBody, runningBody, completeBody}, rows: 2, polls: 3},
		{name: "unknown statuses first", bodies: []string{`{"queryStatus":"Queued"}`, `{}`, completeBody}, rows: 2, polls: 3},
		{name: "no rows", bodies: []string{`{"results":[],"queryStatus":"Complete"}`}, polls: 1},
		{name: "no results at all", bodies: []string{`{"queryStatus":"Complete"}`}, polls: 1},
		{name: "empty and running", bodies: []string{`{"results":[],"queryStatus":"Running"}`, completeBody}, rows: 2, polls: 2},
		{name: "failed", bodies: []string{runningBody, `{"queryStatus":"Failed"}`}, wantErr: ErrQueryFailed.Error(), polls: 2},
		{name: "running with rows, status first", bodies: []string{`{"queryStatus":"Running","results":[{},{},{}]}`, completeBody}, rows: 2, polls: 2},
		{name: "running with rows, status last", bodies: []string{`{"results":[{}],"queryStatus":"Running"}`, completeBody}, rows: 2, polls: 2,
			rowsErr: "not the whole report", rowsFirst: 1, rowsPolls: 1},
		{name: "failed with rows", bodies: []string{`{"results":[{}],"queryStatus":"Failed"}`}, wantErr: ErrQueryFailed.Error(), rowsFirst: 1, polls: 1},
		{name: "cut before a row", bodies: []string{`{"results":[{"requests":1CUT`, completeBody}, rows: 2, polls: 2},
		{name: "cut behind a row", bodies: []string{`{"results":[{"requests":1},CUT`, completeBody}, rows: 2, polls: 2,
			rowsErr: "breaks off", rowsFirst: 1, rowsPolls: 1},
		{name: "not JSON", bodies: []string{"<html>", "", completeBody}, rows: 2, polls: 3},
		{name: "never JSON", bodies: []string{"<html>"}, wantErr: "invalid character '<'", polls: 3},
		{name: "wrong type", bodies: []string{`{"results":[{"requests":1},{"requests":"x"}]}`, completeBody}, wantErr: "row 2", rowsFirst: 1, polls: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var polls atomic.Int32
			rows, err := newTestClient(t, script(&polls, test.bodies...)).Execution("id").Wait(t.Context())
			checkError(t, err, test.wantErr)
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

func TestPoll(t *testing.T) {
	for _, test := range []struct {
		body   string
		status gen.QueryStatus
		rows   int
	}{
		{runningBody, gen.QueryStatusRunning, 0},
		{`{"queryStatus":"Failed"}`, gen.QueryStatusFailed, 0},
		{`{"queryStatus":"Queued","results":[{}]}`, "Queued", 1},
		{completeBody, gen.QueryStatusComplete, 2},
	} {
		var polls atomic.Int32
		result, err := newTestClient(t, script(&polls, test.body)).Execution("id").Poll(t.Context())
		if err != nil || result.QueryStatus != test.status || len(result.Results) != test.rows || polls.Load() != 1 {
			t.Errorf("%s: %+v, %v after %d requests", test.body, result, err, polls.Load())
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
	synctest.Test(t, func(t *testing.T) {
		var asked []time.Duration
		client := newTimelessClient(t, func(request *http.Request) (*http.Response, error) {
			if len(asked) == 0 {
				return respond(request, 200, runningBody, "Retry-After", "90"), nil
			}
			return respond(request, 200, completeBody), nil
		}, WithProgress(func(p Progress) { asked = append(asked, p.NextPoll) }))
		start := time.Now()
		_, err := client.Execution("id").Wait(t.Context())
		if took := time.Since(start); err != nil || len(asked) != 2 || asked[0] != 90*time.Second || asked[1] != 0 || took < 90*time.Second || took > 92*time.Second {
			t.Errorf("%v after %v, waits %v", err, took, asked)
		}
	})
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
			checkError(t, err, "Polling.Timeout")
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || took != time.Hour || polls < 300 || polls > 450 {
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

func TestTimeoutDoesNotCountTheReadersTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newTimelessClient(t, func(request *http.Request) (*http.Response, error) {
			return respond(request, 200, `{"results":[{}`+strings.Repeat(",{}", 100_000)+`],"queryStatus":"Complete"}`), nil
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
	var log strings.Builder
	var polls atomic.Int32
	client := newTestClient(t, script(&polls, `{"queryStatus":"Queued"}`, `{"queryStatus":"Queued"}`, completeBody), WithLogger(newTextLogger(&log)))
	if _, err := client.Execution("id").Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), "status=Queued") {
		t.Errorf("%d warnings in %s", n, &log)
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
		if _, err := client.Execution(id).Poll(t.Context()); path != "" || checkExecutionID(id) == nil {
			checkPath(t, id, path, err)
		} else if err == nil {
			t.Errorf("id %q: neither sent nor refused", id)
		}
	})
}
