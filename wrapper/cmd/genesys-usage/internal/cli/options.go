package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/fetch"
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
		if o.has(name) && !o.any(ranked) {
			return fmt.Errorf("-%s applies to %s; %s has all rows, in no order", name, text.Join(extensions(ranked), "and"),
				o.outputs[0].form)
		}
	}
	return nil
}

// any reports whether some output has a form of a kind.
func (o *options) any(kind func(*render.Form) bool) bool {
	return slices.ContainsFunc(o.outputs, func(out *output) bool { return kind(out.form) })
}

func ranked(f *render.Form) bool  { return !f.Streamed }
func charted(f *render.Form) bool { return f.Charted }

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

// setQuery completes the query, but for its interval.
func (o *options) setQuery() error {
	q := &o.Query
	if o.has("resume") && !(o.has("group-by") && o.has("granularity")) {
		return errors.New("-resume needs the -group-by and -granularity of its query")
	}
	if !o.has("granularity") && o.any(charted) {
		q.Granularity = report.Day
	}
	if err := text.ChooseSome(&q.GroupBy, cmp.Or(o.given["group-by"], "client"), report.Dimensions(q.Jobs)); err != nil {
		other := map[bool]string{false: "platform needs -jobs", true: "organization does not go with -jobs"}[q.Jobs]
		return fmt.Errorf("-group-by %w; %s", err, other)
	}
	return nil
}

// setPeriod finds the period of the query.
func (o *options) setPeriod() (err error) {
	named := slices.DeleteFunc([]string{"last", "month", "period-start"}, func(name string) bool { return !o.has(name) })
	iso := o.given["interval"]
	switch {
	case len(named) > 1 || o.has("last") && iso != "":
		return errors.New("give one of -last, -month, -period-start and -interval; only with -month or -period-start, " +
			"-interval can name the first days of that period")
	case iso != "" && !strings.Contains(iso, "/"):
		return fmt.Errorf("-interval %q: want two days, such as 2026-10-01/2026-10-31", iso)
	case iso != "":
		o.Query.Interval = iso
	case o.startDay > 0:
		if o.Query.Interval, err = fetch.Monthly(o.start, o.startDay, o.Made); err != nil {
			return fmt.Errorf("-%s %s: %w", named[0], o.given[named[0]], err)
		}
	case len(named) == 0 && !o.has("resume"):
		o.Query.Interval, _ = fetch.Last("30d", o.Made)
	}
	if o.Period, err = fetch.Period(o.Query.Interval, o.Query.Jobs, o.Made); err != nil {
		return err
	}
	if o.startDay > 0 && !o.Period.SetMonthly(o.start, o.startDay) {
		return fmt.Errorf("-interval %s does not begin with the first day of -%s %s and end in that period: leave one of "+
			"the two out", iso, named[0], o.given[named[0]])
	}
	return nil
}

// setAllowance completes the allowance.
func (o *options) setAllowance() error {
	switch {
	case o.Allowance == nil:
		return nil
	case o.startDay == 0:
		return errors.New("-allowance needs its period: -period-start with the day of the month that it begins on, such " +
			"as 21, or -month")
	case o.Query.Jobs || o.Match != "":
		return errors.New("-allowance is about all requests that count for billing: leave -jobs and -match out")
	}
	o.Allowance.First, o.Allowance.Last = o.Period.First, report.EndOfMonthly(o.Period.First, o.startDay)
	o.Allowance.Assumed = o.has("period-start")
	return nil
}

// setCompare finds the period to compare with.
func (o *options) setCompare() error {
	switch {
	case !o.has("compare"):
		return nil
	case o.given["granularity"] != "" && o.Query.Granularity != report.NoSteps && !o.any(charted):
		return errors.New("-compare is about the total of each period: leave -granularity out")
	case !o.Period.Known():
		return errors.New("-compare needs a period in days, such as -month 2026-10 or -interval 2026-10-01/2026-10-31")
	}
	first, last := o.Period.Before()
	before, err := fetch.Period(wrapper.Days(first, last), o.Query.Jobs, o.Made)
	if err != nil {
		return fmt.Errorf("-compare: the period before: %w", err)
	}
	o.Comparison = &report.Comparison{Period: before}
	return nil
}
