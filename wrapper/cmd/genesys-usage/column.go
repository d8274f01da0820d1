package main

import (
	"fmt"
	"strings"
)

// line is a line of the table: a group, or a step of one, or the total.
type line struct {
	group
	counts
	before int64 // requests of the period before
	date   string
}

// column is one of the table, on paper or page.
type column struct {
	title string
	kind  kind
	cell  func(*line) string // not of bars
}

type kind int

const (
	nameColumn   kind = iota // left-aligned, may be shortened
	dateColumn               // left-aligned
	countColumn              // a sum, at the right
	ratioColumn              // at the right, left out where there is no room
	shareColumn              // the same
	changeColumn             // the same, and last
	barColumn                // left out first
)

// refusedShare is what part of its requests a group may have refused before the page
// marks it.
const refusedShare = 0.01

// columns are those that carry data, and that were asked for.
func (v *view) columns() []column {
	var columns []column
	add := func(wanted bool, title string, kind kind, cell func(*line) string) {
		if wanted {
			columns = append(columns, column{title, kind, cell})
		}
	}
	count := func(of func(*counts) int64) func(*line) string {
		return func(l *line) string { return thousands(of(&l.counts)) }
	}
	for _, d := range v.question.groupBy {
		add(true, strings.ToUpper(d.name), nameColumn, func(l *line) string { return v.name(d, &l.group) })
	}
	q, total := &v.question, &v.sums.total
	requests, refused := q.has("Requests"), q.has("Status429")
	add(requests, "REQUESTS", countColumn, count(metrics[0].of))
	add(v.measure.name != "requests", v.measure.title, countColumn, count(v.measure.of))
	whole := v.measure.of(total)
	add(true, "SHARE", shareColumn, func(l *line) string { return percent(v.measure.of(&l.counts), whole) })
	add(!v.compare, "", barColumn, nil) // the change is more to look at
	if v.compare {
		add(true, "BEFORE", countColumn, func(l *line) string { return thousands(l.before) })
		add(true, "CHANGE", countColumn, func(l *line) string { return signed(l.requests - l.before) })
		add(true, "CHANGE %", changeColumn, func(l *line) string { return change(l.requests, l.before) })
	}
	for _, m := range metrics[1:] {
		wanted := m.name != v.measure.name && q.has(m.api) && (len(q.metrics) > 0 || m.name == "status429" && total.status429 > 0)
		add(wanted, m.title, countColumn, count(m.of))
	}
	add(requests && refused && (total.status429 > 0 || v.measure.name == "status429"), "429 %", ratioColumn,
		func(l *line) string { return percent(l.status429, l.requests) })
	add(requests && q.hasErrors() && (total.errors() > 0 || v.measure.name == "errors"), "ERRORS %", ratioColumn,
		func(l *line) string { return percent(l.errors(), l.requests) })
	return columns
}

// name is what a group is called in a dimension.
func (v *view) name(d dimension, g *group) string {
	called := d.of(g)
	if d.name == "client" && v.clients[called] != "" {
		called = v.clients[called]
	}
	return name(called)
}

// label is what a group is called in all dimensions.
func (v *view) label(g group) string {
	names := make([]string, len(v.question.groupBy))
	for i, d := range v.question.groupBy {
		names[i] = v.name(d, &g)
	}
	if len(names) == 0 {
		return "all"
	}
	return strings.Join(names, " ")
}

// line returns the line of a group, over the whole period.
func (v *view) line(s *sum) *line {
	return &line{group: v.sums.group(s.key), counts: s.counts, before: s.before}
}

// total returns the line of all groups.
func (v *view) total() *line {
	return &line{counts: v.sums.total, before: v.sums.before}
}

// refusedTooOften tells groups that somebody should look at.
func refusedTooOften(c *counts) bool {
	return c.requests > 0 && float64(c.status429) > refusedShare*float64(c.requests)
}

// signed writes a change with its sign.
func signed(n int64) string {
	if n > 0 {
		return "+" + thousands(n)
	}
	return thousands(n)
}

// change says how much more or less than before now is.
func change(now, before int64) string {
	switch {
	case now == 0 && before == 0:
		return ""
	case before == 0:
		return "new"
	case now == 0:
		return "gone"
	}
	return fmt.Sprintf("%+.1f%%", 100*float64(now-before)/float64(before))
}
