package report

import (
	"cmp"
	"maps"
	"slices"
	"time"
	"unique"
)

// Totals add up rows: the counts of each group and, with a granularity, of each of its
// steps. They keep no row, and each name once.
type Totals struct {
	groups      map[key]*Group
	clientNames map[string]string // by id
	total       Counts
	before      int64
	rows        int64
	dated       bool
}

// key is the names of a group.
type key [numDimensions]unique.Handle[string]

// Group is what rows with the same names add up to.
type Group struct {
	Counts
	Before int64  // requests in the period before
	Steps  []Step // by date; none without a granularity
	key    key
}

// name returns the name in a dimension: of a client its id.
func (g *Group) name(d Dimension) string { return g.key[d].Value() }

// Step is a day, week or month.
type Step struct {
	Date time.Time // UTC midnight
	Counts
}

// NewTotals returns totals without rows.
func NewTotals() *Totals {
	return &Totals{groups: map[key]*Group{}, clientNames: map[string]string{}}
}

// Count adds a row to the total alone, which needs no memory.
func (t *Totals) Count(r *Row) {
	t.rows++
	t.total.Add(&r.Counts)
}

// Add adds a row.
func (t *Totals) Add(r *Row) {
	t.Count(r)
	g := t.group(r)
	g.Add(&r.Counts)
	if r.Date.IsZero() {
		return
	}
	t.dated = true
	g.Steps = addStep(g.Steps, r.Date, &r.Counts)
}

// AddBefore adds a row of the period before.
func (t *Totals) AddBefore(r *Row) {
	g := t.group(r)
	g.Before = sum(g.Before, r.Counts[Requests])
	t.before = sum(t.before, r.Counts[Requests])
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
	var k key
	names := r.Names
	names[Client] = cmp.Or(names[Client], r.ClientName)
	for d, name := range names {
		k[d] = unique.Make(name)
	}
	g, known := t.groups[k]
	if !known {
		g = &Group{key: k}
		t.groups[k] = g
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
			cmp.Compare(b.Before, a.Before))
		if c == 0 {
			c = cmp.Compare(t.clientNames[a.name(Client)], t.clientNames[b.name(Client)])
		}
		for d := Dimension(0); c == 0 && d < numDimensions; d++ {
			c = cmp.Compare(a.name(d), b.name(d))
		}
		return c
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
