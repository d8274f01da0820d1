package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

func TestHelp(t *testing.T) {
	code, stdout, stderr := genesysUsage(t, "-h")
	if code != 0 || stdout != "" {
		t.Errorf("exit %d, %s", code, stdout)
	}
	flags := newFlags(&settings{}, &texts{})
	grouped := map[string]int{}
	for _, group := range flagGroups {
		for _, name := range group.names {
			grouped[name]++
		}
	}
	flags.VisitAll(func(f *flag.Flag) {
		if grouped[f.Name] != 1 || !strings.Contains(stderr, "\n    -"+f.Name) {
			t.Errorf("-%s is in %d groups of the help", f.Name, grouped[f.Name])
		}
	})
	for _, want := range []string{"oauth:client:view", "COLUMNS", "Exit codes: 0, 1", "(default 30d)", "client)", "(default table)", "(default\n        1h)"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%s is not in the help", want)
		}
	}
	for line := range strings.Lines(stderr) {
		if len(strings.TrimSuffix(line, "\n")) > 80 {
			t.Errorf("a long line: %s", line)
		}
	}
}

// What is called wrongly is refused before anything is sent, and says what is right.
func TestWrongUsage(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-nonsense", "nonsense"},
		{"rows", `unexpected argument "rows"`},
		{"-interval=", "-interval is empty"},
		{"-match=", "-match is empty"},
		{"-last 30", `-last "30": want a number of days or weeks, such as 7d or 4w`},
		{"-last d", `-last "d"`},
		{"-last 0d", `-last "0d"`},
		{"-last 3y", `-last "3y"`},
		{"-month 2026-13", `-month "2026-13": want a month such as 2026-10`},
		{"-period-start tomorrow", `-period-start "tomorrow": want a day such as 2026-11-21`},
		{"-period-start 2026-11-24", "nothing is known of that day yet"},
		{"-last 3d -month 2026-01", "only one of -interval, -last, -month and -period-start"},
		{"-interval 2026-01/2026-02 -last 3d", "only one of"},
		{"-interval 2026-01/2026-02 -period-start 2026-11-21", "only one of"},
		{"-granularity hour", `-granularity "hour": want day, week or month`},
		{"-group-by moon", `-group-by "moon": want client, organization, user, method or endpoint `},
		{"-group-by platform", `-group-by "platform": want client, organization, user, method or endpoint without -jobs`},
		{"-group-by organization -jobs", `-group-by "organization": want client, user, platform, method or endpoint with -jobs`},
		{"-metrics status418", `-metrics "status418": want requests, status200, status300, status400, status429 or status500`},
		{"-region mars", `unknown region "mars"`},
		{"-format xml", `-format "xml": want table, csv, json or ndjson`},
		{"-sort clients", `-sort "clients": want requests, 429 or errors`},
		{"-sort 429 -metrics requests", "-sort 429 needs status429 in -metrics"},
		{"-sort errors -metrics status400", "-sort errors needs status400 and status500"},
		{"-sort requests -metrics status400", "-sort requests needs requests"},
		{"-top -1", "-top cannot be negative"},
		{"-timeout -1s", `-timeout "-1s": want a time such as 90s, 10m or 1h, or 0 for never`},
		{"-timeout soon", `-timeout "soon": want a time such as 90s, 10m or 1h, or 0 for never`},
		{"-top 3 -format csv", "-top goes with -format table and -html; csv is all rows"},
		{"-sort 429 -format json", "-sort goes with"},
		{"-compare -format ndjson", "-compare goes with"},
		{"-compare -granularity day", "leave -granularity out"},
		{"-compare -metrics status200", "-compare needs requests"},
		{"-compare -interval P1M/2026-10-31", "name it in dates"},
		{"-compare -resume x", "needs -interval or -month"},
		{"-allowance 0 -month 2026-10", `-allowance "0": want a number`},
		{"-allowance lots -month 2026-10", `-allowance "lots": want a number of requests such as 1500000`},
		{"-allowance 5", "-allowance needs its period: -period-start with its first day"},
		{"-allowance 5 -month 2026-12", "nothing is known yet of 1 to 31 December 2026"},
		{"-allowance 5 -month 2026-10 -jobs", "leave -jobs out"},
		{"-allowance 5 -month 2026-10 -match x", "leave -match out"},
		{"-allowance 5 -month 2026-10 -metrics status200", "-allowance needs requests"},
		{"-resume x -last 3d", "asks nothing new"},
		{"-resume x -period-start 2026-11-21", "asks nothing new"},
		{"-resume=", "-resume is empty"},
		{"-q -v", "only one of -q and -v"},
		{"-jobs -last 91d", "25 August to 23 November 2026, UTC has 91 days, and -jobs takes 90 at most: ask for parts of 90 days, or leave -jobs out"},
		{"-jobs -month 2025-11", "begins on 2025-11-01, and -jobs reaches back a year, to 2025-11-24"},
		{"-jobs -interval 2025-11-24/2025-12-23 -compare", "the period before, 25 October to 23 November 2025, UTC, begins on 2025-10-25"},
	} {
		code, stdout, stderr := genesysUsage(t, append([]string{"-demo"}, strings.Fields(test.args)...)...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, test.want) || !strings.Contains(stderr, "genesys-usage -h") || strings.Contains(stderr, "DEMO") {
			t.Errorf("%s: exit %d, %s", test.args, code, stderr)
		}
	}
}

