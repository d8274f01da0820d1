package report

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Totals add up rows: the counts of each group and, with a granularity, of each of its
// steps. They keep no row, and each name once.
type Totals struct {
	groups      map[key]uint32 // positions in chunks
	chunks      [][]Group      // each of chunkSize, so that none is ever copied
	names       []string
	numbers     map[string]uint32 // of names
	clientNames map[string]string // by id
	total       Counts
	before      int64
	rows        int64
	dated       bool
}

// key is the names of a group as numbers.
type key [numDimensions]uint32

// Group is what rows with the same names add up to.
type Group struct {
	Counts
	Before int64  // requests in the period before
	Steps  []Step // by date; none without a granularity
	key    key
}

// Step is a day, week or month.
type Step struct {
	Date time.Time // UTC midnight
	Counts
}

// NewTotals returns totals without rows.
func NewTotals() *Totals {
	return &Totals{groups: map[key]uint32{}, numbers: map[string]uint32{}, clientNames: map[string]string{}}
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

const chunkSize = 256

// group returns the group that a row belongs to. A client that was renamed is one.
func (t *Totals) group(r *Row) *Group {
	var k key
	for d, name := range r.Names {
		if Dimension(d) == Client {
			name = cmp.Or(name, r.ClientName)
			if _, known := t.clientNames[name]; !known && name != r.ClientName {
				t.clientNames[name] = r.ClientName
			}
		}
		k[d] = t.number(name)
	}
	position, ok := t.groups[k]
	if !ok {
		position = uint32(len(t.groups))
		t.groups[k] = position
		if position%chunkSize == 0 {
			t.chunks = append(t.chunks, make([]Group, 0, chunkSize))
		}
		last := &t.chunks[len(t.chunks)-1]
		*last = append(*last, Group{key: k})
	}
	return &t.chunks[position/chunkSize][position%chunkSize]
}

// number returns the number of a name.
func (t *Totals) number(name string) uint32 {
	n, ok := t.numbers[name]
	if !ok {
		n = uint32(len(t.names))
		t.names = append(t.names, name)
		t.numbers[name] = n
	}
	return n
}

// name returns the name of a group in a dimension: of a client its id.
func (t *Totals) name(g *Group, d Dimension) string { return t.names[g.key[d]] }

// ranked returns all groups, the largest measure first.
func (t *Totals) ranked(measure Metric) []*Group {
	all := make([]*Group, 0, len(t.groups))
	for _, chunk := range t.chunks {
		for i := range chunk {
			all = append(all, &chunk[i])
		}
	}
	slices.SortFunc(all, func(a, b *Group) int {
		c := cmp.Or(cmp.Compare(b.Of(measure), a.Of(measure)), cmp.Compare(b.Counts[Requests], a.Counts[Requests]),
			cmp.Compare(b.Before, a.Before))
		if c == 0 {
			c = cmp.Compare(t.clientNames[t.name(a, Client)], t.clientNames[t.name(b, Client)])
		}
		for d := Dimension(0); c == 0 && d < numDimensions; d++ {
			c = cmp.Compare(t.name(a, d), t.name(b, d))
		}
		return c
	})
	return all
}

// complete adds to a query what its rows show that it asked for: one that was resumed
// without saying so.
func (t *Totals) complete(q Query) Query {
	if q.Granularity != AnyStep {
		return q
	}
	if len(q.Metrics) == 0 && t.total[Requests] == 0 {
		for _, m := range Counters {
			if t.total[m] > 0 {
				q.Metrics = append(q.Metrics, m)
			}
		}
	}
	if q.GroupBy == nil {
		for d := Dimension(0); d < numDimensions; d++ {
			for k := range t.groups {
				if t.names[k[d]] != "" {
					q.GroupBy = append(q.GroupBy, d)
					break
				}
			}
		}
	}
	return q
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
