package wrapper

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

const jobsPath = "/api/v2/usage/aggregates/query/jobs"

// pages answers requests for the pages of the job "id": for each cursor with the next
// body, or the last one. It keeps the cursors.
type pages struct {
	t       *testing.T
	bodies  map[string][]string
	cursors []string
	seen    map[string]int
}

func newPages(t *testing.T, bodies map[string][]string) *pages {
	return &pages{t: t, bodies: bodies, seen: map[string]int{}}
}

func (p *pages) serve(w http.ResponseWriter, request *http.Request) {
	size, cursor, _ := strings.Cut(request.URL.RawQuery, "&after=")
	check(p.t, "path", request.URL.Path, jobsPath+"/id")
	check(p.t, "page size", size, "pageSize=1000")
	p.cursors = append(p.cursors, "/"+cursor)
	bodies := p.bodies[cursor]
	if len(bodies) == 0 || len(p.cursors) > 1000 {
		http.Error(w, "no such page", http.StatusBadRequest)
		return
	}
	reply(w, bodies[min(p.seen[cursor], len(bodies)-1)])
	p.seen[cursor]++
}

// numbered are rows of a page, from one number to another.
func numbered(first, last int) string {
	var rows []string
	for n := first; n <= last; n++ {
		rows = append(rows, fmt.Sprintf(`{"requestCount":%d}`, n))
	}
	return strings.Join(rows, ",")
}

// pageOf is a page with rows, and perhaps a cursor to the next one.
func pageOf(rows, next string) string {
	if next != "" {
		next = `,"nextUri":"` + jobsPath + `/id?after=` + next + `&pageSize=1000"`
	}
	return `{"entities":[` + rows + `],"queryStatus":"Succeeded"` + next + `}`
}

// What ends a job ends it on whichever page, after the rows before.
func TestPagesFail(t *testing.T) {
	first := pageOf(numbered(1, 2), "b")
	failed := func(status, errorBody string) string { return `{"queryStatus":"` + status + `"` + errorBody + `}` }
	const reason = `,"errorBody":{"code":"quota","message":"Too much\nof it","contextId":"abc"}`
	for _, test := range []struct {
		name     string
		pages    map[string][]string
		rows     int
		requests int
		want     string
		failed   bool // ErrQueryFailed
	}{
		{"failed", map[string][]string{"": {failed("Failed", reason)}}, 0, 1,
			`status "Failed": quota: Too much of it (correlation id abc): ` + ErrQueryFailed.Error(), true},
		{"failed without a reason", map[string][]string{"": {failed("FAILED", "")}}, 0, 1,
			`status "FAILED": ` + ErrQueryFailed.Error(), true},
		{"the reason is a text", map[string][]string{"": {failed("Failed", `,"errorBody":"x"`)}}, 0, 1, "", true},
		{"the reason is a list", map[string][]string{"": {failed("Failed", `,"errorBody":[1]`)}}, 0, 1, "", true},
		{"a part of the reason is a number",
			map[string][]string{"": {failed("Failed", `,"errorBody":{"message":5,"code":"quota"}`)}}, 0, 1,
			`status "Failed": quota: ` + ErrQueryFailed.Error(), true},
		{"cancelled", map[string][]string{"": {failed("Cancelled", "")}}, 0, 1,
			`status "Cancelled": ` + ErrQueryFailed.Error(), true},
		{"cancelled between pages", map[string][]string{"": {first}, "b": {failed("cancelled", "")}}, 2, 2,
			`status "cancelled": ` + ErrQueryFailed.Error(), true},
		{"a cursor that repeats", map[string][]string{"": {first}, "b": {pageOf(numbered(3, 4), "b")}}, 4, 2,
			`cursor "b" repeats; the rows are incomplete`, false},
		{"a cursor that repeats later", map[string][]string{"": {first}, "b": {pageOf(numbered(3, 3), "c")}, "c": {first}},
			5, 3, `cursor "b" repeats`, false},
		{"no cursor",
			map[string][]string{"": {`{"entities":[{"requestCount":1}],"queryStatus":"Succeeded","nextUri":"/?page=2"}`}}, 1, 1,
			`nextUri "/?page=2" has no valid cursor; the rows are incomplete`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			pages := newPages(t, test.pages)
			rows, err := collect(t, newTestClient(t, pages.serve).Job("id").Rows(t.Context()))
			checkOperationError(t, err, `usage job "id": `+test.want, false)
			checkIs(t, err, ErrQueryFailed, test.failed)
			check(t, "rows", len(rows), test.rows)
			check(t, "requests", len(pages.cursors), test.requests)
		})
	}
}

