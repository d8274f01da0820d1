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

// workbook writes an Excel workbook of two sheets: Summary, for people, and Rows, for pivot tables. Large sheets are in
// temporary files until they are written.
type workbook struct {
	out     io.Writer
	options Options
	columns []report.Column
	file    *excelize.File
	styles  map[style]int
	rows    *sheet
	cells   []any
}

func newWorkbook(out io.Writer, columns []report.Column, o Options) (*workbook, error) {
	w := &workbook{out: out, options: o, columns: columns, file: excelize.NewFile(), styles: map[style]int{}, cells: make([]any, len(columns))}
	err := w.begin()
	if err != nil {
		w.file.Close()
	}
	return w, err
}

// begin begins the sheet Rows.
func (w *workbook) begin() error {
	if err := w.file.SetSheetName("Sheet1", "Summary"); err != nil {
		return err
	}
	if _, err := w.file.NewSheet("Rows"); err != nil {
		return err
	}
	for style, format := range formats {
		id, err := w.file.NewStyle(&format)
		if err != nil {
			return err
		}
		w.styles[style] = id
	}
	var widths []float64
	for i, column := range w.columns {
		widths = append(widths, map[report.Kind]float64{report.Text: 38, report.Date: 12, report.Number: 13}[column.Kind])
		w.cells[i] = column.Name
	}
	w.rows = w.newSheet("Rows", widths)
	if w.rows.err == nil {
		w.rows.err = w.rows.stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
	}
	w.rows.write(plain, w.cells...)
	return w.rows.err
}

func (w *workbook) Row(r *report.Row) error {
	if w.rows.last == excelize.TotalRows {
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
	w.rows.write(plain, w.cells...)
	return w.rows.err
}

func (w *workbook) Finish(r *report.Report) error {
	corner, err := excelize.CoordinatesToCellName(len(w.columns), w.rows.last)
	if err != nil {
		return err
	}
	if err := w.rows.stream.AddTable(&excelize.Table{Range: "A1:" + corner, Name: "Usage"}); err != nil {
		return err
	}
	if err := w.rows.stream.Flush(); err != nil {
		return err
	}
	if err := w.summary(r); err != nil {
		return err
	}
	made := r.Made.UTC().Format(time.RFC3339)
	properties := &excelize.DocProperties{Title: title(r), Creator: "genesys-usage", Created: made, Modified: made}
	if err := w.file.SetDocProps(properties); err != nil {
		return err
	}
	// Without this, all of the file is in memory.
	w.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(w.out) })
	return w.file.Write(io.Discard)
}

func (w *workbook) Close() error { return w.file.Close() }

// summary writes the sheet Summary.
func (w *workbook) summary(r *report.Report) error {
	var columns []column
	var widths []float64
	for _, c := range groupColumns(r, false) {
		if c.kind == barColumn {
			continue
		}
		columns = append(columns, c)
		widths = append(widths, map[bool]float64{false: 38, true: 13}[c.kind.isNumber()])
	}
	s := w.newSheet("Summary", widths)
	s.write(heading, title(r))
	sentences := append([]string{r.Subject(), r.Source()}, r.Remarks()...)
	if r.Allowance != nil {
		sentences = append(sentences, "Allowance: "+r.Allowance.String())
	}
	if len(r.Groups) == 0 {
		sentences = append(sentences, r.Empty())
	}
	s.sentences(append(sentences, "Made on "+made(r)+"."))
	c := newChart(r)
	anchor := s.last + 2
	if c != nil {
		s.last += 20
		s.sentences([]string{c.Note()})
	}
	if len(r.Groups) > 0 {
		s.last++
		s.groups(r, columns, w.options)
	}
	s.last++
	s.sentences(append(r.Meaning(), "The sheet Rows has the rows of the report."))
	if c != nil {
		s.last++
		s.chart(c, anchor)
	}
	a4, landscape, anyNumber, fit := 9, "landscape", 0, true
	return errors.Join(s.err,
		w.file.SetPageLayout("Summary", &excelize.PageLayoutOptions{Size: &a4, Orientation: &landscape, FitToHeight: &anyNumber}),
		w.file.SetSheetProps("Summary", &excelize.SheetPropsOptions{FitToPage: &fit}),
		s.stream.Flush())
}

