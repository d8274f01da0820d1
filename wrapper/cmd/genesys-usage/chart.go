package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// chart draws what groups add up to over time, the largest at the bottom. Bars are in
// units of a slot across and of a chartHeight of the axis up; labels are not a part of
// the picture, so that they are as large in a narrow window.
type chart struct {
	Slots       int
	Bars        []chartBar
	Legend      []legendEntry
	CountLabels []chartLabel
	DateLabels  []chartLabel
	Unit        string
	Parts       []string // steps that are only partly in the interval
}

const (
	chartHeight = 1000.0
	chartSeries = 7 // more are drawn as one
)

type legendEntry struct {
	Class int
	Name  string
}

type chartBar struct {
	X, Y, Width, Height float64
	Class               int
	Title               string
}

// chartLabel stands at a part of the chart's width or height, in per cent.
type chartLabel struct {
	At    float64
	Text  string
	Minor bool // left out where there is little room
}

// newChart returns the chart of a report with dates.
func newChart(v *view, ranked []*sum) *chart {
	c := &chart{}
	for i, g := range ranked[:min(chartSeries, len(ranked))] {
		c.Legend = append(c.Legend, legendEntry{i, v.label(v.sums.group(g.key))})
	}
	if others := len(ranked) - chartSeries; others > 0 {
		c.Legend = append(c.Legend, legendEntry{chartSeries, fmt.Sprintf("all others (%s)", thousands(int64(others)))})
	}
	dates := map[time.Time][]int64{} // what to draw, by class
	for i, g := range ranked {
		for _, step := range g.steps {
			if dates[step.date] == nil {
				dates[step.date] = make([]int64, len(c.Legend))
			}
			dates[step.date][min(i, chartSeries)] += v.measure.of(&step.counts)
		}
	}
	order := slices.SortedFunc(maps.Keys(dates), time.Time.Compare)
	var most int64
	for _, counts := range dates {
		var sum int64
		for _, n := range counts {
			sum += n
		}
		most = max(most, sum)
	}
	across, up := newTimeAxis(v.period, order), newCountAxis(most)
	c.Slots = across.slots()
	c.Unit = up.words() + v.measure.words + " a " + strings.ToLower(across.step)
	for _, date := range order {
		c.stack(v, across, up, date, dates[date])
	}
	for n := int64(0); n <= up.top; n += up.step {
		c.CountLabels = append(c.CountLabels, chartLabel{At: round(100 * float64(n) / float64(up.top)), Text: up.label(n)})
	}
	for i, tick := range across.ticks() {
		at := round(100 * (float64(tick.slot) + 0.5) / float64(c.Slots))
		c.DateLabels = append(c.DateLabels, chartLabel{at, tick.text, i%2 == 1 && len(tick.text) > len("12 Oct")})
	}
	return c
}

// stack draws the bars of a date.
func (c *chart) stack(v *view, across timeAxis, up countAxis, date time.Time, counts []int64) {
	label := v.period.label(date)
	if _, part := v.period.bucket(date); part != "" {
		c.Parts = append(c.Parts, label)
	}
	width := barWidthOf(c.Slots)
	y := chartHeight
	for class, n := range counts {
		if n == 0 {
			continue
		}
		height := float64(n) / float64(up.top) * chartHeight
		y -= height
		c.Bars = append(c.Bars, chartBar{
			X: round(float64(across.slot(date)) + (1-width)/2), Y: round(y), Width: width, Height: round(height), Class: class,
			Title: fmt.Sprintf("%s, %s: %s %s", label, c.Legend[class].Name, thousands(n), v.measure.words),
		})
	}
}

// barWidthOf is what part of its slot a bar is wide: a few are no wider than many, and
// very many have no gaps, which would flicker.
func barWidthOf(slots int) float64 {
	if slots > 100 {
		return 1
	}
	return round(min(0.8, 0.08*float64(slots)))
}

// round keeps two decimals.
func round(f float64) float64 { return math.Round(f*100) / 100 }
