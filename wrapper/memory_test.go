package wrapper

import (
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"testing"
	"unsafe"

	"github.com/genesyscloud-go/usage/gen"
)

// heap returns what a collection found in use.
func heap() uint64 {
	runtime.GC()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	return live[0].Value.Uint64()
}

// Rows takes no more memory for many rows than for a tenth of them, all that
// serves them included.
func TestRowsInConstantMemory(t *testing.T) {
	for _, compress := range []bool{false, true} {
		client := newReportClient(t, compress)
		used := func(rows int) uint64 {
			before := heap()
			var samples []uint64
			n := 0
			for _, err := range client.Execution(strconv.Itoa(rows)).Rows(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				if n++; n%(rows/20) == 0 { // what is in use, without the garbage
					samples = append(samples, heap())
				}
			}
			if n != rows {
				t.Fatalf("%d rows, want %d", n, rows)
			}
			// What is allocated while the collector runs counts as in use, so that one
			// sample says little; half of them say whether rows are kept.
			slices.Sort(samples)
			median := samples[len(samples)/2]
			return median - min(before, median)
		}
		small, large := used(manyRows/10), used(manyRows)
		const slack = 4 << 20 // the rows of the larger report would take 150 MiB
		if large > small+slack {
			t.Errorf("compressed %v: %d bytes for %d rows, and %d for a tenth of them", compress, large, manyRows, small)
		}
		if large > 2*slack {
			t.Errorf("compressed %v: %d bytes for %d rows, want %d at most", compress, large, manyRows, 2*slack)
		}
	}
}

// A process that reads a large report, and serves it to itself, stays below 24 MiB; the
// process is this test's own.
func TestALargeReportWithin24MiB(t *testing.T) {
	inOwnProcess(t, func() {
		check(t, "rows", countRows(t, newReportClient(t, false).Execution(strconv.Itoa(manyRows))), manyRows)
	}, func(peak float64) {
		if peak > 24*raceFactor {
			t.Errorf("the process took %.1f MiB for %d rows, want %d at most", peak, manyRows, 24*raceFactor)
		}
	})
}

// A row that Wait returns keeps no more than twice the size of its struct, which is 168
// bytes today: the struct, the strings that are not shared, and what append has left over.
func TestWaitKeepsLittle(t *testing.T) {
	client := newReportClient(t, false)
	const n = 200_000
	before := heap()
	rows, err := client.Execution(strconv.Itoa(n)).Wait(t.Context())
	checkError(t, err, "")
	check(t, "rows", len(rows), n)
	kept := float64(heap()-before) / n
	if limit := 2*float64(unsafe.Sizeof(gen.APIUsageRow{})) + 20; kept > limit {
		t.Errorf("%.0f bytes a row are kept, want %.0f at most", kept, limit)
	}
	runtime.KeepAlive(rows)
	t.Logf("%.0f bytes a row are kept", kept)
}
