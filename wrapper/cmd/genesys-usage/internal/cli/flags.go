package cli

import (
	"flag"
	"io"
	"os"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// flagValues are the values of flags, as they were given.
type flagValues struct {
	last, month, start, interval         string
	groupBy, granularity, metrics, match string
	sort, allowance                      string
	files                                []string
	format, region, timeout, resume      string
	top                                  int
	jobs, compare, noColor               bool
	quiet, verbose, demo, version        bool

	flags *flag.FlagSet
	given map[string]bool // by name
}

const (
	defaultLast    = "30d"
	defaultTimeout = "1h"
)

func newFlags(v *flagValues) *flag.FlagSet {
	flags := flag.NewFlagSet("genesys-usage", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // Run prints errors and help
	flags.Usage = func() {}

	flags.StringVar(&v.last, "last", defaultLast, "the last days or weeks before today, `N`d or Nw")
	flags.StringVar(&v.month, "month", "", "or a calendar `month`, such as 2026-10; of the current one the days so far")
	flags.StringVar(&v.start, "period-start", "", "or the billing period that begins on a `day`, such as 2026-11-21; of the current one the days so far. That it ends on the day before the next one begins is an assumption")
	flags.StringVar(&v.interval, "interval", "", "or an ISO-8601 `interval`, such as 2026-10-01/2026-10-31, both days included")

	flags.StringVar(&v.groupBy, "group-by", "client", "`what` a row is for: client, user, endpoint, method, organization (not with -jobs) or platform (only with -jobs), or several of them, separated by commas")
	flags.StringVar(&v.granularity, "granularity", "", "split rows by day, week or month: the `size` of a step (default none, or day for .xlsx and .html, which have a chart)")
	flags.StringVar(&v.metrics, "metrics", "", "the `counters` of a row: requests, status200, status300, status400, status429, status500, separated by commas (default all)")
	flags.StringVar(&v.match, "match", "", "keep only rows with this `text` in a name, in any letter case; totals are those of these rows")
	flags.BoolVar(&v.jobs, "jobs", false, "query the newer API: all requests, not only those that count for billing; 90 days at most, of the last year")

	flags.StringVar(&v.sort, "sort", "requests", "rank by a `counter`: requests, 429 (refused requests) or errors")
	flags.IntVar(&v.top, "top", 0, "in tables, pages and workbook summaries, only the `N` largest groups; 0 shows all (default: 20 lines on a terminal, 100 rows on a page)")
	flags.BoolVar(&v.compare, "compare", false, "in tables, pages and workbook summaries, show the period before too: the month before a month, and otherwise as many days; of a period that is not over, its first days are compared with as many of the one before")
	flags.StringVar(&v.allowance, "allowance", "", "say whether an allowance of `N` requests lasts for the period, with -period-start or -month; the exit code is 3 if at this pace it does not")

	flags.Func("o", "write a `file`, in the form that its extension names: .txt (table), .csv, .json, .ndjson, .xlsx (workbook) or .html (page); once for each file, or - for standard output", func(file string) error {
		v.files = append(v.files, file)
		return nil
	})
	flags.StringVar(&v.format, "format", "table", "the `form` of standard output, or of files with another extension: table, csv, json, ndjson (a JSON object a line), xlsx or html")
	flags.BoolVar(&v.noColor, "no-color", os.Getenv("NO_COLOR") != "", "draw bars in plain text")

	flags.StringVar(&v.region, "region", "", "the organization's `region`, in place of GENESYSCLOUD_REGION")
	flags.StringVar(&v.timeout, "timeout", defaultTimeout, "give up after this `time`, such as 90s or 10m; 0 means never")
	flags.StringVar(&v.resume, "resume", "", "get the rows of a query that was submitted before, by its `id`; other flags describe it")
	flags.BoolVar(&v.quiet, "q", false, "print nothing but errors on standard error")
	flags.BoolVar(&v.verbose, "v", false, "log each request")
	flags.BoolVar(&v.demo, "demo", false, "report on a made-up organization, without credentials")
	flags.BoolVar(&v.version, "version", false, "print the version")
	return flags
}

// usage is the help, before the flags.
const usage = `Reports who uses the API allowance of a Genesys Cloud organization.

Usage:

    genesys-usage [flags]

Examples:

    genesys-usage -demo                           try it, without credentials
    genesys-usage -last 7d                        the last 7 days, by client
    genesys-usage -last 7d -group-by endpoint     which endpoints are called?
    genesys-usage -last 7d -sort 429              who is refused?
    genesys-usage -last 7d -match crm -group-by client,endpoint
                                                  where does one client spend?
    genesys-usage -month 2026-10 -compare         a month, and the one before
    genesys-usage -allowance 1,500,000 -period-start 2026-11-21
                                                  will it last?
    genesys-usage -month 2026-10 -o oct.xlsx      a workbook, for Excel
    genesys-usage -last 30d -o usage.html         a page with a chart
    genesys-usage -month 2026-10 -o oct.csv -o oct.html
                                                  one query, two files

Environment:

    GENESYSCLOUD_REGION              such as us-east-1 or mypurecloud.com
    GENESYSCLOUD_OAUTHCLIENT_ID      an OAuth client (client credentials grant)
    GENESYSCLOUD_OAUTHCLIENT_SECRET  with the permission oauth:client:view or
                                     usage:organization:view (-jobs needs the
                                     latter), or else
    GENESYSCLOUD_ACCESS_TOKEN        an access token
    NO_COLOR                         if set, bars are plain text
    COLUMNS                          the width of a table

Days are UTC days, and the last day of an interval is in it. The vendor's API
Usage view shows the same days as dates in the viewer's time zone. The counts
are about a day old: today is not in them, and they reach back to 2018. With
-jobs they reach back a year; how fresh they are is not documented.

Exit codes: 0 done, 1 failed, 2 usage error, 3 the allowance does not last at
this pace.
`

// flagGroups are the flags in the order of the help.
var flagGroups = []struct {
	title string
	names []string
}{
	{"Period", []string{"last", "month", "period-start", "interval"}},
	{"Rows", []string{"group-by", "granularity", "metrics", "match", "jobs"}},
	{"Ranking and comparison", []string{"sort", "top", "compare", "allowance"}},
	{"Output", []string{"o", "format", "no-color"}},
	{"Other", []string{"region", "timeout", "resume", "q", "v", "demo", "version"}},
}

// help returns the text of -h.
func help(flags *flag.FlagSet) string {
	var b strings.Builder
	b.WriteString(usage)
	for _, group := range flagGroups {
		b.WriteString("\n" + group.title + ":\n\n")
		for _, name := range group.names {
			f := flags.Lookup(name)
			value, words := flag.UnquoteUsage(f)
			if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "true" && f.DefValue != "0" {
				words += " (default " + f.DefValue + ")"
			}
			b.WriteString("    -" + strings.TrimSpace(name+" "+value) + "\n")
			for line := range strings.Lines(text.Wrap(words, 70)) {
				b.WriteString("        " + line)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}
