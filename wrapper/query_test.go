package wrapper

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/gen"
)

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
		{"HTML", `<html>`, "truncated or not JSON", true},
		{"not found", notFound, "404 Not Found", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, test.body) })
			_, err := client.Submit(t.Context(), someQuery)
			checkError(t, err, test.want)
			checkError(t, err, "submitting a usage query: ")
			check(t, "Retryable", Retryable(err), test.retryable)
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
		{"no end", gen.APIUsageQuery{Interval: "2026-10-01"}, `interval "2026-10-01" has no start or no end`},
		{"an empty start", gen.APIUsageQuery{Interval: "/2026-10-01"}, `interval "/2026-10-01" has no start or no end`},
		{"ends before it starts", gen.APIUsageQuery{Interval: "2026-10-02/2026-10-01"}, "ends before it starts"},
		{"granularity", gen.APIUsageQuery{Interval: days, Granularity: "Hour"}, `unknown granularity "Hour"`},
		{"group", gen.APIUsageQuery{Interval: days, GroupBy: []gen.GroupBy{"Moon"}},
			`"Moon"; see the constants of gen.GroupBy`},
		{"second group", gen.APIUsageQuery{Interval: days, GroupBy: []gen.GroupBy{gen.GroupByUserID, ""}},
			`unknown dimension to group by ""`},
		{"metric", gen.APIUsageQuery{Interval: days, Metrics: []gen.Metric{"Status418"}}, `unknown metric "Status418"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, submitErr := client.Submit(t.Context(), test.query)
			_, queryErr := client.Query(t.Context(), test.query)
			_, rowsErr := collect(t, client.QueryRows(t.Context(), test.query))
			for _, err := range []error{submitErr, queryErr, rowsErr} {
				checkError(t, err, test.want)
				checkError(t, err, "submitting a usage query: invalid query")
				checkIs(t, err, ErrInvalidQuery, true)
			}
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
		_, pollErr := execution.Poll(t.Context())
		_, waitErr := execution.Wait(t.Context())
		for _, err := range []error{pollErr, waitErr} {
			checkError(t, err, "invalid id ")
			check(t, "Retryable", Retryable(err), false)
		}
		check(t, "path that id is sent to", path, "")
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
