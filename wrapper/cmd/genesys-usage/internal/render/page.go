package render

import (
	"cmp"
	_ "embed"
	"html/template"
	"io"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/chart"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"breakable": breakable, "percent": percent,
	"thousands": text.Thousands, "signed": text.Signed, "share": text.Percent, "change": text.Change,
	"minus": func(a, b int64) int64 { return a - b }, "refusedWords": func() string { return refusedWords },
}).Parse(pageSource))

// page is what the template shows.
type page struct {
	Report      *report.Report
	Title, Made string
	Tiles       []report.Metric
	Chart       *chart.Chart // nil without one
	Titles      []pageCell
	Rows        []pageRow // of groups, of all others and of the total
	Marked      bool      // a row is
}

type pageRow struct {
	Class string
	Cells []pageCell
}

// pageCell is a cell in a column of a class and title.
type pageCell struct {
	Class, Title, Text string
	Bar                float64 // its width in per cent
}

// writePage writes a report as one HTML page that needs nothing else.
func writePage(out io.Writer, r *report.Report, o Options) error {
	p := &page{Report: r, Title: title(r), Made: made(r), Chart: chart.New(r)}
	p.Tiles = []report.Metric{report.Requests, report.Status429, report.Errors}
	columns := groupColumns(r, false)
	for _, c := range columns {
		class := map[kind]string{numbers: "n", ratios: "n", bars: "bar"}[c.kind]
		p.Titles = append(p.Titles, pageCell{Class: cmp.Or(class, "name"), Title: c.title})
	}
	for _, l := range summaryLines(r, o) {
		row := pageRow{}
		for i, text := range cells(columns, l) {
			cell := p.Titles[i]
			if cell.Text = text; columns[i].kind == bars && !l.sum {
				cell.Bar = percent(l.Of(r.Sort), r.Groups[0].Of(r.Sort))
			}
			row.Cells = append(row.Cells, cell)
		}
		if l.sum {
			row.Class = "others"
		} else if l.refused() {
			row.Class, p.Marked = "refused", true
		}
		p.Rows = append(p.Rows, row)
	}
	p.Rows[len(p.Rows)-1].Class = "total"
	return pageTemplate.Execute(out, p)
}

// summaryLines returns the lines of a page or a sheet: somebody is to read them.
func summaryLines(r *report.Report, o Options) []line {
	if o.Top < 0 {
		o.Top = 100
	}
	return append(groupLines(r.Groups, o.Top), totalLine(r))
}

// refused reports whether a group is marked.
func (l line) refused() bool {
	return !l.sum && percent(l.Of(report.Status429), l.Of(report.Requests)) > 1
}

const refusedWords = "had more than 1 % of their requests refused with 429: they ran into a rate limit."

// title is the title of a page and of a workbook.
func title(r *report.Report) string {
	return strings.TrimSuffix("Genesys Cloud API usage, "+text.Clean(r.Region), ", ")
}

func made(r *report.Report) string { return r.Made.UTC().Format("2 January 2006 at 15:04 UTC") }

// percent returns a part of a number in per cent.
func percent(n, whole int64) float64 { return 100 * float64(n) / float64(max(whole, 1)) }

// breakable lets a line break after the slashes of a name, and keeps one that is written from right to left apart.
func breakable(name string) template.HTML {
	name = strings.ReplaceAll(template.HTMLEscapeString(name), "/", "/<wbr>")
	return template.HTML("<bdi>" + name + "</bdi>") //nolint:gosec // escaped
}
