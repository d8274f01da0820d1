package wrapper

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A month of a large organization, by client, template, method and day. Every
// 1,000th row begins the list anew.
const cycle = 1000

var cycleOfRows = func() string {
	var b strings.Builder
	for i := range cycle {
		fmt.Fprintf(&b, `,{"clientId":"e7de8a75-86bb-43eb-9063-%012d","clientName":"Integration %d","organizationId":"",`+
			`"userId":"","templateUri":"api/v2/resource%d/{id}/members","httpMethod":"%s","status200":%d,"status300":0,`+
			`"status400":%d,"status500":0,"status429":%d,"requests":%d,"date":"2026-10-%02dT00:00:00Z"}`,
			i%40, i%40, i%300, []string{"GET", "POST", "PATCH"}[i%3], i*7, i%11, i%3, i*7+i%11, i%31+1)
	}
	return b.String()
}()

// responseOf is a complete response of thousands of rows, which takes no memory.
func responseOf(rows int) io.Reader {
	readers := []io.Reader{strings.NewReader(`{"results":[`), strings.NewReader(cycleOfRows[1:])}
	for range rows/cycle - 1 {
		readers = append(readers, strings.NewReader(cycleOfRows))
	}
	return io.MultiReader(append(readers, strings.NewReader(`],"queryStatus":"Complete"}`))...)
}

// The ways to read a response.
var readers = []struct {
	name string
	read func(io.Reader) (requests int64, err error)
}{
	{"Rows", func(body io.Reader) (requests int64, err error) {
		stream := rows.NewStream[gen.APIUsageQueryResult, gen.APIUsageRow](nil)
		_, err = stream.Read(body, func(_ *gen.APIUsageQueryResult, row *gen.APIUsageRow) error {
			requests += row.Requests
			return nil
		})
		return requests, err
	}},
	// What one would write with json/v2.
	{"json-v2-loop", func(body io.Reader) (requests int64, err error) {
		decoder := jsontext.NewDecoder(body)
		for range 3 { // {"results":[
			if _, err := decoder.ReadToken(); err != nil {
				return 0, err
			}
		}
		for decoder.PeekKind() == '{' {
			var row gen.APIUsageRow
			if err := jsonv2.UnmarshalDecode(decoder, &row); err != nil {
				return 0, err
			}
			requests += row.Requests
		}
		return requests, nil
	}},
	// Into structs with pointers for what is optional, as most generated clients have them.
	{"encoding-json", func(body io.Reader) (requests int64, err error) {
		var result struct {
			QueryStatus *string
			Results     []struct {
				ClientID, ClientName, OrganizationID, UserID, TemplateURI, HTTPMethod *string
				Status200, Status300, Status400, Status500, Status429, Requests       *int64
				Date                                                                  *time.Time
			}
		}
		err = json.NewDecoder(body).Decode(&result)
		for _, row := range result.Results {
			requests += *row.Requests
		}
		return requests, err
	}},
}

// BenchmarkDecode reads a response in all ways in turns, so that what else the machine does
// hits all alike, and reports the time of each as a multiple of what Rows takes, a median,
// and the time and memory that Rows takes for a row.
func BenchmarkDecode(b *testing.B) {
	const n = 50_000
	body, _ := io.ReadAll(responseOf(n))
	measure := func(read func(io.Reader) (int64, error)) (took, allocated, allocs float64) {
		runtime.GC() // each cleans up for itself
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		if _, err := read(bytes.NewReader(body)); err != nil {
			b.Fatal(err)
		}
		took = float64(time.Since(start))
		runtime.ReadMemStats(&after)
		return took, float64(after.TotalAlloc - before.TotalAlloc), float64(after.Mallocs - before.Mallocs)
	}
	var times []float64
	ratios := make([][]float64, len(readers))
	var allocated, allocs float64
	for b.Loop() {
		measure(readers[0].read) // after what a hundred times as much garbage leaves behind
		var took float64
		took, allocated, allocs = measure(readers[0].read)
		times = append(times, took)
		for i, reader := range readers {
			other, _, _ := measure(reader.read)
			ratios[i] = append(ratios[i], other/took)
		}
	}
	median := func(all []float64) float64 {
		slices.Sort(all)
		return all[len(all)/2]
	}
	for i, reader := range readers {
		b.ReportMetric(median(ratios[i]), reader.name)
	}
	b.ReportMetric(median(times)/n, "Rows-ns/row")
	b.ReportMetric(allocated/n, "Rows-B/row")
	b.ReportMetric(allocs/n, "Rows-allocs/row")
	b.ReportMetric(0, "ns/op")
}

// newReportClient returns a client of a server of complete responses, of as many rows as
// the execution id says.
func newReportClient(tb testing.TB) *Client {
	tb.Helper()
	return newTestClient(tb, func(w http.ResponseWriter, request *http.Request) {
		rows, _ := strconv.Atoi(strings.Split(request.URL.Path, "/")[5])
		io.CopyBuffer(struct{ io.Writer }{w}, responseOf(rows), make([]byte, 32<<10))
	})
}

// BenchmarkQuery reads complete reports over loopback HTTP, which this process serves too.
func BenchmarkQuery(b *testing.B) {
	const n = 1_000_000
	execution := newReportClient(b).Execution(strconv.Itoa(n))
	debug.FreeOSMemory() // what came before is not to be counted
	resetPeakMemory()
	for b.Loop() {
		check(b, "rows", countRows(b, execution), n)
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(peakMemory(), "peak-MiB")
	b.ReportMetric(0, "ns/op")
}

func countRows(tb testing.TB, e *Execution) (n int) {
	for _, err := range e.Rows(tb.Context()) {
		if err != nil {
			tb.Error(err)
		}
		n++
	}
	return n
}

// resetPeakMemory and peakMemory are of the whole process, as Linux counts it.
func resetPeakMemory() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

func peakMemory() (mebibytes float64) {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	_, _ = fmt.Sscan(rest, &mebibytes)
	return mebibytes / 1024
}
