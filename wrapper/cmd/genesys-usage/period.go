package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
)

// period is the time that a report is on, as far as there can be data.
type period struct {
	words       string // what was asked for
	granularity string
	first, last time.Time // days; zero where they are not known
	asked       int       // days, whether or not there can be data; 0 if not known
	// note says which days can have data, where others were asked for.
	note string
}

// history is how far back the vendor's data reaches.
var history = time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)

func newPeriod(query question, jobs bool, now time.Time) period {
	p := period{granularity: query.granularity}
	asked, ok := interval.Parse(query.interval)
	if !ok {
		if query.interval != "" {
			p.words = shorten(clean(query.interval), maxName) + ", UTC"
		}
		return p
	}
	p.first, p.last = asked.Days()
	p.words = days(p.first, p.last) + ", UTC"
	p.asked = daysBetween(p.first, p.last)
	earliest, latest := history, yesterday(now)
	can := fmt.Sprintf("days from %s to %s can have data", earliest.Format(time.DateOnly), latest.Format(time.DateOnly))
	if jobs { // those of more than a year ago are refused, and how fresh the others are is not documented
		earliest, latest = p.first, interval.Day(now)
		can = fmt.Sprintf("days up to %s can have data; how fresh that of jobs is, is not documented", latest.Format(time.DateOnly))
	}
	if p.first.Before(earliest) || p.last.After(latest) {
		p.note = fmt.Sprintf("the report is on %s to %s, and only %s", p.first.Format(time.DateOnly), p.last.Format(time.DateOnly), can)
	}
	if p.first.Before(earliest) {
		p.first = earliest
	}
	if p.last.After(latest) {
		p.last = latest
	}
	return p
}

// known counts the days that can have data.
func (p period) known() int {
	if p.first.IsZero() {
		return 0
	}
	return max(daysBetween(p.first, p.last), 0)
}

// periodBefore returns the interval before one: the month before a whole one that
// was named as a month, or else as many days before.
func periodBefore(of string, wholeMonth bool) (string, error) {
	i, ok := interval.Parse(of)
	if !ok {
		return "", fmt.Errorf("-compare: what comes before the interval %q is not known here; name it in dates, such as 2026-10-01/2026-10-31", of)
	}
	first, last := i.Days()
	if wholeMonth {
		before := first.AddDate(0, -1, 0)
		return wrapper.Month(before.Year(), before.Month()), nil
	}
	return wrapper.Days(first.AddDate(0, 0, -daysBetween(first, last)), first.AddDate(0, 0, -1)), nil
}

// checkJobPeriod refuses days that the successor does not answer for, as the vendor's
// document has it.
func checkJobPeriod(what, of string, now time.Time) error {
	i, ok := interval.Parse(of)
	if !ok {
		return nil // the vendor knows more ways to write one
	}
	first, last := i.Days()
	if n := daysBetween(first, last); n > 90 {
		return fmt.Errorf("%s has %d days, and -jobs takes 90 at most: ask for parts of 90 days, or leave -jobs out", what, n)
	}
	if yearAgo := interval.Day(now).AddDate(-1, 0, 0); first.Before(yearAgo) {
		return fmt.Errorf("%s begins on %s, and -jobs reaches back a year, to %s: ask for later days, or leave -jobs out",
			what, first.Format(time.DateOnly), yearAgo.Format(time.DateOnly))
	}
	return nil
}

// yesterday is the last day that can have data.
func yesterday(now time.Time) time.Time { return interval.Day(now).AddDate(0, 0, -1) }

// daysBetween counts days, from the first to the last, both included.
func daysBetween(first, last time.Time) int { return int(last.Sub(first)/(24*time.Hour)) + 1 }

// days writes days as people do: 1 to 31 October 2026.
func days(first, last time.Time) string {
	const dayMonth, dayMonthYear = "2 January", "2 January 2006"
	end := last.Format(dayMonthYear)
	switch {
	case first.Equal(last):
		return end
	case first.Year() != last.Year():
		return first.Format(dayMonthYear) + " to " + end
	case first.Month() != last.Month():
		return first.Format(dayMonth) + " to " + end
	}
	return first.Format("2") + " to " + end
}

// bucket names the step of the granularity that begins with a date, and says which
// part of it is in the period where that is not all of it. A step that the vendor
// dates by its first day in the period is told by month, but not by week: which of
// the two it does is not documented.
func (p period) bucket(date time.Time) (name, part string) {
	first := date
	var last time.Time
	name = date.Format(time.DateOnly)
	switch p.granularity {
	case week:
		last = date.AddDate(0, 0, 6)
		name = "week of " + name
	case month:
		first = date.AddDate(0, 0, 1-date.Day())
		last = first.AddDate(0, 1, -1)
		name = date.Format("Jan 2006")
	default:
		return name, ""
	}
	var parts []string
	if !p.first.IsZero() && first.Before(p.first) {
		parts = append(parts, "from the "+ordinal(p.first.Day()))
	}
	if !p.last.IsZero() && last.After(p.last) {
		parts = append(parts, "to the "+ordinal(p.last.Day()))
	}
	return name, strings.Join(parts, " ")
}

// label is a bucket with its part.
func (p period) label(date time.Time) string {
	name, part := p.bucket(date)
	if part != "" {
		name += ", " + part
	}
	return name
}

// ordinal writes a day of the month: 1st, 2nd, 3rd, 4th.
func ordinal(n int) string {
	suffix := "th"
	if n%100/10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}
