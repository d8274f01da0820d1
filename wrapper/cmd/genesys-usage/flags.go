package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
)

var errHelp = flag.ErrHelp

// texts are the values of flags that are read after all of them were seen.
type texts struct {
	last, month, start, granularity, groupBy, metrics, region, timeout, allowance, sort string
}

func newFlags(s *settings, t *texts) *flag.FlagSet {
	flags := flag.NewFlagSet("genesys-usage", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run prints the error
	flags.Usage = func() {}

	flags.StringVar(&t.last, "last", "", "the last days or weeks before today, `N`d or Nw (default 30d)")
	flags.StringVar(&t.month, "month", "", "or one `month`, such as 2026-10")
	flags.StringVar(&t.start, "period-start", "", "or the billing period that begins on a `day`, such as 2026-11-21, as far as it is known")
	flags.StringVar(&s.question.interval, "interval", "", "or an ISO-8601 `interval`, such as 2026-10-01/2026-10-31, with both days in it")

	flags.StringVar(&t.groupBy, "group-by", "client", "`what` a row is for: client, user, endpoint, method, organization or, with -jobs, platform; or several of them with commas between")
	flags.StringVar(&t.granularity, "granularity", "", "split rows by day, week or month: the `size` of a step")
	flags.StringVar(&t.metrics, "metrics", "", "the `counters` to ask for, with commas between: requests, status200, status300, status400, status429, status500 (default all)")
	flags.StringVar(&s.match, "match", "", "keep only rows with this `text` in a name, in any letter case; totals are theirs")
	flags.BoolVar(&s.jobs, "jobs", false, "ask the newer API: all requests, not only those that count for billing; 90 days at most, of the last year")

	flags.StringVar(&t.sort, "sort", "", "rank by requests, by 429 (who is refused?) or by errors: the `counter` (default requests)")
	flags.IntVar(&s.top, "top", 0, "in table and page, only the `N` largest groups; 0 shows all (default: on a terminal the first 20 rows; a page has 100 rows at most)")
	flags.BoolVar(&s.compare, "compare", false, "in table and page, show the period before too: the month before for -month, and as many days before otherwise")
	flags.StringVar(&t.allowance, "allowance", "", "say whether a billing period's allowance of `N` requests lasts, with -period-start or -month; the exit code is 3 if at this pace it does not")

	flags.StringVar(&s.format, "format", "table", "the `form` of the report: table, csv, json or ndjson (a JSON object a line)")
	flags.StringVar(&s.output, "o", "", "write the report to a `file`, whole or not at all; - is standard output")
	flags.StringVar(&s.html, "html", "", "write a page with a chart to a `file`; by day, and any other report with it, unless -granularity says otherwise")
	flags.BoolVar(&s.plain, "no-color", os.Getenv("NO_COLOR") != "", "draw bars in plain text")

	flags.StringVar(&t.region, "region", "", "the organization's `region`, in place of GENESYSCLOUD_REGION")
	flags.StringVar(&t.timeout, "timeout", "1h", "give up after this `time`, such as 90s or 10m; 0 means never")
	flags.StringVar(&s.resume, "resume", "", "get the report of a query that was submitted before, by its `id`; flags that say what to ask then say what it asked")
	flags.BoolVar(&s.quiet, "q", false, "say nothing on standard error but what went wrong")
	flags.BoolVar(&s.verbose, "v", false, "log each request")
	flags.BoolVar(&s.demo, "demo", false, "report on a made-up organization, without credentials")
	return flags
}

func parseFlags(args []string, stderr io.Writer, now time.Time) (*settings, error) {
	s := &settings{now: now}
	t := &texts{}
	flags := newFlags(s, t)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		printHelp(stderr, flags)
		return nil, errHelp
	} else if err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name := range given {
		if flags.Lookup(name).Value.String() == "" {
			return nil, fmt.Errorf("-%s is empty", name)
		}
	}
	if err := checkTogether(s, given); err != nil {
		return nil, err
	}
	if s.resume != "" && !given["group-by"] {
		t.groupBy = "" // whatever it was
	}
	if err := s.read(t); err != nil {
		return nil, err
	}
	s.limited = !given["top"]
	if s.html != "" {
		if s.question.granularity == "" {
			s.question.granularity = day
		}
		if !given["format"] && s.output == "" {
			s.format = ""
		}
	}
	s.period = newPeriod(s.question, s.jobs, now)
	if s.jobs {
		if err := checkJobPeriod(s.period.words, s.question.interval, now); err != nil {
			return nil, err
		}
	}
	if given["allowance"] {
		if err := s.setAllowance(t.allowance); err != nil {
			return nil, err
		}
	}
	if s.compare {
		if err := s.setCompare(given["month"]); err != nil {
			return nil, err
		}
	}
	s.again = again(flags, s)
	return s, nil
}

// read reads the values of flags, and reports all that are wrong.
func (s *settings) read(t *texts) error {
	s.sort = t.sort
	err := errors.Join(
		s.setInterval(t.last, t.month, t.start),
		s.question.parseGranularity(t.granularity),
		s.question.parseGroupBy(t.groupBy, s.jobs),
		s.question.parseMetrics(t.metrics),
		s.setTimeout(t.timeout),
	)
	if err != nil {
		return err
	}
	if t.region != "" {
		if s.region, err = wrapper.ParseRegion(t.region); err != nil {
			return fmt.Errorf("-region: %w", err)
		}
	}
	if !slices.Contains([]string{"table", "csv", "json", "ndjson"}, s.format) {
		return fmt.Errorf("-format %q: want table, csv, json or ndjson", s.format)
	}
	if s.top < 0 {
		return errors.New("-top cannot be negative")
	}
	_, err = s.question.measureOf(s.sort)
	return err
}

// checkTogether finds flags that do not go with each other.
func checkTogether(s *settings, given map[string]bool) error {
	periods := 0
	for _, name := range []string{"interval", "last", "month", "period-start"} {
		if given[name] {
			periods++
		}
	}
	// A query that is taken up asked for so many days of its billing period.
	daysOfBilling := s.resume != "" && given["interval"] && given["period-start"] && periods == 2
	if periods > 1 && !daysOfBilling {
		return errors.New("only one of -interval, -last, -month and -period-start can be given")
	}
	if s.resume != "" && (given["last"] || given["period-start"] && !daysOfBilling) {
		return errors.New("-resume asks nothing new: name the days that the query asked for with -interval, or leave them out")
	}
	if s.format != "table" && s.html == "" {
		for _, name := range []string{"top", "sort", "compare"} {
			if given[name] {
				return fmt.Errorf("-%s goes with -format table and -html; %s is all rows", name, s.format)
			}
		}
	}
	if s.compare && given["granularity"] && s.html == "" {
		return errors.New("-compare is about whole periods: leave -granularity out")
	}
	if s.quiet && s.verbose {
		return errors.New("only one of -q and -v can be given")
	}
	return nil
}
