package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
)

// settings are what the flags say.
type settings struct {
	query         gen.APIUsageQuery
	period        period
	resume        string
	region        wrapper.Region
	format        string // "" if -html alone is wanted
	output        string
	html          string
	top           int
	plain         bool
	timeout       time.Duration
	demo          bool
	demoQueryTime time.Duration
	verbose       bool
}

var errHelp = flag.ErrHelp

const usage = `Reports who uses the API allowance of a Genesys Cloud organization.

Usage:

    genesys-usage [flags]

Examples:

    genesys-usage -demo                                    try it, without credentials
    genesys-usage -last 7d                                 the last seven days, by OAuth client
    genesys-usage -last 7d -group-by endpoint -top 20      the endpoints that are called most
    genesys-usage -month 2026-10 -format csv -o oct.csv    a month for a spreadsheet
    genesys-usage -last 30d -html usage.html               a page with a chart, day by day

Environment:

    GENESYSCLOUD_REGION                region, such as us-east-1 or mypurecloud.com
    GENESYSCLOUD_OAUTHCLIENT_ID        OAuth client (client credentials grant) with the permission
    GENESYSCLOUD_OAUTHCLIENT_SECRET      oauth:client:view or usage:organization:view, or else
    GENESYSCLOUD_ACCESS_TOKEN          an access token
    NO_COLOR                           if set, bars are plain text

Days are UTC days, and the last day of an interval is in it. The counts are about a
day old: today is not in them, and they reach back to 2018.

Flags:

`

// names are what a flag takes, and what the API calls it.
type names map[string]string

var (
	granularities = names{"day": string(gen.GranularityDay), "week": string(gen.GranularityWeek), "month": string(gen.GranularityMonth)}

	groupings = names{
		"client": string(gen.GroupByOAuthClientID), "oauthclientid": string(gen.GroupByOAuthClientID),
		"organization": string(gen.GroupByOrganizationID), "organizationid": string(gen.GroupByOrganizationID),
		"user": string(gen.GroupByUserID), "userid": string(gen.GroupByUserID),
		"endpoint": string(gen.GroupByTemplateURI), "templateuri": string(gen.GroupByTemplateURI),
		"method": string(gen.GroupByHTTPMethod), "httpmethod": string(gen.GroupByHTTPMethod),
	}

	metrics = names{
		"requests": string(gen.MetricRequests), "status200": string(gen.MetricStatus200), "status300": string(gen.MetricStatus300),
		"status400": string(gen.MetricStatus400), "status429": string(gen.MetricStatus429), "status500": string(gen.MetricStatus500),
	}
)

