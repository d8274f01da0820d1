package wrapper

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A month of a large organization, by client, template, method and day. Every
// 1,000th row begins the list anew.
const (
	cycle         = 1000
	benchmarkRows = 50_000
)

var cycleOfRows = func() string {
	var b strings.Builder
	for i := range cycle {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"clientId":"e7de8a75-86bb-43eb-9063-%012d","clientName":"Integration %d","organizationId":"",`+
			`"userId":"","templateUri":"api/v2/resource%d/{id}/members","httpMethod":"%s","status200":%d,"status300":0,`+
			`"status400":%d,"status500":0,"status429":%d,"requests":%d,"date":"2026-10-%02dT00:00:00Z"}`,
			i%40, i%40, i%300, []string{"GET", "POST", "PATCH"}[i%3], i*7, i%11, i%3, i*7+i%11, i%31+1)
	}
	return b.String()
}()

// responseOf is a complete response of any number of rows, which takes no memory.
func responseOf(rows int) io.Reader {
	readers := []io.Reader{strings.NewReader(`{"results":[`)}
	for ; rows > 0; rows -= cycle {
		readers = append(readers, strings.NewReader(cycleOfRows))
		if rows > cycle {
			readers = append(readers, strings.NewReader(","))
		}
	}
	return io.MultiReader(append(readers, strings.NewReader(`],"queryStatus":"Complete"}`))...)
}

// bodies are the response to be read, as it is and compressed.
var bodies = sync.OnceValue(func() map[string][]byte {
	plain, _ := io.ReadAll(responseOf(benchmarkRows))
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	w.Write(plain)
	w.Close()
	return map[string][]byte{"plain": plain, "gzip": compressed.Bytes()}
})

// The ways to read a response.

func readStreaming(body io.Reader) (requests int64) {
	readRows(body, func(row *gen.APIUsageRow) { requests += row.Requests })
	return requests
}

// readCollecting is what Wait does.
func readCollecting(body io.Reader) (requests int64) {
	var all []gen.APIUsageRow
	readRows(body, func(row *gen.APIUsageRow) { all = append(all, *row) })
	for _, row := range all {
		requests += row.Requests
	}
	return requests
}

func readRows(body io.Reader, add func(*gen.APIUsageRow)) {
	stream := rows.NewStream[gen.APIUsageQueryResult, gen.APIUsageRow](nil)
	_, err := stream.Read(body, func(_ *gen.APIUsageQueryResult, row *gen.APIUsageRow) error {
		add(row)
		return nil
	})
	if err != nil {
		panic(err)
	}
}

// readLoop is what one would write with json/v2.
func readLoop(body io.Reader) (requests int64) {
	decoder := jsontext.NewDecoder(body)
	for range 3 { // {"results":[
		if _, err := decoder.ReadToken(); err != nil {
			panic(err)
		}
	}
	for decoder.PeekKind() == '{' {
		var row gen.APIUsageRow
		if err := jsonv2.UnmarshalDecode(decoder, &row); err != nil {
			panic(err)
		}
		requests += row.Requests
	}
	return requests
}

// readStandard is encoding/json, into structs with pointers for what is optional,
// as most generated clients have them.
func readStandard(body io.Reader) (requests int64) {
	var result struct {
		QueryStatus *string
		Results     []struct {
			ClientID, ClientName, OrganizationID, UserID, TemplateURI, HTTPMethod *string
			Status200, Status300, Status400, Status500, Status429, Requests       *int64
			Date                                                                  *time.Time
		}
	}
	if err := json.NewDecoder(body).Decode(&result); err != nil {
		panic(err)
	}
	for _, row := range result.Results {
		requests += *row.Requests
	}
	return requests
}

var readers = []struct {
	name string
	read func(io.Reader) int64
}{
	{"Rows", readStreaming},
	{"Wait", readCollecting},
	{"json-v2-loop", readLoop},
	{"encoding-json", readStandard},
}

// BenchmarkDecode reads responses in all ways in turns, so that what else the machine
// does hits all alike, and reports the time of each as a multiple of what Rows takes
// for the response that is not compressed: medians. The last ones are of a row.
func BenchmarkDecode(b *testing.B) {
	open := func(name string) io.Reader {
		body := bytes.NewReader(bodies()[name])
		if name != "gzip" {
			return body
		}
		r, err := gzip.NewReader(body)
		if err != nil {
			b.Fatal(err)
		}
		return r
	}
	measure := func(name string, read func(io.Reader) int64) (took time.Duration, bytes, allocs float64) {
		runtime.GC() // each cleans up for itself
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		read(open(name))
		took = time.Since(start)
		runtime.ReadMemStats(&after)
		return took, float64(after.TotalAlloc - before.TotalAlloc), float64(after.Mallocs - before.Mallocs)
	}
	for _, name := range []string{"plain", "gzip"} {
		b.Run(name, func(b *testing.B) {
			ratios := make([][]float64, len(readers))
			allocated, allocs := make([]float64, len(readers)), make([]float64, len(readers))
			for b.Loop() {
				measure("plain", readStreaming) // after what a hundred times as much garbage leaves behind
				base, _, _ := measure("plain", readStreaming)
				for i, reader := range readers {
					var took time.Duration
					took, allocated[i], allocs[i] = measure(name, reader.read)
					ratios[i] = append(ratios[i], float64(took)/float64(base))
				}
			}
			for i, reader := range readers {
				slices.Sort(ratios[i])
				b.ReportMetric(ratios[i][len(ratios[i])/2], reader.name)
				if name == "plain" && i < 2 {
					b.ReportMetric(allocated[i]/benchmarkRows, reader.name+"-B/row")
					b.ReportMetric(allocs[i]/benchmarkRows, reader.name+"-allocs/row")
				}
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// newReportClient returns a client of a server of complete responses, of as many rows
// as the execution id says, compressed if that is wanted.
func newReportClient(tb testing.TB, compress bool) *Client {
	tb.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		rows, _ := strconv.Atoi(strings.Split(request.URL.Path, "/")[5])
		var out io.Writer = w
		if compress && strings.Contains(request.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
			compressed, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
			defer compressed.Close()
			out = compressed
		}
		io.CopyBuffer(struct{ io.Writer }{out}, responseOf(rows), make([]byte, 32<<10))
	}))
	tb.Cleanup(server.Close)
	client, err := New("", WithBaseURL(server.URL), WithAccessToken("T"), WithPolling(Polling{Initial: 1}))
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

// BenchmarkQuery reads complete reports over loopback HTTP, which this process
// serves too.
func BenchmarkQuery(b *testing.B) {
	for _, rows := range []int{1000, 100_000, 1_000_000} {
		for _, way := range []struct {
			name     string
			compress bool
			read     func(*Execution) int
		}{
			{"Rows", false, func(e *Execution) int { return countRows(b, e) }},
			{"Rows/gzip", true, func(e *Execution) int { return countRows(b, e) }},
			{"Wait", false, func(e *Execution) int {
				all, err := e.Wait(b.Context())
				if err != nil {
					b.Error(err)
				}
				return len(all)
			}},
		} {
			b.Run(fmt.Sprintf("%dk/%s", rows/1000, way.name), func(b *testing.B) {
				execution := newReportClient(b, way.compress).Execution(strconv.Itoa(rows))
				debug.FreeOSMemory() // what came before is not to be counted
				resetPeakMemory()
				for b.Loop() {
					if n := way.read(execution); n != rows {
						b.Fatalf("%d rows", n)
					}
				}
				b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
				if peak, ok := peakMemory(); ok {
					b.ReportMetric(peak, "peak-MiB")
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
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

func peakMemory() (mebibytes float64, ok bool) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	_, rest, ok := strings.Cut(string(status), "VmHWM:")
	var kibibytes float64
	if _, err := fmt.Sscan(rest, &kibibytes); err != nil {
		return 0, false
	}
	return kibibytes / 1024, ok
}
