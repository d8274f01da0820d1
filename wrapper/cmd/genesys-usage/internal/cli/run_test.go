package cli

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

func TestDemo(t *testing.T) {
	r := genesysUsage(t, "-month 2026-01").want(t, 0)
	contains(t, "the table", r.stdout, "Demo CRM Sync", "TOTAL", "made up")
	contains(t, "standard error", r.stderr, "demo: the organization is made up")
	lacks(t, "what is no terminal", r.stdout+r.stderr, "\x1b", "█")
	lacks(t, "the table", r.stdout, " more")
}

func TestNoCredentials(t *testing.T) {
	clearEnvironment(t)
	var stdout, stderr strings.Builder
	command := Command{Stdout: &stdout, Stderr: &stderr, Now: now}
	if code := command.Run(t.Context()); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if stdout.Len() > 0 {
		t.Errorf("on standard output: %s", &stdout)
	}
	contains(t, "the error", stderr.String(), "GENESYSCLOUD_REGION", "GENESYSCLOUD_OAUTHCLIENT_ID",
		"GENESYSCLOUD_OAUTHCLIENT_SECRET",
		"GENESYSCLOUD_ACCESS_TOKEN", "-demo")
}

func TestVerboseLogsRequests(t *testing.T) {
	r := genesysUsage(t, "-v -last 1d").want(t, 0)
	contains(t, "the log", r.stderr, "path=/api/v2/usage/query")
	lacks(t, "the log", r.stderr, "demo-secret")
}

func TestQuiet(t *testing.T) {
	const args = "-q -format csv -period-start 2026-11-21 -allowance "
	r := genesysUsage(t, args+"1,000,000,000").want(t, 0)
	if r.stderr != "" {
		t.Errorf("on standard error: %s", r.stderr)
	}
	// That the allowance does not last is the reason of the exit code.
	r = genesysUsage(t, args+"1").want(t, 3)
	contains(t, "the reason", r.stderr, "it was used up on 21 Nov")
	if n := strings.Count(r.stderr, "\n"); n != 1 {
		t.Errorf("%d lines: %s", n, r.stderr)
	}
	// A table that is no terminal's may have gone to a file, or nowhere.
	r = genesysUsage(t, "-q -period-start 21 -allowance 1").want(t, 3)
	contains(t, "the reason", r.stderr, "genesys-usage: allowance: used ")
	lacks(t, "the reason", r.stderr, "estimate", "assumption")
	r = genesysUsageOn(t, usagetest.Config{Fail: true}, "-q").want(t, 1)
	contains(t, "the error", r.stderr, wrapper.ErrQueryFailed.Error())
}

// Each API is asked at its own address, for the same figures.
func TestJobs(t *testing.T) {
	r := genesysUsage(t, "-v -jobs -month 2026-10 -group-by client,platform").want(t, 0)
	contains(t, "the log", r.stderr, "path=/api/v2/usage/aggregates/query/jobs")
	lacks(t, "the log", r.stderr, "path=/api/v2/usage/query ")
	contains(t, "the table", r.stdout, "1 to 31 October 2026, UTC, by client and platform.",
		"all requests, not only those that count for billing",
		"Demo Vendor Web App", "Demo Desktop")
}

// All pages of a job are in the report.
func TestJobsOfSeveralPages(t *testing.T) {
	organization := usagetest.Config{JobRows: func(gen.UsageJobQuery) []gen.UsageJobRow {
		rows := make([]gen.UsageJobRow, 2500)
		for i := range rows {
			rows[i] = gen.UsageJobRow{OAuthClient: gen.DomainEntityRef{ID: fmt.Sprint(i), Name: fmt.Sprint("Demo ", i)},
				RequestCount: 2}
		}
		return rows
	}}
	r := genesysUsageOn(t, organization, "-jobs", "-top", "3").want(t, 0)
	contains(t, "the table", r.stdout, "2,497 more", "4,994", "TOTAL", "5,000")
}

// A filter keeps rows with the text in any of their names, in every form.
func TestMatch(t *testing.T) {
	organization := rowsOf([]gen.APIUsageRow{
		{ClientID: "c-1", ClientName: "Demo Dialer", Requests: 100, Status200: 100},
		{ClientID: "c-2", ClientName: "Demo Wallboard", Requests: 50, Status200: 50},
		{ClientID: "dialer-4", Requests: 5, Status200: 5},
	})
	for _, format := range []string{"table", "csv", "json", "ndjson", "html"} {
		r := genesysUsageOn(t, organization, "-match", "dIALER", "-format", format).want(t, 0)
		contains(t, format, r.stdout, "Demo Dialer", "dialer-4")
		lacks(t, format, r.stdout, "Wallboard")
	}
	r := genesysUsageOn(t, organization, "-match", "dIALER").want(t, 0)
	contains(t, "the table", r.stdout, `Only rows with "dIALER" in a name, id or endpoint; totals and shares are those of these rows.`,
		"105")
	r = genesysUsageOn(t, organization, "-match", "nobody").want(t, 0)
	contains(t, "the table", r.stdout, "No client matches. To look at user, endpoint, method or organization too, "+
		"add it to -group-by.")
}