// An interval is passed on as it is, unless it is known to be wrong.
func TestWrongIntervals(t *testing.T) {
	for interval, want := range map[string]string{
		"yesterday":             `-interval "yesterday": want two days`,
		"2026-02-02/2026-01-01": `-interval "2026-02-02/2026-01-01" ends before it starts`,
	} {
		code, stdout, stderr := genesysUsage(t, "-demo", "-interval", interval)
		if code != 2 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %s", interval, code, stderr)
		}
	}
}

func TestQuestions(t *testing.T) {
	clearEnvironment(t)
	late := time.Date(2026, 11, 22, 23, 0, 0, 0, time.FixedZone("", -5*60*60)) // the 23rd in UTC
	byClient := []gen.GroupBy{gen.GroupByOAuthClientID}
	for _, test := range []struct {
		args string
		want gen.APIUsageQuery
	}{
		{"", gen.APIUsageQuery{Interval: "2026-10-24/2026-11-22", GroupBy: byClient}},
		{"-last 2w", gen.APIUsageQuery{Interval: "2026-11-09/2026-11-22", GroupBy: byClient}},
		{"-month 2026-02", gen.APIUsageQuery{Interval: "2026-02-01/2026-02-28", GroupBy: byClient}},
		{"-period-start 2026-11-05", gen.APIUsageQuery{Interval: "2026-11-05/2026-11-22", GroupBy: byClient}},
		{"-period-start 2026-09-21", gen.APIUsageQuery{Interval: "2026-09-21/2026-10-20", GroupBy: byClient}},
		{"-interval 2020-01/2020-06", gen.APIUsageQuery{Interval: "2020-01/2020-06", GroupBy: byClient}},
		{"-last 1d -granularity Week -group-by client,HttpMethod,TemplateUri,user,organization,client -metrics requests,Status429", gen.APIUsageQuery{
			Interval: "2026-11-22/2026-11-22", Granularity: gen.GranularityWeek,
			GroupBy: []gen.GroupBy{gen.GroupByOAuthClientID, gen.GroupByHTTPMethod, gen.GroupByTemplateURI, gen.GroupByUserID, gen.GroupByOrganizationID},
			Metrics: []gen.Metric{gen.MetricRequests, gen.MetricStatus429},
		}},
		{"-last 1d -html x", gen.APIUsageQuery{Interval: "2026-11-22/2026-11-22", Granularity: gen.GranularityDay, GroupBy: byClient}},
		{"-resume id", gen.APIUsageQuery{}},
	} {
		s, err := parseFlags(strings.Fields(test.args), io.Discard, late)
		if err != nil {
			t.Errorf("%s: %v", test.args, err)
		} else if got := s.question.query(); fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%s: %+v, want %+v", test.args, got, test.want)
		}
	}
}

func TestQuestionsToJobs(t *testing.T) {
	clearEnvironment(t)
	for _, test := range []struct {
		args string
		want gen.UsageJobQuery
	}{
		{"-jobs", gen.UsageJobQuery{Interval: "2026-10-25/2026-11-23", GroupBy: []gen.JobGroupBy{gen.JobGroupByOauthClientID, gen.JobGroupByOauthClientName}}},
		{"-jobs -last 90d -group-by platform,TemplateUri -granularity month -metrics status429", gen.UsageJobQuery{
			Interval: "2026-08-26/2026-11-23", Granularity: gen.JobGranularityMonth,
			GroupBy: []gen.JobGroupBy{gen.JobGroupByPlatform, gen.JobGroupByTemplateURI}, Metrics: []gen.JobMetric{gen.JobMetricStatus429},
		}},
	} {
		s, err := parseFlags(strings.Fields(test.args), io.Discard, now)
		if err != nil {
			t.Errorf("%s: %v", test.args, err)
		} else if got := s.question.job(); fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%s: %+v, want %+v", test.args, got, test.want)
		}
	}
}

// What would be told as a figure is refused where nothing is known of it.
func TestWhatIsNotKnownIsRefused(t *testing.T) {
	clearEnvironment(t)
	for args, want := range map[string]string{
		"-month 2018-01 -compare": "nothing is known of the period before, 1 to 31 December 2017",
		"-metrics ,":              `-metrics "," names none`,
		"-group-by ,":             `-group-by "," names nothing`,
	} {
		code, stdout, stderr := genesysUsage(t, strings.Fields("-demo "+args)...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %s%s", args, code, stdout, stderr)
		}
	}
}

// A name that rows do not have is not found, and it is said why.
func TestMatchOfWhatRowsAreNotFor(t *testing.T) {
	clearEnvironment(t)
	code, stdout, _ := genesysUsage(t, strings.Fields("-demo -last 2d -match crm -group-by endpoint")...)
	if code != 0 || !strings.Contains(stdout, `No row has "crm" in a name. Rows are by endpoint: what they are not grouped by has no name in them.`) {
		t.Errorf("exit %d, %s", code, stdout)
	}
}
