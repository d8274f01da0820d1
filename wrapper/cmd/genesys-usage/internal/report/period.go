package report

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
)

// Period is the time that a report covers, in UTC days.
type Period struct {
	Interval    string    // ISO-8601
	First, Last time.Time // the days that were asked for, both included
	// DataFirst and DataLast are the days of them that can have data, both included.
	DataFirst, DataLast time.Time
	End                 time.Time // Last, or the last day of the calendar month or billing period
	StartDay            int       // the day of the month that a month or billing period begins on; 0 for other periods
	Warning             string    // which days can have data, if not all of them; "" otherwise
}

// NewPeriod returns the period of an ISO-8601 interval, as far as an API can have data on it.
// The error is that of one which the API refuses, as the vendor documents it.
func NewPeriod(iso string, jobs bool, today time.Time) (Period, error) {
	p := Period{Interval: iso}
	asked, ok := interval.Parse(iso)
	if !ok {
		return p, errors.New("want two days, such as 2026-10-01/2026-10-31")
	}
	p.First, p.Last = asked.Days()
	p.End = p.Last
	earliest, latest, err := interval.Earliest, today.AddDate(0, 0, -1), asked.Check()
	if jobs { // how fresh its data is, is not documented
		earliest, latest, err = interval.EarliestJob(today), today, asked.CheckJob(today)
	}
	switch {
	case err != nil && jobs:
		return p, fmt.Errorf("%w: name other days, or leave -jobs out", err)
	case err != nil:
		return p, err
	}
	p.DataFirst = slices.MaxFunc([]time.Time{p.First, earliest}, time.Time.Compare)
	p.DataLast = slices.MinFunc([]time.Time{p.Last, latest}, time.Time.Compare)
	if p.DataFirst != p.First || p.DataLast != p.Last {
		p.Warning = fmt.Sprintf("the period is %s to %s, but only days from %s to %s can have data",
			p.First.Format(time.DateOnly),
			p.Last.Format(time.DateOnly), earliest.Format(time.DateOnly), latest.Format(time.DateOnly))
	}
	return p, nil
}

// LastDays returns the period of the last days or weeks before today, such as 7d or 4w.
func LastDays(s string, jobs bool, today time.Time) (Period, error) {
	days := map[byte]int{'d': 1, 'w': 7}[s[len(s)-1]]
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || days == 0 || n < 1 || n > 10_000 {
		return Period{}, errors.New("want a number of days or weeks, such as 7d or 4w")
	}
	return NewPeriod(Interval(today.AddDate(0, 0, -n*days), today.AddDate(0, 0, -1)), jobs, today)
}

// Monthly returns the period of the days of a calendar month or billing period that can
// have data. Without a first day, it is the one that yesterday is in. That a billing period
// ends on the day before the next one begins is an assumption.
func Monthly(first time.Time, startDay int, jobs bool, today time.Time) (Period, error) {
	yesterday := today.AddDate(0, 0, -1)
	if first.IsZero() {
		if first = dayOfMonth(yesterday, 0, startDay); first.After(yesterday) {
			first = dayOfMonth(yesterday, -1, startDay)
		}
	}
	if first.After(yesterday) {
		return Period{}, fmt.Errorf("it has no complete day yet, and the counts are about a day old; for the current "+
			"period, use -period-start %d", startDay)
	}
	end := dayOfMonth(first, 1, startDay).AddDate(0, 0, -1)
	last := slices.MinFunc([]time.Time{end, yesterday}, time.Time.Compare)
	p, err := NewPeriod(Interval(first, last), jobs, today)
	p.End, p.StartDay = end, startDay
	return p, err
}

// Interval returns the ISO-8601 interval of days, both included.
func Interval(first, last time.Time) string {
	return first.Format(time.DateOnly) + "/" + last.Format(time.DateOnly)
}

// String writes the period as people do.
func (p *Period) String() string { return text.Days(p.First, p.Last) + ", UTC" }

// Days returns the number of days that were asked for.
func (p *Period) Days() int { return daysBetween(p.First, p.Last) }

// DataDays returns the number of days that can have data.
func (p *Period) DataDays() int { return max(daysBetween(p.DataFirst, p.DataLast), 0) }

// Over reports whether there can be data on all days of the period, of a month or billing
// period also on those that were not asked for.
func (p *Period) Over() bool { return !p.DataLast.Before(p.End) }

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

// dayOfMonth returns a day of the month some months after that of a date, or the last one
// of a month that has no such day.
func dayOfMonth(date time.Time, months, day int) time.Time {
	first := date.AddDate(0, 0, 1-date.Day()).AddDate(0, months, 0)
	return first.AddDate(0, 0, min(day, first.AddDate(0, 1, -1).Day())-1)
}

// daysBetween returns the number of days from the first to the last, both included.
func daysBetween(first, last time.Time) int { return int(last.Sub(first)/(24*time.Hour)) + 1 }

// stepDays returns the first and the last day of the step that begins with a date.
func stepDays(date time.Time, size Granularity) (first, last time.Time) {
	switch size {
	case Week:
		return date, date.AddDate(0, 0, 6)
	case Month:
		// The vendor does not document whether it dates the first step of a period by
		// the step's first day or by the period's. Of a month both are understood; of a
		// week only the former.
		first = date.AddDate(0, 0, 1-date.Day())
		return first, first.AddDate(0, 1, -1)
	}
	return date, date
}

// StepLabel names the step that begins with a date, with the part of it that is in the
// period if not all of it is.
func (r *Report) StepLabel(date time.Time) string {
	first, last := stepDays(date, r.Query.Granularity)
	label, part := date.Format(time.DateOnly), ""
	switch r.Query.Granularity {
	case Week:
		label = "week of " + label
	case Month:
		label = date.Format("Jan 2006")
	}
	if first.Before(r.Period.DataFirst) {
		part = " from " + r.Period.DataFirst.Format("2 Jan")
	}
	if last.After(r.Period.DataLast) {
		part += " to " + r.Period.DataLast.Format("2 Jan")
	}
	return strings.TrimSuffix(label+","+part, ",")
}

// overlaps reports whether a step that begins with a date, if there is one, has days in the
// period.
func (p *Period) overlaps(date time.Time, size Granularity) bool {
	first, last := stepDays(date, size)
	return date.IsZero() || !first.After(p.Last) && !last.Before(p.First)
}