// Dates that were not asked for split nothing.
func TestDatesThatWereNotAskedFor(t *testing.T) {
	rows := []gen.APIUsageRow{
		{Date: october(1), ClientID: "c", ClientName: "Demo", Requests: 20},
		{Date: october(4), ClientID: "c", ClientName: "Demo", Requests: 31},
	}
	for _, api := range []string{"", "-jobs "} {
		r := genesysUsageOn(t, rowsOf(rows), strings.Fields(api+"-last 30d")...).want(t, 0)
		contains(t, "the table", r.stdout, "Demo ", "51")
		lacks(t, "the table", r.stdout, "DATE")
	}
}

// intervals runs the command, and returns the intervals that were asked for.
func intervals(t *testing.T, args string, code int) (asked []string, r result) {
	t.Helper()
	organization := usagetest.Config{
		Rows: func(q gen.APIUsageQuery) []gen.APIUsageRow {
			asked = append(asked, strings.TrimSpace(q.Interval+" "+string(q.Granularity)))
			if len(asked) == 2 {
				return []gen.APIUsageRow{
					{ClientID: "c-1", ClientName: "Demo Dialer", Requests: 80},
					{ClientID: "c-3", ClientName: "Demo Past", Requests: 20},
				}
			}
			return []gen.APIUsageRow{
				{ClientID: "c-1", ClientName: "Demo Dialer", Requests: 100},
				{ClientID: "c-2", ClientName: "Demo Fresh", Requests: 10},
			}
		},
		JobRows: func(q gen.UsageJobQuery) []gen.UsageJobRow {
			asked = append(asked, strings.TrimSpace(q.Interval+" "+string(q.Granularity)))
			return []gen.UsageJobRow{{OAuthClient: gen.DomainEntityRef{ID: "c-1", Name: "Demo"},
				RequestCount: int64(10 * len(asked))}}
		},
	}
	r = genesysUsageOn(t, organization, strings.Fields(args)...).want(t, code)
	return asked, r
}

// A period is compared with the one before it, and one that is not over with as many days
// of that.
func TestCompare(t *testing.T) {
	for _, test := range []struct{ args, now, before string }{
		{"-month 2026-10", "2026-10-01/2026-10-31", "2026-09-01/2026-09-30"},
		{"-month 2026-03", "2026-03-01/2026-03-31", "2026-02-01/2026-02-28"},
		{"-month 2026-11", "2026-11-01/2026-11-23", "2026-10-01/2026-10-23"},
		{"-last 7d", "2026-11-17/2026-11-23", "2026-11-10/2026-11-16"},
		{"-interval 2026-10-05/2026-10-05", "2026-10-05/2026-10-05", "2026-10-04/2026-10-04"},
		{"-interval 2026-09/2026-10", "2026-09/2026-10", "2026-07-02/2026-08-31"},
		{"-interval 2026-11-20/2026-11-29", "2026-11-20/2026-11-29", "2026-11-10/2026-11-13"},
		{"-period-start 2026-11-21", "2026-11-21/2026-11-23", "2026-10-21/2026-10-23"},
		{"-period-start 2026-10-21", "2026-10-21/2026-11-20", "2026-09-21/2026-10-20"},
	} {
		t.Run(test.args, func(t *testing.T) {
			asked, r := intervals(t, "-compare "+test.args, 0)
			if want := []string{test.now, test.before}; !slices.Equal(asked, want) {
				t.Errorf("asked for %v, want %v", asked, want)
			}
			for line, cells := range map[string][]string{
				"Demo Dialer": {"100", "80", "+20", "+25.0%", "90.9%"},
				"Demo Fresh":  {"10", "0", "+10", "new", "9.1%"},
				"Demo Past":   {"0", "20", "-20", "gone", "0.0%"},
				"TOTAL":       {"110", "100", "+10", "+10.0%", "100.0%"},
			} {
				if got := cellsOf(r.stdout, line); !slices.Equal(got, cells) {
					t.Errorf("%s: %q, want %q\n%s", line, got, cells, r.stdout)
				}
			}
		})
	}
}

