package wrapper

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
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

// inOwnProcess runs a part of a test in a process of its own, and passes on the peak of
// its memory, in MiB.
func inOwnProcess(t *testing.T, run func(), checkPeak func(peak float64)) {
	t.Helper()
	const variable = "RUN_IN_OWN_PROCESS"
	if os.Getenv(variable) == t.Name() {
		run()
		peak, _ := peakMemory()
		fmt.Printf("peak: %.1f MiB\n", peak)
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), variable+"="+t.Name())
	output, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	_, rest, _ := strings.Cut(string(output), "peak: ")
	var peak float64
	if _, err := fmt.Sscan(rest, &peak); err != nil {
		t.Fatalf("no peak: %v: %s", err, output)
	}
	t.Logf("peak of %.1f MiB", peak)
	checkPeak(peak)
}
