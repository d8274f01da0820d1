package main

import (
	"strconv"
	"testing"
)

// Another row of what is known takes no memory: however many rows there are, sums are as
// large as what there is to tell apart.
func TestSumsKeepNoRows(t *testing.T) {
	sums := newSums()
	rows := make([]row, 5000)
	for i := range rows {
		client := strconv.Itoa(i % 50)
		rows[i] = row{group: group{client: client, endpoint: "api/v2/users/" + strconv.Itoa(i%20)}, clientName: "Demo " + client, counts: counts{requests: 1}, date: october(1 + i%31)}
		sums.add(&rows[i])
	}
	known := len(sums.groups)
	if allocated := testing.AllocsPerRun(1, func() {
		for i := range rows {
			sums.add(&rows[i])
		}
	}); allocated != 0 || len(sums.groups) != known {
		t.Errorf("%v allocations, %d groups after %d", allocated, len(sums.groups), known)
	}
	var requests, steps int64
	for _, g := range sums.ranked(metrics[0]) {
		requests += g.requests
		for _, s := range g.steps {
			steps += s.requests
		}
	}
	if requests != 15_000 || steps != 15_000 || sums.total.requests != 15_000 { // AllocsPerRun runs it once more
		t.Errorf("%d requests, %d in steps, %d in all", requests, steps, sums.total.requests)
	}
}

// More groups than fit into a piece are all there.
func TestManyGroups(t *testing.T) {
	sums := newSums()
	for range 2 {
		for i := range 3*pieceSize + 1 {
			sums.add(&row{group: group{client: strconv.Itoa(i)}, counts: counts{requests: int64(i)}})
		}
	}
	ranked := sums.ranked(metrics[0])
	for i, g := range ranked {
		want := len(ranked) - 1 - i
		if sums.group(g.key).client != strconv.Itoa(want) || g.requests != int64(2*want) {
			t.Fatalf("place %d is %v with %d", i, sums.group(g.key), g.requests)
		}
	}
	if len(ranked) != 3*pieceSize+1 {
		t.Error(len(ranked))
	}
}
