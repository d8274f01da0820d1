package wrapper

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
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

// One page comes after the other, and what goes wrong with one leaves the rows of those
// before it as they are.
func TestPages(t *testing.T) {
	const n = 60
	first, second := pageOf(numbered(1, 20), "b"), pageOf(numbered(21, n), "")
	cut := func(first, last int) string { return `{"entities":[` + numbered(first, last) + "," + truncated }
	one := func(bodies ...string) map[string][]string { return map[string][]string{"": bodies} }
	two := func(bodies ...string) map[string][]string { return map[string][]string{"": {first}, "b": bodies} }
	empty := map[string][]string{
		"": {first}, "b": {pageOf("", "c")}, "c": {`{"queryStatus":"Succeeded","nextUri":"?after=d"}`}, "d": {second},
	}
	for _, test := range []struct {
		name    string
		pages   map[string][]string
		rows    int
		cursors string
	}{
		{"one page", one(pageOf(numbered(1, 3), "")), 3, "/"},
		{"no rows", one(pageOf("", "")), 0, "/"},
		{"neither rows nor next page", one(`{"queryStatus":"Succeeded"}`), 0, "/"},
		{"null in place of rows", one(`{"entities":null,"nextUri":null,"queryStatus":"Succeeded"}`), 0, "/"},
		{"queued and running first", one(`{"queryStatus":"Queued"}`, `{"queryStatus":"running"}`,
			`{"queryStatus":"SUCCEEDED"}`), 0, "/ / /"},
		{"unknown status first", one(`{"queryStatus":"Reticulating"}`, pageOf(numbered(1, 3), "")), 3, "/ /"},
		{"two pages", two(second), n, "/ /b"},
		{"pages without rows", empty, n, "/ /b /c /d"},
		{"truncated before a row", two(`{"entities":[`+truncated, second), n, "/ /b /b"},
		{"truncated before a row, and then other bytes", two(`{"queryStatus":"Succeeded","entities":[`+truncated, second),
			n, "/ /b /b"},
		{"truncated after rows", two(cut(21, 55), second), n, "/ /b /b"},
		{"truncated twice", two(cut(21, 30), cut(21, 55), second), n, "/ /b /b /b"},
		{"truncated on each page", map[string][]string{"": {cut(1, 15), first}, "b": {cut(21, 30), second}}, n, "/ / /b /b"},
		{"truncated and down in turns", two(cut(21, 30), down, cut(21, 55), down, second), n, "/ /b /b /b /b /b"},
		{"down for longer than the attempts", two(down, down, down, down, down, down, down, second), n,
			"/" + strings.Repeat(" /b", 8)},
		{"not found for a while", two(notFound, notFound, notFound, second), n, "/" + strings.Repeat(" /b", 4)},
		{"running", two(`{"queryStatus":"Running"}`, second), n, "/ /b /b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pages := newPages(t, test.pages)
				rows, err := newBubbleClient(t, pages.serve).Job("id").Wait(t.Context())
				checkError(t, err, "")
				checkNumbers(t, rows, test.rows)
				check(t, "pages that Wait requested", strings.Join(pages.cursors, " "), test.cursors)
			})
			synctest.Test(t, func(t *testing.T) {
				pages := newPages(t, test.pages)
				rows, err := collect(t, newBubbleClient(t, pages.serve).Job("id").Rows(t.Context()))
				checkError(t, err, "")
				checkNumbers(t, rows, test.rows)
				check(t, "pages that Rows requested", strings.Join(pages.cursors, " "), test.cursors)
			})
		})
	}
}