// cellsOf returns what stands after the name in a line of a table.
func cellsOf(table, name string) []string {
	for line := range strings.Lines(table) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			return strings.Fields(rest)
		}
	}
	return nil
}

// That a comparison is not of as many days is said; steps of the period before are added
// up anyway, and not asked for.
func TestCompareSaysHowManyDays(t *testing.T) {
	_, r := intervals(t, "-compare -month 2026-10", 0)
	contains(t, "the table", r.stdout, "Before: 1 to 30 September 2026, UTC. Warning: 30 days before, 31 days now.")
	_, r = intervals(t, "-compare -month 2026-11", 0)
	contains(t, "the table", r.stdout, "Before: 1 to 23 October 2026, UTC. As many days as there are of this period so "+
		"far: 23.")
	lacks(t, "the table", r.stdout, "days before")
	asked, r := intervals(t, "-compare -month 2026-10 -format html", 0)
	contains(t, "the page", r.stdout, "Warning: 30 days before, 31 days now.")
	if want := []string{"2026-10-01/2026-10-31 Day", "2026-09-01/2026-09-30"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %v, want %v", asked, want)
	}
}

func TestCompareJobs(t *testing.T) {
	asked, r := intervals(t, "-jobs -compare -month 2026-10", 0)
	want := []string{"2026-10-01T00:00:00/2026-10-31T23:59:59", "2026-09-01T00:00:00/2026-09-30T23:59:59"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked for %v, want %v", asked, want)
	}
	contains(t, "the table", r.stdout, "-50.0%")
}

// A verdict is on the days up to yesterday, and its forecast on those before the period too: one query asks for both.
func TestAllowance(t *testing.T) {
	clearEnvironment(t)
	for _, test := range []struct {
		args  string
		each  int64 // requests a day
		code  int
		asked string
		want  string
	}{
		{"-allowance 300 -period-start 2026-11-21", 10, 0, "2026-10-24/2026-11-23",
			"used 30 of 300 (10.0%) after 3 of 30 days; forecast for 20 Dec: 300 (100.0%); it lasts."},
		{"-allowance 299 -period-start 21", 10, 3, "2026-10-24/2026-11-23", "it will be used up on 20 Dec."},
		{"-allowance 299 -period-start 21 -format csv", 10, 3, "2026-10-24/2026-11-23", "it will be used up on 20 Dec."},
		{"-allowance 310 -period-start 24", 10, 0, "2026-09-26/2026-11-23", "in all 31 days; it lasted."},
		{"-allowance 99 -month 2026-10", 10, 3, "2026-09-03/2026-10-31", "in all 31 days; it was used up on 10 Oct."},
		{"-allowance 300 -month 2026-11", 0, 4, "2026-10-04/2026-11-23",
			"whether it lasts is not sure: there are no counts yet."},
		{"-allowance 99 -period-start 2026-11-21 -format html -sort 429", 10, 3, "2026-10-24/2026-11-23", "30 of 99"},
	} {
		t.Run(test.args, func(t *testing.T) {
			var asked []string
			organization := usagetest.Config{Rows: func(q gen.APIUsageQuery) (rows []gen.APIUsageRow) {
				asked = append(asked, q.Interval+" "+string(q.Granularity))
				days, _ := report.NewPeriod(q.Interval, false, now)
				for day := days.First; test.each > 0 && !day.After(days.Last); day = day.AddDate(0, 0, 1) {
					rows = append(rows, gen.APIUsageRow{Date: day, ClientID: "c", ClientName: "Demo", Requests: test.each})
				}
				return rows
			}}
			r := genesysUsageOn(t, organization, strings.Fields("-q "+test.args)...).want(t, test.code)
			if want := []string{test.asked + " Day"}; !slices.Equal(asked, want) {
				t.Errorf("asked for %s, want %s", asked, want)
			}
			contains(t, "the report", strings.Join(strings.Fields(r.stdout+r.stderr), " "), test.want)
			if got := r.stderr != ""; got != (test.code != 0) {
				t.Errorf("the reason is on standard error: %v, exit code %d\n%s", got, r.code, r.stderr)
			}
		})
	}
}

// A job that is to watch the current period is warned, with -q too, once the one that its flags name is over.
func TestAllowanceOfAPeriodThatIsOver(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-period-start 2026-10-21", "warning: this period is over; for the current one, use -period-start 21"},
		{"-month 2026-10", "warning: this period is over; for the current one, use -period-start 1"},
		{"-period-start 2026-10-25", ""},
		{"-period-start 24", ""},
	} {
		r := genesysUsage(t, "-q -allowance 1,000,000,000,000 "+test.args).want(t, 0)
		if got := strings.TrimPrefix(strings.TrimSpace(r.stderr), "genesys-usage: "); got != test.want {
			t.Errorf("%s: %q, want %q", test.args, got, test.want)
		}
	}
}

