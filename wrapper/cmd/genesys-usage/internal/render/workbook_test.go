package render

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

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

func must(t *testing.T) func(string, error) string {
	return func(s string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// The sheet Rows is a table with a filter, whose first row stays in sight; numbers are numbers, and dates dates.
func TestWorkbookRows(t *testing.T) {
	rows := []report.Row{clientRow("Demo", october(1), 1_234_567, 2), clientRow("Demo", october(31), 1<<53, 0)}
	workbook := octoberScene(byClient(report.Day), rows).write(t, XLSX)
	file := open(t, workbook)
	equal(t, "sheets", strings.Join(file.GetSheetList(), " "), "Summary Rows")
	tables, err := file.GetTables("Rows")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "tables", len(tables), 1)
	equal(t, "range", tables[0].Range, "A1:I3")
	contains(t, part(t, workbook, "xl/tables/table1.xml"), `<autoFilter ref="A1:I3">`)
	panes, err := file.GetPanes("Rows")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "panes are frozen", panes.Freeze, true)
	equal(t, "rows that are frozen", panes.YSplit, 1)
	for cell, want := range map[string]string{
		"A2": "10-01-26", "C2": "Demo", "D2": "1,234,567", "I2": "0", "A3": "10-31-26",
	} {
		equal(t, cell, must(t)(file.GetCellValue("Rows", cell)), want)
	}
	raw := excelize.Options{RawCellValue: true}
	equal(t, "raw number", must(t)(file.GetCellValue("Rows", "D3", raw)), "9007199254740992")
	equal(t, "raw date", must(t)(file.GetCellValue("Rows", "A2", raw)), "46296")
	for cell, want := range map[string]excelize.CellType{
		"A2": excelize.CellTypeUnset, "D2": excelize.CellTypeUnset, "C2": excelize.CellTypeInlineString,
	} {
		got, err := file.GetCellType("Rows", cell)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "type of "+cell, got, want) // a number has no type
	}
}

// Text is never a formula, and is what it was, but for control characters.
func TestWorkbookText(t *testing.T) {
	names := []string{
		"=1+1", "@x", "+1", "-1", "'x", "0123", "1e5", "2026-10-01", "<&>\"", "Zürich 東京", " x ", "_x0041_", "TRUE",
	}
	var rows []report.Row
	for _, name := range append(names, "a\x1b\x00\u202eb") {
		rows = append(rows, clientRow(name, october(1), 1, 0))
	}
	workbook := octoberScene(byClient(report.NoSteps), rows).write(t, XLSX)
	got := rowsOf(t, workbook)
	for i, want := range append(names, "a\ufffd\ufffd\ufffdb") {
		equal(t, "name", got[1+i][1], want)
	}
	for _, sheet := range []string{"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"} {
		containsNot(t, part(t, workbook, sheet), "<f>")
	}
}

// The sheet Summary says what the report is of, ranks the groups and adds them up.
func TestWorkbookSummary(t *testing.T) {
	s := octoberScene(byClient(report.Day), manyRows(150, 31))
	s.options.Top = -1
	s.report.Compare, s.report.Stepped = new(days(day(2026, 9, 1), day(2026, 9, 30))), false
	s.before = manyRows(151, 1)[1:]
	s.report.Limit = 1_000_000_000
	file := open(t, s.write(t, XLSX))
	rows, err := file.GetRows("Summary")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, row := range rows {
		lines = append(lines, strings.Join(row, "|"))
	}
	summary := strings.Join(lines, "\n")
	r := s.finished()
	others := report.Sum(r.Groups[100:])
	for _, want := range []string{
		"Genesys Cloud API usage, eu-west-1\n1 to 31 October 2026, UTC, by client.\n" + r.Source(),
		"Before: 1 to 30 September 2026, UTC.", "Allowance: " + r.Allowance.String(),
		"CLIENT|REQUESTS|BEFORE|CHANGE|CHANGE %|SHARE|429|429 %|ERRORS %",
		"Demo 0|4,650,465|0|+4,650,465|new|1.3%|0|0.0%|0.0%",
		"\n... and 51 more|" + text.Thousands(others.Of(report.Requests)) + "|", "\nTotal|351,144,750|11,325,000|",
		strings.Join(r.Meaning(), "\n"), "Requests by day|all 151\n2026-10-01|11,325,000\n",
	} {
		contains(t, summary, want)
	}
	equal(t, "groups", strings.Count(summary, "Demo "), 100)
	properties, err := file.GetDocProps()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "title", properties.Title, "Genesys Cloud API usage, eu-west-1")
	equal(t, "creator", properties.Creator, "genesys-usage")
	equal(t, "created", properties.Created, "2026-11-24T09:30:00Z")
}

