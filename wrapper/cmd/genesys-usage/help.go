package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

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
    genesys-usage -allowance 1500000 -period-start 2026-11-21
                                                  will it last?
    genesys-usage -month 2026-10 -format csv -o oct.csv
                                                  a month for a spreadsheet
    genesys-usage -last 30d -html usage.html      a page with a chart

Environment:

    GENESYSCLOUD_REGION              such as us-east-1 or mypurecloud.com
    GENESYSCLOUD_OAUTHCLIENT_ID      an OAuth client (client credentials grant)
    GENESYSCLOUD_OAUTHCLIENT_SECRET  with the permission oauth:client:view or
                                     usage:organization:view (-jobs needs the
                                     latter), or else
    GENESYSCLOUD_ACCESS_TOKEN        an access token
    NO_COLOR                         if set, bars are plain text
    COLUMNS                          how wide a table is

Days are UTC days, and the last day of an interval is in it. The counts are
about a day old: today is not in them, and they reach back to 2018. With -jobs
they are those of the last year; how fresh they are is not documented.

Exit codes: 0, 1 if it failed, 2 if it was called wrongly, 3 if the allowance
does not last at this pace.
`

// flagGroups are the flags in the order that somebody looks for them.
var flagGroups = []struct {
	title string
	names []string
}{
	{"What time", []string{"last", "month", "period-start", "interval"}},
	{"What to count", []string{"group-by", "granularity", "metrics", "match", "jobs"}},
	{"What to show", []string{"sort", "top", "compare", "allowance"}},
	{"Where to", []string{"format", "o", "html", "no-color"}},
	{"How", []string{"region", "timeout", "resume", "q", "v", "demo"}},
}

func printHelp(out io.Writer, flags *flag.FlagSet) {
	fmt.Fprint(out, usage)
	for _, group := range flagGroups {
		fmt.Fprintf(out, "\n%s:\n\n", group.title)
		for _, name := range group.names {
			f := flags.Lookup(name)
			value, text := flag.UnquoteUsage(f)
			if (name == "group-by" || name == "format" || name == "timeout") && f.DefValue != "" {
				text += " (default " + f.DefValue + ")"
			}
			fmt.Fprintf(out, "    -%s\n        %s\n", strings.TrimSpace(name+" "+value), strings.ReplaceAll(wrap(text, 70), "\n", "\n        "))
		}
	}
}
