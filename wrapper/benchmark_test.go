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

// manyIDs is how many users the response with many different values has.
const manyIDs = 50_000

// bodies are the responses to be read: with few different values, with a user in each
// row, and the first one compressed.
var bodies = sync.OnceValue(func() map[string][]byte {
	few, _ := io.ReadAll(responseOf(benchmarkRows))
	var many bytes.Buffer
	user := 0
	for part := range bytes.SplitSeq(few, []byte(`"userId":""`)) {
		if user++; user > 1 {
			fmt.Fprintf(&many, `"userId":"7de3af44-c0b3-4f9b-af45-%012d"`, user*7919%manyIDs)
		}
		many.Write(part)
	}
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	w.Write(few)
	w.Close()
	return map[string][]byte{"few": few, "many": many.Bytes(), "gzip": compressed.Bytes()}
})

// The ways to read a response.

func readStreaming(body io.Reader) (requests int64) {
	_, err := newStream().Read(body, func(_ *gen.APIUsageQueryResult, row *gen.APIUsageRow) error {
		requests += row.Requests
		return nil
	})
	if err != nil {
		panic(err)
	}
	return requests
}

func readCollecting(body io.Reader) (requests int64) {
	for _, row := range collectRows(body) {
		requests += row.Requests
	}
	return requests
}

func newStream() *rows.Stream[gen.APIUsageQueryResult, gen.APIUsageRow] {
	return rows.NewStream[gen.APIUsageQueryResult, gen.APIUsageRow](nil)
}

// collectRows is what Wait does.
func collectRows(body io.Reader) (all []gen.APIUsageRow) {
	_, err := newStream().Read(body, func(_ *gen.APIUsageQueryResult, row *gen.APIUsageRow) error {
		all = append(all, *row)
		return nil
	})
	if err != nil {
		panic(err)
	}
	return all
}

// readBytes is the floor for everything.
func readBytes(body io.Reader) (requests int64) {
	n, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{body}, make([]byte, 32<<10))
	return n
}

// readTokens is the floor for all that is built on jsontext.
func readTokens(body io.Reader) (requests int64) {
	decoder := jsontext.NewDecoder(body, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	for {
		if _, err := decoder.ReadToken(); err == io.EOF {
			return 0
		} else if err != nil {
			panic(err)
		}
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

// readLikeTheSDK makes the three passes of the vendor's Go SDK: the response into a
// map, its rows back into JSON, and each of those into a map of its own and from
// there into the fields.
func readLikeTheSDK(body io.Reader) (requests int64) {
	var response map[string]any
	if err := json.NewDecoder(body).Decode(&response); err != nil {
		panic(err)
	}
	encoded, err := json.Marshal(response["results"])
	if err != nil {
		panic(err)
	}
	var rows []sdkRow
	if err := json.Unmarshal(encoded, &rows); err != nil {
		panic(err)
	}
	for _, row := range rows {
		requests += int64(*row.Requests)
	}
	return requests
}

type sdkRow struct {
	ClientID, ClientName, OrganizationID, UserID, TemplateURI, HTTPMethod *string
	Status200, Status300, Status400, Status500, Status429, Requests       *int
	Date                                                                  *time.Time
}

func (r *sdkRow) UnmarshalJSON(data []byte) error {
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	for key, field := range map[string]**string{
		"clientId": &r.ClientID, "clientName": &r.ClientName, "organizationId": &r.OrganizationID,
		"userId": &r.UserID, "templateUri": &r.TemplateURI, "httpMethod": &r.HTTPMethod,
	} {
		if s, ok := fields[key].(string); ok {
			*field = &s
		}
	}
	for key, field := range map[string]**int{
		"status200": &r.Status200, "status300": &r.Status300, "status400": &r.Status400,
		"status500": &r.Status500, "status429": &r.Status429, "requests": &r.Requests,
	} {
		if f, ok := fields[key].(float64); ok {
			n := int(f)
			*field = &n
		}
	}
	if s, ok := fields["date"].(string); ok {
		date, err := time.Parse("2006-01-02T15:04:05.999999Z", s)
		r.Date = &date
		return err
	}
	return nil
}

var readers = []struct {
	name string
	read func(io.Reader) int64
}{
	{"Rows", readStreaming},
	{"Wait", readCollecting},
	{"bytes", readBytes},
	{"tokenizer", readTokens},
	{"json-v2-loop", readLoop},
	{"encoding-json", readStandard},
	{"vendor-SDK-way", readLikeTheSDK},
}

// BenchmarkDecode reads responses in all ways in turns, so that what else the machine
// does hits all alike, and reports the time of each as a multiple of what Rows takes
// for the response with few different values: medians. The last ones are of a row.
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
	for _, name := range []string{"few", "many", "gzip"} {
		b.Run(name, func(b *testing.B) {
			ratios := make([][]float64, len(readers))
			allocated, allocs := make([]float64, len(readers)), make([]float64, len(readers))
			for b.Loop() {
				measure("few", readStreaming) // after what a hundred times as much garbage leaves behind
				base, _, _ := measure("few", readStreaming)
				for i, reader := range readers {
					var took time.Duration
					took, allocated[i], allocs[i] = measure(name, reader.read)
					ratios[i] = append(ratios[i], float64(took)/float64(base))
				}
			}
			for i, reader := range readers {
				slices.Sort(ratios[i])
				b.ReportMetric(ratios[i][len(ratios[i])/2], reader.name)
				if name == "few" && i < 2 {
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

// BenchmarkSmallQuery submits a query that is complete at the first poll, and does
// the same with an http.Client and nothing else. What the server allocates is in both.
func BenchmarkSmallQuery(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		_, _ = io.Copy(io.Discard, request.Body)
		if request.Method == http.MethodPost {
			io.WriteString(w, `{"executionId":"id"}`)
			return
		}
		io.WriteString(w, completeBody)
	}))
	defer server.Close()
	client, err := New("", WithBaseURL(server.URL), WithAccessToken("T"), WithPolling(Polling{Initial: 1, Max: 1}))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Query", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if rows, err := client.Query(b.Context(),
				gen.APIUsageQuery{Interval: "2026-10-01/2026-10-31"}); err != nil || len(rows) != 2 {
				b.Fatal(len(rows), err)
			}
		}
	})
	b.Run("http.Client", func(b *testing.B) {
		b.ReportAllocs()
		do := func(method, path string, body io.Reader, result any) {
			request, err := http.NewRequestWithContext(b.Context(), method, server.URL+path, body)
			if err != nil {
				b.Fatal(err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				b.Fatal(err)
			}
			defer response.Body.Close()
			if err := json.NewDecoder(response.Body).Decode(result); err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
		}
		for b.Loop() {
			var submitted gen.UsageExecutionResult
			do(http.MethodPost, "/api/v2/usage/query", strings.NewReader(`{"interval":"2026-10-01/2026-10-31"}`), &submitted)
			var result gen.APIUsageQueryResult
			do(http.MethodGet, "/api/v2/usage/query/"+submitted.ExecutionID+"/results", nil, &result)
		}
	})
}
