package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"github.com/oapi-codegen/runtime/types"
)

func TestDemo(t *testing.T) {
	code, stdout, stderr := genesysUsage(t, "-demo", "-month", "2026-01")
	if code != 0 || !strings.Contains(stdout, "Demo CRM Sync") || !strings.Contains(stdout, "TOTAL") || !strings.Contains(stderr, "DEMO: the organization is made up") {
		t.Errorf("exit %d\n%s\n%s", code, stdout, stderr)
	}
	if strings.Contains(stdout+stderr, "\x1b") || strings.Contains(stdout, "█") {
		t.Error("a spinner or blocks although this is no terminal")
	}
	if strings.Contains(stdout, " more") {
		t.Error("rows are missing although this is no terminal")
	}
}

func TestNoCredentials(t *testing.T) {
	code, stdout, stderr := genesysUsage(t)
	if code != 1 || stdout != "" {
		t.Errorf("exit %d, %s", code, stdout)
	}
	for _, name := range []string{"GENESYSCLOUD_REGION", "GENESYSCLOUD_OAUTHCLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_SECRET", "GENESYSCLOUD_ACCESS_TOKEN", "-demo"} {
		if !strings.Contains(stderr, name) {
			t.Errorf("%s is not in %s", name, stderr)
		}
	}
}

