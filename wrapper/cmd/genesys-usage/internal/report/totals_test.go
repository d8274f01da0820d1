package report

import (
	"math"
	"strconv"
	"testing"
	"time"
)

// october is a day of October 2026.
func october(day int) time.Time { return time.Date(2026, 10, day, 0, 0, 0, 0, time.UTC) }

// client is a row of a client.
func client(id, name string, requests int64) *Row {
	return &Row{Names: Names{Client: id}, ClientName: name, Counts: Counts{Requests: requests}}
}

func totalsOf(rows ...*Row) *Totals {
	t := NewTotals()
	for _, r := range rows {
		t.Add(r)
	}
	return t
}

// Another row of a known group takes no memory: totals grow with what there is to
// distinguish, and not with rows.
func TestTotalsKeepNoRows(t *testing.T) {
	totals := NewTotals()
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
	known := len(totals.groups)
	allocated := testing.AllocsPerRun(1, func() { // runs it twice
		for i := range rows {
			totals.Add(&rows[i])
		}
	})
	if allocated != 0 {
		t.Errorf("%v allocations for rows of known groups", allocated)
	}
	if len(totals.groups) != known {
		t.Errorf("%d groups, want %d", len(totals.groups), known)
	}
	r := New(Report{}, totals)
	var requests, steps int64
	for _, g := range r.Groups {
		requests += g.Counts[Requests]
		for _, s := range g.Steps {
			steps += s.Counts[Requests]
		}
	}
	for what, got := range map[string]int64{"in groups": requests, "in steps": steps, "in all": r.Total[Requests],
		"rows": r.Rows} {
		if got != 15_000 {
			t.Errorf("%d %s, want 15000", got, what)
		}
	}
}

// Groups are all there, ranked, however many there are.
func TestManyGroups(t *testing.T) {
	totals := NewTotals()
	const n = 1000
	for range 2 {
		for i := range n {
			totals.Add(client(strconv.Itoa(i), "", int64(i)))
		}
	}
	r := New(Report{}, totals)
	if len(r.Groups) != n {
		t.Fatalf("%d groups, want %d", len(r.Groups), n)
	}
	for i, g := range r.Groups {
		want := n - 1 - i
		if got := r.Name(g, Client); got != strconv.Itoa(want) {
			t.Fatalf("rank %d is client %s, want %d", i, got, want)
		}
		if got := g.Counts[Requests]; got != int64(2*want) {
			t.Fatalf("client %d has %d requests, want %d", want, got, 2*want)
		}
	}
}

// A client that was renamed is one; two with the same name are two.
func TestClientsAreTheirIDs(t *testing.T) {
	r := New(Report{}, totalsOf(client("c-1", "Demo Old Name", 1), client("c-1", "Demo New Name", 2),
		client("c-2", "Demo Twin", 4),
		client("c-3", "Demo Twin", 8), client("c-4", "", 16), client("", "Demo Without Id", 32), client("", "", 64)))
	for i, want := range []struct {
		name     string
		requests int64
	}{
		{"(none)", 64}, {"Demo Without Id", 32}, {"c-4", 16}, {"Demo Twin (c-3)", 8}, {"Demo Twin (c-2)", 4},
		{"Demo Old Name", 3},
	} {
		if got := r.Name(r.Groups[i], Client); got != want.name {
			t.Errorf("rank %d is %q, want %q", i, got, want.name)
		}
		if got := r.Groups[i].Counts[Requests]; got != want.requests {
			t.Errorf("%s has %d requests, want %d", want.name, got, want.requests)
		}
	}
}

// Sums stop at the largest number there is.
func TestSumsSaturate(t *testing.T) {
	large := Row{Date: october(1), Counts: Counts{Requests: math.MaxInt64, Status400: math.MaxInt64,
		Status500: math.MaxInt64}}
	totals := totalsOf(&large, &large)
	totals.AddBefore(&large)
	totals.AddBefore(&large)
	r := New(Report{Comparison: &Comparison{}}, totals)
	all := Sum([]*Group{r.Groups[0], r.Groups[0]})
	for what, got := range map[string]int64{
		"total": r.Total[Requests], "group": r.Groups[0].Counts[Requests], "step": r.Groups[0].Steps[0].Counts[Requests],
		"step of all": r.Steps()[0].Counts[Requests], "errors": r.Total.Of(Errors), "groups": all.Counts[Requests],
		"before": r.Comparison.Before, "group before": r.Groups[0].Before, "groups before": all.Before,
	} {
		if got != math.MaxInt64 {
			t.Errorf("%s is %d, want %d", what, got, int64(math.MaxInt64))
		}
	}
}

// Rows that are only counted have a total, and no groups.
func TestCountedRows(t *testing.T) {
	totals := NewTotals()
	totals.Count(client("c", "Demo", 3))
	totals.Count(client("d", "Demo", 4))
	r := New(Report{}, totals)
	if r.Total[Requests] != 7 {
		t.Errorf("%d requests, want 7", r.Total[Requests])
	}
	if r.Rows != 2 {
		t.Errorf("%d rows, want 2", r.Rows)
	}
	if len(r.Groups) != 0 {
		t.Errorf("%d groups, want none", len(r.Groups))
	}
}
