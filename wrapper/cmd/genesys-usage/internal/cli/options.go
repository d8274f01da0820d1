package cli

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/fetch"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/outfile"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/render"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// options are what the flags say.
type options struct {
	query     report.Query
	period    report.Period
	before    *report.Period // of -compare
	allowance *report.Allowance
	sort      report.Metric
	match     string
	outputs   []target
	render    render.Options // without what depends on the output

	region  wrapper.Region
	timeout time.Duration
	resume  string
	quiet   bool
	verbose bool
	demo    bool
}

// target is where a form goes.
type target struct {
	file string // "-" is standard output
	form render.Form
}

// parse reads the command line. The error is flag.ErrHelp for -h.
func parse(args []string, now time.Time) (*options, *flagValues, error) {
	v := &flagValues{given: map[string]bool{}}
	flags := newFlags(v)
	v.flags = flags
	if err := flags.Parse(args); err != nil {
		return nil, v, err
	}
	if flags.NArg() > 0 {
		return nil, v, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	var err error
	flags.Visit(func(f *flag.Flag) {
		v.given[f.Name] = true
		if f.Value.String() == "" && f.Name != "o" || f.Name == "o" && slices.Contains(v.files, "") {
			err = errors.Join(err, fmt.Errorf("-%s is empty", f.Name))
		}
	})
	if err != nil || v.version {
		return nil, v, err
	}
	o, err := v.options(now)
	return o, v, err
}

// options reads the values of flags.
func (v *flagValues) options(now time.Time) (*options, error) {
	o := &options{match: v.match, resume: v.resume, quiet: v.quiet, verbose: v.verbose, demo: v.demo}
	o.render = render.Options{Plain: v.noColor, Top: v.top}
	if !v.given["top"] {
		o.render.Top = -1
	}
	if err := v.checkTogether(); err != nil {
		return nil, err
	}
	if err := errors.Join(v.setOutputs(o), v.setQuery(o), v.setPeriod(o, now), v.setOther(o)); err != nil {
		return nil, err
	}
	if err := v.checkForms(o); err != nil {
		return nil, err
	}
	if o.query.Jobs {
		if err := fetch.CheckJob(&o.period, now); err != nil {
			return nil, err
		}
	}
	return o, errors.Join(v.setAllowance(o), v.setCompare(o, now))
}

// checkTogether finds flags that exclude each other.
func (v *flagValues) checkTogether() error {
	periods := 0
	for _, name := range []string{"interval", "last", "month", "period-start"} {
		if v.given[name] {
			periods++
		}
	}
	// The interval says which days of its billing period a resumed query asked for.
	partOfBilling := v.resume != "" && v.given["interval"] && v.given["period-start"] && periods == 2
	switch {
	case periods > 1 && !partOfBilling:
		return errors.New("only one of -interval, -last, -month and -period-start can be given")
	case v.resume != "" && (v.given["last"] || v.given["period-start"] && !partOfBilling):
		return errors.New("-resume submits nothing new: name the days of its query with -interval, or leave them out")
	case v.quiet && v.verbose:
		return errors.New("only one of -q and -v can be given")
	case v.top < 0:
		return errors.New("-top cannot be negative")
	}
	return nil
}

// setOutputs finds the form of each output.
func (v *flagValues) setOutputs(o *options) error {
	format := render.Form(v.format)
	if !slices.Contains(render.Forms, format) {
		return fmt.Errorf("-format %q: want %s", v.format, forms("or", func(f render.Form) string { return string(f) }))
	}
	formatted := len(v.files) == 0
	for i, file := range v.files {
		form, known := render.FormOf(file)
		switch {
		case file == "-" || !known && v.given["format"]:
			form = format
		case !known:
			return fmt.Errorf("-o %s: want a file that ends in %s, or -format", file, forms("or", render.Form.Extension))
		}
		formatted = formatted || form == format
		if slices.ContainsFunc(v.files[:i], func(other string) bool { return other == file || outfile.Same(path(other), path(file)) }) {
			return fmt.Errorf("-o %s is given twice: each report needs a file of its own", file)
		}
		o.outputs = append(o.outputs, target{file, form})
	}
	if !formatted && v.given["format"] {
		return fmt.Errorf("-format %s: no output has that form; files have the one that their extension names", format)
	}
	if len(v.files) == 0 {
		o.outputs = []target{{"-", format}}
	}
	return nil
}

// path returns the path of an output.
func path(file string) string {
	if file == "-" {
		return "/dev/stdout"
	}
	return file
}

// forms lists all forms.
func forms(conjunction string, name func(render.Form) string) string {
	var names []string
	for _, f := range render.Forms {
		names = append(names, name(f))
	}
	return text.Join(names, conjunction)
}

// has reports whether some output has a form of a kind.
func (o *options) has(kind func(render.Form) bool) bool {
	return slices.ContainsFunc(o.outputs, func(t target) bool { return kind(t.form) })
}

// checkForms finds flags that no output shows.
func (v *flagValues) checkForms(o *options) error {
	for _, name := range []string{"top", "sort", "compare"} {
		if v.given[name] && !o.has(render.Form.Ranked) {
			return fmt.Errorf("-%s applies to tables, pages and workbooks (.txt, .html, .xlsx); %s has all rows, in no order", name, o.outputs[0].form)
		}
	}
	stepped := o.query.Granularity != report.NoSteps && v.given["granularity"]
	if v.compare && stepped && o.has(func(f render.Form) bool { return f == render.Table }) && !o.has(render.Form.Chart) {
		return errors.New("-compare is about the total of each period: leave -granularity out")
	}
	return nil
}

// setQuery reads what to ask for, but for the interval.
func (v *flagValues) setQuery(o *options) error {
	q := &o.query
	q.Jobs = v.jobs
	switch step := strings.ToLower(strings.TrimSpace(v.granularity)); {
	case step == "day" || step == "week" || step == "month":
		q.Granularity = report.Granularity(strings.ToUpper(step[:1]) + step[1:])
	case step == "none":
	case step != "":
		return fmt.Errorf("-granularity %q: want day, week, month or none", v.granularity)
	case v.resume != "":
		q.Granularity = report.AnyStep
	case o.has(render.Form.Chart):
		q.Granularity = report.Day
	}
	if v.resume == "" || v.given["group-by"] {
		if err := v.setGroupBy(q); err != nil {
			return err
		}
	}
	metrics, err := parseList("metrics", v.metrics, report.Counters, "", nil)
	if err != nil {
		return err
	}
	q.Metrics = metrics
	return v.setSort(o)
}

// setGroupBy reads -group-by, in the words of the help or those of either API.
func (v *flagValues) setGroupBy(q *report.Query) error {
	suffix := ""
	if strings.Contains(strings.ToLower(v.groupBy), report.Platform.String()) {
		suffix = " without -jobs"
	}
	if v.jobs {
		suffix = " with -jobs"
	}
	var err error
	q.GroupBy, err = parseList("group-by", v.groupBy, report.Dimensions(v.jobs), suffix, map[string]report.Dimension{
		"oauthclientid": report.Client, "oauthclientname": report.Client, "userid": report.User, "templateuri": report.Endpoint,
		"httpmethod": report.Method, "organizationid": report.Organization,
	})
	return err
}

// parseList reads a comma-separated list of names, and returns what they stand for in the
// order of all.
func parseList[T interface {
	fmt.Stringer
	comparable
}](name, list string, all []T, suffix string, aliases map[string]T) ([]T, error) {
	var listed []T
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.ToLower(strings.TrimSpace(word)); word == "" {
			continue
		}
		i := slices.IndexFunc(all, func(v T) bool { return v.String() == word })
		if i < 0 {
			if alias, ok := aliases[word]; ok {
				i = slices.Index(all, alias)
			}
		}
		if i < 0 {
			names := make([]string, len(all))
			for j, v := range all {
				names[j] = v.String()
			}
			return nil, fmt.Errorf("-%s %q: want %s%s", name, word, text.Join(names, "or"), suffix)
		}
		listed = append(listed, all[i])
	}
	if list != "" && len(listed) == 0 {
		return nil, fmt.Errorf("-%s %q names nothing", name, list)
	}
	slices.SortFunc(listed, func(a, b T) int { return slices.Index(all, a) - slices.Index(all, b) })
	return slices.Compact(listed), nil
}

