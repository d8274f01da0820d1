package wrapper

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/gen"
)

// Wait and Rows have the same rows after the same polls.
func TestWaitAndRows(t *testing.T) {
	for _, test := range []struct {
		name   string
		bodies []string
		rows   int
		polls  int32
	}{
		{"complete", []string{completeBody}, 2, 1},
		{"running first", []string{runningBody, runningBody, completeBody}, 2, 3},
		{"unknown statuses first", []string{`{"queryStatus":"Queued"}`, `{}`, completeBody}, 2, 3},
		{"any letter case", []string{`{"queryStatus":"RUNNING"}`, `{"results":[{"requests":1}],"queryStatus":"COMPLETE"}`},
			1, 2},
		{"no rows", []string{`{"results":[],"queryStatus":"Complete"}`}, 0, 1},
		{"no results at all", []string{`{"queryStatus":"Complete"}`}, 0, 1},
		{"null results", []string{`{"results":null,"queryStatus":"Complete"}`}, 0, 1},
		{"no other page",
			[]string{`{"results":[{"requests":1}],"cursors":{"before":"x","after":""},"queryStatus":"Complete"}`}, 1, 1},
		{"running, without rows", []string{`{"results":[],"queryStatus":"Running"}`, completeBody}, 2, 2},
		{"running, with rows after the status", []string{`{"queryStatus":"Running","results":[{},{},{}]}`, completeBody}, 2,
			2},
		{"truncated before a row", []string{`{"results":[{"requests":1` + truncated, completeBody}, 2, 2},
		{"truncated after a row", []string{`{"results":[{"requests":1},` + truncated, completeBody}, 2, 2},
		{"truncated after each row", []string{
			`{"results":[{"requests":1},` + truncated, `{"results":[{"requests":1},{"requests":2}` + truncated, completeBody,
		}, 2, 3},
		{"not JSON and empty", []string{"<html>", "", completeBody}, 2, 3},
		{"down", []string{down, down, completeBody}, 2, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			wait, rows := script{bodies: test.bodies}, script{bodies: test.bodies}
			all, err := newTestClient(t, wait.serve).Execution("id").Wait(t.Context())
			checkError(t, err, "")
			checkNumbers(t, all, test.rows)
			check(t, "rows of Wait are nil", all == nil, false)
			check(t, "polls of Wait", wait.polls.Load(), test.polls)

			all, err = collect(t, newTestClient(t, rows.serve).Execution("id").Rows(t.Context()))
			checkError(t, err, "")
			checkNumbers(t, all, test.rows)
			check(t, "polls of Rows", rows.polls.Load(), test.polls)
		})
	}
}

// Wait and Rows have the same error after the same polls; Rows has yielded rows before.
func TestWaitAndRowsFail(t *testing.T) {
	for _, test := range []struct {
		name      string
		bodies    []string
		want      string
		resume    bool
		retryable bool
		rows      int
		polls     int32
	}{
		{"failed", []string{runningBody, failedBody}, ErrQueryFailed.Error(), false, false, 0, 2},
		{"failed, any letter case", []string{`{"queryStatus":"failed"}`}, ErrQueryFailed.Error(), false, false, 0, 1},
		{"failed, with rows", []string{`{"results":[{"requests":1}],"queryStatus":"Failed"}`}, ErrQueryFailed.Error(),
			false, false, 1, 1},
		{"failed, with rows after the status", []string{`{"queryStatus":"Failed","results":[{"requests":1}]}`},
			ErrQueryFailed.Error(), false, false, 0, 1},
		{"another page", []string{`{"results":[{"requests":1}],"cursors":{"after":"x"},"queryStatus":"Complete"}`},
			"unexpected cursor of another page", false, false, 1, 1},
		{"another type", []string{`{"results":[{"requests":1},{"requests":"x"}]}`}, `"/results/1/requests"`, false, false,
			1, 1},
		{"never JSON", []string{"<html>"}, "invalid character '<'", true, true, 0, 3},
		{"always empty", []string{""}, "empty response", true, true, 0, 3},
		{"always down", []string{down}, "503", true, true, 0, 3},
		{"not found", []string{notFound}, "404", false, false, 0, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			wait, rows := script{bodies: test.bodies}, script{bodies: test.bodies}
			all, err := newTestClient(t, wait.serve).Execution("id").Wait(t.Context())
			checkOperationError(t, err, test.want, test.resume)
			check(t, "Retryable of Wait", Retryable(err), test.retryable)
			check(t, "rows of Wait", len(all), 0)
			check(t, "polls of Wait", wait.polls.Load(), test.polls)

			all, err = collect(t, newTestClient(t, rows.serve).Execution("id").Rows(t.Context()))
			checkOperationError(t, err, test.want, test.resume)
			check(t, "Retryable of Rows", Retryable(err), test.retryable)
			checkNumbers(t, all, test.rows)
			check(t, "polls of Rows", rows.polls.Load(), test.polls)
		})
	}
}