// On paper, no column is lost, and each page of rows has their titles.
func TestWorkbookPrints(t *testing.T) {
	file := open(t, octoberScene(byClient(report.Day), manyRows(3, 31)).write(t, XLSX))
	for _, sheet := range []string{"Summary", "Rows"} {
		layout, err := file.GetPageLayout(sheet)
		if err != nil {
			t.Fatal(err)
		}
		properties, err := file.GetSheetProps(sheet)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, sheet+": orientation", *layout.Orientation, "landscape")
		equal(t, sheet+": pages in height, any number", *layout.FitToHeight, 0)
		equal(t, sheet+": fits the page", *properties.FitToPage, true)
	}
	names := file.GetDefinedName()
	equal(t, "names", len(names), 1)
	equal(t, "name", names[0].Name+" "+names[0].RefersTo+" "+names[0].Scope, "_xlnm.Print_Titles Rows!$1:$1 Rows")
}

// Long sentences wrap over the width of the table, and titles in their columns: rows are as high as that takes.
func TestWorkbookWraps(t *testing.T) {
	q := report.Query{Granularity: report.Day, GroupBy: []report.Dimension{report.Client, report.Endpoint}}
	var rows []report.Row
	for d := range 2 {
		row := clientRow("Demo CRM Sync Partner", october(1+d), 10, 1)
		row.Names[report.Endpoint] = "api/v2/analytics/conversations/details/query"
		rows = append(rows, row)
	}
	s := octoberScene(q, rows)
	s.report.Limit, s.report.Billing, s.report.Period.End = 5, true, day(2026, 11, 20)
	file := open(t, s.write(t, XLSX))
	all, err := file.GetRows("Summary")
	if err != nil {
		t.Fatal(err)
	}
	merged, err := file.GetMergeCells("Summary")
	if err != nil {
		t.Fatal(err)
	}
	over := map[string]string{}
	for _, cell := range merged {
		over[cell.GetStartAxis()] = cell.GetEndAxis()
	}
	for _, test := range []struct {
		first  string // text of the row
		column int
		height float64
		over   string // last column
	}{
		{"Usage queries API", 0, 15, "G"}, {"Allowance: used 20 of 5", 0, 45, "G"},
		{"Demo CRM Sync Partner api/v2/analytics/conversations/details/query", 1, 105, ""},
	} {
		row := slices.IndexFunc(all, func(row []string) bool {
			return len(row) > test.column && strings.HasPrefix(row[test.column], test.first)
		})
		height, err := file.GetRowHeight("Summary", row+1)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, test.first+": height", height, test.height)
		want := ""
		if test.over != "" {
			want = fmt.Sprint(test.over, row+1)
		}
		equal(t, test.first+": merged to", over[fmt.Sprint("A", row+1)], want)
	}
}

// A sheet has no column of bars: Excel draws its own.
func TestWorkbookColumns(t *testing.T) {
	file := open(t, octoberScene(byClient(report.NoSteps), goldenRows()[4:5]).write(t, XLSX))
	rows, err := file.GetRows("Summary")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if len(row) > 1 && row[0] == "CLIENT" {
			equal(t, "columns", strings.Join(row, "|"), "CLIENT|REQUESTS|SHARE")
			return
		}
	}
	t.Errorf("no titles in %q", rows)
}

// A workbook has a chart of its own kind where there are steps to compare.
func TestWorkbookChart(t *testing.T) {
	chart := part(t, octoberScene(byClient(report.Day), manyRows(3, 31)).write(t, XLSX), "xl/charts/chart1.xml")
	equal(t, "series", strings.Count(chart, "<ser>"), 3)
	contains(t, chart, `<grouping val="stacked">`)
	contains(t, chart, "Requests by day")
	without := octoberScene(byClient(report.NoSteps), goldenRows()).write(t, XLSX)
	archive, err := zip.NewReader(strings.NewReader(without), int64(len(without)))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range archive.File {
		containsNot(t, file.Name, "chart")
	}
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
