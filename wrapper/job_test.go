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

// pages serves the pages of the job "id", by cursor, and keeps the cursors.
type pages struct {
	t       *testing.T
	bodies  map[string]string
	cursors []string
}

func (p *pages) serve(w http.ResponseWriter, request *http.Request) {
	size, cursor, _ := strings.Cut(request.URL.RawQuery, "&after=")
	check(p.t, "path", request.URL.Path, jobsPath+"/id")
	check(p.t, "page size", size, "pageSize=1000")
	p.cursors = append(p.cursors, "/"+cursor)
	body, ok := p.bodies[cursor]
	if !ok || len(p.cursors) > 1000 {
		http.Error(w, "no such page", http.StatusBadRequest)
		return
	}
	reply(w, body)
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
		pages    map[string]string
		rows     int
		requests int
		want     string
		failed   bool // ErrQueryFailed
	}{
		{"failed", map[string]string{"": failed("Failed", reason)}, 0, 1,
			`status "Failed": quota: Too much of it (correlation id abc): ` + ErrQueryFailed.Error(), true},
		{"a part of the reason is a number",
			map[string]string{"": failed("FAILED", `,"errorBody":{"message":5,"code":"quota"}`)}, 0, 1,
			`status "FAILED": quota: ` + ErrQueryFailed.Error(), true},
		{"cancelled between pages", map[string]string{"": first, "b": failed("cancelled", "")}, 2, 2,
			`status "cancelled": ` + ErrQueryFailed.Error(), true},
		{"a cursor that repeats later", map[string]string{"": first, "b": pageOf(numbered(3, 3), "c"), "c": first}, 5, 3,
			`cursor "b" repeats; the rows are incomplete`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			pages := &pages{t: t, bodies: test.pages}
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
		if took := time.Since(start); took < 9*time.Minute || took > 11*time.Minute {
			t.Errorf("it took %v, want 10 minutes, less the last wait", took)
		}
		if requests < 150 || requests > 200 {
			t.Errorf("%d requests, want 100 pages with rows and about 70 without", requests)
		}
	})
}

// Of the address of the next page, only after is taken, as it is written there.
func TestJobCursors(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for uri, want := range map[string]string{
		jobsPath + "/id?after=abc":                                     "abc",
		"https://elsewhere.example.com:1/other?pageSize=9&after=abc#x": "abc",
		"?after=a%2Bb+c%3D=/?":                                         "a%2Bb+c%3D=/?",
		"/x?before=1&after=%ff&after=2":                                "%ff",
		"/x?Xafter=1&after=~":                                          "~",
		"/x?after=" + long:                                             long,

		"/x": "", "/x?after=": "", "/x?after": "", "/x?Xafter=1": "", "/x?%61fter=1": "", "/x?after=a b": "",
		"/x?after=ä": "", ":": "", "/x?after=a\x7f": "",
	} {
		t.Run(fmt.Sprintf("%.40q", uri), func(t *testing.T) {
			body, err := json.Marshal(map[string]any{"queryStatus": "Succeeded", "nextUri": uri})
			checkError(t, err, "")
			pages := &pages{t: t, bodies: map[string]string{want: `{"queryStatus":"Succeeded"}`}}
			pages.bodies[""] = string(body)
			_, err = newTestClient(t, pages.serve).Job("id").Wait(t.Context())
			if want == "" {
				checkOperationError(t, err, "the rows are incomplete", false)
				check(t, "cursors", fmt.Sprint(pages.cursors), "[/]")
			} else {
				checkError(t, err, "")
				check(t, "cursors", fmt.Sprint(pages.cursors), "[/ /"+want+"]")
			}
		})
	}
}

func TestSubmitJob(t *testing.T) {
	var sent string
	client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		sent = request.Method + " " + request.URL.Path + " " + string(body)
		w.WriteHeader(http.StatusAccepted)
		reply(w, `{"id":"a/b"}`)
	})
	job, err := client.SubmitJob(t.Context(), gen.UsageJobQuery{
		Interval: "2026-10-01/2026-10-31", GroupBy: []gen.JobGroupBy{gen.JobGroupByPlatform},
	})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "ID", job.ID(), "a/b")
	check(t, "request", sent,
		`POST `+jobsPath+` {"groupBy":["Platform"],"interval":"2026-10-01T00:00:00/2026-10-31T23:59:59"}`)
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
