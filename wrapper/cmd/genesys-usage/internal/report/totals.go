package report

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// Totals add up the rows of a report: the counts of each group and, with a granularity, of
// each of its steps. They keep no row.
type Totals struct {
	report      Report            // but for its groups, and what follows from all rows
	groups      map[Names]*Group  // nil if they are not asked for
	clientNames map[string]string // by id
}

// Group is what rows with the same names add up to.
type Group struct {
	Counts
	Before Counts // in the period before
	Steps  []Step // by date; none without a granularity
	names  Names  // of a client its id
}

// Step is a day, week or month.
type Step struct {
	Date time.Time // UTC midnight
	Counts
}

// NewTotals returns totals without rows. Without groups they take no memory for each.
func NewTotals(s Spec, groups bool) *Totals {
	t := &Totals{report: Report{Spec: s, days: map[time.Time]int64{}}, clientNames: map[string]string{}}
	if groups {
		t.groups = map[Names]*Group{}
	}
	return t
}

// Add adds a row, and reports whether it is one of the report: not one outside its period,
// which a forecast may be made of.
func (t *Totals) Add(r *Row) bool {
	all := &t.report
	counted := all.Period.overlaps(r.Date, all.Query.Granularity)
	if counted || all.Limit > 0 && r.Date.Before(all.Period.First) {
		if !r.Date.IsZero() {
			all.days[r.Date] = sum(all.days[r.Date], r.Counts[Requests])
		}
	} else {
		all.Outside++
	}
	if !counted {
		return false
	}
	all.Rows++
	t.add(&all.Total.Counts, &r.Counts)
	if t.groups == nil {
		return true
	}
	g := t.group(r)
	g.Add(&r.Counts)
	if !r.Date.IsZero() {
		g.Steps = addStep(g.Steps, r.Date, &r.Counts)
	}
	return true
}

// AddBefore adds a row of the period before.
func (t *Totals) AddBefore(r *Row) {
	t.add(&t.report.Total.Before, &r.Counts)
	if t.groups != nil {
		t.group(r).Before.Add(&r.Counts)
	}
}

// add adds counts to a total.
func (t *Totals) add(total, counts *Counts) {
	total.Add(counts)
	t.report.inexact = t.report.inexact || slices.Min(counts[:]) < 0 || slices.Max(total[:]) == math.MaxInt64
}

// Report returns the report on all rows so far.
func (t *Totals) Report() *Report {
	r := t.report
	r.Groups, r.labels = t.ranked(r.Sort), t.labels()
	if r.Limit > 0 {
		r.Allowance = newAllowance(&r.Spec, r.days)
	}
	return &r
}

// addStep adds counts to a step, in its place by date.
func addStep(steps []Step, date time.Time, counts *Counts) []Step {
	i, ok := slices.BinarySearchFunc(steps, date, func(s Step, date time.Time) int { return s.Date.Compare(date) })
	if !ok {
		steps = slices.Insert(steps, i, Step{Date: date})
	}
	steps[i].Add(counts)
	return steps
}

// group returns the group that a row belongs to. A client that was renamed is one.
func (t *Totals) group(r *Row) *Group {
	names := r.Names
	names[Client] = cmp.Or(names[Client], r.ClientName)
	g, known := t.groups[names]
	if !known {
		g = &Group{names: names}
		t.groups[names] = g
		if _, known := t.clientNames[names[Client]]; !known && r.Names[Client] != "" {
			t.clientNames[names[Client]] = r.ClientName
		}
	}
	return g
}

// ranked returns all groups, the largest measure first.
func (t *Totals) ranked(measure Metric) []*Group {
	return slices.SortedFunc(maps.Values(t.groups), func(a, b *Group) int {
		c := cmp.Or(cmp.Compare(b.Of(measure), a.Of(measure)), cmp.Compare(b.Counts[Requests], a.Counts[Requests]),
			cmp.Compare(b.Before.Of(measure), a.Before.Of(measure)))
		return cmp.Or(c, cmp.Compare(t.clientNames[a.names[Client]], t.clientNames[b.names[Client]]),
			slices.Compare(a.names[:], b.names[:]))
	})
}

// labels returns what clients are called, by id: by their name, with the id where several
// have the same, and by the id where there is no name.
func (t *Totals) labels() map[string]string {
	count := map[string]int{}
	for _, name := range t.clientNames {
		count[name]++
	}
	labels := maps.Clone(t.clientNames)
	for id, name := range labels {
		switch {
		case name == "":
			labels[id] = id
		case count[name] > 1:
			labels[id] = name + " (" + id + ")"
		}
	}
	return labels
}
