package wrapper

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"testing"
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
		client := newReportServer(t, compress)
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
		if large > small+slack || large > 2*slack {
			t.Errorf("compressed %v: %d bytes for %d rows, %d for a tenth of them", compress, large, manyRows, small)
		}
	}
}

// A whole process that reads a large report, and serves it to itself, stays below
// 40 MiB. The process is this test's own.
func TestALargeReportWithin40MiB(t *testing.T) {
	if os.Getenv("READ_LARGE_REPORT") != "" {
		countRows(t, newReportServer(t, true).Execution(strconv.Itoa(manyRows)))
		peak, ok := peakMemory()
		if !ok {
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			peak = float64(stats.Sys) / (1 << 20)
		}
		fmt.Printf("peak: %.1f MiB\n", peak)
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), "READ_LARGE_REPORT=1")
	output, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	_, rest, _ := strings.Cut(string(output), "peak: ")
	var peak float64
	if _, err := fmt.Sscan(rest, &peak); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	t.Logf("%d rows: peak of %.1f MiB", manyRows, peak)
	if peak > 40*raceFactor {
		t.Errorf("the process took %.1f MiB", peak)
	}
}

// A row that Wait returns keeps no more than 250 bytes.
func TestWaitKeepsLittle(t *testing.T) {
	client := newReportServer(t, false)
	const n = 200_000
	before := heap()
	rows, err := client.Execution(strconv.Itoa(n)).Wait(t.Context())
	if err != nil || len(rows) != n {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	kept := float64(heap()-before) / n
	if kept > 250 {
		t.Errorf("%.0f bytes a row are kept, want 250 at most", kept)
	}
	runtime.KeepAlive(rows)
	t.Logf("%.0f bytes a row are kept", kept)
}

// Growing takes no more than twice what is kept: append alone would take five
// times as much.
func TestWaitGrowsWithoutWaste(t *testing.T) {
	body := answerOf(200_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	all := collect(body)
	runtime.ReadMemStats(&after)
	if spent := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(all)); spent > 400 {
		t.Errorf("%.0f bytes a row were spent", spent)
	}
}