// Rows that were yielded cannot be taken back: where Wait drops them and goes on, Rows
// has an error.
func TestRowsThatCannotBeTakenBack(t *testing.T) {
	const changed = "its content changed on retry; the rows received are incomplete"
	const one = `{"results":[{"requests":1},` + truncated
	for _, test := range []struct {
		name        string
		bodies      []string
		want        string
		polls, more int32 // of Rows, and more of Wait
	}{
		{"running, with rows before the status", []string{`{"results":[{"requests":1}],"queryStatus":"Running"}`,
			completeBody},
			`rows arrived with status "Running"; they are incomplete`, 1, 1},
		{"truncated, and then other rows", []string{one, `{"results":[{"requests":7}],"queryStatus":"Complete"}`,
			completeBody}, changed, 2, 0},
		{"truncated, and then running", []string{one, runningBody, completeBody}, changed, 2, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			wait, rows := script{bodies: test.bodies}, script{bodies: test.bodies}
			all, err := newTestClient(t, wait.serve).Execution("id").Wait(t.Context())
			checkError(t, err, "")
			check(t, "rows of Wait are none", len(all) == 0, false)
			check(t, "polls of Wait", wait.polls.Load(), test.polls+test.more)

			all, err = collect(t, newTestClient(t, rows.serve).Execution("id").Rows(t.Context()))
			checkOperationError(t, err, test.want, true)
			check(t, "Retryable", Retryable(err), true)
			checkNumbers(t, all, 1)
			check(t, "polls of Rows", rows.polls.Load(), test.polls)
		})
	}
}

// A result that cannot be read to its end has the attempts of one request, and is not
// waited out: each download begins anew.
func TestTruncatedForEver(t *testing.T) {
	inBubbles(t, func(t *testing.T, read func(context.Context, *Client) ([]int64, error)) {
		requests := 0
		client := newBubbleClient(t, submitted(func(w http.ResponseWriter, request *http.Request) {
			requests++
			body := doneBody(request)
			reply(w, body[:len(body)-1]+truncated)
		}))
		_, err := read(t.Context(), client)
		checkOperationError(t, err, "truncated", true)
		check(t, "Retryable", Retryable(err), true)
		check(t, "requests", requests, 5)
	})
}

// A date that is null or "" is zero, and does not lose the report.
func TestRowsWithoutADate(t *testing.T) {
	const body = `{"results":[{"date":null,"requests":1},{"date":"","requests":2}],"queryStatus":"Complete"}`
	execution := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, body) }).Execution("id")
	rows, err := execution.Wait(t.Context())
	checkError(t, err, "")
	checkNumbers(t, rows, 2)
	for i, row := range rows {
		check(t, "date is zero", row.Date.IsZero(), true)
		check(t, "Requests", row.Requests, int64(i+1))
	}
	result, err := execution.Poll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	checkNumbers(t, result.Results, 2)
}

