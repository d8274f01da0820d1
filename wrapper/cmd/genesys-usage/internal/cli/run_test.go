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

// Two periods are asked for, the second before the first is read, and the rows of each are told apart. Which days the
// period before has is tested by report.
func TestCompare(t *testing.T) {
	for _, test := range []struct{ args, now, before string }{
		{"-month 2026-10", "2026-10-01/2026-10-31 ", "2026-09-01/2026-09-30 "},
		{"-jobs -last 7d -sort 429", "2026-11-17T00:00:00/2026-11-23T23:59:59 ", "2026-11-10T00:00:00/2026-11-16T23:59:59 "},
		{"-interval 2026-09/2026-10", "2026-09/2026-10 ", "2026-07-02/2026-08-31 "},
		{"-period-start 2026-11-21 -allowance 5M", "2026-10-24/2026-11-23 Day", "2026-10-21/2026-10-23 "},
	} {
		t.Run(test.args, func(t *testing.T) {
			var asked []string
			rows := func(interval, granularity string) []gen.APIUsageRow {
				asked = append(asked, interval+" "+granularity)
				row := func(id string, n int64) gen.APIUsageRow {
					return gen.APIUsageRow{ClientID: id, Requests: n, Status429: n}
				}
				if len(asked) == 2 {
					return []gen.APIUsageRow{row("same", 80), row("past", 20)}
				}
				return []gen.APIUsageRow{row("same", 100), row("fresh", 10)}
			}
			organization := usagetest.Config{
				Rows: func(q gen.APIUsageQuery) []gen.APIUsageRow { return rows(q.Interval, string(q.Granularity)) },
				JobRows: func(q gen.UsageJobQuery) []gen.UsageJobRow {
					return jobRows(rows(q.Interval, string(q.Granularity)))
				},
			}
			r := genesysUsageOn(t, organization, append(strings.Fields(test.args), "-compare")...)
			if want := []string{test.now, test.before}; !slices.Equal(asked, want) {
				t.Errorf("asked for %q, want %q", asked, want)
			}
			_, rest, _ := strings.Cut(r.stderr, "genesys-usage: query ")
			if submitted := strings.Index(rest, "querying "); submitted < 0 || submitted > strings.Index(rest, " rows") {
				t.Errorf("the second query was not submitted before the rows of the first:\n%s", r.stderr)
			}
			contains(t, "the table", strings.Join(strings.Fields(r.stdout), " "), " 100 80 +20 +25.0% 90.9% ",
				" 10 0 +10 new 9.1% ", " 0 20 -20 gone 0.0% ", " 110 100 +10 +10.0% 100.0% ")
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
