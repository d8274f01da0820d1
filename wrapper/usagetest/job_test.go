package usagetest_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"github.com/oapi-codegen/runtime/types"
)

// daysFromNow returns an interval of days relative to today.
func daysFromNow(first, last int) string {
	today := time.Now().UTC()
	return wrapper.Days(today.AddDate(0, 0, first), today.AddDate(0, 0, last))
}

// lastWeek returns an interval that jobs have data of.
func lastWeek() string { return daysFromNow(-7, -1) }

// submitJob submits a job, and returns the path of its results.
func (f *fake) submitJob() string {
	f.t.Helper()
	response, body := f.post(jobPath, `{"interval":"`+lastWeek()+`"}`)
	var job gen.UsageJob
	if err := json.Unmarshal([]byte(body), &job); err != nil {
		f.t.Fatalf("%s: %v", body, err)
	}
	check(f.t, "status of the submit", response.StatusCode, 202)
	check(f.t, "resultsUri", job.ResultsURI, jobPath+"/"+job.ID)
	return job.ResultsURI
}

var jobGroupBys = []gen.JobGroupBy{
	gen.JobGroupByOAuthClientID, gen.JobGroupByOAuthClientName, gen.JobGroupByUserID,
	gen.JobGroupByTemplateURI, gen.JobGroupByHTTPMethod, gen.JobGroupByPlatform,
}

// Jobs and queries have the same organization; jobs have the vendor's clients too.
func TestJobsIncludeTheVendorsClients(t *testing.T) {
	server := newFake(t, usagetest.Config{})
	queried := server.query(gen.APIUsageQuery{Interval: lastWeek()})
	own, vendors := counts{}, counts{}
	for _, row := range server.queryJob(gen.UsageJobQuery{Interval: lastWeek()}) {
		if slices.ContainsFunc(queried, func(r gen.APIUsageRow) bool { return r.ClientID == row.OAuthClient.ID }) {
			own.add(jobCountsOf(row))
		} else {
			vendors.add(jobCountsOf(row))
		}
	}
	check(t, "total of the organization's clients", own, sum(queried, countsOf))
	check(t, "the vendor's clients have requests", vendors.Requests > 0, true)
}

func TestJobsAddUp(t *testing.T) {
	server := newFake(t, usagetest.Config{})
	want := sum(server.queryJob(gen.UsageJobQuery{Interval: lastWeek()}), jobCountsOf)
	for _, by := range append(slices.Collect(slices.Chunk(jobGroupBys, 1)), nil, jobGroupBys) {
		for _, granularity := range []gen.JobGranularity{
			"", gen.JobGranularityDay, gen.JobGranularityWeek, gen.JobGranularityMonth,
		} {
			t.Run(fmt.Sprintf("by %v %s", by, granularity), func(t *testing.T) {
				rows := server.queryJob(gen.UsageJobQuery{Interval: lastWeek(), Granularity: granularity, GroupBy: by})
				check(t, "total", sum(rows, jobCountsOf), want)
				if by == nil { // not aggregated
					by, granularity = jobGroupBys, gen.JobGranularityDay
				}
				for _, row := range rows {
					checkJobRow(t, row, by, granularity)
				}
			})
		}
	}
}

func checkJobRow(t *testing.T, row gen.UsageJobRow, by []gen.JobGroupBy, granularity gen.JobGranularity) {
	t.Helper()
	clientURI, userURI := "", ""
	if slices.Contains(by, gen.JobGroupByOAuthClientID) {
		clientURI = "/api/v2/oauth/clients/" + row.OAuthClient.ID
	}
	if row.User.ID != "" {
		userURI = "/api/v2/users/" + row.User.ID
	}
	check(t, "oauthClient.selfUri", row.OAuthClient.SelfURI, clientURI)
	check(t, "user.selfUri", row.User.SelfURI, userURI)
	for _, dimension := range []struct {
		name  string
		by    gen.JobGroupBy
		value string
	}{
		{"oauthClient.id", gen.JobGroupByOAuthClientID, row.OAuthClient.ID},
		{"oauthClient.name", gen.JobGroupByOAuthClientName, row.OAuthClient.Name},
		{"templateUri", gen.JobGroupByTemplateURI, row.TemplateURI},
		{"httpMethod", gen.JobGroupByHTTPMethod, string(row.HTTPMethod)},
		{"platform", gen.JobGroupByPlatform, row.Platform},
	} {
		check(t, "row has "+dimension.name, dimension.value != "", slices.Contains(by, dimension.by))
	}
	if !slices.Contains(by, gen.JobGroupByUserID) { // some requests have no user
		check(t, "user.id", row.User.ID, "")
	}
	check(t, "row has a date", !row.Date.IsZero(), granularity != "")
	check(t, "date", row.Date.Time, startOf(row.Date.Time, gen.Granularity(granularity)))
}