// Pages with rows are requested one after the other. Those without rows come on the polling
// schedule, until its Timeout, should their cursors always be new.
func TestScheduleOfPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		start := time.Now()
		client := newBubbleClient(t, func(w http.ResponseWriter, _ *http.Request) {
			requests++
			if requests == 100 {
				check(t, "time until the last page with rows", time.Since(start) < time.Second, true)
			}
			rows := ""
			if requests <= 100 {
				rows = numbered(requests, requests)
			}
			reply(w, pageOf(rows, strconv.Itoa(requests)))
		}, WithPolling(Polling{Timeout: 10 * time.Minute}))
		rows, err := collect(t, client.Job("id").Rows(t.Context()))
		checkOperationError(t, err, "Polling.Timeout", true)
		checkNumbers(t, rows, 100)
		if took := time.Since(start); took < 10*time.Minute || took > 11*time.Minute {
			t.Errorf("it took %v, want 10 minutes", took)
		}
		if requests < 150 || requests > 200 {
			t.Errorf("%d requests, want 100 pages with rows and about 70 without", requests)
		}
	})
}

// Of the address of the next page, only after is taken, as it is written there.
func TestJobCursors(t *testing.T) {
	next := func(uri string) string {
		body, err := json.Marshal(map[string]any{"queryStatus": "Succeeded", "nextUri": uri})
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	for uri, want := range map[string]string{
		jobsPath + "/id?after=abc":                                     "abc",
		"https://elsewhere.example.com:1/other?pageSize=9&after=abc#x": "abc",
		"?after=a%2Bb+c%3D=/?":                                         "a%2Bb+c%3D=/?",
		"/x?before=1&after=%ff&after=2":                                "%ff",
		"/x?Xafter=1&after=~":                                          "~",
		"/x?after=" + strings.Repeat("x", 5000):                        strings.Repeat("x", 5000),
	} {
		t.Run("next page "+uri[:min(len(uri), 40)], func(t *testing.T) {
			var requests []*http.Request
			client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
				if requests = append(requests, request); len(requests) == 1 {
					reply(w, next(uri))
					return
				}
				reply(w, `{"queryStatus":"Succeeded"}`)
			})
			_, err := client.Job("id").Wait(t.Context())
			checkError(t, err, "")
			if len(requests) != 2 {
				t.Fatalf("%d requests, want 2", len(requests))
			}
			check(t, "query of the first page", requests[0].URL.RawQuery, "pageSize=1000")
			check(t, "path", requests[1].URL.Path, jobsPath+"/id")
			check(t, "query", requests[1].URL.RawQuery, "pageSize=1000&after="+want)
		})
	}
	for _, uri := range []string{
		"/x", "/x?after=", "/x?after", "/x?Xafter=1", "/x?%61fter=1", "/x?after=a b", "/x?after=ä", ":", "\x7f",
	} {
		t.Run(fmt.Sprintf("no cursor in %q", uri), func(t *testing.T) {
			requests := 0
			client := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) {
				requests++
				reply(w, next(uri))
			})
			_, err := client.Job("id").Wait(t.Context())
			checkOperationError(t, err, "the rows are incomplete", false)
			check(t, "requests", requests, 1)
		})
	}
}

func TestSubmitJob(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusCreated, http.StatusAccepted} {
		synctest.Test(t, func(t *testing.T) {
			var sent string
			client := newBubbleClient(t, func(w http.ResponseWriter, request *http.Request) {
				body, _ := io.ReadAll(request.Body)
				sent = request.Method + " " + request.URL.Path + " " + string(body)
				w.WriteHeader(status)
				reply(w, `{"id":"a/b"}`)
			})
			job, err := client.SubmitJob(t.Context(), gen.UsageJobQuery{
				Interval: "2026-10-01/2026-10-31", GroupBy: []gen.JobGroupBy{gen.JobGroupByPlatform},
			})
			if err != nil {
				t.Fatalf("status %d: %v", status, err)
			}
			check(t, "ID", job.ID(), "a/b")
			check(t, "request", sent,
				`POST `+jobsPath+` {"groupBy":["Platform"],"interval":"2026-10-01T00:00:00/2026-10-31T23:59:59"}`)
		})
	}
	client := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, "403") })
	_, err := client.SubmitJob(t.Context(), someJobQuery)
	checkError(t, err, "submitting a usage job: POST "+jobsPath+": 403")
	checkError(t, err, "needs the permission usage:organization:view")
}

