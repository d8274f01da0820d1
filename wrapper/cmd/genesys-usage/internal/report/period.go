package report

import (
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// Period is the time that a report covers, in UTC days.
type Period struct {
	Interval    string    // ISO-8601, as it is sent
	First, Last time.Time // the days that were asked for, both included; zero if not known
	// DataFirst and DataLast are the days of them that can have data, both included.
	DataFirst, DataLast time.Time
	Monthly             bool   // a calendar month or billing period, or the days of one so far
	Warning             string // which days can have data, if not all of them; "" otherwise
}

// Known reports whether the days of the period are known: ISO-8601 has more ways to write
// an interval than are understood.
func (p *Period) Known() bool { return !p.First.IsZero() }

// String writes the period as people do, or the interval if its days are not known.
func (p *Period) String() string {
	switch {
	case p.Known():
		return text.Days(p.First, p.Last) + ", UTC"
	case p.Interval != "":
		return text.Name(p.Interval) + ", UTC"
	}
	return "an earlier query"
}

// Days returns the number of days that were asked for, or 0 if it is not known.
func (p *Period) Days() int {
	if !p.Known() {
		return 0
	}
	return DaysBetween(p.First, p.Last)
}

// DataDays returns the number of days that can have data, or 0 if it is not known.
func (p *Period) DataDays() int {
	if !p.Known() {
		return 0
	}
	return max(DaysBetween(p.DataFirst, p.DataLast), 0)
}

// Before returns the days to compare this period with, like with like: those of the
// period before it, and if this one is not over, as many of them from its start.
func (p *Period) Before() (first, last time.Time) {
	first, end := p.First.AddDate(0, 0, -p.Days()), p.Last
	if p.Monthly {
		first, end = sameDay(p.First, -1), EndOfMonthly(p.First)
	}
	last = p.First.AddDate(0, 0, -1)
	if p.DataLast.Before(end) {
		if soFar := first.AddDate(0, 0, p.DataDays()-1); soFar.Before(last) {
			last = soFar
		}
	}
	return first, last
}

// EndOfMonthly returns the last day of a calendar month or billing period that begins on
// a day: the one before the same day of the next month. That a billing period ends so is
// an assumption.
func EndOfMonthly(first time.Time) time.Time { return sameDay(first, 1).AddDate(0, 0, -1) }

// sameDay returns the same day some months later, or the last one of a month that has no
// such day.
func sameDay(day time.Time, months int) time.Time {
	month := day.AddDate(0, 0, 1-day.Day()).AddDate(0, months, 0)
	length := month.AddDate(0, 1, -1).Day()
	return month.AddDate(0, 0, min(day.Day(), length)-1)
}

// DaysBetween returns the number of days from the first to the last, both included.
func DaysBetween(first, last time.Time) int { return int(last.Sub(first)/(24*time.Hour)) + 1 }

// Step names the step of a granularity that begins with a date, and says which part of it
// is in the period if not all of it is.
func (p *Period) Step(date time.Time, size Granularity) (name, part string) {
	first := date
	var last time.Time
	name = date.Format(time.DateOnly)
	switch size {
	case Week:
		last = date.AddDate(0, 0, 6)
		name = "week of " + name
	case Month:
		// The vendor does not document whether it dates the first step of a period by
		// the step's first day or by the period's. Of a month both are told; of a week
		// only the former.
		first = date.AddDate(0, 0, 1-date.Day())
		last = first.AddDate(0, 1, -1)
		name = date.Format("Jan 2006")
	default:
		return name, ""
	}
	if !p.Known() {
		return name, ""
	}
	var parts []string
	if first.Before(p.DataFirst) {
		parts = append(parts, "from the "+text.Ordinal(p.DataFirst.Day()))
	}
	if last.After(p.DataLast) {
		parts = append(parts, "to the "+text.Ordinal(p.DataLast.Day()))
	}
	return name, strings.Join(parts, " ")
}
