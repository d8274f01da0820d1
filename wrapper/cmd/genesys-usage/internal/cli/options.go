package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/outfile"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/render"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// setOutputs finds the form of each output, and flags that no output shows.
func (o *options) setOutputs() error {
	files := o.files
	if len(files) == 0 {
		files = []string{"-"}
	}
	for i, file := range files {
		form := render.FormOf(file)
		switch {
		case file == "-" || form == nil && o.has("format"):
			form = o.format
		case form == nil:
			all := extensions(func(*render.Form) bool { return true })
			return fmt.Errorf("-o %s: want a file that ends in %s, or -format", file, text.Join(all, "or"))
		}
		if slices.ContainsFunc(files[:i], func(other string) bool { return other == file || outfile.Same(other, file) }) {
			return fmt.Errorf("-o %s is given twice: each report needs a file of its own", file)
		}
		o.outputs = append(o.outputs, &output{name: file, form: form})
	}
	if o.has("format") && !o.any(func(f *render.Form) bool { return f == o.format }) {
		return fmt.Errorf("-format %s is for standard output and files without a known extension: leave it out, as the "+
			"extension of %s names its form", o.format, files[0])
	}
	for _, name := range []string{"top", "sort", "compare"} {
		shown := ranked
		if name == "compare" {
			shown = summed
		}
		if o.has(name) && !o.any(shown) {
			return fmt.Errorf("-%s applies to %s; %s has all rows, in no order", name, text.Join(extensions(shown), "and"),
				o.outputs[0].form)
		}
	}
	return nil
}

// any reports whether some output has a form of a kind.
func (o *options) any(kind func(*render.Form) bool) bool {
	return slices.ContainsFunc(o.outputs, func(out *output) bool { return kind(out.form) })
}

func ranked(f *render.Form) bool   { return !f.Streamed }
func streamed(f *render.Form) bool { return f.Streamed }
func summed(f *render.Form) bool   { return !f.RowsOnly }
func charted(f *render.Form) bool  { return f.Charted }

// extensions returns the extensions of the forms of a kind.
func extensions(kind func(*render.Form) bool) []string {
	var all []string
	for _, f := range render.Forms {
		if kind(f) {
			all = append(all, f.Extension)
		}
	}
	return all
}

// setQuery completes the query, but for its interval. Charts and forecasts are of days; a
// table has no line for each of them just because of that.
func (o *options) setQuery() error {
	q := &o.Query
	if o.has("resume") && !(o.has("group-by") && o.has("granularity")) {
		return errors.New("-resume needs the -group-by and -granularity of its query")
	}
	byDay := o.Limit > 0 || o.any(charted)
	if byDay && !o.has("granularity") {
		q.Granularity = report.Day
	}
	o.Stepped = q.Granularity != report.NoSteps && !(byDay && q.Granularity == report.Day) && !o.has("compare")
	for name := range strings.SplitSeq(cmp.Or(o.given["group-by"], defaultGroupBy), ",") {
		var d report.Dimension
		if err := text.Choose(&d, report.Dimensions(q.Jobs))(name); err != nil {
			other := map[bool]string{false: "platform needs -jobs", true: "organization does not go with -jobs"}[q.Jobs]
			return fmt.Errorf("-group-by %q: %w, separated by commas; %s", name, err, other)
		}
		q.GroupBy = append(q.GroupBy, d)
	}
	slices.Sort(q.GroupBy) // in the order of the columns
	q.GroupBy = slices.Compact(q.GroupBy)
	return nil
}

// setPeriod finds the period of the query.
func (o *options) setPeriod() (err error) {
	period := ""
	for _, name := range []string{"last", "month", "period-start", "interval"} {
		if o.has(name) && period != "" {
			return errors.New("give one of -last, -month, -period-start and -interval")
		} else if o.has(name) {
			period = name
		}
	}
	switch {
	case period == "interval":
		o.Period, err = report.NewPeriod(o.given["interval"], o.Query.Jobs, o.today)
	case o.startDay > 0:
		o.Period, err = report.Monthly(o.start, o.startDay, o.Query.Jobs, o.today)
	default:
		o.Period, err = report.LastDays(cmp.Or(o.given["last"], defaultLast), o.Query.Jobs, o.today)
	}
	o.Query.Interval = o.Period.Interval
	if err != nil {
		return fmt.Errorf("-%s %s: %w", period, o.given[period], err)
	}
	return nil
}

// setAllowance completes what an allowance needs: the days before the period are for its
// forecast.
func (o *options) setAllowance() error {
	switch {
	case o.Limit == 0:
		return nil
	case o.startDay == 0:
		return errors.New("-allowance needs its period: -period-start with the day of the month that it begins on, such " +
			"as 21, or -month")
	case o.Query.Jobs || o.Match != "":
		return errors.New("-allowance is about all requests that count for billing: leave -jobs and -match out")
	case o.Query.Granularity != report.Day:
		return errors.New("-allowance needs rows by day: leave -granularity out")
	}
	o.Billing = o.has("period-start")
	o.Query.Interval = report.Interval(o.Period.First.AddDate(0, 0, -report.ForecastDays), o.Period.Last)
	return nil
}

// setCompare finds the period to compare with.
func (o *options) setCompare() error {
	if !o.has("compare") {
		return nil
	}
	first, last := o.Period.Before()
	before, err := report.NewPeriod(report.Interval(first, last), o.Query.Jobs, o.today)
	if err != nil {
		return fmt.Errorf("-compare: the period before: %w", err)
	}
	o.Compare = &before
	return nil
}