func TestJobIntervals(t *testing.T) {
	for interval, want := range map[string]string{
		Month(2026, time.February):                "2026-02-01T00:00:00/2026-02-28T23:59:59",
		"2026-01/2026-03":                         "2026-01-01T00:00:00/2026-03-31T23:59:59",
		"2026-01-01T00:00:00/2026-01-31T00:00:00": "2026-01-01T00:00:00/2026-01-31T00:00:00",
		"2026-01-01/2026-01-31T00:00:00":          "2026-01-01/2026-01-31T00:00:00",
		"2026-01-01T01:00:00+02:00/2026-01-31":    "2025-12-31T23:00:00/2026-01-31T23:59:59",
		"2026-01-01/P1M":                          "2026-01-01/P1M",
	} {
		check(t, interval+" is sent as", jobInterval(interval), want)
	}
}

func TestBadJobQueriesAreNotSent(t *testing.T) {
	const days = "2026-10-01/2026-10-31"
	for _, test := range []struct {
		name  string
		query gen.UsageJobQuery
		want  string
	}{
		{"no interval", gen.UsageJobQuery{}, "no interval"},
		{"ends before it starts", gen.UsageJobQuery{Interval: "2026-10-02/2026-10-01"}, "ends before it starts"},
		{"two years ago", gen.UsageJobQuery{Interval: "1998-01-01/1998-01-31"}, "begins before 1999-01-01, more than a year"},
		{"91 days", gen.UsageJobQuery{Interval: "2026-01-02/2026-04-02"}, "exceeds 90 days"},
		{"4 months", gen.UsageJobQuery{Interval: "2026-01/2026-04"}, "exceeds 90 days"},
		{"90 days and a second", gen.UsageJobQuery{Interval: "2026-01-01T00:00:00/2026-04-01T00:00:01"}, "exceeds 90 days"},
		{"granularity", gen.UsageJobQuery{Interval: days, Granularity: "Hour"}, `unknown granularity "Hour"`},
		{"group", gen.UsageJobQuery{Interval: days, GroupBy: []gen.JobGroupBy{"OAuthClientId"}},
			`"OAuthClientId"; see the constants of gen.JobGroupBy`},
		{"metric", gen.UsageJobQuery{Interval: days, Metrics: []gen.JobMetric{"Status418"}}, `unknown metric "Status418"`},
		{"method", gen.UsageJobQuery{Interval: days, HTTPMethods: []gen.JobHTTPMethod{"get"}}, `unknown HTTP method "get"`},
		{"order", gen.UsageJobQuery{Interval: days, SortBy: []gen.UsageQuerySortBy{{FieldName: "date", Order: "Up"}}},
			`unknown order "Up"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which begins on 2000-01-01
				client := newBubbleClient(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
				_, submitErr := client.SubmitJob(t.Context(), test.query)
				_, queryErr := client.QueryJob(t.Context(), test.query)
				_, rowsErr := collect(t, client.QueryJobRows(t.Context(), test.query))
				for _, err := range []error{submitErr, queryErr, rowsErr} {
					checkError(t, err, test.want)
					checkError(t, err, "submitting a usage job: invalid query")
					checkIs(t, err, ErrInvalidQuery, true)
				}
			})
		})
	}
}

func TestGoodJobQueries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, query := range []gen.UsageJobQuery{
			{Interval: "1999-01-01/1999-03-31"}, // 90 days, from a year ago
			{Interval: "1999-01-01T00:00:00/1999-04-01T00:00:00"},
			{Interval: "1998-01-01/P1M"}, // the API's to judge
			{Interval: "1999-12-01/1999-12-31", SortBy: []gen.UsageQuerySortBy{{FieldName: "date"}}},
		} {
			checkError(t, checkJobQuery(query), "")
		}
	})
}

// Poll has the first page.
func TestJobPoll(t *testing.T) {
	pages := newPages(t, map[string][]string{"": {pageOf(numbered(1, 2), "b")}})
	result, err := newTestClient(t, pages.serve).Job("id").Poll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	check(t, "QueryStatus", result.QueryStatus, gen.JobStatusSucceeded)
	checkNumbers(t, result.Entities, 2)
	check(t, "NextURI", result.NextURI, jobsPath+"/id?after=b&pageSize=1000")
}
