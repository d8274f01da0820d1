package cli

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/xuri/excelize/v2"
)

// counters are the columns that all forms add up.
var counters = []string{"requests", "status200", "status300", "status400", "status429", "status500"}

// Whatever form a query is written in, and whichever API it asks, its totals are the same,
// and so are the columns of its rows.
func TestFormsAgree(t *testing.T) {
	columns := append([]string{"date", "clientId", "clientName", "templateUri"}, counters...)
	rows, want := monthOfRows()
	for _, api := range []string{"queries", "jobs"} {
		t.Run(api, func(t *testing.T) {
			dir := t.TempDir()
			file := func(extension string) string { return filepath.Join(dir, "report."+extension) }
			args := []string{
				"-month", "2026-10", "-group-by", "client,endpoint", "-granularity", "day",
				"-top", "0",
			}
			for _, extension := range []string{"txt", "csv", "json", "ndjson", "xlsx", "html"} {
				args = append(args, "-o", file(extension))
			}
			if api == "jobs" {
				args = append(args, "-jobs")
			}
			genesysUsageOn(t, rowsOf(rows), args...).want(t, 0)

			header, records := readCSV(t, file("csv"))
			if !slices.Equal(header, columns) {
				t.Errorf("the columns of CSV are %q, want %q", header, columns)
			}
			jsonRows := readJSON(t, "["+readFile(t, file("json"))[1:])
			jsonLines := readJSON(t, "["+strings.Join(strings.Fields(readFile(t, file("ndjson"))), ",")+"]")
			for name, objects := range map[string][]map[string]any{"JSON": jsonRows, "NDJSON": jsonLines} {
				if got := slices.Sorted(maps.Keys(objects[0])); !slices.Equal(got, slices.Sorted(slices.Values(columns))) {
					t.Errorf("the members of %s are %q, want %q", name, got, columns)
				}
			}
			sheetHeader, sheetRows := readSheet(t, file("xlsx"))
			if !slices.Equal(sheetHeader, columns) {
				t.Errorf("the columns of the workbook are %q, want %q", sheetHeader, columns)
			}
			for name, got := range map[string]map[string]int64{
				"CSV": sumRecords(t, header, records), "JSON": sumObjects(jsonRows), "NDJSON": sumObjects(jsonLines),
				"the sheet Rows": sumRecords(t, sheetHeader, sheetRows),
			} {
				if !maps.Equal(got, want) {
					t.Errorf("%s has %v, want %v", name, got, want)
				}
			}
			ranked := map[string]int64{"requests": want["requests"], "status429": want["status429"]}
			for name, got := range map[string]map[string]int64{
				"the sheet Summary": summaryTotals(t, file("xlsx")),
				"the table":         tableTotals(t, readFile(t, file("txt"))), "the page": pageTotals(t, readFile(t, file("html"))),
			} {
				if !maps.Equal(got, ranked) {
					t.Errorf("%s has %v, want %v", name, got, ranked)
				}
			}
		})
	}
}

// monthOfRows returns rows of October, and what they add up to.
func monthOfRows() (rows []gen.APIUsageRow, total map[string]int64) {
	total = map[string]int64{}
	for i := range int64(31 * 40) {
		day, group := int(i%31), i/31
		row := gen.APIUsageRow{
			Date: october(1).AddDate(0, 0, day), ClientID: fmt.Sprintf("c-%d", group%8),
			ClientName:  fmt.Sprintf("Demo %d", group%8),
			TemplateURI: fmt.Sprintf("api/v2/demo/%d", group/8), Requests: 1000*i + 6, Status200: 990 * i, Status300: i,
			Status400: 5*i + 4,
			Status429: 2 * i, Status500: 4*i + 2,
		}
		rows = append(rows, row)
		for name, n := range map[string]int64{
			"requests": row.Requests, "status200": row.Status200, "status300": row.Status300,
			"status400": row.Status400, "status429": row.Status429, "status500": row.Status500,
		} {
			total[name] += n
		}
	}
	return rows, total
}

func readCSV(t *testing.T, file string) (header []string, records [][]string) {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(readFile(t, file))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[0], all[1:]
}

func readJSON(t *testing.T, text string) (objects []map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &objects); err != nil {
		t.Fatal(err)
	}
	return objects
}

