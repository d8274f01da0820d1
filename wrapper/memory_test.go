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
	const variable = "RUN_IN_OWN_PROCESS"
	if os.Getenv(variable) != "" {
		check(t, "rows", countRows(t, newReportClient(t).Execution(strconv.Itoa(manyRows))), manyRows)
		fmt.Println("peak:", peakMemory())
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), variable+"=1")
	output, err := child.CombinedOutput()
	_, rest, _ := strings.Cut(string(output), "peak: ")
	var peak float64
	if _, scanErr := fmt.Sscan(rest, &peak); err != nil || scanErr != nil {
		t.Fatalf("no peak: %v, %v: %s", err, scanErr, output)
	}
	if peak > 24*raceFactor {
		t.Errorf("the process took %.1f MiB for %d rows, want %d at most", peak, manyRows, 24*raceFactor)
	}
	t.Logf("peak of %.1f MiB", peak)
}

// A row that Wait returns keeps no more than twice the size of its struct, which is 168
// bytes today: the struct, the strings that are not shared, and what append has left over.
func TestWaitKeepsLittle(t *testing.T) {
	client := newReportClient(t)
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
