package main

import (
	"cmp"
	"slices"
	"time"
)

// sums are what table and page show of a report: the counts of each group and, with
// a granularity, of each of its steps. No row is kept, so that a report takes as much
// memory as there is to tell apart, however many rows that comes in.
type sums struct {
	groups        map[group]*sum
	names         map[string]string // of clients, by id
	total, before counts
	dated         bool
}

// sum is what a group adds up to.
type sum struct {
	group
	counts
	before counts // in the period before
	steps  []step // by date
}

// step is a day, week or month of a group.
type step struct {
	date time.Time
	counts
}

func newSums() *sums {
	return &sums{groups: map[group]*sum{}, names: map[string]string{}}
}

// of returns the sum that a row belongs to. A client that was renamed is still one.
func (s *sums) of(r *row) *sum {
	if _, known := s.names[r.client]; !known && r.client != r.clientName {
		s.names[r.client] = r.clientName
	}
	g, ok := s.groups[r.group]
	if !ok {
		g = &sum{group: r.group}
		s.groups[r.group] = g
	}
	return g
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
	s.of(r).before.add(&r.counts)
	s.before.add(&r.counts)
}

// ranked returns the sums of all groups, the largest measure first.
func (s *sums) ranked(measure metric) []*sum {
	all := make([]*sum, 0, len(s.groups))
	for _, g := range s.groups {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *sum) int {
		return cmp.Or(
			cmp.Compare(measure.of(&b.counts), measure.of(&a.counts)), cmp.Compare(b.requests, a.requests), cmp.Compare(b.before.requests, a.before.requests),
			cmp.Compare(s.names[a.client], s.names[b.client]), cmp.Compare(a.client, b.client), cmp.Compare(a.organization, b.organization),
			cmp.Compare(a.user, b.user), cmp.Compare(a.platform, b.platform), cmp.Compare(a.endpoint, b.endpoint), cmp.Compare(a.method, b.method))
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
		for g := range s.groups {
			if d.of(&g) != "" {
				q.groupBy = append(q.groupBy, d)
				break
			}
		}
	}
	slices.SortFunc(q.groupBy, func(a, b dimension) int { return place(a) - place(b) })
	return q
}

// place is where a dimension stands among the columns.
func place(d dimension) int {
	return slices.IndexFunc(dimensions, func(other dimension) bool { return other.name == d.name })
}

// clients names clients as people know them: by the id too where several have the
// name, and by it alone where there is none.
func (s *sums) clients() map[string]string {
	count := map[string]int{}
	for _, name := range s.names {
		count[name]++
	}
	named := make(map[string]string, len(s.names))
	for id, name := range s.names {
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
