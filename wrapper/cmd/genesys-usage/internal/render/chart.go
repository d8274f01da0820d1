package render

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// chart shows what groups add up to over time: the largest one by one, and all others together.
type chart struct {
	Series []series
	report *report.Report
	axis   *timeAxis
	others string // a sentence on them, or ""
}

// series is what a chart shows in one colour.
type series struct {
	Name, Color, Share string
	slots              []report.Counts
}

// The colours of series, the largest first, and that of all others together.
var seriesColors = []string{"#3b78c4", "#e08a2e", "#3f9d6b", "#b5569b", "#c9a227", "#2aa5b0"}

const othersColor = "#8d95a3" // the page makes it pale

// newChart returns the chart of a report, or nil if there are less than two slots to compare.
func newChart(r *report.Report) *chart {
	var dates []time.Time
	for _, step := range r.Steps() {
		dates = append(dates, step.Date)
	}
	if len(dates) == 0 {
		return nil
	}
	c := &chart{report: r, axis: newTimeAxis(r, dates)}
	if c.axis.slots() < 2 {
		return nil
	}
	named := c.named()
	for i := range named {
		c.add(r.Label(r.Groups[i]), seriesColors[i], r.Groups[i:i+1])
	}
	others := r.Groups[named:]
	sum, count := report.Sum(others), text.Thousands(int64(len(others)))
	switch {
	case len(others) == 0:
	case sum.Of(r.Sort) == 0:
		c.others = "The " + count + " others have none."
	case len(others) == 1:
		c.add(r.Label(others[0]), othersColor, others)
	case named == 0:
		c.add("all "+count, seriesColors[0], others)
		c.others = "None of the " + count + " has more than " + c.share(others[0]) + "."
	default:
		c.add(count+" others", othersColor, others)
		c.others = "None of the " + count + " others has more than " + c.share(others[0]) + "."
	}
	return c
}

func (c *chart) share(g *report.Group) string {
	return text.Percent(g.Of(c.report.Sort), c.report.Total.Of(c.report.Sort))
}

// named returns the number of groups that are shown one by one: less than 2 % of the total cannot be seen.
func (c *chart) named() int {
	least := 0.02 * float64(c.report.Total.Of(c.report.Sort))
	for i, g := range c.report.Groups {
		if n := g.Of(c.report.Sort); i == len(seriesColors) || n == 0 || float64(n) < least {
			return i
		}
	}
	return len(c.report.Groups)
}

// add adds a series of groups.
func (c *chart) add(name, color string, groups []*report.Group) {
	sum := report.Sum(groups)
	s := series{name, color, c.share(&sum), make([]report.Counts, c.Slots())}
	for _, g := range groups {
		for i := range g.Steps {
			s.slots[c.axis.slot(g.Steps[i].Date)].Add(&g.Steps[i].Counts)
		}
	}
	c.Series = append(c.Series, s)
}

// Slots returns the number of bars.
func (c *chart) Slots() int { return c.axis.slots() }

// Unit says what is drawn: "Requests a day".
func (c *chart) Unit() string {
	unit := c.report.Sort.Words() + " " + c.axis.words(1)
	if c.axis.perSlot > 1 {
		unit = c.report.Sort.Words() + " in " + c.axis.words(c.axis.perSlot)
	}
	return strings.ToUpper(unit[:1]) + unit[1:]
}

// Note says what is not to be seen.
func (c *chart) Note() string {
	note := c.others
	var parts []string
	for _, step := range c.axis.steps {
		if name, part := c.report.Period.Step(step, c.axis.size); part != "" {
			parts = append(parts, name+", "+part)
		}
	}
	if len(parts) > 0 {
		note += " Only partly in the period: " + strings.Join(parts, "; ") + "."
	}
	if n := len(c.axis.slotSteps(0)); n < c.axis.perSlot {
		note += " The first bar is of " + c.axis.words(n) + " only."
	}
	return note
}

// bar is a part of one, in units of a slot across and of barHeight up.
type bar struct {
	X, Y, Width, Height float64
	Color, Title        string
}

const barHeight = 1000.0

// Bars returns the parts of all bars.
func (c *chart) Bars() []bar {
	step, ticks := countTicks(c.largest())
	width := round(min(0.8, 0.08*float64(c.Slots()))) // a few bars are no wider than many
	var bars []bar
	for slot := range c.Slots() {
		y, name := barHeight, c.slotName(slot)
		for _, s := range c.Series {
			n := s.slots[slot].Of(c.report.Sort)
			height := float64(n) / (step * float64(ticks)) * barHeight
			if y -= height; n > 0 {
				title := fmt.Sprintf("%s, %s: %s %s", name, s.Name, text.Thousands(n), c.report.Sort.Words())
				bars = append(bars, bar{round(float64(slot) + (1-width)/2), round(y), width, round(height), s.Color, title})
			}
		}
	}
	return bars
}

// slotName names a bar: by its step, or by the first of its steps.
func (c *chart) slotName(slot int) string {
	steps := c.axis.slotSteps(slot)
	name := c.report.StepLabel(steps[0])
	if c.axis.perSlot > 1 {
		return c.axis.words(len(steps)) + " from " + name
	}
	return name
}

// largest returns the count of the largest bar.
func (c *chart) largest() float64 {
	largest := 0.0
	for slot := range c.Slots() {
		sum := 0.0
		for _, s := range c.Series {
			sum += float64(s.slots[slot].Of(c.report.Sort))
		}
		largest = max(largest, sum)
	}
	return largest
}

// label is at a part of the chart's width or height, in per cent.
type label struct {
	At   float64
	Text string
}

// Counts returns the labels of the vertical axis.
func (c *chart) Counts() []label {
	step, ticks := countTicks(c.largest())
	var labels []label
	for i := range ticks + 1 {
		labels = append(labels, label{round(100 * float64(i) / float64(ticks)), compact(float64(i) * step)})
	}
	return labels
}

// Dates returns the labels of the horizontal axis.
func (c *chart) Dates() []label {
	texts, n := c.axis.ticks()
	var labels []label
	for i, text := range texts {
		labels = append(labels, label{round(100 * (float64(i*n) + 0.5) / float64(c.Slots())), text})
	}
	return labels
}

// round keeps two decimals.
func round(f float64) float64 { return math.Round(f*100) / 100 }
