package wrapper

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
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
		many := manyRows
		if testing.Short() {
			many /= 10
		}
		small, large := used(many/10), used(many)
		const slack = 4 << 20 // the rows of the larger report would take 150 MiB
		if large > small+slack || large > 2*slack {
			t.Errorf("compressed %v: %d bytes for %d rows, %d for a tenth of them", compress, large, many, small)
		}
	}
}

// A whole process that reads a large report, and serves it to itself, stays below
// 40 MiB. The process is this test's own.
func TestALargeReportWithin40MiB(t *testing.T) {
	if os.Getenv("READ_LARGE_REPORT") != "" {
		rows := manyRows
		if testing.Short() {
			rows /= 10
		}
		countRows(t, newReportServer(t, true).Execution(strconv.Itoa(rows)))
		peak, ok := peakMemory()
		if !ok {
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			peak = float64(stats.Sys) / (1 << 20)
		}
		fmt.Printf("peak: %.1f MiB\n", peak)
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", fmt.Sprintf("-test.short=%v", testing.Short()))
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

// Programs that do the same, with this package and without.
const (
	programWith = `package main

import (
	"context"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
)

func main() {
	client, err := wrapper.NewFromEnv()
	if err != nil {
		panic(err)
	}
	rows, err := client.Query(context.Background(), gen.APIUsageQuery{Interval: "2026-10-01/2026-10-31"})
	if err != nil {
		panic(err)
	}
	for row, err := range client.QueryRows(context.Background(), gen.APIUsageQuery{Interval: "2026-10-01/2026-10-31"}) {
		println(row.ClientName, len(rows), err)
	}
}
`

	programWithout = `package main

import (
	"encoding/json"
	"net/http"
	"time"
)

func main() {
	response, err := http.Post("https://api.mypurecloud.com", "application/json", nil)
	if err != nil {
		panic(err)
	}
	var rows []struct {
		Name string
		Date time.Time
	}
	if err := json.NewDecoder(response.Body).Decode(&rows); err != nil {
		panic(err)
	}
	json.NewEncoder(response.Request.Body.(interface{ Write([]byte) (int, error) })).Encode(rows)
}
`
)

// build builds a program and returns its size and the CPU time that took.
func build(tb testing.TB, source, ldflags string, environment ...string) (size int64, cpu time.Duration) {
	tb.Helper()
	dir := tb.TempDir()
	file, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		tb.Fatal(err)
	}
	command := exec.CommandContext(tb.Context(), "go", "build", "-ldflags="+ldflags, "-o", binary, file)
	command.Env = append(os.Environ(), environment...)
	if output, err := command.CombinedOutput(); err != nil {
		tb.Fatalf("%v: %s", err, output)
	}
	info, err := os.Stat(binary)
	if err != nil {
		tb.Fatal(err)
	}
	return info.Size(), command.ProcessState.UserTime() + command.ProcessState.SystemTime()
}

// Importing this package makes a program at most 1 MB larger than one that uses
// net/http and encoding/json.
func TestSizeOfImporting(t *testing.T) {
	for _, ldflags := range []string{"", "-s -w"} {
		without, _ := build(t, programWithout, ldflags)
		with, _ := build(t, programWith, ldflags)
		t.Logf("ldflags %q: %d bytes without, %d with, %d more", ldflags, without, with, with-without)
		if with-without > 1_000_000 {
			t.Errorf("ldflags %q: importing costs %d bytes", ldflags, with-without)
		}
	}
}

// BenchmarkImporting builds with an empty cache, so that all that is imported is
// compiled.
func BenchmarkImporting(b *testing.B) {
	var size, cpu float64
	for b.Loop() {
		without, cpuWithout := build(b, programWithout, "", "GOCACHE="+b.TempDir())
		with, cpuWith := build(b, programWith, "", "GOCACHE="+b.TempDir())
		size += float64(with - without)
		cpu += (cpuWith - cpuWithout).Seconds()
	}
	b.ReportMetric(size/float64(b.N)/1e6, "MB-more")
	b.ReportMetric(cpu/float64(b.N), "CPU-s-more")
	b.ReportMetric(0, "ns/op")
}
