package wrapper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

const jobsPath = "/api/v2/usage/aggregates/query/jobs"

// pages answers a request for a page with the body for its cursor, in order and then
// the last again.
func pages(t *testing.T, bodies map[string][]string) (handler http.HandlerFunc, asked *[]string) {
	asked = new([]string)
	seen := map[string]int{}
	return func(w http.ResponseWriter, request *http.Request) {
		query := request.URL.RawQuery
		*asked = append(*asked, query)
		size, after, _ := strings.Cut(query, "&")
		if size != "pageSize=1000" || request.URL.Path != jobsPath+"/id" {
			t.Errorf("asked %s", request.URL)
		}
		answers := bodies[after]
		if len(answers) == 0 {
			http.Error(w, "no such page", http.StatusBadRequest)
			return
		}
		body := answers[min(seen[after], len(answers)-1)]
		seen[after]++
		if body == "" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if cut, ok := strings.CutSuffix(body, "CUT"); ok {
			w.Header().Set("Content-Length", fmt.Sprint(len(cut)+1))
			body = cut
		}
		io.WriteString(w, body)
	}, asked
}

func TestJobWaitAndRows(t *testing.T) {
	const one = `{"queryStatus":"Succeeded","entities":[{"requestCount":1},{"requestCount":2}],"nextUri":"` + jobsPath + `/id?after=b&pageSize=1000"}`
	const two = `{"entities":[{"requestCount":3}],"queryStatus":"Succeeded"}`
	for _, test := range []struct {
		name    string
		bodies  map[string][]string
		asked   int
		rows    int
		wantErr string
		first   int  // rows before the error
		final   bool // taking it up again does not help
	}{
		{name: "one page", bodies: map[string][]string{"": {two}}, asked: 1, rows: 1},
		{name: "nothing", bodies: map[string][]string{"": {`{"queryStatus":"Succeeded"}`}}, asked: 1},
		{name: "queued, running, succeeded", bodies: map[string][]string{"": {`{"queryStatus":"Queued"}`, `{"queryStatus":"running"}`, `{"queryStatus":"SUCCEEDED"}`}}, asked: 3},
		{name: "unknown status", bodies: map[string][]string{"": {`{"queryStatus":"Reticulating"}`, two}}, asked: 2, rows: 1},
		{name: "two pages", bodies: map[string][]string{"": {one}, "after=b": {two}}, asked: 2, rows: 3},
		{name: "an empty page is not the end", bodies: map[string][]string{
			"": {one}, "after=b": {`{"entities":[],"queryStatus":"Succeeded","nextUri":"?after=c"}`}, "after=c": {`{"queryStatus":"Succeeded","nextUri":"?after=d"}`}, "after=d": {two},
		}, asked: 4, rows: 3},
		{name: "each page cut and down", bodies: map[string][]string{
			"": {"", `{"queryStatus":"Succeeded","entities":[{"requestCount":1},CUT`, one}, "after=b": {`{"entities":[{"requestCount":3}CUT`, "", two},
		}, asked: 6, rows: 3},
		{name: "running again on a later page", bodies: map[string][]string{"": {one}, "after=b": {`{"queryStatus":"Running"}`, two}}, asked: 3, rows: 3},
		{name: "another answer", bodies: map[string][]string{"": {one}, "after=b": {`{"entities":[{"requestCount":3},CUT`, `{"entities":[{"requestCount":4}],"queryStatus":"Succeeded"}`}},
			asked: 3, rows: 3, wantErr: "is another one now", first: 3},
		{name: "a cursor that comes again", bodies: map[string][]string{"": {one}, "after=b": {`{"entities":[{"requestCount":3}],"queryStatus":"Succeeded","nextUri":"/?after=b"}`}},
			asked: 2, rows: -1, wantErr: `the cursor "b" comes again`, first: 3, final: true},
		{name: "no cursor", bodies: map[string][]string{"": {`{"entities":[{}],"queryStatus":"Succeeded","nextUri":"/next?page=2"}`}}, asked: 1, rows: -1, wantErr: "has no cursor", first: 1, final: true},
		{name: "failed", bodies: map[string][]string{"": {`{"queryStatus":"Failed","errorBody":{"code":"quota","message":"Too much of it","contextId":"abc"}}`}},
			asked: 1, rows: -1, wantErr: `status "Failed": quota: Too much of it (correlation id abc): ` + ErrQueryFailed.Error(), final: true},
		{name: "failed without a reason", bodies: map[string][]string{"": {`{"queryStatus":"FAILED"}`}}, asked: 1, rows: -1, wantErr: `status "FAILED": ` + ErrQueryFailed.Error(), final: true},
		{name: "cancelled", bodies: map[string][]string{"": {`{"queryStatus":"Cancelled"}`}}, asked: 1, rows: -1, wantErr: `status "Cancelled": ` + ErrQueryFailed.Error(), final: true},
		{name: "cancelled between pages", bodies: map[string][]string{"": {one}, "after=b": {`{"queryStatus":"cancelled"}`}}, asked: 2, rows: -1, wantErr: ErrQueryFailed.Error(), first: 2, final: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			check := func(err error, want string) {
				t.Helper()
				checkError(t, err, want)
				if want != "" && strings.Contains(fmt.Sprint(err), "Client.Job takes it up again") == test.final {
					t.Errorf("%v: final is %v", err, test.final)
				}
				if strings.Contains(want, ErrQueryFailed.Error()) && !errors.Is(err, ErrQueryFailed) {
					t.Errorf("%v is no ErrQueryFailed", err)
				}
			}
			numbers := func(rows []gen.UsageJobRow) (numbers string) {
				for _, row := range rows {
					numbers += strconv.FormatInt(row.RequestCount, 10)
				}
				return numbers
			}
			handler, asked := pages(t, test.bodies)
			rows, err := newTestClient(t, handler).Job("id").Wait(t.Context())
			if test.rows < 0 {
				check(err, test.wantErr)
			} else if err != nil || len(rows) != test.rows || test.wantErr == "" && !strings.HasPrefix("123", numbers(rows)) && test.rows == 3 {
				t.Errorf("Wait: %s, %v", numbers(rows), err)
			}
			if len(*asked) != test.asked {
				t.Errorf("Wait asked %q", *asked)
			}

			handler, asked = pages(t, test.bodies)
			var got []gen.UsageJobRow
			var last error
			for row, err := range newTestClient(t, handler).Job("id").Rows(t.Context()) {
				if last = err; err == nil {
					got = append(got, row)
				}
			}
			check(last, test.wantErr)
			if want := max(test.rows, 0); test.wantErr == "" && len(got) != want || test.wantErr != "" && len(got) != test.first || len(got) == 3 && test.wantErr == "" && numbers(got) != "123" {
				t.Errorf("Rows: %s", numbers(got))
			}
			if len(*asked) != test.asked {
				t.Errorf("Rows asked %q", *asked)
			}
		})
	}
}