// setSort reads -sort, which needs the counters that it is about.
func (v *flagValues) setSort(o *options) error {
	sorts := map[string]struct {
		metric report.Metric
		needs  string
	}{"requests": {report.Requests, "requests"}, "429": {report.Status429, "status429"}, "errors": {report.Errors, "status400 and status500"}}
	s, ok := sorts[v.sort]
	if !ok {
		return fmt.Errorf("-sort %q: want requests, 429 or errors", v.sort)
	}
	if v.given["sort"] && !o.query.Has(s.metric) {
		return fmt.Errorf("-sort %s needs %s in -metrics", v.sort, s.needs)
	}
	o.sort = s.metric
	return nil
}

// setPeriod reads the period from whichever flag names it.
func (v *flagValues) setPeriod(o *options, now time.Time) error {
	iso, monthly := v.interval, false
	today := fetch.Today(now)
	switch {
	case v.month != "":
		first, err := time.Parse("2006-01", v.month)
		if err != nil {
			return fmt.Errorf("-month %q: want a month such as 2026-10", v.month)
		}
		if !first.Before(today) {
			return fmt.Errorf("-month %s: the counts are about a day old, so there are none of that month yet", v.month)
		}
		iso, monthly = monthlyDays(first, today), true
	case v.start != "":
		first, err := time.Parse(time.DateOnly, v.start)
		if err != nil {
			return fmt.Errorf("-period-start %q: want a day such as 2026-11-21", v.start)
		}
		if !first.Before(today) {
			return fmt.Errorf("-period-start %s: the counts are about a day old, so there are none of that day yet", v.start)
		}
		monthly = true
		if iso == "" {
			iso = monthlyDays(first, today)
		}
	case v.interval != "":
		if !strings.Contains(v.interval, "/") {
			return fmt.Errorf("-interval %q: want two days, such as 2026-10-01/2026-10-31", v.interval)
		}
	case v.resume == "":
		unit := map[byte]int{'d': 1, 'w': 7}[v.last[len(v.last)-1]]
		n, err := strconv.Atoi(v.last[:len(v.last)-1])
		if err != nil || unit == 0 || n < 1 || n > 10_000 {
			return fmt.Errorf("-last %q: want a number of days or weeks, such as 7d or 4w", v.last)
		}
		iso = wrapper.Days(today.AddDate(0, 0, -n*unit), today.AddDate(0, 0, -1))
	}
	o.query.Interval = iso
	o.period = fetch.Period(iso, o.query.Jobs, now)
	o.period.Monthly = monthly
	if o.period.Last.Before(o.period.First) {
		return fmt.Errorf("-interval %q ends before it starts", iso)
	}
	return nil
}

