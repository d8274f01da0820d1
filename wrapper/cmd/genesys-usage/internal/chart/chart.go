// Package chart is what a chart shows of a report over time, whatever draws it.
package chart

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// Chart shows what groups add up to over time: the largest one by one, and all others together.
type Chart struct {
	Unit, Note string
	Partial    bool  // some bars are
	Bars       []Bar // a step each, or several where there are many
	Series     []Series
	Lines      int     // of the scale of counts, from 0 on
	step       float64 // between them
}

// Bar is what stands for one step or several.
type Bar struct {
	Date        time.Time // of its first step
	Label, Tick string    // Tick is the axis label; it may be empty
	Partial     bool      // it covers fewer days than others
}

// Series is what a chart shows in one colour.
type Series struct {
	Name, Color, Share string
	Counts             []report.Counts // by bar
}

// The colours of series, the largest first, and that of all others together. Each has a contrast of 3:1 or more with
// white and with #14181f, the page's dark ground.
var seriesColors = []string{"#3b78c4", "#cf6a1b", "#3a9363", "#b5569b", "#a88412", "#1f8f9a"}

const (
	othersColor = "#7c8493"
	leastShare  = 0.02 // of the total: less cannot be seen
	maxBars     = 120  // more cannot be distinguished
	maxDates    = 5    // with years, in a narrow window
)

// New returns the chart of a report, or nil if there are less than two bars to compare.
func New(r *report.Report) *Chart {
	dates, step := stepDates(r), strings.ToLower(string(r.Query.Granularity))
	perBar := (len(dates) + maxBars - 1) / maxBars
	if perBar > 1 && r.Query.Granularity == report.Day {
		perBar = (perBar + 6) / 7 * 7
	}
	if len(dates) < 2 {
		return nil
	}
	c := &Chart{Bars: make([]Bar, (len(dates)+perBar-1)/perBar)}
	missing := len(c.Bars)*perBar - len(dates) // steps of the first bar: the last is complete
	layout := "2 Jan"
	if dates[0].Year() != dates[len(dates)-1].Year() {
		layout = "2 Jan 06"
	}
	for i := range c.Bars {
		first, last := dates[max(i*perBar-missing, 0)], dates[(i+1)*perBar-missing-1]
		bar := Bar{Date: first, Label: r.StepLabel(first)}
		if last != first {
			bar.Label += " to " + r.StepLabel(last)
		}
		bar.Partial = i == 0 && missing > 0 || strings.Contains(bar.Label, ", ") // a label names the part
		if i%((len(c.Bars)+maxDates-1)/maxDates) == 0 {
			bar.Tick = first.Format(layout)
		}
		c.Bars[i], c.Partial = bar, c.Partial || bar.Partial
	}
	c.setSeries(r, func(date time.Time) int {
		i, _ := slices.BinarySearchFunc(dates, date, time.Time.Compare)
		return (i + missing) / perBar
	})
	c.setScale(r.Sort)
	covered := text.Count(int64(perBar-missing), step)
	if perBar > 1 {
		step = fmt.Sprintf("%d %ss", perBar, step)
	}
	if missing > 0 {
		c.Note += fmt.Sprintf(" The first bar covers only %s.", covered)
	}
	c.Unit = strings.ToUpper(r.Sort.Words()[:1]) + r.Sort.Words()[1:] + " per " + step
	return c
}

// stepDates returns the dates of all steps, and of days those without requests too.
func stepDates(r *report.Report) []time.Time {
	dates := map[time.Time]bool{}
	for _, g := range r.Groups {
		for i := range g.Steps {
			dates[g.Steps[i].Date] = true
		}
	}
	if r.Query.Granularity == report.Day && len(dates) > 0 {
		for date := r.Period.DataFirst; !date.After(r.Period.DataLast); date = date.AddDate(0, 0, 1) {
			dates[date] = true
		}
	}
	return slices.SortedFunc(maps.Keys(dates), time.Time.Compare)
}

// setSeries sets the series, and says of all others what is not to be seen.
func (c *Chart) setSeries(r *report.Report, barOf func(time.Time) int) {
	total := r.Total.Of(r.Sort)
	add := func(name, color string, groups []*report.Group) {
		sum := report.Sum(groups)
		s := Series{name, color, text.Percent(sum.Of(r.Sort), total), make([]report.Counts, len(c.Bars))}
		for _, g := range groups {
			for i := range g.Steps {
				s.Counts[barOf(g.Steps[i].Date)].Add(&g.Steps[i].Counts)
			}
		}
		c.Series = append(c.Series, s)
	}
	for i, g := range r.Groups {
		others := r.Groups[i:]
		share, count := text.Percent(g.Of(r.Sort), total), text.Thousands(int64(len(others)))
		switch {
		case g.Of(r.Sort) == 0:
			c.Note = "The " + count + " others have none."
			return
		case len(others) > 1 && (i == len(seriesColors) || float64(g.Of(r.Sort)) < leastShare*float64(total)):
			name, color := count+" others", othersColor
			if i == 0 { // nobody stands out
				name, color = "all "+count, seriesColors[0]
			}
			add(name, color, others)
			c.Note = "Of " + name + ", none has more than " + share + "."
			return
		}
		add(r.Label(g), append(seriesColors, othersColor)[i], others[:1])
	}
}

// setScale sets the scale to round numbers. They are of floating point: sums of counts need not fit into an integer.
func (c *Chart) setScale(m report.Metric) {
	largest := 1.0
	for i := range c.Bars {
		sum := 0.0
		for _, s := range c.Series {
			sum += float64(s.Counts[i].Of(m))
		}
		largest = max(largest, sum)
	}
	c.step = max(math.Pow(10, math.Floor(math.Log10(largest/6))), 1)
	for _, factor := range []float64{2, 2.5, 2} { // 1, 2, 5, 10
		if 6*c.step < largest {
			c.step *= factor
		}
	}
	c.Lines = int(math.Ceil(largest/c.step)) + 1
}

// Height returns the height of a count in per cent of the chart's.
func (c *Chart) Height(n int64) float64 { return 100 * float64(n) / (c.step * float64(c.Lines-1)) }

// LineHeight returns that of a line of the scale.
func (c *Chart) LineHeight(line int) float64 { return 100 * float64(line) / float64(c.Lines-1) }

// LineLabel returns the count at a line of the scale: 200, 1.5k, 20M.
func (c *Chart) LineLabel(line int) string {
	n, suffixes := float64(line)*c.step, []string{"", "k", "M", "bn", "tn"}
	for n >= 1000 && len(suffixes) > 1 {
		n, suffixes = n/1000, suffixes[1:]
	}
	return strconv.FormatFloat(n, 'f', -1, 64) + suffixes[0]
}