// What ends a job ends it on whichever page; Rows has yielded the rows before.
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
		{"cancelled", map[string][]string{"": {failed("Cancelled", "")}}, 0, 1,
			`status "Cancelled": ` + ErrQueryFailed.Error(), true},
		{"cancelled between pages", map[string][]string{"": {first}, "b": {failed("cancelled", "")}}, 2, 2,
			ErrQueryFailed.Error(), true},
		{"a cursor that repeats", map[string][]string{"": {first}, "b": {pageOf(numbered(3, 4), "b")}}, 4, 2,
			`cursor "b" repeats`, false},
		{"a cursor that repeats later", map[string][]string{"": {first}, "b": {pageOf(numbered(3, 3), "c")}, "c": {first}},
			5, 3,
			`cursor "b" repeats`, false},
		{"no cursor",
			map[string][]string{"": {`{"entities":[{"requestCount":1}],"queryStatus":"Succeeded","nextUri":"/?page=2"}`}}, 1, 1,
			`nextUri "/?page=2" has no valid cursor; the rows are incomplete`, false},
		{"a page that is refused", map[string][]string{"": {first}, "b": nil}, 2, 2, "400 Bad Request", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			pages := newPages(t, test.pages)
			_, err := newTestClient(t, pages.serve).Job("id").Wait(t.Context())
			checkOperationError(t, err, test.want, false)
			checkError(t, err, `usage job "id": `)
			checkIs(t, err, ErrQueryFailed, test.failed)
			check(t, "Retryable", Retryable(err), false)
			check(t, "requests of Wait", len(pages.cursors), test.requests)

			pages = newPages(t, test.pages)
			rows, err := collect(t, newTestClient(t, pages.serve).Job("id").Rows(t.Context()))
			checkOperationError(t, err, test.want, false)
			checkIs(t, err, ErrQueryFailed, test.failed)
			check(t, "rows", len(rows), test.rows)
			check(t, "requests of Rows", len(pages.cursors), test.requests)
		})
	}
}

// The error of a page that has other rows after it was truncated says so; Wait takes
// them.
func TestPageThatChanged(t *testing.T) {
	bodies := map[string][]string{
		"":  {pageOf(numbered(1, 2), "b")},
		"b": {`{"entities":[{"requestCount":7},` + truncated, pageOf(numbered(3, 4), "")},
	}
	rows, err := newTestClient(t, newPages(t, bodies).serve).Job("id").Wait(t.Context())
	checkError(t, err, "")
	checkNumbers(t, rows, 4)

	rows, err = collect(t, newTestClient(t, newPages(t, bodies).serve).Job("id").Rows(t.Context()))
	checkOperationError(t, err,
		"its content changed on retry; the rows received are incomplete", true)
	check(t, "rows", len(rows), 3)
}

// Pages without rows whose cursors are always new are requested on the polling schedule,
// until its Timeout.
func TestPagesWithoutRowsEndWithTheTimeout(t *testing.T) {
	inBubbles(t, func(t *testing.T, read func(context.Context, *Client) ([]int64, error)) {
		requests := 0
		client := newBubbleClient(t, func(w http.ResponseWriter, request *http.Request) {
			switch {
			case request.Method == http.MethodPost:
				reply(w, submittedBody)
			case !strings.HasPrefix(request.URL.Path, jobsPath):
				reply(w, runningBody)
			default:
				requests++
				reply(w, pageOf("", strconv.Itoa(requests)))
			}
		}, WithPolling(Polling{Timeout: 10 * time.Minute}))
		start := time.Now()
		_, err := read(t.Context(), client)
		checkOperationError(t, err, "Polling.Timeout", true)
		checkIs(t, err, context.DeadlineExceeded, true)
		check(t, "time", time.Since(start), 10*time.Minute)
		if requests > 100 {
			t.Errorf("%d requests in 10 minutes, want one every 10 s", requests)
		}
	})
}

// Pages with rows are requested one after the other without a wait.
func TestPagesWithRowsComeWithoutAWait(t *testing.T) {
	const n = 100
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		client := newBubbleClient(t, func(w http.ResponseWriter, _ *http.Request) {
			if requests++; requests < n {
				reply(w, pageOf(numbered(requests, requests), strconv.Itoa(requests)))
				return
			}
			reply(w, pageOf(numbered(n, n), ""))
		})
		start := time.Now()
		rows, err := client.Job("id").Wait(t.Context())
		checkError(t, err, "")
		checkNumbers(t, rows, n)
		if took := time.Since(start); took > time.Second {
			t.Errorf("%d pages took %v, want the wait before the first one", n, took)
		}
	})
}