// Of the address of the next page, only after is taken, as it is written there.
func TestJobCursors(t *testing.T) {
	for next, want := range map[string]string{
		jobsPath + "/id?after=abc":                                     "abc",
		"https://elsewhere.example.com:1/other?pageSize=9&after=abc#x": "abc",
		"?after=a%2Bb+c%3D=/?":                                         "a%2Bb+c%3D=/?",
		"/x?before=1&after=%ff&after=2":                                "%ff",
		"/x?Xafter=1&after=~":                                          "~",
	} {
		var asked []string
		client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
			asked = append(asked, request.URL.String())
			if len(asked) == 1 {
				json.NewEncoder(w).Encode(map[string]any{"queryStatus": "Succeeded", "nextUri": next})
				return
			}
			io.WriteString(w, `{"queryStatus":"Succeeded"}`)
		})
		if _, err := client.Job("id").Wait(t.Context()); err != nil || len(asked) != 2 ||
			asked[0] != jobsPath+"/id?pageSize=1000" || asked[1] != jobsPath+"/id?pageSize=1000&after="+want {
			t.Errorf("%s: asked %q, %v", next, asked, err)
		}
	}
	for _, next := range []string{"/x", "/x?after=", "/x?after", "/x?%61fter=1", "/x?after=a b", "/x?after=ä", ":", "\x7f"} {
		asked := 0
		client := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) {
			asked++
			json.NewEncoder(w).Encode(map[string]any{"queryStatus": "Succeeded", "nextUri": next})
		})
		_, err := client.Job("id").Wait(t.Context())
		checkError(t, err, "next page")
		if asked != 1 {
			t.Errorf("%q: asked %d times", next, asked)
		}
	}
}

