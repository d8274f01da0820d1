package usagetest_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"github.com/oapi-codegen/runtime/types"
)

// submitJob submits a job, and returns the path of its results.
func (f *fake) submitJob() string {
	f.t.Helper()
	response, body := f.post(jobPath, `{"interval":"`+daysFromNow(-7, -1)+`"}`)
	var job gen.UsageJob
	if err := json.Unmarshal([]byte(body), &job); err != nil {
		f.t.Fatalf("%s: %v", body, err)
	}
	check(f.t, "status of the submit", response.StatusCode, 202)
	check(f.t, "resultsUri", job.ResultsURI, jobPath+"/"+job.ID)
	return job.ResultsURI
}

// newPaged returns a server with a job of 250 rows, whose requestCount counts them.
func newPaged(t *testing.T) (server *fake, path string) {
	t.Helper()
	rows := make([]gen.UsageJobRow, 250)
	for i := range rows {
		rows[i].RequestCount = int64(i)
		rows[i].Date = types.Date{Time: time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC)}
	}
	server = newFake(t, usagetest.Config{JobRows: func(gen.UsageJobQuery) []gen.UsageJobRow { return rows }})
	return server, server.submitJob()
}

// 100 rows a page, or as many as are requested. The nextUri is all that the next
// page takes.
func TestJobPages(t *testing.T) {
	server, path := newPaged(t)
	for _, test := range []struct {
		name, query string
		sizes       []int
	}{
		{"default", "", []int{100, 100, 50}},
		{"pageSize", "?pageSize=125", []int{125, 125}},
		{"one page", "?pageSize=1000", []int{250}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var sizes []int
			count := 0
			for next := path + test.query; next != "" && len(sizes) < 4; {
				_, body := server.get(next)
				var page gen.UsageJobResult
				if err := json.Unmarshal([]byte(body), &page); err != nil {
					t.Fatalf("%.300s: %v", body, err)
				}
				check(t, "status", page.QueryStatus, gen.JobStatusSucceeded)
				checkContains(t, "body", body, `"date":"2026-10-02"`, `"status200":0`)
				for _, row := range page.Entities {
					check(t, "requestCount", row.RequestCount, int64(count))
					count++
				}
				sizes = append(sizes, len(page.Entities))
				next = page.NextURI
			}
			check(t, "sizes of the pages", sizes, test.sizes)
		})
	}
}

func TestJobPageRefusals(t *testing.T) {
	server, path := newPaged(t)
	for _, query := range []string{
		"pageSize=0", "pageSize=1001", "pageSize=many", "after=", "after=100",
		"pageSize=1000&after=" + url.QueryEscape("100+/&of-another-job="),
	} {
		t.Run(query, func(t *testing.T) {
			response, body := server.get(path + "?" + query)
			check(t, "status", response.StatusCode, 400)
			checkContains(t, "body", body, "bad.request")
		})
	}
}

func TestFailedJobSaysWhy(t *testing.T) {
	server := newFake(t, usagetest.Config{Fail: true})
	_, body := server.get(server.submitJob())
	checkContains(t, "body", body, `"errorBody":{`, `"message":"The query could not be run."`)
}

func TestJobRefusals(t *testing.T) {
	server := newFake(t, usagetest.Config{})
	for _, test := range []struct {
		name, interval, more string
		refusal              string // "": none
	}{
		{"90 days", daysFromNow(-89, 0), "", ""},
		{"91 days", daysFromNow(-90, 0), "", "exceeds 90 days"},
		{"less than a year ago", daysFromNow(-360, -300), "", ""},
		{"more than a year ago", daysFromNow(-400, -380), "", "more than a year ago"},
		{"no interval", "", "", "interval is required"},
		{"no JSON", daysFromNow(-7, -1), "x", "malformed"},
		{"groupBy of queries", daysFromNow(-7, -1), `,"groupBy":["OAuthClientId"]`, `groupBy "OAuthClientId"`},
		{"granularity", daysFromNow(-7, -1), `,"granularity":"Hour"`, `granularity "Hour"`},
		{"metric", daysFromNow(-7, -1), `,"metrics":["Status418"]`, `metric "Status418"`},
		{"httpMethod", daysFromNow(-7, -1), `,"httpMethods":["get"]`, `httpMethod "get"`},
		{"sortBy field", daysFromNow(-7, -1), `,"sortBy":[{"fieldName":"moon"}]`, `sort by "moon"`},
		{"sortBy order", daysFromNow(-7, -1), `,"sortBy":[{"fieldName":"date","order":"Up"}]`, `"Up"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, body := server.post(jobPath, fmt.Sprintf(`{"interval":%q%s}`, test.interval, test.more))
			want := 202
			if test.refusal != "" {
				want = 400
			}
			check(t, "status", response.StatusCode, want)
			checkContains(t, "body", strings.ReplaceAll(body, `\"`, `"`), test.refusal)
		})
	}
}