// A 404 on a later page is waited out for 30 s, of a job from elsewhere, too.
func TestPageNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pages := newPages(t, map[string][]string{"": {pageOf(numbered(1, 2), "b")}, "b": {notFound}})
		start := time.Now()
		rows, err := collect(t, newBubbleClient(t, pages.serve).Job("id").Rows(t.Context()))
		checkStatus(t, err, http.StatusNotFound)
		checkNumbers(t, rows, 2)
		if took := time.Since(start); took < notFoundPatience || took > notFoundPatience+15*time.Second {
			t.Errorf("the error took %v, want %v and a poll", took, notFoundPatience)
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
			check(t, "path", requests[1].URL.Path, jobsPath+"/id")
			check(t, "query", requests[1].URL.RawQuery, "pageSize=1000&after="+want)
		})
	}
	for _, uri := range []string{"/x", "/x?after=", "/x?after", "/x?Xafter=1", "/x?%61fter=1", "/x?after=a b", "/x?after=ä", ":", "\x7f"} {
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

// A date that is null or "" is zero, and does not lose the report.
func TestJobRowsWithoutADate(t *testing.T) {
	for _, date := range []string{`null`, `""`} {
		body := `{"entities":[{"date":` + date + `,"requestCount":1}],"queryStatus":"Succeeded"}`
		job := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, body) }).Job("id")
		rows, err := job.Wait(t.Context())
		checkError(t, err, "")
		checkNumbers(t, rows, 1)
		for _, row := range rows {
			check(t, "date is zero", row.Date.IsZero(), true)
		}
		result, err := job.Poll(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		checkNumbers(t, result.Entities, 1)
	}
}

func TestSubmitJob(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusCreated, http.StatusAccepted} {
		var sent string
		client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
			body, _ := io.ReadAll(request.Body)
			sent = request.Method + " " + request.URL.String() + " " + string(body)
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
	}
	for _, test := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"no id", http.StatusOK, `{}`, `invalid id ""`},
		{"no path segment", http.StatusOK, `{"id":".."}`, `invalid id ".."`},
		{"HTML", http.StatusOK, `<html>`, "truncated or not JSON"},
		{"forbidden", http.StatusForbidden, ``, "needs the permission usage:organization:view"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				io.WriteString(w, test.body)
			})
			_, err := client.SubmitJob(t.Context(), someJobQuery)
			checkError(t, err, test.want)
			checkError(t, err, "submitting a usage job: ")
		})
	}
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
	client := newTestClient(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	for _, test := range []struct {
		name  string
		query gen.UsageJobQuery
		want  string
	}{
		{"no interval", gen.UsageJobQuery{}, "no interval"},
		{"ends before it starts", gen.UsageJobQuery{Interval: "2026-10-02/2026-10-01"}, "ends before it starts"},
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
			checkRefused := func(err error) {
				t.Helper()
				checkError(t, err, test.want)
				checkError(t, err, "submitting a usage job: invalid query")
				checkIs(t, err, ErrInvalidQuery, true)
			}
			_, err := client.SubmitJob(t.Context(), test.query)
			checkRefused(err)
			_, err = client.QueryJob(t.Context(), test.query)
			checkRefused(err)
			_, err = collect(t, client.QueryJobRows(t.Context(), test.query))
			checkRefused(err)
		})
	}
	for _, id := range []string{"", ".", "..", "a\n"} {
		_, err := client.Job(id).Wait(t.Context())
		checkError(t, err, "id ")
	}
	for _, longest := range []string{"2026-01-01/2026-03-31", "2026-01-01T00:00:00/2026-04-01T00:00:00"} { // 90 days
		checkError(t, checkJobQuery(gen.UsageJobQuery{Interval: longest}), "")
	}
	noOrder := gen.UsageJobQuery{Interval: days, SortBy: []gen.UsageQuerySortBy{{FieldName: "date"}}}
	checkError(t, checkJobQuery(noOrder), "")
}

