package render

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/xuri/excelize/v2"

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
	rows    *excelize.StreamWriter
	sheet   *excelize.StreamWriter // Summary
	row     int                    // the last one, from 1, of the sheet that is being written
	styles  [percentStyle + 1]int
	err     error // the first one
}

// style is the style of a row, or of a cell by what is in it.
type style int

const (
	plain style = iota
	heading
	bold
	titleStyle
	dateStyle
	countStyle
	percentStyle
)

// numberTitle is the title of a column of numbers.
type numberTitle string

var formats = [percentStyle + 1]excelize.Style{
	heading: {Font: &excelize.Font{Family: "Calibri", Bold: true, Size: 16}},
	bold:    {Font: &excelize.Font{Family: "Calibri", Bold: true}},
	titleStyle: {
		Font:      &excelize.Font{Family: "Calibri", Bold: true},
		Alignment: &excelize.Alignment{Horizontal: "right", WrapText: true},
	},
	dateStyle:    {NumFmt: 14}, // as the reader's locale writes a day
	countStyle:   {NumFmt: 3},  // 1,234
	percentStyle: {CustomNumFmt: new("0.0%"), Alignment: &excelize.Alignment{Horizontal: "right"}},
}

func newWorkbook(out io.Writer, columns []report.Column, o Options) (*workbook, error) {
	w := &workbook{out: out, options: o, columns: columns, file: excelize.NewFile()}
	w.keep(w.file.SetSheetName("Sheet1", "Summary"))
	_, err := w.file.NewSheet("Rows")
	w.keep(err)
	for style, format := range formats {
		w.styles[style], err = w.file.NewStyle(&format)
		w.keep(err)
	}
	w.rows, err = w.file.NewStreamWriter("Rows")
	w.keep(err)
	for i, column := range columns {
		width := map[report.Kind]float64{report.Text: 38, report.Date: 12, report.Number: 13}[column.Kind]
		w.keep(w.rows.SetColWidth(i+1, i+1, width))
		w.cells = append(w.cells, column.Name)
	}
	w.keep(w.rows.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	w.write(w.rows, plain, w.cells...)
	return w, w.err
}

func (w *workbook) Row(r *report.Row) error {
	if w.row == excelize.TotalRows {
		return ErrTooManyRows
	}
	for i := range w.columns {
		switch column := &w.columns[i]; column.Kind {
		case report.Text:
			w.cells[i] = text.Clean(column.Text(r))
		case report.Date:
			w.cells[i] = r.Date
		case report.Number:
			w.cells[i] = column.Number(r)
		}
	}
	w.write(w.rows, plain, w.cells...)
	return w.err
}

func (w *workbook) Finish(r *report.Report) error {
	corner, err := excelize.CoordinatesToCellName(len(w.columns), w.row)
	w.keep(err)
	w.keep(w.rows.AddTable(&excelize.Table{Range: "A1:" + corner, Name: "Usage"}))
	w.keep(w.rows.Flush())
	w.summary(r)
	made := r.Made.UTC().Format(time.RFC3339)
	properties := excelize.DocProperties{Title: title(r), Creator: "genesys-usage", Created: made, Modified: made}
	w.keep(w.file.SetDocProps(&properties))
	if w.err != nil {
		return w.err
	}
	// Write alone would have the file in memory.
	w.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(w.out) })
	return w.file.Write(io.Discard)
}

func (w *workbook) Close() error { return w.file.Close() }

// summary writes the sheet Summary.
func (w *workbook) summary(r *report.Report) {
	w.keep(w.file.SetSheetProps("Summary", &excelize.SheetPropsOptions{FitToPage: new(true)}))
	layout := &excelize.PageLayoutOptions{Size: new(9), Orientation: new("landscape"), FitToHeight: new(0)} // A4
	w.keep(w.file.SetPageLayout("Summary", layout))
	var err error
	w.sheet, err = w.file.NewStreamWriter("Summary")
	w.keep(err)
	var columns []column
	for _, c := range groupColumns(r, false) {
		if c.kind == barColumn {
			continue
		}
		columns = append(columns, c)
		width := map[bool]float64{false: 38, true: 13}[c.kind.isNumber()]
		w.keep(w.sheet.SetColWidth(len(columns), len(columns), width))
	}
	w.row = 0
	w.write(w.sheet, heading, title(r))
	w.sentences(append([]string{r.Subject(), r.Source()}, r.Remarks()...)...)
	if r.Allowance != nil {
		w.sentences("Allowance: " + r.Allowance.String())
	}
	w.sentences("Made on " + made(r) + ".")
	c, anchor := newChart(r), w.row+2
	if c != nil {
		w.row += 22
		w.sentences(c.Note())
	}
	w.row++
	if len(r.Groups) == 0 {
		w.sentences(r.Empty())
	} else {
		w.groups(r, columns)
	}
	w.row++
	w.sentences(append(r.Meaning(), "The sheet Rows has the rows of the report.")...)
	if c != nil {
		w.row++
		w.chart(c, anchor)
	}
	w.keep(w.sheet.Flush())
}

