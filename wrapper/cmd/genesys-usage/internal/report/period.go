package report

import (
	"cmp"
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
	StartDay            int    // of a calendar month or billing period: the day of the month it begins on; 0 of others
	Warning             string // which days can have data, if not all of them; "" otherwise
}

// Known reports whether the days of the period are known: ISO-8601 has more ways to write
// an interval than are understood.
func (p *Period) Known() bool { return !p.First.IsZero() }

// String writes the period as people do, or the interval if its days are not known.
func (p *Period) String() string {
	if p.Known() {
		return text.Days(p.First, p.Last) + ", UTC"
	}
	return text.Name(cmp.Or(p.Interval, "An earlier query"))
}

// Days returns the number of days that were asked for, or 1 if it is not known.
func (p *Period) Days() int { return DaysBetween(p.First, p.Last) }

// DataDays returns the number of days that can have data, or 1 if it is not known.
func (p *Period) DataDays() int { return max(DaysBetween(p.DataFirst, p.DataLast), 0) }

// weekdays returns the number of days from Monday to Friday that can have data.
func (p *Period) weekdays() int {
	n := 0
	for day := p.DataFirst; !day.After(p.DataLast); day = day.AddDate(0, 0, 1) {
		if day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
			n++
		}
	}
	return n
}

// Over reports whether there can be data on all days of the period, of a month or billing
// period also on those that were not asked for.
func (p *Period) Over() bool {
	end := p.Last
	if p.StartDay > 0 {
		end = EndOfMonthly(p.First, p.StartDay)
	}
	return !p.DataLast.Before(end)
}

// Before returns the days to compare this period with, like with like: those of the
// period before it, and if this one is not over, as many of them from its start.
func (p *Period) Before() (first, last time.Time) {
	first, last = p.First.AddDate(0, 0, -p.Days()), p.First.AddDate(0, 0, -1)
	if p.StartDay > 0 {
		first = dayOfMonth(p.First, -1, p.StartDay)
	}
	if soFar := first.AddDate(0, 0, p.DataDays()-1); !p.Over() && soFar.Before(last) {
		last = soFar
	}
	return first, last
}

// SetMonthly makes p the first days of a calendar month or billing period, and reports
// whether they are. Without a first day, it is the one that p begins in.
func (p *Period) SetMonthly(first time.Time, startDay int) bool {
	if first.IsZero() {
		first = StartOfMonthly(p.First, startDay)
	}
	p.StartDay = startDay
	return p.Known() && p.First.Equal(first) && !p.Last.After(EndOfMonthly(first, startDay))
}

// StartOfMonthly returns the first day of the calendar month or billing period that a day
// is in.
func StartOfMonthly(day time.Time, startDay int) time.Time {
	if first := dayOfMonth(day, 0, startDay); !first.After(day) {
		return first
	}
	return dayOfMonth(day, -1, startDay)
}

// EndOfMonthly returns the last day of a calendar month or billing period: the one before
// the next begins. That a billing period ends so is an assumption.
func EndOfMonthly(first time.Time, startDay int) time.Time {
	return dayOfMonth(first, 1, startDay).AddDate(0, 0, -1)
}

// dayOfMonth returns a day of the month some months after that of a date, or the last one
// of a month that has no such day.
func dayOfMonth(date time.Time, months, day int) time.Time {
	first := date.AddDate(0, 0, 1-date.Day()).AddDate(0, months, 0)
	return first.AddDate(0, 0, min(day, first.AddDate(0, 1, -1).Day())-1)
}

// DaysBetween returns the number of days from the first to the last, both included.
func DaysBetween(first, last time.Time) int { return int(last.Sub(first)/(24*time.Hour)) + 1 }

// Step names the step of a granularity that begins with a date, and the part of it that is
// in the period if not all of it is.
func (p *Period) Step(date time.Time, size Granularity) (name, part string) {
	name, first, last := date.Format(time.DateOnly), date, date
	switch size {
	case Week:
		name, last = "week of "+name, date.AddDate(0, 0, 6)
	case Month:
		// The vendor does not document whether it dates the first step of a period by
		// the step's first day or by the period's. Of a month both are told; of a week
		// only the former.
		first = date.AddDate(0, 0, 1-date.Day())
		name, last = date.Format("Jan 2006"), first.AddDate(0, 1, -1)
	}
	if p.Known() && first.Before(p.DataFirst) {
		part = " from " + p.DataFirst.Format("2 Jan")
	}
	if p.Known() && last.After(p.DataLast) {
		part += " to " + p.DataLast.Format("2 Jan")
	}
	return name, strings.TrimPrefix(part, " ")
}
