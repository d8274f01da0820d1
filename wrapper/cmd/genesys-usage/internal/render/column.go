package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// line is a line of a table: a group, a step of one, or a sum of groups.
type line struct {
	group  *report.Group // nil for a sum
	label  string        // of a sum, in the first column
	date   time.Time     // of a step
	counts report.Counts
	before int64
}

func groupLine(g *report.Group) line { return line{group: g, counts: g.Counts, before: g.Before} }

// othersLine returns the line of groups that have none of their own.
func othersLine(groups []*report.Group) *line {
	sum := report.Sum(groups)
	label := fmt.Sprintf("... and %s more", text.Thousands(int64(len(groups))))
	return &line{label: label, counts: sum.Counts, before: sum.Before}
}

func totalLine(r *report.Report) *line {
	l := &line{label: "Total", counts: r.Total}
	if r.Comparison != nil {
		l.before = r.Comparison.Before
	}
	return l
}

// column is one of a table of groups.
type column struct {
	title     string
	kind      kind
	dimension report.Dimension  // of a nameColumn
	number    func(*line) int64 // of all but names and dates
	whole     func(*line) int64 // of percentages: what number is a part of, or is compared with
}

type kind int

const (
	nameColumn   kind = iota // may be shortened
	dateColumn               // or empty, for the labels of sums
	barColumn                // left out first
	countColumn              //
	changeColumn             // a difference, with its sign
	ratioColumn              // a percentage; left out where there is no room
	shareColumn              // a percentage of the total; the same
	growthColumn             // how much more or less than before, in per cent; the same
)

// isNumber reports whether cells are aligned at the right.
func (k kind) isNumber() bool { return k >= countColumn }

// groupColumns returns the columns of a table of groups: what was asked for, and of that what carries data. The first
// is of names or dates, and the labels of sums are in it.
func groupColumns(r *report.Report, dated bool) []column {
	q, total := &r.Query, &r.Total
	var all []column
	if dated {
		all = append(all, column{title: "DATE", kind: dateColumn})
	} else if len(q.GroupBy) == 0 {
		all = append(all, column{kind: dateColumn})
	}
	for _, d := range q.GroupBy {
		all = append(all, column{title: strings.ToUpper(d.String()), dimension: d})
	}
	count := func(m report.Metric) func(*line) int64 {
		return func(l *line) int64 { return l.counts.Of(m) }
	}
	add := func(wanted bool, title string, kind kind, number, whole func(*line) int64) {
		if wanted {
			all = append(all, column{title: title, kind: kind, number: number, whole: whole})
		}
	}
	requests, sort := count(report.Requests), count(r.Sort)
	add(q.Has(report.Requests), report.Requests.Title(), countColumn, requests, nil)
	add(r.Sort != report.Requests, r.Sort.Title(), countColumn, sort, nil)
	add(true, "SHARE", shareColumn, sort, func(*line) int64 { return total.Of(r.Sort) })
	compared := r.Comparison != nil
	before := func(l *line) int64 { return l.before }
	add(compared, "BEFORE", countColumn, before, nil)
	add(compared, "CHANGE", changeColumn, func(l *line) int64 { return l.counts[report.Requests] - l.before }, nil)
	add(compared, "CHANGE %", growthColumn, requests, before)
	add(!compared, "", barColumn, sort, nil)
	for _, m := range report.Counters[1:] {
		wanted := len(q.Metrics) > 0 || m == report.Status429 && total.Of(m) > 0
		add(wanted && q.Has(m) && m != r.Sort, m.Title(), countColumn, count(m), nil)
	}
	for _, m := range []report.Metric{report.Status429, report.Errors} {
		wanted := q.Has(report.Requests) && q.Has(m) && (total.Of(m) > 0 || m == r.Sort)
		add(wanted, m.Title()+" %", ratioColumn, count(m), requests)
	}
	return all
}

// cells returns the text of a line in each column. That of bars is empty.
func cells(r *report.Report, columns []column, l *line) []string {
	texts := make([]string, len(columns))
	for i, c := range columns {
		switch c.kind {
		case nameColumn:
			if l.group != nil {
				texts[i] = r.Name(l.group, c.dimension)
			}
		case dateColumn:
			if !l.date.IsZero() {
				texts[i] = r.StepLabel(l.date)
			}
		case barColumn:
		case countColumn:
			texts[i] = text.Thousands(c.number(l))
		case changeColumn:
			texts[i] = text.Signed(c.number(l))
		case ratioColumn, shareColumn:
			texts[i] = text.Percent(c.number(l), c.whole(l))
		case growthColumn:
			texts[i] = text.Change(c.number(l), c.whole(l))
		}
	}
	if l.group == nil {
		texts[0] = l.label
	}
	return texts
}

// refusedTooOften reports whether somebody should look at a group: more than 1 % of its requests were refused.
func refusedTooOften(r *report.Report, g *report.Group) bool {
	requests, refused := g.Of(report.Requests), g.Of(report.Status429)
	return r.Query.Has(report.Status429) && requests > 0 && float64(refused) > 0.01*float64(requests)
}