func parseFlags(args []string, stderr io.Writer, now time.Time) (*settings, error) {
	s := &settings{demoQueryTime: 500 * time.Millisecond}
	flags := flag.NewFlagSet("genesys-usage", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run prints the error
	flags.StringVar(&s.query.Interval, "interval", "", "what time to report on, as an ISO-8601 `interval` such as 2026-10-01/2026-10-31")
	last := flags.String("last", "", "or the last days or weeks before today, `N`d or Nw (default 30d)")
	month := flags.String("month", "", "or one `month`, such as 2026-10")
	granularity := flags.String("granularity", "", "split rows by day, week or month: the `size` of a step")
	groupBy := flags.String("group-by", "", "`what` a row is for: client, user, endpoint, method and organization, or several\nof them with commas between (default client)")
	metricNames := flags.String("metrics", "", "the `counters` to ask for, with commas between: requests, status200, status300,\nstatus400, status429 and status500 (default all)")
	region := flags.String("region", "", "the organization's `region`, in place of GENESYSCLOUD_REGION")
	flags.StringVar(&s.format, "format", "table", "the `form` of the report: table, csv, json or ndjson (a JSON object a line)")
	flags.StringVar(&s.output, "o", "", "write the report to a `file`, whole or not at all")
	flags.StringVar(&s.html, "html", "", "write a page with a chart to a `file`; by day, unless -granularity says otherwise")
	flags.IntVar(&s.top, "top", 0, "in table and page, only the `N` rows with the most requests")
	flags.BoolVar(&s.plain, "no-color", os.Getenv("NO_COLOR") != "", "draw bars in plain text")
	flags.StringVar(&s.resume, "resume", "", "get the report of a query that was submitted before, by its execution `id`")
	flags.DurationVar(&s.timeout, "timeout", time.Hour, "give up after this `time`, such as 90s or 10m; 0 means never")
	flags.BoolVar(&s.demo, "demo", false, "report on a made-up organization, without credentials")
	flags.BoolVar(&s.verbose, "v", false, "log each request")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, usage)
		flags.SetOutput(stderr)
		flags.PrintDefaults()
		return nil, errHelp
	} else if err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for _, name := range []string{"interval", "last", "month", "resume", "html", "o", "region"} {
		if given[name] && flags.Lookup(name).Value.String() == "" {
			return nil, fmt.Errorf("-%s is empty", name)
		}
	}
	if given["interval"] && given["last"] || given["interval"] && given["month"] || given["last"] && given["month"] {
		return nil, errors.New("only one of -interval, -last and -month can be given")
	}
	if s.resume != "" {
		for _, name := range []string{"interval", "last", "month", "granularity", "group-by", "metrics"} {
			if given[name] {
				return nil, fmt.Errorf("-%s says what to ask, and -resume asks nothing new", name)
			}
		}
	}

	err := errors.Join(
		s.setInterval(*last, *month, now),
		granularities.parse("-granularity", *granularity, func(name string) { s.query.Granularity = gen.Granularity(name) }),
		groupings.parse("-group-by", *groupBy, func(name string) { s.query.GroupBy = append(s.query.GroupBy, gen.GroupBy(name)) }),
		metrics.parse("-metrics", *metricNames, func(name string) { s.query.Metrics = append(s.query.Metrics, gen.Metric(name)) }),
	)
	if err != nil {
		return nil, err
	}
	if *region != "" {
		if s.region, err = wrapper.ParseRegion(*region); err != nil {
			return nil, fmt.Errorf("-region: %w", err)
		}
	}
	switch s.format {
	case "table", "csv", "json", "ndjson":
	default:
		return nil, fmt.Errorf("-format %q: want table, csv, json or ndjson", s.format)
	}
	if s.top < 0 || s.timeout < 0 {
		return nil, errors.New("-top and -timeout cannot be negative")
	}
	if s.html != "" {
		if s.query.Granularity == "" {
			s.query.Granularity = gen.GranularityDay
		}
		if !given["format"] && s.output == "" {
			s.format = ""
		}
	}
	s.period = newPeriod(s.query, now)
	if given["top"] && s.format != "table" && s.html == "" {
		return nil, fmt.Errorf("-top goes with -format table and -html; %s is all rows", s.format)
	}
	if s.html != "" && s.html == s.output {
		return nil, errors.New("-html and -o name the same file")
	}
	return s, nil
}

// setInterval sets the interval of the query from whichever flag says it.
func (s *settings) setInterval(last, month string, now time.Time) error {
	today := now.UTC().Truncate(24 * time.Hour)
	switch {
	case s.resume != "":
		return nil
	case s.query.Interval != "":
		return nil
	case month != "":
		start, err := time.Parse("2006-01", month)
		if err != nil {
			return fmt.Errorf("-month %q: want a month such as 2026-10", month)
		}
		s.query.Interval = wrapper.Month(start.Year(), start.Month())
		return nil
	case last == "":
		last = "30d"
	}
	unit := map[byte]int{'d': 1, 'w': 7}[last[len(last)-1]]
	n, err := strconv.Atoi(last[:len(last)-1])
	if err != nil || unit == 0 || n < 1 || n > 10_000 {
		return fmt.Errorf("-last %q: want a number of days or weeks, such as 7d or 4w", last)
	}
	s.query.Interval = wrapper.Days(today.AddDate(0, 0, -n*unit), today.AddDate(0, 0, -1))
	return nil
}

// parse finds each name of a comma-separated list, in any letter case.
func (n names) parse(flag, list string, set func(name string)) error {
	for name := range strings.SplitSeq(list, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" {
			continue
		}
		known, ok := n[name]
		if !ok {
			return fmt.Errorf("%s %q: see genesys-usage -h for what it takes", flag, name)
		}
		set(known)
	}
	return nil
}

// shellQuote quotes an opaque id for a shell, where it needs that.
func shellQuote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.:", r))
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
