package usagetest_test

import (
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

const jobPath = "/api/v2/usage/aggregates/query/jobs"

// lastWeek is an interval that jobs have data of, whenever that is.
func lastWeek() string {
	today := time.Now().UTC()
	return wrapper.Days(today.AddDate(0, 0, -7), today.AddDate(0, 0, -1))
}

func queryJob(t *testing.T, server *usagetest.Server, query gen.UsageJobQuery) []gen.UsageJobRow {
	t.Helper()
	rows, err := newClient(t, server).QueryJob(t.Context(), query)
	if err != nil {
		t.Fatalf("%+v: %v", query, err)
	}
	return rows
}

func jobTotal(rows []gen.UsageJobRow) (sum gen.APIUsageRow) {
	for _, row := range rows {
		sum.Status200 += row.Status200
		sum.Status300 += row.Status300
		sum.Status400 += row.Status400
		sum.Status500 += row.Status500
		sum.Status429 += row.Status429
		sum.Requests += row.RequestCount
	}
	return sum
}

// The successor has the same organization and days, and the vendor's own clients too.
func TestJobsAddUp(t *testing.T) {
	server := newServer(t, usagetest.Config{})
	interval := lastWeek()
	raw := queryJob(t, server, gen.UsageJobQuery{Interval: interval})
	want := jobTotal(raw)
	ours, vendors := 0, 0
	own := map[string]bool{}
	for _, row := range query(t, server, gen.APIUsageQuery{Interval: interval}) {
		own[row.ClientID] = true
	}
	var withoutVendor []gen.UsageJobRow
	for _, row := range raw {
		if row.Date.IsZero() || row.Platform == "" || row.HTTPMethod == "" || row.TemplateURI == "" || row.OauthClient.ID == "" || row.OauthClient.Name == "" ||
			row.OauthClient.SelfURI != "/api/v2/oauth/clients/"+row.OauthClient.ID || row.User.ID != "" && row.User.SelfURI != "/api/v2/users/"+row.User.ID {
			t.Fatalf("without groupBy, a row is not aggregated: %+v", row)
		}
		if own[row.OauthClient.ID] {
			ours++
			withoutVendor = append(withoutVendor, row)
		} else {
			vendors++
		}
	}
	if ours == 0 || vendors == 0 {
		t.Errorf("%d rows of the organization's clients, %d of the vendor's", ours, vendors)
	}
	if got := total(query(t, server, gen.APIUsageQuery{Interval: interval})); got != jobTotal(withoutVendor) || got.Requests >= want.Requests {
		t.Errorf("the older operation has %+v, the successor %+v without the vendor's clients", got, jobTotal(withoutVendor))
	}
	groups := []gen.JobGroupBy{gen.JobGroupByOauthClientID, gen.JobGroupByOauthClientName, gen.JobGroupByUserID, gen.JobGroupByTemplateURI, gen.JobGroupByHTTPMethod, gen.JobGroupByPlatform}
	for _, by := range append(slices.Collect(slices.Chunk(groups, 1)), groups) {
		for _, granularity := range []gen.JobGranularity{"", gen.JobGranularityDay, gen.JobGranularityWeek, gen.JobGranularityMonth} {
			rows := queryJob(t, server, gen.UsageJobQuery{Interval: interval, Granularity: granularity, GroupBy: by})
			if got := jobTotal(rows); got != want {
				t.Errorf("by %v and %q: %+v, want %+v", by, granularity, got, want)
			}
			for _, row := range rows {
				if row.Date.IsZero() != (granularity == "") || (row.Platform == "") == slices.Contains(by, gen.JobGroupByPlatform) ||
					(row.OauthClient.Name == "") == slices.Contains(by, gen.JobGroupByOauthClientName) || (row.HTTPMethod == "") == slices.Contains(by, gen.JobGroupByHTTPMethod) {
					t.Fatalf("by %v and %q: %+v", by, granularity, row)
				}
			}
		}
	}
}

func TestJobFiltersAndOrder(t *testing.T) {
	server := newServer(t, usagetest.Config{})
	interval := lastWeek()
	all := queryJob(t, server, gen.UsageJobQuery{Interval: interval})
	some := all[slices.IndexFunc(all, func(r gen.UsageJobRow) bool { return r.User.ID != "" })]
	for _, test := range []struct {
		name  string
		query gen.UsageJobQuery
		want  func(gen.UsageJobRow) bool
	}{
		{"templateUris", gen.UsageJobQuery{TemplateURIs: []string{some.TemplateURI, "none"}}, func(r gen.UsageJobRow) bool { return r.TemplateURI == some.TemplateURI }},
		{"httpMethods", gen.UsageJobQuery{HTTPMethods: []gen.JobHTTPMethod{gen.JobHTTPMethodPUT, gen.JobHTTPMethodPATCH}}, func(r gen.UsageJobRow) bool { return r.HTTPMethod == "PUT" || r.HTTPMethod == "PATCH" }},
		{"platforms", gen.UsageJobQuery{Platforms: []string{some.Platform}}, func(r gen.UsageJobRow) bool { return r.Platform == some.Platform }},
		{"userIds", gen.UsageJobQuery{UserIDs: []string{some.User.ID}}, func(r gen.UsageJobRow) bool { return r.User.ID == some.User.ID }},
		{"oauthClientIds", gen.UsageJobQuery{OauthClientIDs: []string{some.OauthClient.ID}}, func(r gen.UsageJobRow) bool { return r.OauthClient.ID == some.OauthClient.ID }},
		{"none", gen.UsageJobQuery{Platforms: []string{"none"}}, func(gen.UsageJobRow) bool { return false }},
	} {
		test.query.Interval = interval
		var want []gen.UsageJobRow
		for _, row := range all {
			if test.want(row) {
				want = append(want, row)
			}
		}
		got := queryJob(t, server, test.query)
		if jobTotal(got) != jobTotal(want) || len(got) != len(want) || (len(want) == 0) != (test.name == "none") || len(want) == len(all) {
			t.Errorf("%s: %d rows, want %d of %d", test.name, len(got), len(want), len(all))
		}
	}
	sorted := queryJob(t, server, gen.UsageJobQuery{Interval: interval, GroupBy: []gen.JobGroupBy{gen.JobGroupByPlatform, gen.JobGroupByHTTPMethod},
		SortBy: []gen.UsageQuerySortBy{{FieldName: "platform"}, {FieldName: "requestCount", Order: gen.UsageQuerySortByOrderDesc}}})
	if !slices.IsSortedFunc(sorted, func(a, b gen.UsageJobRow) int {
		if c := strings.Compare(a.Platform, b.Platform); c != 0 {
			return c
		}
		return int(b.RequestCount - a.RequestCount)
	}) {
		t.Errorf("not in the order that was asked for: %+v", sorted)
	}
	counts := queryJob(t, server, gen.UsageJobQuery{Interval: interval, GroupBy: []gen.JobGroupBy{gen.JobGroupByPlatform}, Metrics: []gen.JobMetric{gen.JobMetricStatus429}})
	if got := jobTotal(counts); got != (gen.APIUsageRow{Status429: jobTotal(all).Status429}) {
		t.Errorf("of status429 alone: %+v", got)
	}
}

func TestJobAnswers(t *testing.T) {
	rows := make([]gen.UsageJobRow, 250)
	for i := range rows {
		rows[i] = gen.UsageJobRow{RequestCount: int64(i), Date: types.Date{Time: time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC)}}
	}
	server := newServer(t, usagetest.Config{RunningPolls: 2, JobRows: func(gen.UsageJobQuery) []gen.UsageJobRow { return rows }})
	token := getToken(t, server)
	response, body := call(t, "POST", server.URL+jobPath, token, `{"interval":"`+lastWeek()+`"}`)
	var job gen.UsageJob
	if err := json.Unmarshal([]byte(body), &job); err != nil || response.StatusCode/100 != 2 || job.ID == "" || job.ResultsURI != jobPath+"/"+job.ID {
		t.Fatalf("%d %s, %v", response.StatusCode, body, err)
	}
	for _, want := range []string{"Queued", "Running"} {
		if _, body := call(t, "GET", server.URL+job.ResultsURI, token, ""); !strings.Contains(body, `"queryStatus":"`+want+`"`) || strings.Contains(body, "entities") {
			t.Errorf("%s, want %s", body, want)
		}
	}
	// 100 rows a page, by the address of the next page alone.
	got := 0
	for next, pages := job.ResultsURI, 1; next != ""; pages++ {
		_, body := call(t, "GET", server.URL+next, token, "")
		var result gen.UsageJobResult
		if err := json.Unmarshal([]byte(body), &result); err != nil || result.QueryStatus != gen.JobStatusSucceeded || len(result.Entities) != min(100, 250-got) || pages > 3 {
			t.Fatalf("page %d: %.200s, %v", pages, body, err)
		}
		if !strings.Contains(body, `"date":"2026-10-02"`) || !strings.Contains(body, `"status200":0`) {
			t.Fatalf("%.300s", body)
		}
		for _, row := range result.Entities {
			if row.RequestCount != int64(got) {
				t.Fatalf("row %d is %+v", got, row)
			}
			got++
		}
		next = result.NextURI
	}
	if got != 250 {
		t.Errorf("%d rows", got)
	}
	for _, query := range []string{"pageSize=0", "pageSize=1001", "pageSize=many", "after=", "after=MQ==", "pageSize=1000&after=" + url.QueryEscape("nonsense")} {
		if response, body := call(t, "GET", server.URL+job.ResultsURI+"?"+query, token, ""); response.StatusCode != http.StatusBadRequest || !strings.Contains(body, "bad.request") {
			t.Errorf("%s: %d %.200s", query, response.StatusCode, body)
		}
	}
	if response, _ := call(t, "GET", server.URL+jobPath+"/unknown", token, ""); response.StatusCode != http.StatusNotFound {
		t.Errorf("unknown job: %d", response.StatusCode)
	}

	server = newServer(t, usagetest.Config{Fail: true})
	_, err := newClient(t, server).QueryJob(t.Context(), gen.UsageJobQuery{Interval: lastWeek()})
	if err == nil || !strings.Contains(err.Error(), "The query could not be run.") {
		t.Errorf("failed: %v", err)
	}
}