func TestPoll(t *testing.T) {
	for _, test := range []struct {
		name   string
		bodies []string
		status gen.QueryStatus
		rows   int
	}{
		{"running", []string{runningBody}, gen.QueryStatusRunning, 0},
		{"failed", []string{failedBody}, gen.QueryStatusFailed, 0},
		{"unknown status, with rows", []string{`{"queryStatus":"Queued","results":[{"requests":1}]}`}, "Queued", 1},
		{"complete", []string{completeBody}, gen.QueryStatusComplete, 2},
		{"truncated once", []string{`{"results":[{"requests":1},` + truncated, completeBody}, gen.QueryStatusComplete, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			script := script{bodies: test.bodies}
			result, err := newTestClient(t, script.serve).Execution("id").Poll(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			check(t, "QueryStatus", result.QueryStatus, test.status)
			checkNumbers(t, result.Results, test.rows)
			check(t, "requests", int(script.polls.Load()), len(test.bodies))
		})
	}
	t.Run("not found", func(t *testing.T) { // of an own submit, too: Poll does not wait
		script := script{bodies: []string{notFound}}
		client := newTestClient(t, script.serve)
		execution, err := client.Submit(t.Context(), someQuery)
		if err != nil {
			t.Fatal(err)
		}
		_, err = execution.Poll(t.Context())
		checkOperationError(t, err, "404", false)
		api := checkStatus(t, err, http.StatusNotFound)
		check(t, "Method", api.Method, "GET")
		check(t, "Path", api.Path, "/api/v2/usage/query/id/results")
		check(t, "requests", script.polls.Load(), 1)
	})
}

func TestSubmit(t *testing.T) {
	var sent string
	client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		sent = request.Method + " " + request.URL.String() + " " + string(body)
		reply(w, `{"executionId":"a/b","resultsUri":"/elsewhere"}`)
	})
	execution, err := client.Submit(t.Context(), gen.APIUsageQuery{
		Interval: "2026-10-01/2026-10-31", GroupBy: []gen.GroupBy{gen.GroupByUserID},
	})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "ID", execution.ID(), "a/b")
	check(t, "request", sent, `POST /api/v2/usage/query {"groupBy":["UserId"],"interval":"2026-10-01/2026-10-31"}`)
}

// The errors of Submit are no *OperationErrors, and say that it was the submit.
func TestSubmitFails(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       string
		retryable  bool
	}{
		{"no id", `{}`, `invalid id ""`, false},
		{"no path segment", `{"executionId":".."}`, `invalid id ".."`, false},
		{"control characters", `{"executionId":"a\u0000"}`, `invalid id "a\x00"`, false},
		{"another type", `{"executionId":1}`, `"/executionId"`, false},
		{"HTML", `<html>`, "truncated or not JSON", true},
		{"empty", ``, "empty response", true},
		{"down", down, "503 Service Unavailable", true},
		{"not found", notFound, "404 Not Found", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, test.body) })
			_, err := client.Submit(t.Context(), someQuery)
			checkError(t, err, test.want)
			checkError(t, err, "submitting a usage query: ")
			check(t, "Retryable", Retryable(err), test.retryable)
			if strings.Contains(err.Error(), "resume") {
				t.Errorf("says how to resume: %v", err)
			}
		})
	}
}