// readSheet reads the sheet Rows of a workbook. Its dates are dates, and its numbers
// numbers.
func readSheet(t *testing.T, file string) (header []string, records [][]string) {
	t.Helper()
	book, err := excelize.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	all, err := book.GetRows("Rows", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	for cell, want := range map[string]excelize.CellType{"A2": excelize.CellTypeUnset, "E2": excelize.CellTypeUnset} {
		if got, err := book.GetCellType("Rows", cell); err != nil || got != want {
			t.Errorf("the cell %s of Rows is of type %v, %v, want a number", cell, got, err)
		}
	}
	serial, err := strconv.ParseFloat(all[1][0], 64)
	if err != nil {
		t.Fatalf("the date of the first row is %q", all[1][0])
	}
	if got, err := excelize.ExcelDateToTime(serial, false); err != nil || got.Format(time.DateOnly) != "2026-10-01" {
		t.Errorf("the date of the first row is %v, %v", got, err)
	}
	return all[0], all[1:]
}

// sumRecords adds up the counters of rows.
func sumRecords(t *testing.T, header []string, records [][]string) map[string]int64 {
	t.Helper()
	total := map[string]int64{}
	for _, record := range records {
		for _, name := range counters {
			total[name] += number(t, record[slices.Index(header, name)])
		}
	}
	return total
}

func sumObjects(objects []map[string]any) map[string]int64 {
	total := map[string]int64{}
	for _, object := range objects {
		for _, name := range counters {
			n, _ := object[name].(float64)
			total[name] += int64(n)
		}
	}
	return total
}

// titles are the titles of counters in tables, pages and summaries.
var titles = map[string]string{"REQUESTS": "requests", "429": "status429"}

// totalsUnder returns the numbers of a line of totals under the titles of counters.
func totalsUnder(t *testing.T, header, line []string) map[string]int64 {
	t.Helper()
	total := map[string]int64{}
	for i, title := range header {
		if name, ok := titles[strings.ToUpper(title)]; ok && i < len(line) {
			total[name] = number(t, line[i])
		}
	}
	return total
}

// tableTotals reads the last line of a table, by the columns that end where its titles do.
func tableTotals(t *testing.T, table string) map[string]int64 {
	t.Helper()
	var header string
	for line := range strings.Lines(table) {
		if strings.Contains(line, "REQUESTS") {
			header = line
		}
	}
	_, last, _ := strings.Cut(table, "\nTOTAL")
	last = "TOTAL" + last
	total := map[string]int64{}
	for title, name := range titles {
		end := regexp.MustCompile(` ` + title + `( |\n)`).FindStringIndex(header)
		if end == nil {
			t.Fatalf("no column %s in %q", title, header)
		}
		cells := strings.Fields(last[:end[1]-1])
		total[name] = number(t, cells[len(cells)-1])
	}
	return total
}

// summaryTotals reads the line of totals of the sheet Summary.
func summaryTotals(t *testing.T, file string) map[string]int64 {
	t.Helper()
	book, err := excelize.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	all, err := book.GetRows("Summary", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	var header []string
	for _, line := range all {
		if slices.ContainsFunc(line, func(cell string) bool { return strings.EqualFold(cell, "requests") }) && len(line) > 3 {
			header = line
		}
		if header != nil && len(line) > 0 && strings.EqualFold(line[0], "total") {
			return totalsUnder(t, header, line)
		}
	}
	t.Fatalf("no totals in %q", all)
	return nil
}

var (
	headCell = regexp.MustCompile(`(?s)<th[^>]*>(.*?)</th>`)
	cell     = regexp.MustCompile(`(?s)<td[^>]*>(.*?)</td>`)
	totalRow = regexp.MustCompile(`(?s)<tr class="total">(.*?)</tr>`)
)

// pageTotals reads the line of totals of a page.
func pageTotals(t *testing.T, page string) map[string]int64 {
	t.Helper()
	texts := func(cells [][]string) (texts []string) {
		for _, cell := range cells {
			texts = append(texts, cell[1])
		}
		return texts
	}
	row := totalRow.FindString(page)
	return totalsUnder(t, texts(headCell.FindAllStringSubmatch(page, -1)), texts(cell.FindAllStringSubmatch(row, -1)))
}

// number reads a number, with separators between thousands or without.
func number(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.ReplaceAll(s, ",", ""), 10, 64)
	if err != nil {
		t.Errorf("not a number: %v", err)
	}
	return n
}
