package render

import (
	"fmt"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// line is a line of a table of groups: a group, a step of one, or a sum of several.
type line struct {
	*report.Group
	label string // in the first column: the date of a step, or what a sum is called
	sum   bool
}

// groupLines returns a line of each group, at most so many if that is not 0, and of all others.
func groupLines(groups []*report.Group, most int) []line {
	var lines []line
	for i, g := range groups {
		if i == most && most > 0 {
			return append(lines, othersLine(groups[i:]))
		}
		lines = append(lines, line{Group: g})
	}
	return lines
}

func othersLine(groups []*report.Group) line {
	sum := report.Sum(groups)
	return line{&sum, fmt.Sprintf("... and %s more", text.Thousands(int64(len(groups)))), true}
}

func totalLine(r *report.Report) line { return line{&r.Total, "Total", true} }

// column is one of a table of groups. A value is a string, an int64, or one of the types below.
type column struct {
	title string
	kind  kind
	value func(line) any
}

type (
	change int64                       // shown with its sign
	ratio  struct{ n, whole int64 }    // in per cent
	growth struct{ now, before int64 } // the same
)

type kind int

const (
	labels    kind = iota // of steps and sums alone
	names                 // may be shortened
	endpoints             // the same
	numbers
	ratios // left out where there is no room
	bars   // the same
)

// groupColumns returns the columns of a table of groups: what was asked for, and of that what carries data. Labels are
// in the first.
func groupColumns(r *report.Report, dated bool) []column {
	var columns []column
	add := func(wanted bool, title string, kind kind, value func(line) any) {
		if wanted {
			columns = append(columns, column{title, kind, value})
		}
	}
	q, compared := &r.Query, r.Compare != nil
	nothing := func(line) any { return "" }
	add(dated, "DATE", labels, nothing)
	for _, d := range q.GroupBy {
		kind := names
		if d == report.Endpoint {
			kind = endpoints
		}
		add(true, strings.ToUpper(d.String()), kind, func(l line) any {
			if l.sum {
				return ""
			}
			return r.Name(l.Group, d)
		})
	}
	count := func(m report.Metric) func(line) any { return func(l line) any { return l.Of(m) } }
	requests := func(l line) int64 { return l.Of(report.Requests) }
	add(true, report.Requests.Title(), numbers, count(report.Requests))
	add(r.Sort != report.Requests, r.Sort.Title(), numbers, count(r.Sort))
	now, before := func(l line) int64 { return l.Of(r.Sort) }, func(l line) int64 { return l.Before.Of(r.Sort) }
	add(compared, "BEFORE", numbers, func(l line) any { return before(l) })
	add(compared, "CHANGE", numbers, func(l line) any { return change(now(l) - before(l)) })
	add(compared, "CHANGE %", ratios, func(l line) any { return growth{now(l), before(l)} })
	add(true, "SHARE", ratios, func(l line) any { return ratio{l.Of(r.Sort), r.Total.Of(r.Sort)} })
	add(!compared, "", bars, nothing) // of two periods, the change is to be looked at
	refused := r.Sort != report.Status429 && r.Total.Of(report.Status429) > 0
	add(refused, report.Status429.Title(), numbers, count(report.Status429))
	for _, m := range []report.Metric{report.Status429, report.Errors} {
		add(r.HasRate(m), m.Title()+" %", ratios, func(l line) any { return ratio{l.Of(m), requests(l)} })
	}
	return columns
}

// cells returns the text of a line in each column.
func cells(columns []column, l line) []string {
	texts := make([]string, len(columns))
	for i, c := range columns {
		switch value := c.value(l).(type) {
		case string:
			texts[i] = value
		case int64:
			texts[i] = text.Thousands(value)
		case change:
			texts[i] = text.Signed(int64(value))
		case ratio:
			texts[i] = text.Percent(value.n, value.whole)
		case growth:
			texts[i] = text.Change(value.now, value.before)
		}
	}
	if l.label != "" {
		texts[0] = l.label
	}
	return texts
}
