package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// page writes a report as one HTML page that needs nothing else: a chart of
// requests over time, stacked by client or whatever rows are for, and a table.
type page struct {
	out      io.Writer
	top      int
	interval string
	time     period
	demo     bool
	rows     []gen.APIUsageRow
}

func (p *page) write(row *gen.APIUsageRow) error {
	p.rows = append(p.rows, *row)
	return nil
}

// The chart's size, in units of its own: it scales.
const (
	chartWidth  = 800.0
	chartHeight = 260.0
	chartSeries = 7 // more are drawn as one
)

type pageData struct {
	Interval, Total, TooMany, Failed string
	Note                             string   // on the days that can have data
	Parts                            []string // steps that are only partly in the interval
	Meaning                          []string
	Demo, Dated                      bool
	Legend                           []legendEntry
	Rects                            []rect
	DateLabels, CountLabels          []label
	Width, Height                    float64
	Heads                            []string
	Rows                             []pageRow
	Hidden                           string
}

type legendEntry struct {
	Class int
	Name  string
}

type rect struct {
	X, Y, Width, Height float64
	Class               int
	Title               string
}

type label struct {
	X, Y float64
	Text string
}

type pageRow struct {
	Names                            []string
	Requests, Share, TooMany, Failed string
	Width                            string // of the bar
}

func (p *page) finish() error {
	all := summarize(p.rows, 0)
	data := pageData{
		Interval: p.interval, Note: p.time.note, Meaning: meaning, Demo: p.demo, Dated: all.dated,
		Total:   thousands(all.total.Requests),
		TooMany: percent(all.total.Status429, all.total.Requests),
		Failed:  percent(failed(&all.total), all.total.Requests),
		Width:   chartWidth, Height: chartHeight,
	}
	// The table's rows are the report's, whatever their dates.
	sums := map[string]*gen.APIUsageRow{}
	for i := range all.rows {
		row := all.rows[i]
		key := strings.Join(p.names(all, &row), "\x00")
		sum, ok := sums[key]
		if !ok {
			sum = new(gen.APIUsageRow)
			*sum = row
			sum.Date = time.Time{}
			sums[key] = sum
			continue
		}
		addCounts(sum, &row)
	}
	rows := make([]gen.APIUsageRow, 0, len(sums))
	for _, key := range slices.Sorted(maps.Keys(sums)) {
		rows = append(rows, *sums[key])
	}
	ranked := summarize(rows, p.top)
	ranked.shared = all.shared
	var shown []dimension
	for _, d := range dimensions {
		if slices.ContainsFunc(ranked.rows, func(r gen.APIUsageRow) bool { return d.value(all, &r) != "" }) {
			shown = append(shown, d)
			data.Heads = append(data.Heads, d.title[:1]+strings.ToLower(d.title[1:]))
		}
	}
	for i := range ranked.rows {
		row := &ranked.rows[i]
		r := pageRow{
			Requests: thousands(row.Requests), Share: percent(row.Requests, ranked.total.Requests),
			TooMany: percent(row.Status429, row.Requests), Failed: percent(failed(row), row.Requests),
			Width: fmt.Sprintf("%.1f", 100*float64(row.Requests)/float64(max(ranked.most, 1))),
		}
		for _, d := range shown {
			r.Names = append(r.Names, clean(d.value(all, row)))
		}
		data.Rows = append(data.Rows, r)
	}
	if ranked.hidden > 0 {
		data.Hidden = thousands(int64(ranked.hidden))
	}
	if all.dated {
		p.chart(&data, all, ranked)
	}
	return pageTemplate.Execute(p.out, data)
}

// names are what a row is for.
func (p *page) names(s *summary, row *gen.APIUsageRow) []string {
	names := make([]string, len(dimensions))
	for i, d := range dimensions {
		names[i] = d.value(s, row)
	}
	return names
}

func (p *page) name(s *summary, row *gen.APIUsageRow) string {
	name := strings.Join(slices.DeleteFunc(p.names(s, row), func(n string) bool { return n == "" }), " ")
	if name == "" {
		return "all"
	}
	return clean(name)
}

// chart draws the requests of each date, the busiest series at the bottom.
func (p *page) chart(data *pageData, all, ranked *summary) {
	class := map[string]int{}
	for i := range ranked.rows {
		name := p.name(all, &ranked.rows[i])
		if len(class) < chartSeries {
			class[name] = i
			data.Legend = append(data.Legend, legendEntry{i, name})
		}
	}
	dates := map[time.Time][]int64{} // requests by class
	other := false
	for i := range all.rows {
		row := &all.rows[i]
		if dates[row.Date] == nil {
			dates[row.Date] = make([]int64, chartSeries+1)
		}
		c, ok := class[p.name(all, row)]
		if !ok {
			c, other = chartSeries, true
		}
		dates[row.Date][c] += row.Requests
	}
	if other {
		data.Legend = append(data.Legend, legendEntry{chartSeries, "all others"})
	}
	order := slices.SortedFunc(maps.Keys(dates), time.Time.Compare)
	var most int64 = 1
	for _, counts := range dates {
		var sum int64
		for _, n := range counts {
			sum += n
		}
		most = max(most, sum)
	}
	// Days without requests have no rows, but a place.
	first, last := order[0], order[len(order)-1]
	step := last.Sub(first)
	for i := 1; i < len(order); i++ {
		step = min(step, order[i].Sub(order[i-1]))
	}
	step = max(step, 1) // a single date has a place too
	slot := chartWidth / float64(last.Sub(first)/step+1)
	for _, date := range order {
		if _, part := p.time.bucket(date); part != "" {
			data.Parts = append(data.Parts, p.time.label(date))
		}
		place := float64(date.Sub(first) / step)
		y := chartHeight
		for c, n := range dates[date] {
			if n == 0 {
				continue
			}
			height := float64(n) / float64(most) * chartHeight
			y -= height
			name := "all others"
			if c < len(data.Legend) {
				name = data.Legend[c].Name
			}
			data.Rects = append(data.Rects, rect{
				X: round(place*slot + slot*0.1), Y: round(y), Width: round(slot * 0.8), Height: round(height), Class: c,
				Title: fmt.Sprintf("%s, %s: %s requests", p.time.label(date), name, thousands(n)),
			})
		}
	}
	data.DateLabels = []label{{0, chartHeight + 26, first.Format("2 Jan 2006")}}
	if first != last {
		data.DateLabels = append(data.DateLabels, label{chartWidth, chartHeight + 26, last.Format("2 Jan 2006")})
	}
	for _, part := range []float64{0.5, 1} {
		data.CountLabels = append(data.CountLabels, label{0, round(chartHeight * (1 - part)), thousands(int64(part * float64(most)))})
	}
}

func round(f float64) float64 { return float64(int(f*10+0.5)) / 10 }