func TestJobRefusals(t *testing.T) {
	server := newServer(t, usagetest.Config{})
	token := getToken(t, server)
	today := time.Now().UTC()
	days := func(first, last int) string {
		return wrapper.Days(today.AddDate(0, 0, first), today.AddDate(0, 0, last))
	}
	for _, test := range []struct {
		body string
		want string // "": it is taken
	}{
		{`{}`, "interval is required"},
		{`interval`, "malformed"},
		{fmt.Sprintf(`{"interval":%q}`, days(-89, 0)), ""},
		{fmt.Sprintf(`{"interval":%q}`, days(-90, 0)), "more than 90 days"},
		{fmt.Sprintf(`{"interval":%q}`, days(-360, -300)), ""},
		{fmt.Sprintf(`{"interval":%q}`, days(-400, -380)), "more than a year ago"},
		{fmt.Sprintf(`{"interval":%q,"groupBy":["OAuthClientId"]}`, days(-2, -1)), `groupBy "OAuthClientId"`},
		{fmt.Sprintf(`{"interval":%q,"granularity":"Hour"}`, days(-2, -1)), `granularity "Hour"`},
		{fmt.Sprintf(`{"interval":%q,"metrics":["Status418"]}`, days(-2, -1)), `metric "Status418"`},
		{fmt.Sprintf(`{"interval":%q,"httpMethods":["get"]}`, days(-2, -1)), `httpMethod "get"`},
		{fmt.Sprintf(`{"interval":%q,"sortBy":[{"fieldName":"moon"}]}`, days(-2, -1)), `sort by "moon"`},
		{fmt.Sprintf(`{"interval":%q,"sortBy":[{"fieldName":"date","order":"Up"}]}`, days(-2, -1)), `"Up"`},
	} {
		response, body := call(t, "POST", server.URL+jobPath, token, test.body)
		if (response.StatusCode/100 == 2) != (test.want == "") || test.want != "" && (response.StatusCode != 400 || !strings.Contains(strings.ReplaceAll(body, `\"`, `"`), test.want)) {
			t.Errorf("%s: %d %s", test.body, response.StatusCode, body)
		}
	}
}

// All faults apply to jobs too: each of them meets a request, and the rows come.
func TestJobFaults(t *testing.T) {
	faults := usagetest.TransientFaults()
	requests := 0
	server := newServer(t, usagetest.Config{Fault: func(request *http.Request) usagetest.Fault {
		if !strings.HasPrefix(request.URL.Path, jobPath) {
			return usagetest.Fault{}
		}
		if requests++; requests%2 == 0 || requests/2 >= len(faults) {
			return usagetest.Fault{}
		}
		return faults[requests/2]
	}})
	client := newClient(t, server, wrapper.WithRetry(wrapper.Retry{Initial: time.Millisecond, Max: 5 * time.Millisecond, Stall: 300 * time.Millisecond}))
	want := queryJob(t, newServer(t, usagetest.Config{}), gen.UsageJobQuery{Interval: lastWeek()})
	for requests < 2*len(faults) {
		got, err := client.QueryJob(t.Context(), gen.UsageJobQuery{Interval: lastWeek()})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%d rows, want %d, %v", len(got), len(want), err)
		}
	}
}