func TestJobFilters(t *testing.T) {
	server := newFake(t, usagetest.Config{})
	all := server.queryJob(gen.UsageJobQuery{Interval: lastWeek()})
	some := all[slices.IndexFunc(all, func(r gen.UsageJobRow) bool { return r.User.ID != "" })]
	for _, test := range []struct {
		name    string
		query   gen.UsageJobQuery
		matches func(gen.UsageJobRow) bool
	}{
		{"templateUris", gen.UsageJobQuery{TemplateURIs: []string{some.TemplateURI, "none"}},
			func(r gen.UsageJobRow) bool { return r.TemplateURI == some.TemplateURI }},
		{"httpMethods", gen.UsageJobQuery{HTTPMethods: []gen.JobHTTPMethod{"PUT", "PATCH"}},
			func(r gen.UsageJobRow) bool { return r.HTTPMethod == "PUT" || r.HTTPMethod == "PATCH" }},
		{"platforms", gen.UsageJobQuery{Platforms: []string{some.Platform}},
			func(r gen.UsageJobRow) bool { return r.Platform == some.Platform }},
		{"userIds", gen.UsageJobQuery{UserIDs: []string{some.User.ID}},
			func(r gen.UsageJobRow) bool { return r.User.ID == some.User.ID }},
		{"oauthClientIds", gen.UsageJobQuery{OAuthClientIDs: []string{some.OAuthClient.ID}},
			func(r gen.UsageJobRow) bool { return r.OAuthClient.ID == some.OAuthClient.ID }},
		{"none", gen.UsageJobQuery{Platforms: []string{"none"}}, func(gen.UsageJobRow) bool { return false }},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := slices.DeleteFunc(slices.Clone(all), func(r gen.UsageJobRow) bool { return !test.matches(r) })
			test.query.Interval = lastWeek()
			got := server.queryJob(test.query)
			check(t, "rows", len(got), len(want))
			check(t, "total", sum(got, jobCountsOf), sum(want, jobCountsOf))
			check(t, "some match", len(want) > 0, test.name != "none")
			check(t, "all match", len(want) == len(all), false)
		})
	}
}

func TestJobMetrics(t *testing.T) {
	server := newFake(t, usagetest.Config{})
	all := sum(server.queryJob(gen.UsageJobQuery{Interval: lastWeek()}), jobCountsOf)
	one := []gen.JobMetric{gen.JobMetricStatus429}
	got := server.queryJob(gen.UsageJobQuery{Interval: lastWeek(), Metrics: one})
	check(t, "total", sum(got, jobCountsOf), counts{Status429: all.Status429})
}

