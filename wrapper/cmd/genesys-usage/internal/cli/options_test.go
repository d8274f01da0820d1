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
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/render"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// The help explains each flag and each form once, with the defaults that there are.
func TestHelp(t *testing.T) {
	help := helpText()
	explained := func(what, pattern string) {
		if n := len(regexp.MustCompile("(?m)^    "+regexp.QuoteMeta(pattern)+"( |$)").FindAllString(help, -1)); n != 1 {
			t.Errorf("%s is explained %d times, want once", what, n)
		}
	}
	(&options{given: map[string]string{}}).flags().VisitAll(func(f *flag.Flag) { explained(f.Name, "-"+f.Name) })
	for _, form := range render.Forms {
		explained(form.Name, fmt.Sprintf("%-8s %-7s  %s", form.Extension, form.Name, form.Help))
	}
	contains(t, "the help", strings.Join(strings.Fields(help), " "), "(default "+defaultLast+")",
		"(default "+defaultGroupBy+")", "(default "+render.Forms[0].Name+")", "(default requests)", "(default 1h)")
	for line := range strings.Lines(help) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 {
			t.Errorf("a line of %d columns: %s", n, line)
		}
	}
}

// A usage error is found before anything is sent, and says what is right.
func TestUsageErrors(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-nonsense", "not defined: -nonsense (see"},
		{"-q=false", `value "false" for -q: it takes no value`},
		{"rows", `unexpected argument "rows"`},
		{"-match=", `invalid value "" for flag -match: it is empty`},
		{"-last 30", "-last 30: want a number of days or weeks, such as 7d or 4w"},
		{"-as-of 24", `invalid value "24" for flag -as-of: want a day such as 2026-11-24`},
		{"-month 2026-13", `invalid value "2026-13" for flag -month: want a month such as 2026-10`},
		{"-month 2026-12", "-month 2026-12: it has no complete day yet"},
		{"-period-start tomorrow", `invalid value "tomorrow" for flag -period-start: want a day of the month, 1 to 31, ` +
			`or a day such as 2026-11-21`},
		{"-period-start 0", "want a day of the month, 1 to 31"},
		{"-period-start 32", "want a day of the month, 1 to 31"},
		{"-period-start 2026-11-24", "-period-start 2026-11-24: it has no complete day yet"},
		{"-last 3d -month 2026-01", "give one of -last, -month, -period-start and -interval"},
		{"-interval 2026-01/2026-02 -period-start 21", "give one of -last, -month, -period-start and -interval"},
		{"-interval yesterday", "-interval yesterday: want two days, such as 2026-10-01/2026-10-31"},
		{"-interval 2026-02-02/2026-01-01", "-interval 2026-02-02/2026-01-01: ends before it starts"},
		{"-granularity hour", `invalid value "hour" for flag -granularity: want day, week, month or none`},
		{"-group-by moon", `-group-by "moon": want client, user, endpoint, method or organization, separated by commas`},
		{"-group-by ,", `-group-by "": want client`},
		{"-group-by platform", "; platform needs -jobs"},
		{"-group-by organization -jobs", `-group-by "organization": want client, user, endpoint, method or platform, ` +
			`separated by commas; organization does not go with -jobs`},
		{"-format xml", `invalid value "xml" for flag -format: want table, csv, json, ndjson, xlsx or html`},
		{"-sort 500", `invalid value "500" for flag -sort: want requests, 429 or errors`},
		{"-top -1", `invalid value "-1" for flag -top: want a number of groups, or 0 for all`},
		{"-timeout 5", `invalid value "5" for flag -timeout: want a time such as 90s or 10m`},
		{"-top 3 -format csv", "-top applies to .txt, .xlsx and .html; csv has all rows, in no order"},
		{"-sort 429 -format json", "-sort applies to .txt, .xlsx and .html; json has"},
		{"-compare -o x.ndjson", "-compare applies to .txt, .json, .xlsx and .html; ndjson has all rows"},
		{"-jobs -interval 2025-11-24/2025-12-23 -compare", "-compare: the period before: begins before"},
		{"-allowance lots -month 2026-10", `invalid value "lots" for flag -allowance: want a number of requests such as `},
		{"-allowance 5", "-allowance needs its period: -period-start with the day of the month that it begins on, such " +
			"as 21, or -month"},
		{"-allowance 5 -month 2026-10 -granularity week", "-allowance needs rows by day: leave -granularity out"},
		{"-allowance 5 -month 2026-10 -jobs", "leave -jobs and -match out"},
		{"-allowance 5 -month 2026-10 -match x", "leave -jobs and -match out"},
		{"-resume x -granularity day", "-resume needs the -group-by and -granularity of its query"},
		{"-resume x -group-by client", "-resume needs the -group-by and -granularity of its query"},
		{"-o report.pdf", "-o report.pdf: want a file that ends in .txt, .csv, .json, .ndjson, .xlsx or .html, or -format"},
		{"-o a.csv -o ./a.csv", "-o ./a.csv is given twice: each report needs a file of its own"},
		{"-o - -o -", "-o - is given twice"},
		{"-format csv -o a.html", "-format csv is for standard output and files without a known extension: leave it " +
			"out, as the extension of a.html names its form"},
	} {
		t.Run(test.args, func(t *testing.T) {
			r := genesysUsageOn(t, refusing(t), strings.Fields(test.args)...).want(t, 2)
			contains(t, "the error", r.stderr, test.want, "genesys-usage -h")
			if n := strings.Count(r.stderr, "\n"); n != 1 || r.stdout != "" {
				t.Errorf("%d lines: %s%s", n, r.stderr, r.stdout)
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

// The query is what the flags say. Charts and forecasts need rows by day, tables have a line
// for each step only if that is asked for.
func TestQueries(t *testing.T) {
	clearEnvironment(t)
	late := time.Date(2026, 11, 22, 23, 0, 0, 0, time.FixedZone("", -5*60*60)) // the 23rd in UTC
	const today = "2026-11-22/2026-11-22 "
	for _, test := range []struct {
		args, want string // interval, granularity, dimensions
		stepped    bool
	}{
		{"", "2026-10-24/2026-11-22 none [client]", false},
		{"-last 2w", "2026-11-09/2026-11-22 none [client]", false},
		{"-month 2026-02", "2026-02-01/2026-02-28 none [client]", false},
		{"-period-start 2026-11-05", "2026-11-05/2026-11-22 none [client]", false},
		{"-period-start 23", "2026-10-23/2026-11-22 none [client]", false},
		{"-period-start 31", "2026-10-31/2026-11-22 none [client]", false},
		{"-period-start 21 -allowance 5", "2026-10-24/2026-11-22 day [client]", false},
		{"-interval 2020-01/2020-06", "2020-01/2020-06 none [client]", false},
		{"-as-of 2026-11-02 -last 2d", "2026-10-31/2026-11-01 none [client]", false},
		{"-as-of 2026-11-02 -month 2026-11", "2026-11-01/2026-11-01 none [client]", false},
		{"-last 1d -granularity Week -group-by endpoint,method,client,user,organization,Client",
			today + "week [client user endpoint method organization]", true},
		{"-jobs -last 1d -group-by platform,endpoint", today + "none [endpoint platform]", false},
		{"-last 1d -granularity day", today + "day [client]", true},
		{"-last 1d -o x.csv -o x.xlsx", today + "day [client]", false},
		{"-last 1d -o x.xlsx -granularity none", today + "none [client]", false},
		{"-last 1d -format html -granularity week", today + "week [client]", true},
		{"-last 1d -format html -granularity week -compare", today + "week [client]", false},
		{"-resume id -group-by user -granularity week", "2026-10-24/2026-11-22 week [user]", true},
	} {
		o, err := parse(strings.Fields(test.args), late)
		if err != nil {
			t.Errorf("%s: %v", test.args, err)
		} else if got := fmt.Sprint(o.Query.Interval, " ", o.Query.Granularity, " ", o.Query.GroupBy); got != test.want ||
			o.Stepped != test.stepped || o.Query.Jobs != strings.Contains(test.args, "-jobs") {
			t.Errorf("%s: %s, stepped %v, jobs %v, want %s, %v", test.args, got, o.Stepped, o.Query.Jobs, test.want, test.stepped)
		}
	}
}

// What a report is of is what the flags say.
func TestSpec(t *testing.T) {
	clearEnvironment(t)
	t.Setenv("GENESYSCLOUD_REGION", "mypurecloud.ie")
	o, err := parse(strings.Fields("-period-start 21 -allowance 1,500,000 -compare -sort 429 -top 7 -timeout 5s"), now)
	if err != nil {
		t.Fatal(err)
	}
	period, _ := report.Monthly(time.Time{}, 21, false, now.Truncate(24*time.Hour))
	before, _ := report.NewPeriod("2026-10-21/2026-10-23", false, now)
	want := report.Spec{Made: now, Region: "eu-west-1", Period: period, Sort: report.Status429, Limit: 1_500_000,
		Billing: true, Compare: &before,
		Query: report.Query{Interval: "2026-10-24/2026-11-23", Granularity: report.Day,
			GroupBy: []report.Dimension{report.Client}}}
	if !reflect.DeepEqual(o.Spec, want) {
		t.Errorf("got %+v, want %+v", o.Spec, want)
	}
	if o.render.Top != 7 || o.timeout != 5*time.Second {
		t.Errorf("top %d, timeout %v", o.render.Top, o.timeout)
	}
	o, err = parse(strings.Fields("-demo -match x -region us-east-1 -month 2026-10"), now)
	if err != nil || !o.Demo || o.Match != "x" || o.Region != "" || o.Limit != 0 || o.Billing || o.Compare != nil {
		t.Errorf("got %+v, %v", o.Spec, err)
	}
}