// monthlyDays returns the days of a calendar month or billing period that can have data.
func monthlyDays(first, today time.Time) string {
	last := report.EndOfMonthly(first)
	if !last.Before(today) {
		last = today.AddDate(0, 0, -1)
	}
	return wrapper.Days(first, last)
}

// setOther reads the flags that say nothing about the report.
func (v *flagValues) setOther(o *options) error {
	var err error
	if o.timeout, err = time.ParseDuration(v.timeout); err != nil || o.timeout < 0 {
		return fmt.Errorf("-timeout %q: want a time such as 90s, 10m or 1h, or 0 for never", v.timeout)
	}
	if v.region != "" {
		if o.region, err = wrapper.ParseRegion(v.region); err != nil {
			return fmt.Errorf("-region: %w", err)
		}
	}
	return nil
}

// setAllowance reads -allowance, which is about a period and all billed requests in it.
func (v *flagValues) setAllowance(o *options) error {
	if !v.given["allowance"] {
		return nil
	}
	limit, err := text.ParseCount(v.allowance)
	switch {
	case err != nil:
		return fmt.Errorf("-allowance %q: %w", v.allowance, err)
	case !o.period.Monthly:
		return errors.New("-allowance needs its period: -period-start with its first day, such as 2026-11-21, or -month")
	case o.query.Jobs:
		return errors.New("-allowance is about requests that count for billing, and -jobs counts all: leave -jobs out")
	case o.match != "":
		return errors.New("-allowance is about all requests, and -match keeps some: leave -match out")
	case !o.query.Has(report.Requests):
		return errors.New("-allowance needs requests in -metrics")
	}
	first := o.period.First
	o.allowance = &report.Allowance{Limit: limit, First: first, Last: report.EndOfMonthly(first), Assumed: v.start != ""}
	return nil
}

// setCompare finds the period to compare with.
func (v *flagValues) setCompare(o *options, now time.Time) error {
	switch {
	case !v.compare:
		return nil
	case !o.query.Has(report.Requests):
		return errors.New("-compare needs requests in -metrics")
	case o.period.Interval == "":
		return errors.New("-compare with -resume needs -interval or -month, to know the period before")
	case !o.period.Known():
		return fmt.Errorf("-compare: the days of the interval %q are not known here; name them as in 2026-10-01/2026-10-31", o.period.Interval)
	}
	before := fetch.Period(wrapper.Days(o.period.Before()), o.query.Jobs, now)
	if before.DataDays() == 0 {
		return fmt.Errorf("-compare: there is no data on the period before, %s", &before)
	}
	o.before = &before
	if o.query.Jobs {
		if err := fetch.CheckJob(&before, now); err != nil {
			return fmt.Errorf("-compare: the period before, %w", err)
		}
	}
	return nil
}