// groups writes the ranked groups and their total.
func (s *sheet) groups(r *report.Report, columns []column, o Options) {
	var titles []any
	for _, c := range columns {
		titles = append(titles, sentenceCase(c.title))
	}
	s.write(bold, titles...)
	write := func(style style, l *line) {
		values := make([]any, len(columns))
		for i, cell := range cells(r, columns, l) {
			values[i] = cell
			switch c := columns[i]; c.kind {
			case countColumn, changeColumn:
				values[i] = c.number(l)
			case ratioColumn, shareColumn:
				values[i] = ratio(c.number(l), c.whole(l))
			case growthColumn:
				if now, before := c.number(l), c.whole(l); now > 0 && before > 0 {
					values[i] = ratio(now-before, before)
				}
			}
		}
		s.write(style, values...)
	}
	shown, others := split(r.Groups, o)
	for _, g := range shown {
		l := groupLine(g)
		write(plain, &l)
	}
	if len(others) > 0 {
		write(plain, othersLine(others))
	}
	write(bold, totalLine(r))
}

// ratio returns a part of a number, or nothing if that is 0.
func ratio(part, whole int64) any {
	if whole == 0 {
		return nil
	}
	return float64(part) / float64(whole)
}

// chart writes the counts of a chart, and draws it at another row.
func (s *sheet) chart(c *chart, anchor int) {
	gap, overlap, header := uint(20), 100, s.last+1
	chart := &excelize.Chart{
		Type: excelize.ColStacked, GapWidth: &gap, Overlap: &overlap,
		Dimension: excelize.ChartDimension{Width: 960, Height: 360},
		Legend:    excelize.ChartLegend{Position: "bottom"},
		Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: c.Unit()}}},
		XAxis:     excelize.ChartAxis{TickLabelSkip: (c.Slots() + 7) / 8},
		YAxis:     excelize.ChartAxis{MajorGridLines: true, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "#,##0"}},
	}
	titles := []any{c.Unit()}
	for i, series := range c.Series {
		titles = append(titles, series.Name)
		column, err := excelize.ColumnNumberToName(i + 2)
		s.keep(err)
		chart.Series = append(chart.Series, excelize.ChartSeries{
			Name:       fmt.Sprintf("Summary!$%s$%d", column, header),
			Categories: fmt.Sprintf("Summary!$A$%d:$A$%d", header+1, header+c.Slots()),
			Values:     fmt.Sprintf("Summary!$%s$%d:$%s$%d", column, header+1, column, header+c.Slots()),
			Fill:       excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{series.Color}},
		})
	}
	s.write(bold, titles...)
	for slot := range c.Slots() {
		row := []any{c.axis.slotSteps(slot)[0]}
		for _, series := range c.Series {
			row = append(row, series.slots[slot].Of(c.report.Sort))
		}
		s.write(plain, row...)
	}
	s.keep(s.file.AddChart(s.stream.Sheet, fmt.Sprintf("A%d", anchor), chart))
}

// style is the style of a row, or of a cell by what is in it.
type style int

const (
	plain style = iota
	heading
	bold
	dateStyle
	countStyle
	percentStyle
)

var formats = map[style]excelize.Style{
	heading:      {Font: &excelize.Font{Bold: true, Size: 16}},
	bold:         {Font: &excelize.Font{Bold: true}},
	dateStyle:    {NumFmt: 14}, // the day as the locale writes it
	countStyle:   {NumFmt: 3},  // 1,234
	percentStyle: {NumFmt: 10}, // 12.34%
}

// sheet is written from top to bottom.
type sheet struct {
	file   *excelize.File
	stream *excelize.StreamWriter
	styles map[style]int
	last   int // row, from 1
	err    error
}

func (w *workbook) newSheet(name string, widths []float64) *sheet {
	s := &sheet{file: w.file, styles: w.styles}
	s.stream, s.err = w.file.NewStreamWriter(name)
	for i, width := range widths {
		if s.err == nil {
			s.err = s.stream.SetColWidth(i+1, i+1, width)
		}
	}
	return s
}

// keep keeps the first error.
func (s *sheet) keep(err error) {
	if s.err == nil {
		s.err = err
	}
}

// write writes a row, unless there was an error. Text is never taken for a formula.
func (s *sheet) write(row style, cells ...any) {
	values := make([]any, len(cells))
	for i, cell := range cells {
		c := excelize.Cell{Value: cell}
		switch value := cell.(type) {
		case time.Time:
			if c.StyleID = s.styles[dateStyle]; value.IsZero() {
				continue
			}
		case int64:
			c.StyleID = s.styles[countStyle]
		case float64:
			c.StyleID = s.styles[percentStyle]
		}
		values[i] = c
	}
	s.last++
	if s.err == nil {
		s.err = s.stream.SetRow(fmt.Sprintf("A%d", s.last), values, excelize.RowOpts{StyleID: s.styles[row]})
	}
}

// sentences writes a row for each.
func (s *sheet) sentences(sentences []string) {
	for _, sentence := range sentences {
		if sentence != "" {
			s.write(plain, sentence)
		}
	}
}