// What is not in the period, or only partly, is said in every form and on standard error.
func TestPartlyInThePeriod(t *testing.T) {
	dir := t.TempDir()
	page, table := filepath.Join(dir, "page.html"), filepath.Join(dir, "table.txt")
	r := genesysUsage(t, "-interval 2017-12-01/2018-02-10 -granularity month -o "+page+" -o "+table).want(t, 0)
	const warning = "the period is 2017-12-01 to 2018-02-10, but only days from 2018-01-01"
	contains(t, "standard error", r.stderr, "warning: "+warning)
	for _, file := range []string{page, table} {
		contains(t, file, strings.Join(strings.Fields(readFile(t, file)), " "), "Feb 2018, to 10 Feb", "Jan 2018",
			"Warning: "+warning)
	}
	lacks(t, "the table", readFile(t, table), "Jan 2018, ")
}

// Counts near the largest number there is end no form, and no sum is negative.
func TestEnormousCounts(t *testing.T) {
	organization := rowsOf([]gen.APIUsageRow{
		{Date: october(1), ClientID: "c-1", ClientName: "Demo One", Requests: math.MaxInt64, Status400: math.MaxInt64,
			Status500: math.MaxInt64},
		{Date: october(2), ClientID: "c-2", ClientName: "Demo Two", Requests: math.MaxInt64, Status429: math.MaxInt64},
	})
	dir := t.TempDir()
	args := strings.Fields("-month 2026-10 -compare -allowance 5 -granularity day")
	for _, extension := range []string{"txt", "csv", "json", "ndjson", "html", "xlsx"} {
		args = append(args, "-o", filepath.Join(dir, "report."+extension))
	}
	r := genesysUsageOn(t, organization, args...).want(t, 3)
	lacks(t, "standard error", r.stderr, " -9")
	table := readFile(t, filepath.Join(dir, "report.txt"))
	contains(t, "the table", table, "9,223,372,036,854,775,807")
	lacks(t, "the table", table, " -9")
}

// A failed fetch of a token is reported in a line that can be read. It blames the secret
// where the login host does, and not where a proxy refuses.
func TestTokenErrors(t *testing.T) {
	for _, test := range []struct {
		name   string
		fault  usagetest.Fault
		blamed bool
	}{
		{"refused", usagetest.Fault{
			Status: http.StatusUnauthorized, Body: []byte("{\"error\":\"invalid_client\",\n\t\"error_description\":\"no\"}\r\n"),
		}, true},
		{"not JSON", usagetest.Fault{
			Status: http.StatusBadRequest, Body: []byte("<html>\r\n<body>\tno\xff</body>\n</html>\n"),
		}, true},
		{"proxy", usagetest.Fault{Status: http.StatusProxyAuthRequired, Body: []byte("<html>\nproxy\n</html>\n")}, false},
		{"large", usagetest.Fault{Status: http.StatusUnauthorized, Body: bytes.Repeat([]byte("\x1b[2J\xff no\n"), 1<<17)}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			organization := usagetest.Config{Fault: func(r *http.Request) usagetest.Fault {
				if strings.HasSuffix(r.URL.Path, "/oauth/token") {
					return test.fault
				}
				return usagetest.Fault{}
			}}
			r := genesysUsageOn(t, organization).want(t, 1)
			lacks(t, "the error", r.stderr, "\ufffd", "\t", "\r", "\x1b")
			if got := strings.Contains(r.stderr, "secret"); got != test.blamed {
				t.Errorf("the secret is blamed: %v, want %v\n%s", got, test.blamed, r.stderr)
			}
			if n := len(r.stderr); n > 3000 {
				t.Errorf("%d bytes", n)
			}
		})
	}
}

// A wait for the rate limit shows on a terminal, and the report is complete after it.
func TestRateLimitShows(t *testing.T) {
	clearEnvironment(t)
	o, err := parse([]string{"-demo", "-o", filepath.Join(t.TempDir(), "report.csv")}, now)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	fake := rowsOf(someRows)
	fake.RateLimit, fake.RateWindow = 1, time.Second
	command := &Command{options: o, progress: &progress{out: &stderr, terminal: true}, Fake: fake}
	if _, err := command.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	contains(t, "the terminal", stderr.String(), "\r\x1b[Krate limited, continuing in 1 s")
}
