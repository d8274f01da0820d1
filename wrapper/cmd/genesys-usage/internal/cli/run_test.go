package cli

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/terminal"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// What a report leaves out is in no form, and neither counted: rows that do not match, and rows outside the period,
// which are said to be.
func TestRowsThatAreLeftOut(t *testing.T) {
	organization := rowsOf([]gen.APIUsageRow{
		{Date: october(4), ClientID: "c-1", ClientName: "Demo Dialer", Requests: 100},
		{Date: october(4), ClientID: "c-2", ClientName: "Demo Wallboard", Requests: 50},
		{Date: october(5), ClientID: "dialer-4", Requests: 5},
		{Date: october(1), ClientID: "c-1", ClientName: "Demo Dialer", Requests: 31},
	})
	for format, wants := range map[string][]string{
		"table": {"2026-10-04 Demo Dialer 100 ", "2026-10-05 dialer-4 5 ", "TOTAL 105 "},
		"csv":   {"2026-10-04,c-1,Demo Dialer,100,", "2026-10-05,dialer-4,,5,"},
	} {
		r := genesysUsageOn(t, organization, "-q", "-match", "dIALER", "-format", format, "-granularity", "day", "-interval",
			"2026-10-04/2026-10-05").want(t, 0)
		contains(t, format, strings.Join(strings.Fields(r.stdout), " "), wants...)
		lacks(t, format, r.stdout, "2026-10-01", "Wallboard")
		if want := "genesys-usage: warning: 1 row dated outside the period, and not counted\n"; r.stderr != want {
			t.Errorf("%s: said %q, want %q", format, r.stderr, want)
		}
	}
}

// A period is compared with the one before it, and one that is not over with as many days of
// that, by the counter that is ranked. Both queries run at the same time.
func TestCompare(t *testing.T) {
	for _, test := range []struct{ args, now, before string }{
		{"-month 2026-10", "2026-10-01/2026-10-31", "2026-09-01/2026-09-30"},
		{"-jobs -month 2026-10", "2026-10-01T00:00:00/2026-10-31T23:59:59", "2026-09-01T00:00:00/2026-09-30T23:59:59"},
		{"-month 2026-11", "2026-11-01/2026-11-23", "2026-10-01/2026-10-23"},
		{"-last 7d", "2026-11-17/2026-11-23", "2026-11-10/2026-11-16"},
		{"-interval 2026-09/2026-10", "2026-09/2026-10", "2026-07-02/2026-08-31"},
		{"-period-start 2026-11-21", "2026-11-21/2026-11-23", "2026-10-21/2026-10-23"},
		{"-period-start 2026-11-21 -allowance 5M", "2026-10-24/2026-11-23 Day", "2026-10-21/2026-10-23"},
		{"-month 2026-10 -sort 429", "2026-10-01/2026-10-31", "2026-09-01/2026-09-30"},
	} {
		t.Run(test.args, func(t *testing.T) {
			var asked []string
			rows := func(interval, granularity string) []gen.APIUsageRow {
				asked = append(asked, strings.TrimSpace(interval+" "+granularity))
				all := []gen.APIUsageRow{{ClientID: "c-1", ClientName: "Demo Dialer", Requests: 100},
					{ClientID: "c-2", ClientName: "Demo Fresh", Requests: 10}}
				if strings.HasPrefix(interval, test.before) {
					all = []gen.APIUsageRow{{ClientID: "c-1", ClientName: "Demo Dialer", Requests: 80},
						{ClientID: "c-3", ClientName: "Demo Past", Requests: 20}}
				}
				for i := range all {
					all[i].Status429 = all[i].Requests
				}
				return all
			}
			organization := usagetest.Config{
				Rows: func(q gen.APIUsageQuery) []gen.APIUsageRow { return rows(q.Interval, string(q.Granularity)) },
				JobRows: func(q gen.UsageJobQuery) []gen.UsageJobRow {
					return jobRows(rows(q.Interval, string(q.Granularity)))
				},
			}
			r := genesysUsageOn(t, organization, append(strings.Fields(test.args), "-compare")...)
			if want := []string{test.now, test.before}; !slices.Equal(asked, want) {
				t.Errorf("asked for %v, want %v", asked, want)
			}
			_, rest, _ := strings.Cut(r.stderr, "genesys-usage: query ")
			if submitted := strings.Index(rest, "querying "); submitted < 0 || submitted > strings.Index(rest, " rows") {
				t.Errorf("the second query was not submitted before the rows of the first:\n%s", r.stderr)
			}
			for line, cells := range map[string]string{
				"Demo Dialer": "100 80 +20 +25.0% 90.9%", "Demo Fresh": "10 0 +10 new 9.1%", "Demo Past": "0 20 -20 gone 0.0%",
				"TOTAL": "110 100 +10 +10.0% 100.0%",
			} {
				contains(t, line, strings.Join(strings.Fields(r.stdout), " "), cells)
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
	command := &Command{options: o, progress: terminal.NewProgress(&stderr), Fake: fake}
	command.progress.NoStatus = false
	if _, err := command.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	contains(t, "the terminal", stderr.String(), "\r\x1b[Krate limited, waiting 1 s, ")
}
