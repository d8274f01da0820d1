package render

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/chart"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// ErrTooManyRows is the error of a workbook for more rows than a worksheet can have.
var ErrTooManyRows = errors.New("more than 1,048,575 rows do not fit into a worksheet: write them to a .csv file")

// workbook writes an Excel workbook of two sheets: Summary, for people, and Rows, for pivot tables. Rows are in a
// temporary file until the workbook is written.
type workbook struct {
	out     io.Writer
	options Options
	columns []report.Column
	cells   []any // of a row
	file    *excelize.File
	styles  [growths + 1]int
	rows    *excelize.StreamWriter
	sheet   *excelize.StreamWriter // that is being written: rows, or Summary
	row     int                    // its last one, from 1
	lines   int                    // of text in the next row; 0 for one
	last    rune                   // column of the table in Summary
	width   int                    // of that table, in characters
	err     error                  // the first one
}

// The widths of columns, in characters.
const (
	nameWidth   = 38
	numberWidth = 13
)

// The styles of rows, and of cells by what is in them.
const (
	plain = iota
	note
	heading
	bold
	boldNumber
	dates
	counts
	changes
	percents
	growths
)

var styles = [growths + 1]excelize.Style{
	note:    {Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}},
	heading: {Font: &excelize.Font{Family: "Calibri", Bold: true, Size: 16}},
	bold:    {Font: &excelize.Font{Family: "Calibri", Bold: true}},
	boldNumber: {
		Font:      &excelize.Font{Family: "Calibri", Bold: true},
		Alignment: &excelize.Alignment{Horizontal: "right", WrapText: true},
	},
	dates:    {NumFmt: 14, Alignment: &excelize.Alignment{Horizontal: "left"}}, // as the reader's locale writes a day
	counts:   {NumFmt: 3},                                                      // 1,234
	changes:  {CustomNumFmt: new("+#,##0;-#,##0;0")},
	percents: {CustomNumFmt: new("0.0%")},
	growths:  {CustomNumFmt: new("+0.0%;-0.0%;0.0%")},
}

func newWorkbook(out io.Writer, columns []report.Column, o Options) (Writer, error) {
	w := &workbook{out: out, options: o, columns: columns, file: excelize.NewFile()}
	for i, style := range styles {
		id, err := w.file.NewStyle(&style)
		w.styles[i] = id
		w.keep(err)
	}
	w.keep(w.file.SetSheetName("Sheet1", "Summary"))
	_, err := w.file.NewSheet("Rows")
	w.keep(err)
	for _, sheet := range w.file.GetSheetList() { // on paper, all columns are on one page
		w.keep(w.file.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: new(true)}))
		w.keep(w.file.SetPageLayout(sheet, &excelize.PageLayoutOptions{
			Size: new(9), Orientation: new("landscape"), FitToHeight: new(0), // A4
		}))
	}
	w.keep(w.file.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: "Rows!$1:$1", Scope: "Rows"}))
	w.begin("Rows")
	w.rows = w.sheet
	for i, column := range columns {
		width := numberWidth
		if _, isName := column.Value(&report.Row{}).(string); isName {
			width = nameWidth
		}
		w.keep(w.rows.SetColWidth(i+1, i+1, float64(width)))
		w.cells = append(w.cells, column.Name)
	}
	w.keep(w.rows.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	w.write(plain, w.cells...)
	return w, w.err
}

// keep keeps the first error.
func (w *workbook) keep(err error) {
	if w.err == nil {
		w.err = err
	}
}

// begin begins to write a sheet.
func (w *workbook) begin(name string) {
	var err error
	w.sheet, err = w.file.NewStreamWriter(name)
	w.row = 0
	w.keep(err)
}

// write writes a row. Text is never taken for a formula.
func (w *workbook) write(style int, cells ...any) {
	values := make([]any, len(cells))
	for i, cell := range cells {
		switch value := cell.(type) {
		case time.Time:
			if !value.IsZero() {
				values[i] = excelize.Cell{StyleID: w.styles[dates], Value: value}
			}
		case int64:
			values[i] = excelize.Cell{StyleID: w.styles[counts], Value: value}
		case change:
			values[i] = excelize.Cell{StyleID: w.styles[changes], Value: int64(value)}
		case ratio:
			if value.whole > 0 {
				values[i] = excelize.Cell{StyleID: w.styles[percents], Value: float64(value.n) / float64(value.whole)}
			}
		case growth:
			values[i] = excelize.Cell{StyleID: w.styles[boldNumber], Value: text.Change(value.now, value.before)}
			if value.now > 0 && value.before > 0 {
				values[i] = excelize.Cell{StyleID: w.styles[growths], Value: float64(value.now)/float64(value.before) - 1}
			}
		case string:
			values[i] = literal(value)
		default:
			values[i] = cell
		}
	}
	options := excelize.RowOpts{StyleID: w.styles[style], Height: 15 * float64(w.lines)}
	if w.row++; w.err == nil {
		w.err = w.sheet.SetRow(fmt.Sprintf("A%d", w.row), values, options)
	}
	w.lines = 0
}

// overlapping are characters by their numbers, of which excelize escapes only the first: Excel would read the second.
var overlapping = regexp.MustCompile("_x[0-9A-Fa-f]{4}_x")

// literal returns the value of a cell that shows text as it is: in pieces, if in one it would be read as something else.
func literal(s string) any {
	if !overlapping.MatchString(s) {
		return s
	}
	var runs []excelize.RichTextRun
	for part := range strings.SplitAfterSeq(s, "_") {
		runs = append(runs, excelize.RichTextRun{Text: part})
	}
	return runs
}