func TestBadQueriesAreNotSent(t *testing.T) {
	const days = "2026-10-01/2026-10-31"
	client := newTestClient(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	for _, test := range []struct {
		name  string
		query gen.APIUsageQuery
		want  string
	}{
		{"no interval", gen.APIUsageQuery{}, "no interval; see Days and Month"},
		{"no end", gen.APIUsageQuery{Interval: "2026-10-01"}, `interval "2026-10-01" has no end`},
		{"ends before it starts", gen.APIUsageQuery{Interval: "2026-10-02/2026-10-01"}, "ends before it starts"},
		{"granularity", gen.APIUsageQuery{Interval: days, Granularity: "Hour"}, `unknown granularity "Hour"`},
		{"group", gen.APIUsageQuery{Interval: days, GroupBy: []gen.GroupBy{"Moon"}},
			`"Moon"; see the constants of gen.GroupBy`},
		{"second group", gen.APIUsageQuery{Interval: days, GroupBy: []gen.GroupBy{gen.GroupByUserID, ""}},
			`unknown dimension to group by ""`},
		{"metric", gen.APIUsageQuery{Interval: days, Metrics: []gen.Metric{"Status418"}}, `unknown metric "Status418"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkRefused := func(err error) {
				t.Helper()
				checkError(t, err, test.want)
				checkError(t, err, "submitting a usage query: invalid query")
				checkIs(t, err, ErrInvalidQuery, true)
				check(t, "Retryable", Retryable(err), false)
			}
			_, err := client.Submit(t.Context(), test.query)
			checkRefused(err)
			_, err = client.Query(t.Context(), test.query)
			checkRefused(err)
			_, err = collect(t, client.QueryRows(t.Context(), test.query))
			checkRefused(err)
		})
	}
}

// Forms of intervals that are not known are the API's to judge.
func TestUnknownIntervalsAreSent(t *testing.T) {
	for _, interval := range []string{"2026-10-01/P1M", "2026-W40/2026-W41", "2026-10-02/2026-10-02"} {
		checkError(t, checkQuery(gen.APIUsageQuery{Interval: interval}), "")
	}
}

// Ranging over the sequence once more submits once more.
func TestQueryRowsSubmitsEachTime(t *testing.T) {
	submits := 0
	script := script{bodies: []string{completeBody}}
	client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodPost {
			submits++
		}
		script.serve(w, request)
	})
	sequence := client.QueryRows(t.Context(), someQuery)
	check(t, "submits before the first range", submits, 0)
	for range 2 {
		rows, err := collect(t, sequence)
		checkError(t, err, "")
		checkNumbers(t, rows, 2)
	}
	check(t, "submits", submits, 2)
}

func TestExecutionIDs(t *testing.T) {
	var path string
	client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
		path = request.URL.EscapedPath()
		reply(w, completeBody)
	})
	for _, id := range []string{
		"9f32b7cf-7418-4cc1-b4e7-a37f7cd870e1", "a/b", "/", "//", "../x", "..%2fx", "%2e%2e", "a?b", "a#b", "a b", "ä",
		"a%b", "...", "a;b=c", "a:b", "\xff", "+&=$,@!*'()",
	} {
		path = ""
		_, err := client.Execution(id).Poll(t.Context())
		checkPath(t, id, path, err)
	}
	for _, id := range []string{"", ".", "..", "a\nb", "\r", "\x00", "a\x7f", "\u0085"} {
		path = ""
		execution := client.Execution(id)
		for way, read := range map[string]func() error{
			"Poll": func() error { _, err := execution.Poll(t.Context()); return err },
			"Wait": func() error { _, err := execution.Wait(t.Context()); return err },
			"Rows": func() error { _, err := collect(t, execution.Rows(t.Context())); return err },
		} {
			err := read()
			checkError(t, err, "id ")
			check(t, "Retryable", Retryable(err), false)
			if path != "" {
				t.Errorf("%s of id %q was sent as %q", way, id, path)
			}
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
	segment, ok := strings.CutPrefix(path, "/api/v2/usage/query/")
	if !ok {
		t.Errorf("id %q is sent as %q, outside of the queries", id, path)
	}
	segment, ok = strings.CutSuffix(segment, "/results")
	if !ok {
		t.Errorf("id %q is sent as %q, want its results", id, path)
	}
	if strings.Contains(segment, "/") {
		t.Errorf("id %q is sent as %q, want one segment", id, path)
	}
	if got, err := url.PathUnescape(segment); err != nil {
		t.Errorf("id %q is sent as %q: %v", id, path, err)
	} else if got != id {
		t.Errorf("id %q arrives as %q", id, got)
	}
}

func FuzzExecutionID(f *testing.F) {
	for _, id := range []string{
		"", ".", "..", "a/b", "../../oauth", "%2e%2e", "a%2fb", "a\nb", "ä/😀", "\xff", "?x=y#z", "a b;c",
	} {
		f.Add(id)
	}
	var path string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		path = request.URL.EscapedPath()
		reply(w, completeBody)
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