func TestSubmitJob(t *testing.T) {
	for _, status := range []int{200, 201, 202} {
		var sent string
		client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
			body, _ := io.ReadAll(request.Body)
			sent = request.Method + " " + request.URL.String() + " " + string(body)
			w.WriteHeader(status)
			io.WriteString(w, `{"id":"a/b"}`)
		})
		job, err := client.SubmitJob(t.Context(), gen.UsageJobQuery{Interval: "2026-10-01/2026-10-31", GroupBy: []gen.JobGroupBy{gen.JobGroupByPlatform}})
		if err != nil || job.ID() != "a/b" || sent != "POST "+jobsPath+` {"groupBy":["Platform"],"interval":"2026-10-01T00:00:00/2026-10-31T23:59:59"}` {
			t.Errorf("%d: %v, sent %s", status, err, sent)
		}
	}
	for _, test := range []struct{ answer, want string }{
		{`{}`, "id is empty"},
		{`{"id":".."}`, `".."`},
		{`<html>`, "not JSON"},
	} {
		_, err := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, test.answer) }).SubmitJob(t.Context(), gen.UsageJobQuery{Interval: "2026-10-01/2026-10-31"})
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "submitting a usage job") {
			t.Errorf("%s: %v", test.answer, err)
		}
	}
	_, err := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }).QueryJob(t.Context(), gen.UsageJobQuery{Interval: "2026-10-01/2026-10-31"})
	if err == nil || !strings.Contains(err.Error(), "needs the permission usage:organization:view") {
		t.Errorf("403: %v", err)
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
		if got := jobInterval(interval); got != want {
			t.Errorf("%s is sent as %s, want %s", interval, got, want)
		}
	}
}

func TestBadJobQueriesAreNotSent(t *testing.T) {
	sent := 0
	client := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) { sent++ })
	const days = "2026-10-01/2026-10-31"
	for _, test := range []struct {
		query gen.UsageJobQuery
		want  string
	}{
		{gen.UsageJobQuery{}, "no interval"},
		{gen.UsageJobQuery{Interval: "2026-10-02/2026-10-01"}, "ends before"},
		{gen.UsageJobQuery{Interval: "2026-01-02/2026-04-02"}, "90 days at most"},
		{gen.UsageJobQuery{Interval: "2026-01/2026-04"}, "90 days at most"},
		{gen.UsageJobQuery{Interval: "2026-01-01T00:00:00/2026-04-01T00:00:01"}, "90 days at most"},
		{gen.UsageJobQuery{Interval: days, Granularity: "Hour"}, `"Hour"`},
		{gen.UsageJobQuery{Interval: days, GroupBy: []gen.JobGroupBy{"OAuthClientId"}}, `"OAuthClientId"; see the constants of gen.JobGroupBy`},
		{gen.UsageJobQuery{Interval: days, Metrics: []gen.JobMetric{"Status418"}}, `"Status418"`},
		{gen.UsageJobQuery{Interval: days, HTTPMethods: []gen.JobHTTPMethod{"get"}}, `"get"`},
		{gen.UsageJobQuery{Interval: days, SortBy: []gen.UsageQuerySortBy{{FieldName: "date", Order: "Up"}}}, `"Up"`},
	} {
		_, err := client.QueryJob(t.Context(), test.query)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v", test.query, err)
		}
		for _, err := range client.QueryJobRows(t.Context(), test.query) {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%+v: %v", test.query, err)
			}
		}
	}
	for _, id := range []string{"", ".", "..", "a\n"} {
		if _, err := client.Job(id).Wait(t.Context()); err == nil {
			t.Errorf("id %q: no error", id)
		}
	}
	if sent > 0 {
		t.Errorf("%d requests were sent", sent)
	}
	for _, most := range []string{"2026-01-01/2026-03-31", "2026-01-01T00:00:00/2026-04-01T00:00:00"} { // 90 days
		if err := checkJobQuery(gen.UsageJobQuery{Interval: most}); err != nil {
			t.Errorf("%s: %v", most, err)
		}
	}
}

func TestJobPoll(t *testing.T) {
	var polls atomic.Int32
	client := newTestClient(t, script(&polls, `{"queryStatus":"Cancelled"}`, `{"queryStatus":"Succeeded","entities":[{"requestCount":1}],"nextUri":"/x?after=b"}`))
	if result, err := client.Job("id").Poll(t.Context()); err != nil || result.QueryStatus != gen.JobStatusCancelled {
		t.Errorf("%+v, %v", result, err)
	}
	if result, err := client.Job("id").Poll(t.Context()); err != nil || result.QueryStatus != gen.JobStatusSucceeded || len(result.Entities) != 1 || result.NextURI != "/x?after=b" {
		t.Errorf("%+v, %v", result, err)
	}
}