func TestVerboseLogsRequests(t *testing.T) {
	code, _, stderr := genesysUsage(t, "-demo", "-v", "-last", "1d")
	if code != 0 || !strings.Contains(stderr, "path=/api/v2/usage/query") || strings.Contains(stderr, "demo-secret") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

func TestQuiet(t *testing.T) {
	ask := []string{"-demo", "-q", "-format", "csv", "-period-start", "2026-11-21", "-allowance"}
	code, stdout, stderr := genesysUsage(t, append(ask, "1000000000")...)
	if code != 0 || stdout == "" || stderr != "" {
		t.Errorf("exit %d, %s", code, stderr)
	}
	// That the allowance does not last is what went wrong.
	code, stdout, stderr = genesysUsage(t, append(ask, "1")...)
	if code != 3 || stdout == "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "% over") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if code, _, stderr = genesysUsageOn(t, usagetest.Config{Fail: true}, "-demo", "-q"); code != 1 || !strings.Contains(stderr, "failed") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// Each generation is asked at its own address, for the same figures.
func TestJobs(t *testing.T) {
	code, stdout, stderr := genesysUsage(t, "-demo", "-v", "-jobs", "-month", "2026-10", "-group-by", "client,platform")
	if code != 0 || !strings.Contains(stderr, "path=/api/v2/usage/aggregates/query/jobs") || strings.Contains(stderr, "path=/api/v2/usage/query ") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	for _, want := range []string{"1 to 31 October 2026, UTC, by client and platform.", "all requests, not only those that count for billing", "Demo Vendor Web App", "Demo Desktop"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in %s", want, stdout)
		}
	}
	_, jobs, _ := genesysUsageOn(t, rowsOf(goldenRows), "-demo", "-jobs", "-month", "2026-10")
	_, queries, _ := genesysUsageOn(t, rowsOf(goldenRows), "-demo", "-month", "2026-10")
	_, jobTable, _ := strings.Cut(jobs, "\n\n")
	_, queryTable, _ := strings.Cut(queries, "\n\n")
	if jobTable != queryTable {
		t.Errorf("%s\n%s", jobTable, queryTable)
	}
}

// Another page of a job's rows is in the report too.
func TestJobsOfSeveralPages(t *testing.T) {
	organization := usagetest.Config{JobRows: func(gen.UsageJobQuery) []gen.UsageJobRow {
		rows := make([]gen.UsageJobRow, 2500)
		for i := range rows {
			rows[i] = gen.UsageJobRow{OauthClient: gen.DomainEntityRef{ID: fmt.Sprint(i), Name: fmt.Sprint("Demo ", i)}, RequestCount: 2}
		}
		return rows
	}}
	code, stdout, stderr := genesysUsageOn(t, organization, "-demo", "-jobs", "-top", "3")
	if code != 0 || !strings.Contains(stdout, "... and 2,497 more\n") || !strings.Contains(stdout, "TOTAL       5,000") {
		t.Errorf("exit %d, %s\n%s", code, stdout, stderr)
	}
}

func TestMatch(t *testing.T) {
	rows := []gen.APIUsageRow{
		{ClientID: "c-1", ClientName: "Demo Dialer", Requests: 100, Status200: 100},
		{ClientID: "c-2", ClientName: "Demo Wallboard", Requests: 50, Status200: 50},
		{ClientID: "c-3", UserID: "u-dialer", Requests: 25, Status200: 25},
		{ClientID: "dialer-4", Requests: 5, Status200: 5},
		{ClientID: "c-5", TemplateURI: "api/v2/Dialer/x", Requests: 2, Status200: 2},
		{ClientID: "c-6", OrganizationID: "org-DIALER", Requests: 1, Status200: 1},
	}
	for _, test := range []struct{ format, want, kept string }{
		{"table", "TOTAL", "133"},
		{"csv", "c-6", "org-DIALER"},
		{"json", "c-6", "org-DIALER"},
		{"ndjson", "c-6", "org-DIALER"},
	} {
		code, stdout, stderr := genesysUsageOn(t, rowsOf(rows), "-demo", "-match", "dIALER", "-format", test.format)
		if code != 0 || strings.Contains(stdout, "Wallboard") || !strings.Contains(stdout, test.want) || !strings.Contains(stdout, test.kept) {
			t.Errorf("%s: exit %d, %s\n%s", test.format, code, stdout, stderr)
		}
		if n := strings.Count(stdout, "c-1"); test.format != "table" && n != 1 {
			t.Errorf("%s: %d of Demo Dialer", test.format, n)
		}
	}
	_, stdout, _ := genesysUsageOn(t, rowsOf(rows), "-demo", "-match", "dIALER")
	if !strings.Contains(stdout, `Only rows with "dIALER" in a name; totals and shares are those of these rows.`) {
		t.Error(stdout)
	}
	_, stdout, _ = genesysUsageOn(t, rowsOf(rows), "-demo", "-match", "nobody")
	if !strings.Contains(stdout, `No row has "nobody" in a name.`) {
		t.Error(stdout)
	}
}

// A platform is a name too.
func TestMatchPlatform(t *testing.T) {
	_, stdout, _ := genesysUsage(t, "-demo", "-jobs", "-match", "desktop", "-group-by", "platform", "-last", "3d")
	if !strings.Contains(stdout, "Demo Desktop") || strings.Contains(stdout, "Demo Web") {
		t.Error(stdout)
	}
}

// With a granularity, groups are ranked over the whole period: a busy day makes no
// busy group.
func TestTopRanksGroups(t *testing.T) {
	rows := []gen.APIUsageRow{
		{ClientID: "c-1", ClientName: "Demo Each Day", Date: october(1), Requests: 60, Status200: 60},
		{ClientID: "c-1", ClientName: "Demo Each Day", Date: october(2), Requests: 60, Status200: 60},
		{ClientID: "c-2", ClientName: "Demo One Day", Date: october(2), Requests: 100, Status200: 100},
	}
	_, stdout, _ := genesysUsageOn(t, rowsOf(rows), "-demo", "-granularity", "day", "-top", "1", "-month", "2026-10")
	if strings.Count(stdout, "Demo Each Day") != 2 || strings.Contains(stdout, "Demo One Day") || !strings.Contains(stdout, "... and 1 more\n") || !strings.Contains(stdout, "220  100.0%") {
		t.Error(stdout)
	}
	// Within a day, the rows are in the order of that day.
	_, stdout, _ = genesysUsageOn(t, rowsOf(rows), "-demo", "-granularity", "day", "-month", "2026-10")
	if strings.Index(stdout, "Demo One Day") > strings.LastIndex(stdout, "Demo Each Day") {
		t.Error(stdout)
	}
}

// Dates that nobody asked for split nothing.
func TestDatesThatWereNotAskedFor(t *testing.T) {
	_, stdout, _ := genesysUsageOn(t, rowsOf(goldenDays), "-demo", "-group-by", "endpoint")
	if strings.Contains(stdout, "DATE") || !strings.Contains(stdout, "api/v2/users        51") {
		t.Error(stdout)
	}
}

// A client that was renamed is one; two that have a name are two.
func TestClientsAreTheirIDs(t *testing.T) {
	rows := []gen.APIUsageRow{
		{ClientID: "c-1", ClientName: "Demo Old Name", HTTPMethod: "GET", Requests: 1},
		{ClientID: "c-1", ClientName: "Demo New Name", HTTPMethod: "GET", Requests: 2},
		{ClientID: "c-2", ClientName: "Demo Twin", HTTPMethod: "GET", Requests: 4},
		{ClientID: "c-3", ClientName: "Demo Twin", HTTPMethod: "GET", Requests: 8},
		{ClientID: "c-4", HTTPMethod: "GET", Requests: 16},
	}
	_, stdout, _ := genesysUsageOn(t, rowsOf(rows), "-demo")
	for _, want := range []string{"Demo Old Name ", "Demo Twin (c-2)", "Demo Twin (c-3)", "\nc-4 ", " 3 "} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in %s", want, stdout)
		}
	}
	if strings.Contains(stdout, "Demo New Name") {
		t.Error(stdout)
	}
}

