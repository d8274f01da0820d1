package report

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// october is a day of October 2026.
func october(day int) time.Time { return time.Date(2026, 10, day, 0, 0, 0, 0, time.UTC) }

var ofOctober = Period{First: october(1), Last: october(31), DataFirst: october(1), DataLast: october(31), End: october(31)}

// client is a row of a client.
func client(id, name string, requests int64) *Row {
	return &Row{Names: Names{Client: id}, ClientName: name, Counts: Counts{Requests: requests}}
}

func reportOf(rows ...*Row) *Report {
	t := NewTotals(Spec{Period: ofOctober}, true)
	for _, r := range rows {
		t.Add(r)
	}
	return t.Report()
}

// Another row of a known group takes no memory: totals grow with what there is to
// distinguish, and not with rows.
func TestTotalsKeepNoRows(t *testing.T) {
	totals := NewTotals(Spec{Period: ofOctober}, true)
	rows := make([]Row, 5000)
	for i := range rows {
		id := strconv.Itoa(i % 50)
		rows[i] = Row{
			Date: october(1 + i%31), Names: Names{Client: id, Endpoint: "api/v2/users/" + strconv.Itoa(i%20)},
			ClientName: "Demo " + id,
			Counts:     Counts{Requests: 1},
		}
		totals.Add(&rows[i])
	}
	allocated := testing.AllocsPerRun(10, func() { // runs it 11 times
		for i := range rows {
			totals.Add(&rows[i])
		}
	})
	equal(t, "allocations for rows of known groups", allocated, 0.0)
	r := totals.Report()
	var steps int64
	for _, g := range r.Groups {
		for _, s := range g.Steps {
			steps += s.Counts[Requests]
		}
	}
	equal(t, "requests in steps", steps, int64(60_000))
	equal(t, "rows", r.Rows, int64(60_000))
}

// Groups are ranked by a counter, and what has the same by others: the order never depends on that of rows.
func TestRanks(t *testing.T) {
	row := func(id, name string, counts Counts) *Row {
		return &Row{Names: Names{Client: id}, ClientName: name, Counts: counts}
	}
	before := row("before", "", Counts{Status429: 1})
	rows := []*Row{
		row("x", "b", Counts{Requests: 1}), row("y", "a", Counts{Requests: 1}), row("z", "b", Counts{Requests: 1}),
		row("many", "", Counts{Requests: 9}), row("refused", "", Counts{Requests: 1, Status429: 1}),
	}
	for range 2 {
		slices.Reverse(rows)
		totals := NewTotals(Spec{Sort: Status429, Compare: &Period{}}, true)
		totals.AddBefore(before)
		totals.Add(row("before", "", Counts{Requests: 1}))
		for _, r := range rows {
			totals.Add(r)
		}
		var ids []string
		for _, g := range totals.Report().Groups {
			ids = append(ids, g.names[Client])
		}
		equal(t, "order", strings.Join(ids, " "), "refused many before y x z")
	}
}

// A client that was renamed is one; two with the same name are two.
func TestClientsAreTheirIDs(t *testing.T) {
	r := reportOf(client("c-1", "Demo Old Name", 1), client("c-1", "Demo New Name", 2), client("c-2", "Demo Twin", 4),
		client("c-3", "Demo Twin", 8), client("c-4", "", 16), client("", "Demo Without Id", 32), client("", "", 64))
	for i, want := range []struct {
		name     string
		requests int64
	}{
		{"(none)", 64}, {"Demo Without Id", 32}, {"c-4", 16}, {"Demo Twin (c-3)", 8}, {"Demo Twin (c-2)", 4},
		{"Demo Old Name", 3},
	} {
		equal(t, "rank "+strconv.Itoa(i), r.Name(r.Groups[i], Client), want.name)
		equal(t, want.name, r.Groups[i].Counts[Requests], want.requests)
	}
}

// Sums stop at the largest number there is, and that is said, as negative counts are.
func TestSumsThatAreNotExact(t *testing.T) {
	large := Row{Date: october(1), Counts: Counts{Requests: math.MaxInt64, Status400: math.MaxInt64,
		Status500: math.MaxInt64}}
	totals := NewTotals(Spec{Period: ofOctober, Compare: &Period{}}, true)
	for range 2 {
		totals.Add(&large)
		totals.AddBefore(&large)
	}
	r := totals.Report()
	all := Sum([]*Group{r.Groups[0], r.Groups[0]})
	for what, got := range map[string]int64{
		"total": r.Total.Counts[Requests], "group": r.Groups[0].Counts[Requests], "step": r.Groups[0].Steps[0].Counts[Requests],
		"errors": r.Total.Of(Errors), "groups": all.Counts[Requests],
		"before": r.Total.Before[Requests], "group before": r.Groups[0].Before[Requests],
		"groups before": all.Before[Requests],
	} {
		equal(t, what, got, int64(math.MaxInt64))
	}
	const words = "Warning: some counts are negative or too large to add up; sums with them are not exact."
	for what, test := range map[string]struct {
		r    *Report
		want bool
	}{
		"too large": {r, true}, "negative": {reportOf(client("c", "", 5), client("c", "", -1)), true},
		"neither": {reportOf(client("c", "", 5)), false},
	} {
		equal(t, what, slices.Contains(test.r.Remarks(), words), test.want)
	}
}

// Without groups there is a total alone.
func TestTotalsWithoutGroups(t *testing.T) {
	totals := NewTotals(Spec{Compare: &Period{}}, false)
	totals.Add(client("c", "Demo", 3))
	totals.Add(client("d", "Demo", 4))
	totals.AddBefore(client("d", "Demo", 5))
	r := totals.Report()
	equal(t, "requests", r.Total.Counts[Requests], int64(7))
	equal(t, "before", r.Total.Before[Requests], int64(5))
	equal(t, "rows", r.Rows, int64(2))
	equal(t, "groups", len(r.Groups), 0)
}