// An outage between two pages is waited out, and the rows go on behind the last one.
func TestJobOutageBetweenPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var statuses []gen.QueryStatus
		client := newTimelessClient(t, func(request *http.Request) (*http.Response, error) {
			switch {
			case !strings.Contains(request.URL.RawQuery, "after"):
				return respond(request, 200, `{"queryStatus":"Succeeded","entities":[{"requestCount":1}],"nextUri":"?after=b"}`), nil
			case time.Since(start) < 10*time.Minute:
				return respond(request, 503, ""), nil
			}
			return respond(request, 200, `{"queryStatus":"Succeeded","entities":[{"requestCount":2}]}`), nil
		}, WithProgress(func(p Progress) { statuses = append(statuses, p.Status) }))
		var rows []int64
		for row, err := range client.Job("id").Rows(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, row.RequestCount)
		}
		if !slices.Equal(rows, []int64{1, 2}) || len(statuses) < 10 || statuses[len(statuses)-1] != gen.QueryStatus(gen.JobStatusSucceeded) {
			t.Errorf("rows %v, statuses %q", rows, statuses)
		}
	})
}

// newJobServer serves jobs of 1,000 rows a page, whose id is the number of pages.
// Each page is cut once, and each tenth is answered 503 once before that.
func newJobServer(t *testing.T) *Client {
	done := map[string]bool{}
	once := func(what string) bool {
		first := !done[what]
		done[what] = true
		return first
	}
	client, err := New("", WithAccessToken("T"), WithPolling(Polling{Initial: 1, Max: 1}), WithRetry(Retry{Initial: 1, Max: time.Millisecond}),
		WithBaseURL(newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
			id := request.URL.Path[strings.LastIndexByte(request.URL.Path, '/')+1:]
			n, _ := strconv.Atoi(id)
			page, _ := strconv.Atoi(request.URL.Query().Get("after"))
			if page%10 == 0 && once(fmt.Sprint("down ", page)) {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			var body bytes.Buffer
			body.WriteString(`{"entities":[`)
			for i := range 1000 {
				if i > 0 {
					body.WriteByte(',')
				}
				fmt.Fprintf(&body, `{"date":"2026-10-02","platform":"Demo","oauthClient":{"id":"c%d","name":"Demo %d"},"requestCount":%d}`, i%50, i%50, page*1000+i)
			}
			body.WriteString(`],"queryStatus":"Succeeded"`)
			if page+1 < n {
				fmt.Fprintf(&body, `,"nextUri":"%s?after=%d"`, request.URL.Path, page+1)
			}
			body.WriteString("}")
			w.Header().Set("Content-Length", fmt.Sprint(body.Len()))
			whole := body.Bytes()
			if once(fmt.Sprint("cut ", page)) {
				whole = whole[:(page*7919)%len(whole)]
			}
			w.Write(whole)
		}).base))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// A process that reads 200,000 rows in 200 broken pages, and serves them to itself,
// stays below 40 MiB; the process is this test's own. All rows come, once and in order.
func TestAJobOf200Pages(t *testing.T) {
	if os.Getenv("READ_LARGE_JOB") != "" {
		const n = 200
		next := int64(0)
		for row, err := range newJobServer(t).Job(strconv.Itoa(n)).Rows(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			if row.RequestCount != next || row.OauthClient.Name != fmt.Sprint("Demo ", next%50) || row.Date.Day() != 2 {
				t.Fatalf("row %d is %+v", next, row)
			}
			next++
		}
		if next != n*1000 {
			t.Fatalf("%d rows", next)
		}
		peak, _ := peakMemory()
		fmt.Printf("peak: %.1f MiB\n", peak)
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), "READ_LARGE_JOB=1")
	output, err := child.CombinedOutput()
	_, rest, ok := strings.Cut(string(output), "peak: ")
	var peak float64
	if _, scan := fmt.Sscan(rest, &peak); err != nil || !ok || scan != nil {
		t.Fatalf("%v: %s", err, output)
	}
	t.Logf("peak of %.1f MiB", peak)
	if peak > 40*raceFactor {
		t.Errorf("the process took %.1f MiB", peak)
	}
}
