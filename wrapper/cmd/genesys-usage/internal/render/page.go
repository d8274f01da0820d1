package render

import (
	_ "embed"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"breakable": breakable}).Parse(pageSource))

// page is what the template shows.
type page struct {
	Report  *report.Report
	Title   string
	Made    string
	Tiles   []tile
	Meter   *meter // nil without an allowance
	Chart   *chart // nil without one
	Columns []pageColumn
	Rows    []pageRow // those of groups, of all others and of the total
	Marked  bool      // a row is
}

type tile struct{ Number, Words string }

// meter is the tile of an allowance, with a bar: parts of it are in per cent.
type meter struct {
	tile
	Used, Forecast, Limit float64
}

type pageColumn struct{ Title, Class string }

type pageRow struct {
	Class string
	Cells []string
	Bar   float64 // its width in per cent
}

// shownGroups is the number of groups that a page or a sheet has, if Options do not say otherwise: somebody is to read
// them.
const shownGroups = 100

// writePage writes a report as one HTML page that needs nothing else.
func writePage(out io.Writer, r *report.Report, o Options) error {
	p := &page{Report: r, Title: title(r), Made: made(r), Tiles: tiles(r), Chart: newChart(r)}
	p.Meter = newMeter(r.Allowance)
	columns := groupColumns(r, false)
	for _, c := range columns {
		class := map[kind]string{nameColumn: "name", dateColumn: "name", barColumn: "bar"}[c.kind]
		if c.kind.isNumber() {
			class = "n"
		}
		p.Columns = append(p.Columns, pageColumn{sentenceCase(c.title), class})
	}
	shown, others := split(r.Groups, o)
	for _, g := range shown {
		l := groupLine(g)
		row := pageRow{Cells: cells(r, columns, &l)}
		if largest := shown[0].Of(r.Sort); largest > 0 {
			row.Bar = round(100 * float64(g.Of(r.Sort)) / float64(largest))
		}
		if refusedTooOften(r, g) {
			row.Class, p.Marked = "refused", true
		}
		p.Rows = append(p.Rows, row)
	}
	if len(others) > 0 {
		p.Rows = append(p.Rows, pageRow{Class: "others", Cells: cells(r, columns, othersLine(others))})
	}
	p.Rows = append(p.Rows, pageRow{Class: "total", Cells: cells(r, columns, totalLine(r))})
	return pageTemplate.Execute(out, p)
}

// split returns the groups that are shown one by one, and all others.
func split(groups []*report.Group, o Options) (shown, others []*report.Group) {
	n := len(groups)
	if o.Top > 0 {
		n = min(n, o.Top)
	} else if o.Top < 0 {
		n = min(n, shownGroups)
	}
	return groups[:n], groups[n:]
}

// title is the title of a page and of a workbook.
func title(r *report.Report) string {
	if r.Region == "" {
		return "Genesys Cloud API usage"
	}
	return "Genesys Cloud API usage, " + text.Name(r.Region)
}

func made(r *report.Report) string { return r.Made.UTC().Format("2 January 2006 at 15:04 UTC") }

// tiles are the totals of what was asked for.
func tiles(r *report.Report) []tile {
	var tiles []tile
	requests := r.Total[report.Requests]
	add := func(number, words, share string) {
		if share != "" {
			words += " (" + share + ")"
		}
		tiles = append(tiles, tile{number, words})
	}
	for _, m := range append(slices.Clone(report.Counters), report.Errors) {
		switch {
		case !r.Query.Has(m):
		case m == report.Requests:
			add(text.Thousands(requests), m.Words(), "")
			if c := r.Comparison; c != nil {
				add(text.Signed(requests-c.Before), "compared with before", text.Change(requests, c.Before))
			}
		case m == report.Status429 || m == report.Errors || len(r.Query.Metrics) > 0:
			add(text.Thousands(r.Total.Of(m)), m.Words(), text.Percent(r.Total.Of(m), requests))
		}
	}
	return tiles
}

func newMeter(a *report.Allowance) *meter {
	if a == nil {
		return nil
	}
	scale := float64(max(a.Limit, a.Forecast))
	percent := func(n int64) float64 { return round(100 * float64(n) / scale) }
	words := "of " + text.Thousands(a.Limit) + " used"
	switch {
	case a.Used > a.Limit:
		words += "; it ran out"
		if !a.RunsOut.IsZero() {
			words += " on " + a.RunsOut.Format("2 January")
		}
	case !a.RunsOut.IsZero():
		words += "; at this pace it runs out on " + a.RunsOut.Format("2 January")
	case a.Days < a.AllDays:
		words += "; at this pace " + text.Percent(a.Forecast, a.Limit) + " by " + a.Last.Format("2 January")
	}
	return &meter{tile{text.Percent(a.Used, a.Limit), words}, percent(a.Used), percent(a.Forecast), percent(a.Limit)}
}

// sentenceCase writes the title of a column with one capital letter.
func sentenceCase(title string) string {
	if title == "" {
		return ""
	}
	return title[:1] + strings.ToLower(title[1:])
}

// breakable lets a line break after the slashes of a name, and inside of words that are very long.
func breakable(name string) template.HTML {
	var b strings.Builder
	word := 0
	for _, r := range name {
		b.WriteString(template.HTMLEscapeString(string(r)))
		word++
		if r == '/' || word == 24 {
			b.WriteString("<wbr>")
		}
		if r == '/' || r == ' ' || r == '-' || word == 24 {
			word = 0
		}
	}
	return template.HTML(b.String()) //nolint:gosec // each character is escaped
}
