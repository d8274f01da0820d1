package main

import (
	"math"
	"slices"
	"strconv"
	"time"
)

// timeAxis has a slot for each step of a period, those without requests too.
type timeAxis struct {
	step        string // day, week or month
	first, last time.Time
}

const (
	oneDay  = 24 * time.Hour
	oneWeek = 7 * oneDay
)

// newTimeAxis makes an axis for dates, which are in order and not none, and for all
// days that can have data where steps are days or months.
func newTimeAxis(p period, dates []time.Time) timeAxis {
	a := timeAxis{p.granularity, dates[0], dates[len(dates)-1]}
	if a.step == "" {
		a.step = stepOf(dates)
	}
	if a.step != week && p.known() > 0 { // which days weeks begin on is not documented
		a.first = slices.MinFunc([]time.Time{a.first, p.first}, time.Time.Compare)
		a.last = slices.MaxFunc([]time.Time{a.last, p.last}, time.Time.Compare)
	}
	return a
}

// stepOf tells what steps dates are, of a query that was taken up.
func stepOf(dates []time.Time) string {
	shortest := time.Duration(math.MaxInt64)
	for i := 1; i < len(dates); i++ {
		shortest = min(shortest, dates[i].Sub(dates[i-1]))
	}
	switch {
	case len(dates) == 1 || shortest < oneWeek:
		return day
	case shortest < 28*oneDay:
		return week
	}
	return month
}

// slots counts the places.
func (a timeAxis) slots() int { return a.slot(a.last) + 1 }

// slot returns the place of a date. A month's is the same whichever of its days it is
// dated by; weeks are counted from the last one, because the first may be dated by the
// day that the period begins on.
func (a timeAxis) slot(date time.Time) int {
	switch a.step {
	case month:
		return monthOf(date) - monthOf(a.first)
	case week:
		weeks := func(d time.Time) int { return int((a.last.Sub(d) + oneWeek - 1) / oneWeek) }
		return weeks(a.first) - weeks(date)
	}
	return int(date.Sub(a.first) / oneDay)
}

func monthOf(date time.Time) int { return 12*date.Year() + int(date.Month()) }

// date returns the beginning of a slot.
func (a timeAxis) date(slot int) time.Time {
	switch a.step {
	case month:
		return time.Date(a.first.Year(), a.first.Month()+time.Month(slot), 1, 0, 0, 0, 0, time.UTC)
	case week:
		return a.last.AddDate(0, 0, -7*(a.slots()-1-slot))
	}
	return a.first.AddDate(0, 0, slot)
}

// dateTick is a label of the axis.
type dateTick struct {
	slot int
	text string
}

const maxDateTicks = 6

// ticks returns labels for some slots: of many days the firsts of months, and else
// each so manieth.
func (a timeAxis) ticks() []dateTick {
	n := a.slots()
	years := a.first.Year() != a.last.Year()
	var at []int
	layout := "2 Jan"
	switch {
	case a.step == month:
		layout = "Jan 2006"
		at = everyFew(n, 1, 2, 3, 6, 12, 24, 36)
	case a.step == day && n > 62:
		layout = "Jan"
		if years {
			layout = "Jan 2006"
		}
		var firsts []int
		for slot := range n {
			if a.date(slot).Day() == 1 {
				firsts = append(firsts, slot)
			}
		}
		for _, i := range everyFew(len(firsts), 1, 2, 3, 6, 12, 24, 36) {
			at = append(at, firsts[i])
		}
	default:
		if years {
			layout = "2 Jan 2006"
		}
		at = everyFew(n, 1, 2, 5, 7, 10, 14, 26, 52)
	}
	ticks := make([]dateTick, len(at))
	for i, slot := range at {
		ticks[i] = dateTick{slot, a.date(slot).Format(layout)}
	}
	return ticks
}

// everyFew returns each so manieth of n numbers, so that there are not too many.
func everyFew(n int, steps ...int) []int {
	step := (n + maxDateTicks - 1) / maxDateTicks
	for _, s := range steps {
		if s >= step {
			step = s
			break
		}
	}
	var some []int
	for i := 0; i < n; i += max(step, 1) {
		some = append(some, i)
	}
	return some
}

// countAxis has round numbers from 0 to at least the most.
type countAxis struct {
	top, step int64
	unit      int64 // what labels are counted in: 1, a thousand or a million
}

const maxCountSteps = 5

func newCountAxis(most int64) countAxis {
	most = max(most, 1)
	step, base := int64(1), int64(1)
	for step*maxCountSteps < most { // 1, 2, 5, 10, 20, 50, ...
		switch step {
		case base:
			step = 2 * base
		case 2 * base:
			step = 5 * base
		default:
			base *= 10
			step = base
		}
	}
	a := countAxis{(most + step - 1) / step * step, step, 1}
	switch {
	case a.top >= 1_000_000:
		a.unit = 1_000_000
	case a.top >= 10_000:
		a.unit = 1000
	}
	return a
}

// words names the unit.
func (a countAxis) words() string {
	switch a.unit {
	case 1000:
		return "thousand "
	case 1_000_000:
		return "million "
	}
	return ""
}

// label writes a number of the axis.
func (a countAxis) label(n int64) string {
	return strconv.FormatFloat(float64(n)/float64(a.unit), 'f', -1, 64)
}
