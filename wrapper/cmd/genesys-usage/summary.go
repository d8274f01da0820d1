package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/genesyscloud-go/usage/gen"
)

// summary is what table and page show of a report.
type summary struct {
	rows   []gen.APIUsageRow // in order
	hidden int               // how many more there are
	total  gen.APIUsageRow   // of all rows
	most   int64             // requests of a row
	dated  bool
	shared map[string]bool // names that several clients have
}

// summarize sorts rows, in place: by date if there are dates, the most requests
// first. If top is not 0, it keeps only so many rows with the most requests.
func summarize(rows []gen.APIUsageRow, top int) *summary {
	s := &summary{shared: map[string]bool{}}
	ids := map[string]string{}
	for i := range rows {
		row := &rows[i]
		addCounts(&s.total, row)
		s.most = max(s.most, row.Requests)
		s.dated = s.dated || !row.Date.IsZero()
		if id, ok := ids[row.ClientName]; ok && id != row.ClientID {
			s.shared[row.ClientName] = true
		}
		ids[row.ClientName] = row.ClientID
	}
	byRequests := func(a, b gen.APIUsageRow) int {
		return cmp.Or(cmp.Compare(busyness(&b), busyness(&a)), cmp.Compare(a.ClientName, b.ClientName), cmp.Compare(a.ClientID, b.ClientID),
			cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.TemplateURI, b.TemplateURI), cmp.Compare(a.HTTPMethod, b.HTTPMethod), a.Date.Compare(b.Date))
	}
	slices.SortFunc(rows, byRequests)
	if top > 0 && len(rows) > top {
		s.hidden = len(rows) - top
		rows = rows[:top]
	}
	slices.SortStableFunc(rows, func(a, b gen.APIUsageRow) int { return a.Date.Compare(b.Date) })
	s.rows = rows
	return s
}

// dimension is something that rows are broken down by.
type dimension struct {
	title string
	value func(*summary, *gen.APIUsageRow) string
}

var dimensions = []dimension{
	{"CLIENT", (*summary).client},
	{"ORGANIZATION", func(_ *summary, r *gen.APIUsageRow) string { return r.OrganizationID }},
	{"USER", func(_ *summary, r *gen.APIUsageRow) string { return r.UserID }},
	{"METHOD", func(_ *summary, r *gen.APIUsageRow) string { return r.HTTPMethod }},
	{"ENDPOINT", func(_ *summary, r *gen.APIUsageRow) string { return r.TemplateURI }},
}

// client names a row's client: by its id too, where the name does not tell.
func (s *summary) client(r *gen.APIUsageRow) string {
	switch {
	case r.ClientName == "":
		return r.ClientID
	case s.shared[r.ClientName]:
		return r.ClientName + " (" + r.ClientID + ")"
	}
	return r.ClientName
}

// counters are the counts of a row but for all requests.
var counters = []struct {
	title string
	of    func(*gen.APIUsageRow) *int64
}{
	{"2XX", func(r *gen.APIUsageRow) *int64 { return &r.Status200 }},
	{"3XX", func(r *gen.APIUsageRow) *int64 { return &r.Status300 }},
	{"4XX", func(r *gen.APIUsageRow) *int64 { return &r.Status400 }},
	{"5XX", func(r *gen.APIUsageRow) *int64 { return &r.Status500 }},
	{"429", func(r *gen.APIUsageRow) *int64 { return &r.Status429 }},
}

// addCounts adds the counts of a row to those of a sum.
func addCounts(sum, row *gen.APIUsageRow) {
	sum.Requests += row.Requests
	for _, c := range counters {
		*c.of(sum) += *c.of(row)
	}
}

// busyness is what rows are ranked by: requests, or if they were not asked for,
// what was.
func busyness(r *gen.APIUsageRow) int64 {
	if r.Requests > 0 {
		return r.Requests
	}
	return max(r.Status200+r.Status300+r.Status400+r.Status500, r.Status429)
}

// failed counts the requests with an error, 429s included: status400 has them.
func failed(r *gen.APIUsageRow) int64 { return r.Status400 + r.Status500 }

func percent(part, whole int64) string {
	if whole == 0 {
		return ""
	}
	p := 100 * float64(part) / float64(whole)
	if p > 0 && p < 0.05 {
		return "<0.1%"
	}
	return fmt.Sprintf("%.1f%%", p)
}

// thousands writes a number with separators between thousands.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
