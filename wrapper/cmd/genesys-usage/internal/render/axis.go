package render

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

// timeAxis has a slot for each step, or for several where there are many. Steps without requests have one too.
type timeAxis struct {
	size    report.Granularity
	steps   []time.Time // sorted
	perSlot int         // steps; the first slot may have fewer
}

const (
	maxSlots = 120 // more cannot be distinguished
	maxSteps = 10_000
)

// newTimeAxis returns an axis of dates, which are sorted and at least one, and of those between them and around them
// that can have data.
func newTimeAxis(r *report.Report, dates []time.Time) *timeAxis {
	a := &timeAxis{size: r.Query.Granularity, steps: dates, perSlot: 1}
	if a.size == report.Day || a.size == report.Week || a.size == report.Month {
		first := dates[0]
		if begin := r.Period.DataFirst; r.Period.Known() && a.size != report.Week && !a.next(begin).After(first) {
			first = begin // on which day weeks begin is not documented
		}
		a.steps = []time.Time{first}
		for _, date := range append(dates, r.Period.DataLast.AddDate(0, 0, 1)) {
			for next := a.next(a.steps[len(a.steps)-1]); next.Before(date) && len(a.steps) < maxSteps; next = a.next(next) {
				a.steps = append(a.steps, next)
			}
			if date.After(a.steps[len(a.steps)-1]) && date.Compare(dates[len(dates)-1]) <= 0 {
				a.steps = append(a.steps, date)
			}
		}
	}
	for a.slots() > maxSlots {
		if a.perSlot *= 2; a.perSlot == 2 && a.size == report.Day {
			a.perSlot = 7
		}
	}
	return a
}

// next returns the date of the step after a date.
func (a *timeAxis) next(date time.Time) time.Time {
	switch a.size {
	case report.Week:
		return date.AddDate(0, 0, 7)
	case report.Month: // the first one may be dated by a later day
		return time.Date(date.Year(), date.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	}
	return date.AddDate(0, 0, 1)
}

// slots returns the number of slots. They are counted from the end, so that the last is complete.
func (a *timeAxis) slots() int { return (len(a.steps) + a.perSlot - 1) / a.perSlot }

// slot returns the slot of a step.
func (a *timeAxis) slot(date time.Time) int {
	i, _ := slices.BinarySearchFunc(a.steps, date, time.Time.Compare)
	return a.slots() - 1 - (len(a.steps)-1-i)/a.perSlot
}

// slotSteps returns the steps of a slot.
func (a *timeAxis) slotSteps(slot int) []time.Time {
	end := len(a.steps) - (a.slots()-1-slot)*a.perSlot
	return a.steps[max(end-a.perSlot, 0):end]
}

// words names so many steps: "a day", or "7 days".
func (a *timeAxis) words(steps int) string {
	word := map[report.Granularity]string{report.Day: "day", report.Week: "week", report.Month: "month"}[a.size]
	switch {
	case word == "":
		word = "step"
		fallthrough
	case steps == 1:
		return "a " + word
	}
	return strconv.Itoa(steps) + " " + word + "s"
}

const maxTicks = 5 // with years, in a narrow window

// ticks returns a label for every nth slot, and the number n.
func (a *timeAxis) ticks() (labels []string, n int) {
	layout := "2 Jan"
	switch {
	case a.size == report.Month:
		layout = "Jan 2006"
	case a.steps[0].Year() != a.steps[len(a.steps)-1].Year():
		layout = "2 Jan 2006"
	}
	n = (a.slots() + maxTicks - 1) / maxTicks
	for slot := 0; slot < a.slots(); slot += n {
		labels = append(labels, a.slotSteps(slot)[0].Format(layout))
	}
	return labels, n
}

// countTicks returns the distance of round numbers, and how many of them there are from 0 to at least the largest
// count. They are of floating point: sums of counts need not fit into an integer.
func countTicks(largest float64) (step float64, n int) {
	largest = max(largest, 1)
	step = max(math.Pow(10, math.Floor(math.Log10(largest/6))), 1)
	for _, factor := range []float64{2, 2.5, 2} { // 1, 2, 5, 10
		if 6*step < largest {
			step *= factor
		}
	}
	return step, int(math.Ceil(largest / step))
}

// compact writes a round number: 200, 1.5k, 20M.
func compact(n float64) string {
	unit, suffix := 1.0, ""
	for _, larger := range []string{"k", "M", "bn", "tn"} {
		if n >= 1000*unit {
			unit, suffix = 1000*unit, larger
		}
	}
	return strconv.FormatFloat(n/unit, 'f', -1, 64) + suffix
}
