package render

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

func open(t *testing.T, workbook string) *excelize.File {
	t.Helper()
	file, err := excelize.OpenReader(strings.NewReader(workbook))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

// rowsOf returns the text of the sheet Rows.
func rowsOf(t *testing.T, workbook string) [][]string {
	t.Helper()
	rows, err := open(t, workbook).GetRows("Rows", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// part returns a part of the package that a workbook is.
func part(t *testing.T, workbook, name string) string {
	t.Helper()
	archive, err := zip.NewReader(strings.NewReader(workbook), int64(len(workbook)))
	if err != nil {
		t.Fatal(err)
	}
	file, err := archive.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// workbookParts are those that say what the command makes of a workbook.
var workbookParts = []string{
	"docProps/core.xml", "xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml",
	"xl/tables/table1.xml", "xl/charts/chart1.xml",
}

var lineOfPart = regexp.MustCompile(
	`<(row|cols|mergeCells|conditionalF|page|xf|font|fill|ser|catAx|valAx|tableColumn|defined)\b`)

// unpack returns the parts of a workbook that are golden, in lines.
func unpack(t *testing.T, workbook string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range workbookParts {
		fmt.Fprintf(&all, "%s:\n%s\n\n", name, lineOfPart.ReplaceAllString(part(t, workbook, name), "\n$0"))
	}
	return all.String()
}

// workbookScene is a report with all that a workbook shows: marked rows, a chart of partial weeks, an allowance, and
// names and titles that take several lines.
func workbookScene() *scene {
	q := report.Query{Granularity: report.Week, GroupBy: []report.Dimension{report.Client, report.Endpoint}}
	var rows []report.Row
	long := strings.Repeat("long ", 40)
	for i, name := range []string{"Demo CRM Sync Partner", "_x0041_x0042_", "=1+1", long, "e", "f", "g", "h"} {
		for _, date := range []time.Time{day(2026, 9, 28), october(5)} {
			row := clientRow(name, date, int64(10_000/(i+1)), int64(i%2))
			row.Names[report.Endpoint] = "api/v2/analytics/conversations/details/query"
			rows = append(rows, row)
		}
	}
	s := octoberScene(q, rows)
	s.report.Limit, s.report.Billing, s.report.Period.End = 5, true, day(2026, 11, 20)
	s.options.Top = 7
	return s
}

// Names come through as they are, and none is a formula; numbers and dates are of their types.
func TestWorkbookRows(t *testing.T) {
	names := []string{
		"=1+1", "@x", "+1", "-1", "'x", "0123", "1e5", "2026-10-01", "<&>\"", "Zürich 東京", " x ", "_x0041_", "TRUE",
	}
	var rows []report.Row
	for _, name := range append(names, "a\x1b\x00\u202eb") {
		rows = append(rows, clientRow(name, october(1), 1<<53, 0))
	}
	workbook := octoberScene(byClient(report.Day), rows).write(t, XLSX)
	got := rowsOf(t, workbook)
	for i, want := range append(names, "a\ufffd\ufffd\ufffdb") {
		equal(t, "name", got[1+i][2], want)
	}
	equal(t, "date and number", got[1][0]+" "+got[1][3], "46296 9007199254740992")
	for _, sheet := range []string{"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"} {
		containsNot(t, part(t, workbook, sheet), "<f>")
	}
}

// The sheet Summary has as many groups as somebody reads, and adds up; two periods are compared, and have no chart.
func TestWorkbookSummary(t *testing.T) {
	s := octoberScene(byClient(report.Day), manyRows(150, 31))
	s.options.Top = -1
	s.report.Compare, s.report.Stepped = new(days(day(2026, 9, 1), day(2026, 9, 30))), false
	s.before = manyRows(151, 1)[1:]
	rows, err := open(t, s.write(t, XLSX)).GetRows("Summary")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, row := range rows {
		lines = append(lines, strings.Join(row, "|"))
	}
	summary := strings.Join(lines, "\n")
	others := report.Sum(s.finished().Groups[100:])
	for _, want := range []string{
		"CLIENT|REQUESTS|BEFORE|CHANGE|CHANGE %|SHARE|429|429 %|ERRORS %",
		"Demo 0|4,650,465|0|+4,650,465|new|1.3%|0|0.0%|0.0%", "Demo 1|4,619,465|150,000|+4,469,465|+2979.6%|",
		"\n... and 51 more|" + text.Thousands(others.Of(report.Requests)) + "|", "\nTotal|351,144,750|11,325,000|",
	} {
		contains(t, summary, want)
	}
	equal(t, "groups", strings.Count(summary, "Demo "), 100)
	without := octoberScene(byClient(report.NoSteps), goldenRows()).write(t, XLSX)
	containsNot(t, part(t, without, "[Content_Types].xml"), "chart")
	contains(t, part(t, octoberScene(byClient(report.Day), nil).write(t, XLSX), "xl/worksheets/sheet1.xml"),
		"No requests in this period.")
}

// More rows than a worksheet has are an error that says what to do.
func TestWorkbookTooManyRows(t *testing.T) {
	created, err := newWorkbook(io.Discard, report.Columns(&report.Query{}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := created.(*workbook)
	defer w.Close()
	w.row = 1_048_575 // the header and all rows but one
	row := clientRow("Demo", october(1), 1, 0)
	if err := w.Row(&row); err != nil {
		t.Errorf("the last row: %v", err)
	}
	err = w.Row(&row)
	if !errors.Is(err, ErrTooManyRows) {
		t.Fatalf("one more row: error %v, want %v", err, ErrTooManyRows)
	}
	contains(t, err.Error(), ".csv")
}

// Nothing is left of a workbook that is not finished.
func TestWorkbookLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir) // on Windows
	s := octoberScene(byClient(report.Day), nil)
	w, err := XLSX.New(&bytes.Buffer{}, &s.report.Query, s.options)
	if err != nil {
		t.Fatal(err)
	}
	row := clientRow(strings.Repeat("Demo ", 6_000), october(1), 1, 0)
	files := func() int {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	for i := 0; files() == 0; i++ {
		if i == 10_000 {
			t.Fatal("rows are not in a temporary file")
		}
		if err := w.Row(&row); err != nil {
			t.Fatal(err)
		}
	}
	closeWriter(t, w)
	equal(t, "files after Close", files(), 0)
}