func TestJobOrder(t *testing.T) {
	server := newFake(t, usagetest.Config{})
	for _, test := range []struct {
		field   string
		compare func(a, b gen.UsageJobRow) int
	}{
		{"date", func(a, b gen.UsageJobRow) int { return a.Date.Compare(b.Date.Time) }},
		{"platform", func(a, b gen.UsageJobRow) int { return cmp.Compare(a.Platform, b.Platform) }},
		{"httpMethod", func(a, b gen.UsageJobRow) int { return cmp.Compare(a.HTTPMethod, b.HTTPMethod) }},
		{"templateUri", func(a, b gen.UsageJobRow) int { return cmp.Compare(a.TemplateURI, b.TemplateURI) }},
		{"userId", func(a, b gen.UsageJobRow) int { return cmp.Compare(a.User.ID, b.User.ID) }},
		{"oauthClientId", func(a, b gen.UsageJobRow) int { return cmp.Compare(a.OAuthClient.ID, b.OAuthClient.ID) }},
		{"oauthClientName", func(a, b gen.UsageJobRow) int {
			return cmp.Compare(a.OAuthClient.Name, b.OAuthClient.Name)
		}},
		{"requestCount", func(a, b gen.UsageJobRow) int { return cmp.Compare(a.RequestCount, b.RequestCount) }},
		{"status200", func(a, b gen.UsageJobRow) int { return cmp.Compare(a.Status200, b.Status200) }},
		{"status300", func(a, b gen.UsageJobRow) int { return cmp.Compare(a.Status300, b.Status300) }},
		{"status400", func(a, b gen.UsageJobRow) int { return cmp.Compare(a.Status400, b.Status400) }},
		{"status429", func(a, b gen.UsageJobRow) int { return cmp.Compare(a.Status429, b.Status429) }},
		{"status500", func(a, b gen.UsageJobRow) int { return cmp.Compare(a.Status500, b.Status500) }},
	} {
		t.Run(test.field, func(t *testing.T) {
			rows := server.queryJob(gen.UsageJobQuery{Interval: daysFromNow(-2, -1), SortBy: []gen.UsageQuerySortBy{
				{FieldName: test.field, Order: gen.UsageQuerySortByOrderDesc}, {FieldName: "templateUri"},
			}})
			check(t, "sorted", slices.IsSortedFunc(rows, func(a, b gen.UsageJobRow) int {
				return cmp.Or(-test.compare(a, b), cmp.Compare(a.TemplateURI, b.TemplateURI))
			}), true)
		})
	}
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
		"pageSize=0", "pageSize=1001", "pageSize=many", "after=", "after=MQ==",
		"pageSize=1000&after=" + url.QueryEscape("nonsense"),
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
		{"91 days", daysFromNow(-90, 0), "", "more than 90 days"},
		{"less than a year ago", daysFromNow(-360, -300), "", ""},
		{"more than a year ago", daysFromNow(-400, -380), "", "more than a year ago"},
		{"no interval", "", "", "interval is required"},
		{"no JSON", lastWeek(), "x", "malformed"},
		{"groupBy of queries", lastWeek(), `,"groupBy":["OAuthClientId"]`, `groupBy "OAuthClientId"`},
		{"granularity", lastWeek(), `,"granularity":"Hour"`, `granularity "Hour"`},
		{"metric", lastWeek(), `,"metrics":["Status418"]`, `metric "Status418"`},
		{"httpMethod", lastWeek(), `,"httpMethods":["get"]`, `httpMethod "get"`},
		{"sortBy field", lastWeek(), `,"sortBy":[{"fieldName":"moon"}]`, `sort by "moon"`},
		{"sortBy order", lastWeek(), `,"sortBy":[{"fieldName":"date","order":"Up"}]`, `"Up"`},
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

// Each transient fault meets a request of a job, and the rows are complete.
func TestJobFaults(t *testing.T) {
	faults := usagetest.TransientFaults()
	requests := 0
	server := newFake(t, usagetest.Config{Fault: func(request *http.Request) usagetest.Fault {
		if !strings.HasPrefix(request.URL.Path, jobPath) {
			return usagetest.Fault{}
		}
		if requests++; requests%2 == 0 || requests/2 >= len(faults) {
			return usagetest.Fault{}
		}
		return faults[requests/2]
	}})
	client := server.client(wrapper.WithRetry(wrapper.Retry{
		Initial: time.Millisecond, Max: 5 * time.Millisecond, Stall: 300 * time.Millisecond,
	}))
	want := newFake(t, usagetest.Config{}).queryJob(gen.UsageJobQuery{Interval: lastWeek()})
	for requests < 2*len(faults) {
		got, err := client.QueryJob(t.Context(), gen.UsageJobQuery{Interval: lastWeek()})
		if err != nil {
			t.Fatal(err)
		}
		check(t, "rows", got, want)
	}
}