func (w *workbook) Row(r *report.Row) error {
	if w.row == excelize.TotalRows {
		return ErrTooManyRows
	}
	for i, column := range w.columns {
		w.cells[i] = column.Value(r)
	}
	w.write(plain, w.cells...)
	return w.err
}

func (w *workbook) Finish(r *report.Report) error {
	all := fmt.Sprintf("A1:%c%d", 'A'+len(w.columns)-1, w.row)
	w.keep(w.rows.AddTable(&excelize.Table{Range: all, Name: "Usage", StyleName: "TableStyleLight9"}))
	w.keep(w.rows.Flush())
	w.summary(r)
	made := r.Made.UTC().Format(time.RFC3339)
	w.keep(w.file.SetDocProps(&excelize.DocProperties{Title: title(r), Creator: "genesys-usage", Created: made}))
	// Without this, all of the file would be in memory.
	w.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(w.out) })
	if w.err == nil {
		w.err = w.file.Write(io.Discard)
	}
	return w.err
}

func (w *workbook) Close() error { return w.file.Close() }

// summary writes the sheet Summary.
func (w *workbook) summary(r *report.Report) {
	w.begin("Summary")
	columns, names := groupColumns(r, false), len(r.Query.GroupBy)
	columns = slices.DeleteFunc(columns, func(c column) bool { return c.kind == bars })
	w.keep(w.sheet.SetColWidth(1, names, nameWidth))
	w.keep(w.sheet.SetColWidth(names+1, names+20, numberWidth))
	w.last, w.width = rune('A'+len(columns)-1), names*nameWidth+(len(columns)-names)*numberWidth
	w.write(heading, title(r))
	w.sentences(append(headings(r), "Made on "+made(r)+".")...)
	c, anchor := chart.New(r), w.row+2
	if c != nil {
		w.row += 22
		w.sentences(c.Note)
	}
	if w.row++; len(r.Groups) == 0 {
		w.sentences(r.Empty())
	} else {
		w.groups(r, columns)
	}
	w.row++
	w.sentences(append(r.Meaning(), "The sheet Rows has the rows of the report.")...)
	if c != nil {
		w.row++
		w.chart(c, r.Sort, anchor)
	}
	w.keep(w.sheet.Flush())
}

// sentences writes a row for each, over the columns of the table.
func (w *workbook) sentences(sentences ...string) {
	for _, sentence := range sentences {
		w.lines = text.Lines(sentence, w.width)
		w.write(note, sentence)
		w.keep(w.sheet.MergeCell(fmt.Sprintf("A%d", w.row), fmt.Sprintf("%c%d", w.last, w.row)))
	}
}

// groups writes the ranked groups and their total.
func (w *workbook) groups(r *report.Report, columns []column) {
	var titles []any
	for _, c := range columns {
		if titles = append(titles, c.title); c.kind >= numbers {
			titles[len(titles)-1] = excelize.Cell{StyleID: w.styles[boldNumber], Value: c.title}
		}
	}
	lines := summaryLines(r, w.options)
	if slices.ContainsFunc(lines, line.refused) {
		w.sentences("Red rows " + refusedWords)
	}
	w.write(bold, titles...)
	red, err := w.file.NewConditionalStyle(&excelize.Style{
		Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FDECEA"}},
	})
	w.keep(err)
	for _, l := range lines {
		var values []any
		for _, c := range columns {
			values = append(values, c.value(l))
		}
		style := plain
		if l.sum {
			values[0], style = l.label, bold
		}
		if w.write(style, values...); l.refused() {
			w.keep(w.file.SetConditionalFormat("Summary", fmt.Sprintf("A%d:%c%d", w.row, w.last, w.row),
				[]excelize.ConditionalFormatOptions{{Type: "formula", Criteria: "TRUE", Format: &red}}))
		}
	}
}

// chart writes the counts of a chart, and draws it at another row.
func (w *workbook) chart(c *chart.Chart, m report.Metric, anchor int) {
	first, last, font := w.row+2, w.row+1+len(c.Bars), excelize.Font{Color: "595959"}
	drawing := &excelize.Chart{
		Type: excelize.ColStacked, GapWidth: new(uint(20)), Overlap: new(100),
		Dimension: excelize.ChartDimension{Width: 960, Height: 360},
		Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: c.Unit}}},
		XAxis:     excelize.ChartAxis{Font: font, Alignment: excelize.Alignment{TextRotation: -45}},
		YAxis:     excelize.ChartAxis{Font: font, MajorGridLines: true, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "#,##0"}},
	}
	titles := []any{c.Unit, excelize.Cell{StyleID: w.styles[boldNumber], Value: "DATE"}}
	for i, s := range c.Series {
		name := text.Shorten(s.Name, nameWidth) // the legend has one line for all
		titles = append(titles, excelize.Cell{StyleID: w.styles[boldNumber], Value: literal(name)})
		w.lines = max(w.lines, text.Lines(name, numberWidth-2)) // bold letters are wide
		column := rune('C' + i)
		drawing.Series = append(drawing.Series, excelize.ChartSeries{
			Name:       fmt.Sprintf("Summary!$%c$%d", column, first-1),
			Categories: fmt.Sprintf("Summary!$A$%d:$A$%d", first, last),
			Values:     fmt.Sprintf("Summary!$%c$%d:$%c$%d", column, first, column, last),
			Fill:       excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{s.Color}},
		})
	}
	w.write(bold, titles...)
	for i, bar := range c.Bars {
		row := []any{bar.Label, bar.Date} // of dates, Excel would make an axis with a place for each day
		for _, s := range c.Series {
			row = append(row, s.Counts[i].Of(m))
		}
		w.write(plain, row...)
	}
	w.keep(w.file.AddChart("Summary", fmt.Sprintf("A%d", anchor), drawing))
}
