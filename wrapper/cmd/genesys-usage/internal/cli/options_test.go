package cli

import (
	"flag"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

func TestHelp(t *testing.T) {
	r := genesysUsage(t, "-h").want(t, 0)
	if r.stderr != "" {
		t.Errorf("on standard error: %s", r.stderr)
	}
	(&options{given: map[string]string{}}).flags().VisitAll(func(f *flag.Flag) {
		if n := len(regexp.MustCompile(`(?m)^    -`+f.Name+`( |$)`).FindAllString(r.stdout, -1)); n != 1 {
			t.Errorf("-%s is explained %d times, want once", f.Name, n)
		}
	})
	contains(t, "the help", strings.Join(strings.Fields(r.stdout), " "), "oauth:client:view", "COLUMNS", "Exit codes: 0",
		"(default 30d)", "(default client)", "(default table)",
		"(default 1h)", "(default requests)", ".xlsx", "dates in the viewer's time zone",
		"genesys-usage -q -allowance 1,500,000 -period-start 21 -o usage.txt", "errors (all 4xx and 5xx, 429 included)",
		"in a name, id or endpoint of what they are grouped by")
	for line := range strings.Lines(r.stdout) {
		if n := len(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("a line of %d columns: %s", n, line)
		}
	}
}

func TestVersion(t *testing.T) {
	r := genesysUsage(t, "-version").want(t, 0)
	contains(t, "the version", r.stdout, "genesys-usage ", "go1.")
	if strings.Count(r.stdout, "\n") != 1 {
		t.Errorf("more than a line: %s", r.stdout)
	}
}

// A usage error is found before anything is sent, and says what is right.
func TestUsageErrors(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-nonsense", "not defined: -nonsense (see"},
		{"-compar", "not defined: -compar; there is -compare (see"},
		{"-verbose", "not defined: -verbose; there is -v; there is -version (see"},
		{"---x", "bad flag syntax: ---x"},
		{"-q=false", `value "false" for -q: it takes no value`},
		{"rows", `unexpected argument "rows"`},
		{"-interval=", `invalid value "" for flag -interval: it is empty`},
		{"-match=", "flag -match: it is empty"},
		{"-o=", "flag -o: it is empty"},
		{"-last 30", "-last 30: want a number of days or weeks, such as 7d or 4w"},
		{"-as-of 24", `invalid value "24" for flag -as-of: want a day such as 2026-11-24`},
		{"-month 2026-13", `invalid value "2026-13" for flag -month: want a month such as 2026-10`},
		{"-month 2026-12", "-month 2026-12: it has no complete day yet, and the counts are about a day old; " +
			"for the current period, use -period-start 1"},
		{"-period-start tomorrow", `invalid value "tomorrow" for flag -period-start: want a day of the month, 1 to 31, ` +
			`or a day such as 2026-11-21`},
		{"-period-start 0", "want a day of the month, 1 to 31"},
		{"-period-start 32", "want a day of the month, 1 to 31"},
		{"-period-start 2026-11-24", "-period-start 2026-11-24: it has no complete day yet, and the counts are about a " +
			"day old; for the current period, use -period-start 24"},
		{"-last 3d -month 2026-01", "give one of -last, -month, -period-start and -interval"},
		{"-interval 2026-01/2026-02 -period-start 21", "give one of"},
		{"-interval yesterday", "-interval yesterday: want two days"},
		{"-interval 2026-02-02/2026-01-01", `: interval "2026-02-02/2026-01-01" ends before it starts`},
		{"-granularity hour", `invalid value "hour" for flag -granularity: want day, week, month or none`},
		{"-group-by moon", `-group-by "moon": want client, user, endpoint, method or organization, separated by commas`},
		{"-group-by ,", `-group-by "": want client`},
		{"-group-by platform", `-group-by "platform": want client, user, endpoint, method or organization, separated by ` +
			`commas; platform needs -jobs`},
		{"-group-by organization -jobs", `-group-by "organization": want client, user, endpoint, method or platform, ` +
			`separated by commas; organization does not go with -jobs`},
		{"-format xml", `invalid value "xml" for flag -format: want table, csv, json, ndjson, xlsx or html`},
		{"-sort clients", `invalid value "clients" for flag -sort: want requests, 429 or errors`},
		{"-sort 500", `invalid value "500" for flag -sort: want requests, 429 or errors`},
		{"-top -1", `invalid value "-1" for flag -top: want a number of groups, or 0 for all`},
		{"-timeout soon", `invalid value "soon" for flag -timeout: want a time such as 90s or 10m`},
		{"-timeout 5", `invalid value "5" for flag -timeout: want a time such as 90s or 10m`},
		{"-top 3 -format csv", "-top applies to .txt, .xlsx and .html; csv has all rows"},
		{"-sort 429 -format json", "-sort applies to .txt"},
		{"-compare -o x.ndjson", "-compare applies to .txt, .json, .xlsx and .html; ndjson has all rows"},
		{"-compare -granularity day", "leave -granularity out"},
		{"-compare -interval P1M/2026-10-31", "-compare needs a period in days, such as -month 2026-10 or"},
		{"-compare -resume x -group-by user -granularity none", "-compare needs a period in days"},
		{"-allowance 0 -month 2026-10", `invalid value "0" for flag -allowance: want a number`},
		{"-allowance lots -month 2026-10", `invalid value "lots" for flag -allowance: want a number of requests such as `},
		{"-allowance 5 -month 2026-10 -granularity week", "-allowance needs rows by day: leave -granularity out"},
		{"-allowance 5", "-allowance needs its period: -period-start with the day of the month that it begins on, such " +
			"as 21, or -month"},
		{"-allowance 5 -interval 2026-11-01/2026-11-23", "-allowance needs its period"},
		{"-allowance 5 -month 2026-10 -jobs", "leave -jobs and -match out"},
		{"-allowance 5 -month 2026-10 -match x", "leave -jobs and -match out"},
		{"-resume x", "-resume needs the -group-by and -granularity of its query"},
		{"-resume x -group-by client", "-resume needs the -group-by and -granularity"},
		{"-resume=", "flag -resume: it is empty"},
		{"-jobs -last 91d", "25 August to 23 November 2026, UTC has 91 days, and -jobs takes 90 at most"},
		{"-jobs -month 2025-11", "begins on 2025-11-01, and -jobs reaches back a year, to 2025-11-24"},
		{"-jobs -interval 2025-11-24/2025-12-23 -compare",
			"-compare: the period before: 25 October to 23 November 2025, UTC begins on 2025-10-25"},

		{"-o report.pdf", "-o report.pdf: want a file that ends in .txt, .csv, .json, .ndjson, .xlsx or .html, or -format"},
		{"-o report", "-o report: want a file that ends in .txt, .csv, .json, .ndjson, .xlsx or .html, or -format"},
		{"-o a.csv -o a.csv", "-o a.csv is given twice"},
		{"-o a.csv -o ./a.csv", "-o ./a.csv is given twice"},
		{"-o - -o -", "-o - is given twice"},
		{"-format csv -o a.html", "-format csv is for standard output and files without a known extension: leave it " +
			"out, as the extension of a.html names its form"},
		{"-html x", "html"},
	} {
		t.Run(test.args, func(t *testing.T) {
			r := genesysUsageOn(t, refusing(t), strings.Fields(test.args)...).want(t, 2)
			if r.stdout != "" {
				t.Errorf("on standard output: %s", r.stdout)
			}
			contains(t, "the error", r.stderr, test.want, "genesys-usage -h")
			if n := strings.Count(r.stderr, "\n"); n != 1 {
				t.Errorf("%d lines: %s", n, r.stderr)
			}
		})
	}
}

// refusing is an organization that nothing is to be asked of.
func refusing(t *testing.T) usagetest.Config {
	return usagetest.Config{Rows: func(gen.APIUsageQuery) []gen.APIUsageRow {
		t.Error("something was asked")
		return nil
	}}
}

func TestQueries(t *testing.T) {
	clearEnvironment(t)
	late := time.Date(2026, 11, 22, 23, 0, 0, 0, time.FixedZone("", -5*60*60)) // the 23rd in UTC
	client := []report.Dimension{report.Client}
	for _, test := range []struct {
		args string
		want report.Query
	}{
		{"", report.Query{Interval: "2026-10-24/2026-11-22", GroupBy: client}},
		{"-last 2w", report.Query{Interval: "2026-11-09/2026-11-22", GroupBy: client}},
		{"-month 2026-02", report.Query{Interval: "2026-02-01/2026-02-28", GroupBy: client}},
		{"-month 2026-11", report.Query{Interval: "2026-11-01/2026-11-22", GroupBy: client}},
		{"-period-start 2026-11-05", report.Query{Interval: "2026-11-05/2026-11-22", GroupBy: client}},
		{"-period-start 2026-09-21", report.Query{Interval: "2026-09-21/2026-10-20", GroupBy: client}},
		{"-period-start 21", report.Query{Interval: "2026-11-21/2026-11-22", GroupBy: client}},
		{"-period-start 22", report.Query{Interval: "2026-11-22/2026-11-22", GroupBy: client}},
		{"-period-start 23", report.Query{Interval: "2026-10-23/2026-11-22", GroupBy: client}},
		{"-period-start 31", report.Query{Interval: "2026-10-31/2026-11-22", GroupBy: client}},
		{"-period-start 21 -allowance 5", report.Query{Interval: "2026-10-24/2026-11-22", GroupBy: client,
			Granularity: report.Day}},
		{"-as-of 2026-11-02 -last 2d", report.Query{Interval: "2026-10-31/2026-11-01", GroupBy: client}},
		{"-as-of 2026-11-02 -month 2026-11", report.Query{Interval: "2026-11-01/2026-11-01", GroupBy: client}},
		{"-interval 2020-01/2020-06", report.Query{Interval: "2020-01/2020-06", GroupBy: client}},
		{"-last 1d -granularity Week -group-by endpoint,method,client,user,organization,Client",
			report.Query{
				Interval: "2026-11-22/2026-11-22", Granularity: report.Week, GroupBy: report.Dimensions(false),
			}},
		{"-jobs -last 90d -group-by platform,endpoint", report.Query{
			Jobs: true, Interval: "2026-08-25/2026-11-22", GroupBy: []report.Dimension{report.Endpoint, report.Platform},
		}},
		{"-last 1d -o x.html", report.Query{Interval: "2026-11-22/2026-11-22", Granularity: report.Day, GroupBy: client}},
		{"-last 1d -o x.csv -o x.xlsx", report.Query{Interval: "2026-11-22/2026-11-22", Granularity: report.Day,
			GroupBy: client}},
		{"-last 1d -o x.xlsx -granularity none", report.Query{Interval: "2026-11-22/2026-11-22", GroupBy: client}},
		{"-last 1d -format html -granularity week",
			report.Query{Interval: "2026-11-22/2026-11-22", Granularity: report.Week, GroupBy: client}},
		{"-resume id -group-by user -granularity week", report.Query{Granularity: report.Week,
			GroupBy: []report.Dimension{report.User}}},
	} {
		o, err := parse(strings.Fields(test.args), late)
		if err != nil {
			t.Errorf("%s: %v", test.args, err)
		} else if !reflect.DeepEqual(o.Query, test.want) {
			t.Errorf("%s: %+v, want %+v", test.args, o.Query, test.want)
		}
	}
}

// The form of an output is that of its extension, and otherwise that of -format.
func TestForms(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"", "[{- table}]"},
		{"-format csv", "[{- csv}]"},
		{"-o a.txt -o b.CSV -o c.json -o d.ndjson -o e.xlsx -o f.html",
			"[{a.txt table} {b.CSV csv} {c.json json} {d.ndjson ndjson} {e.xlsx xlsx} {f.html html}]"},
		{"-o a.csv -o -", "[{a.csv csv} {- table}]"},
		{"-format json -o a.csv -o -", "[{a.csv csv} {- json}]"},
		{"-format csv -o report.dat", "[{report.dat csv}]"},
		{"-format csv -o a.csv", "[{a.csv csv}]"},
		{"-format ndjson -o /dev/stdout", "[{/dev/stdout ndjson}]"},
	} {
		o, err := parse(strings.Fields(test.args), now)
		if err != nil {
			t.Errorf("%s: %v", test.args, err)
		} else if got := formsOf(o); got != test.want {
			t.Errorf("%s: %s, want %s", test.args, got, test.want)
		}
	}
}

// formsOf lists the outputs with their forms.
func formsOf(o *options) string {
	var all []string
	for _, out := range o.outputs {
		all = append(all, fmt.Sprintf("{%s %s}", out.name, out.form))
	}
	return fmt.Sprint(all)
}
