package render

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

// The forms.
var Table, CSV, JSON, NDJSON, XLSX, HTML = FormOf(".txt"), FormOf(".csv"), FormOf(".json"), FormOf(".ndjson"),
	FormOf(".xlsx"), FormOf(".html")

var update = flag.Bool("update", false, "write the golden files anew")

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// october is a day of October 2026.
func october(n int) time.Time { return day(2026, time.October, n) }

// days is a period all of whose days can have data.
func days(first, last time.Time) report.Period {
	return report.Period{
		Interval: first.Format(time.DateOnly) + "/" + last.Format(time.DateOnly),
		First:    first, Last: last, DataFirst: first, DataLast: last, End: last,
	}
}

// byClient is a query of October.
func byClient(granularity report.Granularity) report.Query {
	return report.Query{Granularity: granularity, GroupBy: []report.Dimension{report.Client}}
}

// clientRow is a row of a client, with some of its requests refused.
func clientRow(name string, date time.Time, requests, refused int64) report.Row {
	r := report.Row{Date: date, ClientName: name}
	r.Names[report.Client] = "id-of-" + name
	r.Counts = report.Counts{requests, requests - refused, 0, refused, refused, 0}
	return r
}

// endpointRow is a row of an endpoint and method.
func endpointRow(method, endpoint string, date time.Time, counts report.Counts) report.Row {
	r := report.Row{Date: date, Counts: counts}
	r.Names[report.Method], r.Names[report.Endpoint] = method, endpoint
	return r
}

// manyRows are of so many clients on so many days from 1 October on; each client has a little less than the one before.
func manyRows(clients, days int) []report.Row {
	var rows []report.Row
	for c := range clients {
		for d := range days {
			n := int64(1000*(clients-c) + d)
			rows = append(rows, clientRow(fmt.Sprint("Demo ", c), october(1+d), n, int64(c%3)*n/200))
		}
	}
	return rows
}

// goldenRows have what is hard to write: names that a spreadsheet, a browser or a terminal takes for something else,
// two clients of one name, wide characters, and a row without a name.
func goldenRows() []report.Row {
	row := func(id, name string, counts ...int64) report.Row {
		r := report.Row{ClientName: name}
		r.Names[report.Client] = id
		copy(r.Counts[:], counts)
		return r
	}
	long := "Demo Export of the Recordings of the Organization, Each Night, for 東京 and Zürich, with Everything"
	return []report.Row{
		row("c-2", "Demo Wallboard", 12_350, 12_300, 0, 45, 0, 5),
		row("c-1", "Demo Dialer", 1_234_567, 1_000_000, 7, 234_560, 200_000, 0),
		row("c-3", "Demo Dialer", 1, 1),
		row("c-4", "=HYPERLINK(\"x\")\x1b[31m, <i>;\"@SUM(1)\""),
		row("c-5", "Zürich 東京", 50, 50),
		row("c-6", long, 1_000, 900, 0, 100, 2, 0),
		row("", "", 7, 7),
	}
}

// goldenDays are of two endpoints on two days.
func goldenDays() []report.Row {
	return []report.Row{
		endpointRow("GET", "api/v2/users", october(4), report.Counts{30, 30}),
		endpointRow("POST", "api/v2/users", october(1), report.Counts{10, 10}),
		endpointRow("GET", "api/v2/users", october(1), report.Counts{21, 20, 0, 0, 0, 1}),
		endpointRow("GET", "api/v2/routing/queues/{queueId}", october(2), report.Counts{100, 97, 0, 3, 3, 0}),
	}
}

// scene is a report and the rows that it is made of.
type scene struct {
	report  report.Spec
	rows    []report.Row
	before  []report.Row
	options Options
}

// octoberScene returns a scene of October.
func octoberScene(q report.Query, rows []report.Row) *scene {
	period := days(october(1), october(31))
	q.Interval = period.Interval
	rows = slices.Clone(rows)
	for i := range rows {
		if q.Granularity == report.NoSteps {
			rows[i].Date = time.Time{}
		}
	}
	made := time.Date(2026, time.November, 24, 10, 30, 0, 0, time.FixedZone("", 60*60))
	return &scene{rows: rows, report: report.Spec{Made: made, Region: "eu-west-1", Query: q, Period: period,
		Stepped: q.Granularity != report.NoSteps}}
}

// finished returns the report.
func (s *scene) finished() *report.Report {
	totals := report.NewTotals(s.report, true)
	for i := range s.rows {
		totals.Add(&s.rows[i])
	}
	for i := range s.before {
		totals.AddBefore(&s.before[i])
	}
	return totals.Report()
}

// write writes the scene in a form.
func (s *scene) write(t *testing.T, form *Form) string {
	t.Helper()
	var out bytes.Buffer
	w, err := form.New(&out, &s.report.Query, s.options)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range s.rows { // a copy: a Writer keeps nothing of it
		if err := w.Row(&row); err != nil {
			t.Fatal(err)
		}
		row = report.Row{ClientName: "kept"}
	}
	if err := w.Finish(s.finished()); err != nil {
		t.Fatal(err)
	}
	closeWriter(t, w)
	return out.String()
}

// closeWriter closes what is to be closed.
func closeWriter(t *testing.T, w Writer) {
	t.Helper()
	if closer, ok := w.(io.Closer); ok {
		if err := closer.Close(); err != nil {
			t.Error(err)
		}
	}
}

// golden compares an output with a file in testdata: go test -update writes them.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("%s, line %d: got\n%s\nwant\n%s", name, i+1, gotLines[i], wantLines[i])
		}
	}
	if len(gotLines) != len(wantLines) {
		t.Errorf("%s has %d lines, want %d", name, len(gotLines), len(wantLines))
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func contains(t *testing.T, text, want string) {
	t.Helper()
	if !strings.Contains(text, want) {
		t.Errorf("%q is not in:\n%s", want, text)
	}
}

func containsNot(t *testing.T, text, unwanted string) {
	t.Helper()
	if strings.Contains(text, unwanted) {
		t.Errorf("%q is in:\n%s", unwanted, text)
	}
}