func TestCompare(t *testing.T) {
	for _, test := range []struct{ args, before string }{
		{"-month 2026-10", "2026-09-01/2026-09-30"},
		{"-month 2026-03", "2026-02-01/2026-02-28"},
		{"-last 7d", "2026-11-10/2026-11-16"},
		{"-interval 2026-10-05/2026-10-05", "2026-10-04/2026-10-04"},
		{"-interval 2026-09/2026-10", "2026-07-02/2026-08-31"},
		{"-period-start 2026-11-21", "2026-11-18/2026-11-20"},
	} {
		var asked []gen.APIUsageQuery
		organization := usagetest.Config{Rows: func(query gen.APIUsageQuery) []gen.APIUsageRow {
			asked = append(asked, query)
			if len(asked) == 2 {
				return []gen.APIUsageRow{
					{ClientID: "c-1", ClientName: "Demo Dialer", Requests: 80}, {ClientID: "c-3", ClientName: "Demo Past", Requests: 20},
				}
			}
			return []gen.APIUsageRow{
				{ClientID: "c-1", ClientName: "Demo Dialer", Requests: 100}, {ClientID: "c-2", ClientName: "Demo Fresh", Requests: 10},
			}
		}}
		code, stdout, stderr := genesysUsageOn(t, organization, strings.Fields("-demo -compare "+test.args)...)
		if code != 0 || len(asked) != 2 || asked[1].Interval != test.before {
			t.Fatalf("%s: exit %d, asked %v\n%s", test.args, code, asked, stderr)
		}
		_, table, _ := strings.Cut(stdout, "\n\n")
		for _, want := range []string{
			"CLIENT       REQUESTS   SHARE  BEFORE  CHANGE  CHANGE %",
			"Demo Dialer       100   90.9%      80     +20    +25.0%",
			"Demo Fresh         10    9.1%       0     +10       new",
			"Demo Past           0    0.0%      20     -20      gone",
			"TOTAL             110  100.0%     100     +10    +10.0%",
		} {
			if !strings.Contains(table, want+"\n") {
				t.Errorf("%s: %q is not in\n%s", test.args, want, table)
			}
		}
	}
}

// What is compared is not always as long, and that is said; steps are not compared.
func TestCompareSaysHowManyDays(t *testing.T) {
	_, stdout, _ := genesysUsageOn(t, rowsOf(goldenRows), "-demo", "-compare", "-month", "2026-11")
	if !strings.Contains(stdout, "Before: 1 to 31 October 2026, UTC. Mind: 31 days that can have data, against 23 days now.") {
		t.Error(stdout)
	}
	_, stdout, _ = genesysUsageOn(t, rowsOf(goldenRows), "-demo", "-compare", "-last", "7d")
	if strings.Contains(stdout, "Mind") {
		t.Error(stdout)
	}
	code, page, _ := genesysUsageOn(t, rowsOf(goldenDays), "-demo", "-compare", "-month", "2026-10", "-html", "-")
	if code != 0 || !strings.Contains(page, ">Change %<") || !strings.Contains(page, "compared with before (&#43;0.0%)") {
		t.Error(page)
	}
}

// The days of the period before are added up anyway: they are asked for as one.
func TestCompareAsksForNoSteps(t *testing.T) {
	var asked []gen.Granularity
	organization := usagetest.Config{Rows: func(query gen.APIUsageQuery) []gen.APIUsageRow {
		asked = append(asked, query.Granularity)
		return goldenDays
	}}
	code, _, stderr := genesysUsageOn(t, organization, "-demo", "-compare", "-html", "-")
	if code != 0 || !slices.Equal(asked, []gen.Granularity{gen.GranularityDay, ""}) {
		t.Errorf("exit %d, asked for %q, %s", code, asked, stderr)
	}
}

func TestCompareJobs(t *testing.T) {
	var asked []string
	organization := usagetest.Config{JobRows: func(query gen.UsageJobQuery) []gen.UsageJobRow {
		asked = append(asked, query.Interval)
		return []gen.UsageJobRow{{OauthClient: gen.DomainEntityRef{ID: "c-1", Name: "Demo"}, RequestCount: int64(10 * len(asked)), Date: types.Date{}}}
	}}
	code, stdout, stderr := genesysUsageOn(t, organization, "-demo", "-jobs", "-compare", "-month", "2026-10")
	want := []string{"2026-10-01T00:00:00/2026-10-31T23:59:59", "2026-09-01T00:00:00/2026-09-30T23:59:59"}
	if code != 0 || !slices.Equal(asked, want) || !strings.Contains(stdout, "-50.0%") {
		t.Errorf("exit %d, asked %v, %s\n%s", code, asked, stdout, stderr)
	}
}

// A query that was taken up shows what its rows tell of it.
func TestResumeShowsWhatRowsTell(t *testing.T) {
	sums := newSums()
	for _, r := range []row{
		{group: group{endpoint: "api/v2/users", method: "GET"}, counts: counts{status429: 3}, date: october(5)},
		{group: group{endpoint: "api/v2/users"}, counts: counts{status429: 1}, date: october(12)},
	} {
		sums.add(&r)
	}
	var out bytes.Buffer
	v := newView(&settings{resume: "x", sort: "errors", now: now}, sums)
	if err := (&table{view: v, out: &out, bars: plainBars}).write(); err != nil {
		t.Fatal(err)
	}
	want := `An earlier query, by method and endpoint.
Usage queries (the older API), without the vendor's own OAuth clients.
Ranked by refused requests (429); the share is theirs.

DATE        METHOD  ENDPOINT      429   SHARE
2026-10-05  GET     api/v2/users    3   75.0%  ############
2026-10-12  (none)  api/v2/users    1   25.0%  ####
-----------------------------------------------------------
TOTAL                               4  100.0%
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
}
