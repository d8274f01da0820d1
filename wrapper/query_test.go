package wrapper

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"

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

// An id that cannot be sent later is an error of the submit.
func TestSubmitReturnsABadID(t *testing.T) {
	for body, want := range map[string]string{
		`{}`: `invalid id ""`, `{"executionId":".."}`: `invalid id ".."`, `{"executionId":"a\u0000"}`: `invalid id "a\x00"`,
	} {
		client := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, body) })
		_, err := client.Submit(t.Context(), someQuery)
		checkError(t, err, want)
		checkError(t, err, "submitting a usage query: ")
		check(t, "Retryable", Retryable(err), false)
	}
}

func TestBadQueriesAreNotSent(t *testing.T) {
	const days = "2026-10-01/2026-10-31"
	for _, test := range []struct {
		name  string
		query any
		want  string
	}{
		{"no interval", gen.APIUsageQuery{}, "no interval; see Days and Month"},
		{"no end", gen.APIUsageQuery{Interval: "2026-10-01"}, `interval "2026-10-01" has no start or no end`},
		{"an empty start", gen.APIUsageQuery{Interval: "/2026-10-01"}, `interval "/2026-10-01" has no start or no end`},
		{"ends before it starts", gen.APIUsageQuery{Interval: "2026-10-02/2026-10-01"}, "ends before it starts"},
		{"granularity", gen.APIUsageQuery{Interval: days, Granularity: "Hour"}, `unknown granularity "Hour"`},
		{"group", gen.APIUsageQuery{Interval: days, GroupBy: []gen.GroupBy{"Moon"}},
			`unknown dimension to group by "Moon"; see the constants of gen.GroupBy`},
		{"second group", gen.APIUsageQuery{Interval: days, GroupBy: []gen.GroupBy{gen.GroupByUserID, ""}},
			`unknown dimension to group by ""`},
		{"metric", gen.APIUsageQuery{Interval: days, Metrics: []gen.Metric{"Status418"}}, `unknown metric "Status418"`},

		{"job, no interval", gen.UsageJobQuery{}, "no interval"},
		{"job, two years ago", gen.UsageJobQuery{Interval: "1998-01-01/1998-01-31"},
			"begins before 1999-01-01, more than a year"},
		{"job, 91 days", gen.UsageJobQuery{Interval: "2026-01-02/2026-04-02"}, "exceeds 90 days"},
		{"job, granularity", gen.UsageJobQuery{Interval: days, Granularity: "Hour"}, `unknown granularity "Hour"`},
		{"job, group", gen.UsageJobQuery{Interval: days, GroupBy: []gen.JobGroupBy{"OAuthClientId"}},
			`unknown dimension to group by "OAuthClientId"; see the constants of gen.JobGroupBy`},
		{"job, metric", gen.UsageJobQuery{Interval: days, Metrics: []gen.JobMetric{"Status418"}},
			`unknown metric "Status418"`},
		{"job, method", gen.UsageJobQuery{Interval: days, HTTPMethods: []gen.JobHTTPMethod{"get"}},
			`unknown HTTP method "get"`},
		{"job, order", gen.UsageJobQuery{Interval: days, SortBy: []gen.UsageQuerySortBy{{FieldName: "date", Order: "Up"}}},
			`unknown order "Up"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which begins on 2000-01-01
				c := newBubbleClient(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
				var errs [3]error
				var kind string
				switch query := test.query.(type) {
				case gen.APIUsageQuery:
					kind = "query"
					_, errs[0] = c.Submit(t.Context(), query)
					_, errs[1] = c.Query(t.Context(), query)
					_, errs[2] = collect(t, c.QueryRows(t.Context(), query))
				case gen.UsageJobQuery:
					kind = "job"
					_, errs[0] = c.SubmitJob(t.Context(), query)
					_, errs[1] = c.QueryJob(t.Context(), query)
					_, errs[2] = collect(t, c.QueryJobRows(t.Context(), query))
				}
				for _, err := range errs {
					checkError(t, err, "submitting a usage "+kind+": invalid query: ")
					checkError(t, err, test.want)
					checkIs(t, err, ErrInvalidQuery, true)
				}
			})
		})
	}
}

// Forms of intervals that are not known are the API's to judge, and an order may be left out.
func TestGoodQueries(t *testing.T) {
	for _, interval := range []string{"2026-10-01/P1M", "2026-W40/2026-W41", "2026-10-02/2026-10-02"} {
		checkError(t, checkQuery(gen.APIUsageQuery{Interval: interval}), "")
	}
	job := gen.UsageJobQuery{Interval: "1998-01-01/P1M", SortBy: []gen.UsageQuerySortBy{{FieldName: "date"}}}
	checkError(t, checkJobQuery(job), "")
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

// An id is sent as one escaped segment of a path, or refused before it is sent.
func FuzzExecutionID(f *testing.F) {
	for _, id := range []string{
		"9f32b7cf-7418-4cc1-b4e7-a37f7cd870e1", "a/b", "/", "//", "../x", "..%2fx", "%2e%2e", "a?b", "a#b", "a b", "ä/😀",
		"a%b", "...", "a;b=c", "a:b", "\xff", "+&=$,@!*'()", "", ".", "..", "a\nb", "\r", "\x00", "a\x7f", "\u0085",
	} {
		f.Add(id)
	}
	var path string
	client := newTestClient(f, func(w http.ResponseWriter, request *http.Request) {
		path = request.URL.EscapedPath()
		reply(w, completeBody)
	})
	f.Fuzz(func(t *testing.T, id string) {
		if len(id) > 10_000 {
			return // a server takes no path of any length
		}
		path = ""
		_, err := client.Execution(id).Poll(t.Context())
		if id == "" || id == "." || id == ".." || strings.ContainsFunc(id, unicode.IsControl) {
			checkError(t, err, "invalid id ")
			check(t, "Retryable", Retryable(err), false)
			check(t, "path", path, "")
			return
		}
		checkError(t, err, "")
		segment, isQuery := strings.CutPrefix(path, "/api/v2/usage/query/")
		segment, isResults := strings.CutSuffix(segment, "/results")
		got, err := url.PathUnescape(segment)
		if !isQuery || !isResults || strings.Contains(segment, "/") || got != id {
			t.Errorf("id %q: sent to %q, %v, want it as one segment of the results of a query", id, path, err)
		}
	})
}
