package main

import (
	"cmp"
	"slices"
	"time"
)

// sums are what table and page show of a report: the counts of each group and, with
// a granularity, of each of its steps. No row is kept, and each name once, so that a
// report takes as much memory as there is to tell apart.
type sums struct {
	groups      map[groupKey]uint32 // places in pieces
	pieces      [][]sum             // each of pieceSize, so that none is ever copied
	names       []string
	numbers     map[string]uint32 // of names
	clientNames map[string]string // by id
	total       counts
	before      int64 // requests of the period before
	dated       bool
}

// groupKey is a group with its names as numbers, in the order of its fields.
type groupKey [6]uint32

// sum is what a group adds up to.
type sum struct {
	key groupKey
	counts
	before int64  // requests of the period before
	steps  []step // by date
}

// step is a day, week or month of a group.
type step struct {
	date time.Time
	counts
}

func newSums() *sums {
	return &sums{groups: map[groupKey]uint32{}, numbers: map[string]uint32{}, clientNames: map[string]string{}}
}

// number returns the number of a name.
func (s *sums) number(name string) uint32 {
	n, ok := s.numbers[name]
	if !ok {
		n = uint32(len(s.names))
		s.names = append(s.names, name)
		s.numbers[name] = n
	}
	return n
}

const pieceSize = 256

// of returns the sum that a row belongs to. A client that was renamed is still one.
func (s *sums) of(r *row) *sum {
	if _, known := s.clientNames[r.client]; !known && r.client != r.clientName {
		s.clientNames[r.client] = r.clientName
	}
	key := groupKey{s.number(r.client), s.number(r.organization), s.number(r.user), s.number(r.platform), s.number(r.method), s.number(r.endpoint)}
	place, ok := s.groups[key]
	if !ok {
		place = uint32(len(s.groups))
		s.groups[key] = place
		if place%pieceSize == 0 {
			s.pieces = append(s.pieces, make([]sum, 0, pieceSize))
		}
		last := &s.pieces[len(s.pieces)-1]
		*last = append(*last, sum{key: key})
	}
	return &s.pieces[place/pieceSize][place%pieceSize]
}

// group returns what a sum is for.
func (s *sums) group(key groupKey) group {
	return group{s.names[key[0]], s.names[key[1]], s.names[key[2]], s.names[key[3]], s.names[key[4]], s.names[key[5]]}
}

// add adds a row.
func (s *sums) add(r *row) {
	g := s.of(r)
	g.add(&r.counts)
	s.total.add(&r.counts)
	if r.date.IsZero() {
		return
	}
	s.dated = true
	i, ok := slices.BinarySearchFunc(g.steps, r.date, func(s step, date time.Time) int { return s.date.Compare(date) })
	if !ok {
		g.steps = slices.Insert(g.steps, i, step{date: r.date})
	}
	g.steps[i].add(&r.counts)
}

// addBefore adds a row of the period before.
func (s *sums) addBefore(r *row) {
	s.of(r).before += r.requests
	s.before += r.requests
}

// ranked returns the sums of all groups, the largest measure first.
func (s *sums) ranked(measure metric) []*sum {
	all := make([]*sum, 0, len(s.groups))
	for _, piece := range s.pieces {
		for i := range piece {
			all = append(all, &piece[i])
		}
	}
	slices.SortFunc(all, func(a, b *sum) int {
		if c := cmp.Or(cmp.Compare(measure.of(&b.counts), measure.of(&a.counts)), cmp.Compare(b.requests, a.requests), cmp.Compare(b.before, a.before)); c != 0 {
			return c
		}
		one, other := s.group(a.key), s.group(b.key)
		return cmp.Or(cmp.Compare(s.clientNames[one.client], s.clientNames[other.client]), cmp.Compare(one.client, other.client),
			cmp.Compare(one.organization, other.organization), cmp.Compare(one.user, other.user), cmp.Compare(one.platform, other.platform),
			cmp.Compare(one.endpoint, other.endpoint), cmp.Compare(one.method, other.method))
	})
	return all
}

// asked completes a question that is known by its answer only: of a query that was
// taken up without saying what it asked.
func (s *sums) asked(q question) question {
	if len(q.metrics) == 0 && s.total.requests == 0 {
		for _, m := range metrics {
			if m.of(&s.total) > 0 {
				q.metrics = append(q.metrics, m)
			}
		}
	}
	for _, d := range dimensions {
		if slices.ContainsFunc(q.groupBy, func(asked dimension) bool { return asked.name == d.name }) {
			continue
		}
		for key := range s.groups {
			if g := s.group(key); d.of(&g) != "" {
				q.groupBy = append(q.groupBy, d)
				break
			}
		}
	}
	slices.SortFunc(q.groupBy, func(a, b dimension) int { return columnOf(a) - columnOf(b) })
	return q
}

// columnOf is where a dimension stands among the columns.
func columnOf(d dimension) int {
	return slices.IndexFunc(dimensions, func(other dimension) bool { return other.name == d.name })
}

// clients names clients as people know them: by the id too where several have the
// name, and by it alone where there is none.
func (s *sums) clients() map[string]string {
	count := map[string]int{}
	for _, name := range s.clientNames {
		count[name]++
	}
	named := make(map[string]string, len(s.clientNames))
	for id, name := range s.clientNames {
		switch {
		case name == "":
			named[id] = id
		case count[name] > 1:
			named[id] = name + " (" + id + ")"
		default:
			named[id] = name
		}
	}
	return named
}
