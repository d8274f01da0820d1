package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// page writes a report as one HTML page that needs nothing else: a chart of its steps,
// stacked by what rows are for, and a table.
type page struct {
	*view
	out io.Writer
}

// pageRows are as many rows as a page has at most: somebody is to read it.
const pageRows = 100

type pageData struct {
	Title, Subject string
	Made, Empty    string
	Notes          []string
	Mind, Forecast string
	Figures        []figure
	Chart          *chart // nil without dates
	Columns        []pageColumn
	Rows           []pageRow
	Total          []pageCell
	Hidden         string
	Marked         bool // some row is
	Meaning        []string
}

type figure struct{ Number, Words string }

type pageColumn struct{ Title, Class string }

type pageRow struct {
	Refused bool // more often than is right
	Cells   []pageCell
}

type pageCell struct {
	Class, Text string
	Bar         string // the width of a bar, in per cent
}

func newPage(v *view, out io.Writer) *page { return &page{v, out} }

func (p *page) write() error {
	ranked := p.sums.ranked(p.measure)
	data := pageData{
		Title: "Genesys Cloud API usage", Subject: p.subject(), Made: p.now.UTC().Format("2 January 2006 at 15:04 UTC"), Empty: p.empty(),
		Notes: append([]string{p.source()}, p.remarks()...), Mind: p.period.note, Forecast: p.forecast,
		Figures: p.figures(), Meaning: p.meaning(),
	}
	if region := p.regionName(); region != "" {
		data.Title += ", " + name(region)
	}
	if p.demo {
		data.Notes = append(data.Notes, "This is a made-up demo organization.")
	}
	if p.sums.dated && len(ranked) > 0 {
		data.Chart = newChart(p.view, ranked)
	}
	p.table(&data, ranked)
	return pageTemplate.Execute(p.out, data)
}

// figures are the totals in large letters, of what was asked for.
func (p *page) figures() []figure {
	total, q := &p.sums.total, &p.question
	of := func(n int64) string {
		if part := percent(n, total.requests); part != "" {
			return " (" + part + ")"
		}
		return ""
	}
	var figures []figure
	add := func(wanted bool, n int64, words string) {
		if wanted {
			figures = append(figures, figure{thousands(n), words})
		}
	}
	add(q.has("Requests"), total.requests, "requests")
	if p.compare {
		part := ""
		if changed := change(total.requests, p.sums.before); changed != "" {
			part = " (" + changed + ")"
		}
		figures = append(figures, figure{signed(total.requests - p.sums.before), "compared with before" + part})
	}
	add(q.has("Status429"), total.status429, "refused, 429"+of(total.status429))
	add(q.hasErrors(), total.errors(), "errors, 4xx and 5xx"+of(total.errors()))
	for _, m := range metrics[1:] {
		asked := len(q.metrics) > 0 && q.has(m.api)
		partOfErrors := q.hasErrors() && (m.name == "status400" || m.name == "status500")
		add(asked && m.name != "status429" && !partOfErrors, m.of(total), m.words)
	}
	return figures
}

// table fills in the rows of the largest groups, whatever their dates.
func (p *page) table(data *pageData, ranked []*sum) {
	most := pageRows
	if p.top > 0 {
		most = min(most, p.top)
	}
	if len(ranked) > most {
		data.Hidden = thousands(int64(len(ranked) - most))
		ranked = ranked[:most]
	}
	var largest int64 = 1
	for _, g := range ranked {
		largest = max(largest, p.measure.of(&g.counts))
	}
	columns := p.columns()
	for _, c := range columns {
		title := c.title
		if title != "" {
			title = title[:1] + strings.ToLower(title[1:])
		}
		data.Columns = append(data.Columns, pageColumn{title, c.class()})
	}
	for _, g := range ranked {
		l := p.line(g)
		row := pageRow{Refused: p.question.has("Status429") && refusedTooOften(&g.counts)}
		for _, c := range columns {
			if c.kind == barColumn {
				bar := pageCell{Class: c.class()}
				if n := p.measure.of(&g.counts); n > 0 {
					bar.Bar = fmt.Sprintf("%.1f", 100*float64(n)/float64(largest))
				}
				row.Cells = append(row.Cells, bar)
				continue
			}
			row.Cells = append(row.Cells, pageCell{Class: c.class(), Text: c.cell(l)})
		}
		data.Rows = append(data.Rows, row)
		data.Marked = data.Marked || row.Refused
	}
	total := p.total()
	for i, c := range columns {
		cell := pageCell{Class: c.class()}
		switch {
		case c.kind == countColumn || c.kind == ratioColumn || c.kind == shareColumn || c.kind == changeColumn:
			cell.Text = c.cell(total)
		case i == 0:
			cell.Text = "Total"
		}
		data.Total = append(data.Total, cell)
	}
}

// class is the style of a column's cells.
func (c column) class() string {
	switch c.kind {
	case countColumn, ratioColumn, changeColumn:
		return "n"
	case shareColumn:
		return "n share"
	case barColumn:
		return "bar"
	}
	return ""
}