func TestJobPoll(t *testing.T) {
	for _, test := range []struct {
		name, body string
		status     gen.JobStatus
		rows       int
		next       string
	}{
		{"cancelled", `{"queryStatus":"Cancelled"}`, gen.JobStatusCancelled, 0, ""},
		{"the first page", pageOf(numbered(1, 2), "b"), gen.JobStatusSucceeded, 2, jobsPath + "/id?after=b&pageSize=1000"},
		{"the only page", pageOf(numbered(1, 2), ""), gen.JobStatusSucceeded, 2, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, test.body) })
			result, err := client.Job("id").Poll(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			check(t, "QueryStatus", result.QueryStatus, test.status)
			checkNumbers(t, result.Entities, test.rows)
			check(t, "NextURI", result.NextURI, test.next)
		})
	}
}

// largePage is a page of 1,000 rows of a job whose id is the number of its pages.
func largePage(path string, number, pages int) []byte {
	var body bytes.Buffer
	body.WriteString(`{"entities":[`)
	for i := range 1000 {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body,
			`{"date":"2026-10-02","platform":"Demo","oauthClient":{"id":"c%d","name":"Demo %d"},"requestCount":%d}`,
			i%50, i%50, number*1000+i)
	}
	body.WriteString(`],"queryStatus":"Succeeded"`)
	if number+1 < pages {
		fmt.Fprintf(&body, `,"nextUri":"%s?after=%d"`, path, number+1)
	}
	body.WriteString("}")
	return body.Bytes()
}

// newLargeJobClient returns a client of a server of such jobs. Each page is truncated
// once, and each tenth is answered with 503 once before that.
func newLargeJobClient(t *testing.T) *Client {
	done := map[string]bool{}
	once := func(what string) bool {
		first := !done[what]
		done[what] = true
		return first
	}
	return newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
		pages, _ := strconv.Atoi(request.URL.Path[strings.LastIndexByte(request.URL.Path, '/')+1:])
		number, _ := strconv.Atoi(request.URL.Query().Get("after"))
		if number%10 == 0 && once(fmt.Sprint("down ", number)) {
			reply(w, down)
			return
		}
		body := largePage(request.URL.Path, number, pages)
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		if once(fmt.Sprint("truncated ", number)) {
			body = body[:(number*7919)%len(body)]
		}
		w.Write(body)
	}, WithRetry(Retry{Initial: 1, Max: time.Millisecond}))
}

// A process that reads 200,000 rows in 200 truncated pages, and serves them to itself,
// stays below 40 MiB; the process is this test's own. All rows come, once and in order.
func TestAJobOf200Pages(t *testing.T) {
	const pages = 200
	inOwnProcess(t, func() {
		next := int64(0)
		for row, err := range newLargeJobClient(t).Job(strconv.Itoa(pages)).Rows(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			check(t, "number", row.RequestCount, next)
			check(t, "name", row.OAuthClient.Name, fmt.Sprint("Demo ", next%50))
			check(t, "day", row.Date.Day(), 2)
			if t.Failed() {
				t.FailNow()
			}
			next++
		}
		check(t, "rows", next, pages*1000)
	}, func(peak float64) {
		if peak > 40*raceFactor {
			t.Errorf("the process took %.1f MiB, want %d at most", peak, 40*raceFactor)
		}
	})
}

// inOwnProcess runs a part of a test in a process of its own, and passes on the peak of
// its memory, in MiB.
func inOwnProcess(t *testing.T, run func(), checkPeak func(peak float64)) {
	t.Helper()
	const variable = "RUN_IN_OWN_PROCESS"
	if os.Getenv(variable) == t.Name() {
		run()
		peak, _ := peakMemory()
		fmt.Printf("peak: %.1f MiB\n", peak)
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), variable+"="+t.Name())
	output, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	_, rest, _ := strings.Cut(string(output), "peak: ")
	var peak float64
	if _, err := fmt.Sscan(rest, &peak); err != nil {
		t.Fatalf("no peak: %v: %s", err, output)
	}
	t.Logf("peak of %.1f MiB", peak)
	checkPeak(peak)
}