// groups writes the ranked groups and their total.
func (w *workbook) groups(r *report.Report, columns []column) {
	titles := make([]any, len(columns))
	for i, c := range columns {
		if titles[i] = sentenceCase(c.title); c.kind.isNumber() {
			titles[i] = numberTitle(sentenceCase(c.title))
		}
	}
	w.write(w.sheet, bold, titles...)
	write := func(style style, l *line) {
		values := make([]any, len(columns))
		for i, cell := range cells(r, columns, l) {
			values[i] = cell
			switch c := columns[i]; c.kind {
			case countColumn, changeColumn:
				values[i] = c.number(l)
			case ratioColumn, shareColumn:
				if whole := c.whole(l); whole > 0 {
					values[i] = float64(c.number(l)) / float64(whole)
				}
			case growthColumn:
				values[i] = excelize.Cell{StyleID: w.styles[percentStyle], Value: cell}
				if now, before := c.number(l), c.whole(l); now > 0 && before > 0 {
					values[i] = float64(now)/float64(before) - 1
				}
			}
		}
		w.write(w.sheet, style, values...)
	}
	shown, others := split(r.Groups, w.options)
	for _, g := range shown {
		l := groupLine(g)
		write(plain, &l)
	}
	if len(others) > 0 {
		write(plain, othersLine(others))
	}
	write(bold, totalLine(r))
}

// chart writes the counts of a chart, and draws it at another row.
func (w *workbook) chart(c *chart, anchor int) {
	first, last, font := w.row+2, w.row+1+c.Slots(), excelize.Font{Color: "595959"}
	drawing := &excelize.Chart{
		Type: excelize.ColStacked, GapWidth: new(uint(20)), Overlap: new(100),
		Dimension: excelize.ChartDimension{Width: 960, Height: 360},
		Legend:    excelize.ChartLegend{Position: "bottom"},
		Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: c.Unit()}}},
		XAxis:     excelize.ChartAxis{Font: font, Alignment: excelize.Alignment{TextRotation: -45}},
		YAxis:     excelize.ChartAxis{Font: font, MajorGridLines: true, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "#,##0"}},
	}
	titles := []any{c.Unit()}
	for i, series := range c.Series {
		titles = append(titles, numberTitle(series.Name))
		column := string(rune('B' + i))
		drawing.Series = append(drawing.Series, excelize.ChartSeries{
			Name:       fmt.Sprintf("Summary!$%s$%d", column, first-1),
			Categories: fmt.Sprintf("Summary!$A$%d:$A$%d", first, last),
			Values:     fmt.Sprintf("Summary!$%s$%d:$%s$%d", column, first, column, last),
			Fill:       excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{series.Color}},
		})
	}
	w.write(w.sheet, bold, titles...)
	for slot := range c.Slots() {
		row := []any{c.report.StepLabel(c.axis.slotSteps(slot)[0])} // text: dates that are no days in a row make thin bars
		for _, series := range c.Series {
			row = append(row, series.slots[slot].Of(c.report.Sort))
		}
		w.write(w.sheet, plain, row...)
	}
	w.keep(w.file.AddChart("Summary", fmt.Sprintf("A%d", anchor), drawing))
}

// keep keeps the first error.
func (w *workbook) keep(err error) {
	if w.err == nil {
		w.err = err
	}
}

// sentences writes a row for each that is not empty.
func (w *workbook) sentences(sentences ...string) {
	for _, sentence := range sentences {
		if sentence != "" {
			w.write(w.sheet, plain, sentence)
		}
	}
}

// write writes a row. Text is never taken for a formula.
func (w *workbook) write(sheet *excelize.StreamWriter, row style, cells ...any) {
	values := make([]any, len(cells))
	for i, value := range cells {
		switch value := value.(type) {
		case time.Time:
			if !value.IsZero() {
				values[i] = excelize.Cell{StyleID: w.styles[dateStyle], Value: value}
			}
		case int64:
			values[i] = excelize.Cell{StyleID: w.styles[countStyle], Value: value}
		case float64:
			values[i] = excelize.Cell{StyleID: w.styles[percentStyle], Value: value}
		case numberTitle:
			values[i] = excelize.Cell{StyleID: w.styles[titleStyle], Value: string(value)}
		default:
			values[i] = value
		}
	}
	if w.row++; w.err == nil {
		w.err = sheet.SetRow(fmt.Sprintf("A%d", w.row), values, excelize.RowOpts{StyleID: w.styles[row]})
	}
}
