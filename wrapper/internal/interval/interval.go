// Package interval parses ISO-8601 intervals in the forms that the vendor's documents use,
// and knows the vendor's limits on them.
package interval

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// An Interval begins with a month, a date or an instant, and ends with one.
type Interval struct {
	// Start is the first instant. End is the last one: of the last day, if the interval
	// ends with a date or a month.
	Start, End time.Time
	// EndIsInstant is set if the interval ends with an instant. Whether the API includes
	// the rest of that day is not documented.
	EndIsInstant bool
}

// Parse parses an interval such as 2026-10-01/2026-10-31, 2020-01/2020-06 or
// 2026-10-01T00:00:00Z/2026-10-02T06:00:00. An instant without an offset is UTC. Parse
// reports whether it knows the form, since ISO-8601 has more; the end may be before the
// start.
func Parse(s string) (i Interval, ok bool) {
	from, to, _ := strings.Cut(s, "/")
	start, _, ok1 := parse(from)
	first, last, ok2 := parse(to)
	return Interval{Start: start, End: last, EndIsInstant: first.Equal(last)}, ok1 && ok2
}

// Earliest is the first day that the vendor has counts of, by its documents.
var Earliest = time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)

// MaxJobDays is the longest interval of a usage job in days, by the vendor's document.
const MaxJobDays = 90

// EarliestJob returns the first day of the earliest interval of a usage job: a year ago,
// by the vendor's document.
func EarliestJob(now time.Time) time.Time { return Day(now).AddDate(-1, 0, 0) }

// Check returns an error for an interval that neither API takes.
func (i Interval) Check() error {
	if i.End.Before(i.Start) {
		return errors.New("ends before it starts")
	}
	return nil
}

// CheckJob returns an error for an interval that the API of usage jobs does not take.
func (i Interval) CheckJob(now time.Time) error {
	switch earliest := EarliestJob(now); {
	case i.End.Sub(i.Start) > MaxJobDays*24*time.Hour:
		return fmt.Errorf("exceeds %d days", MaxJobDays)
	case i.Start.Before(earliest):
		return fmt.Errorf("begins before %s, more than a year ago", earliest.Format(time.DateOnly))
	}
	return i.Check()
}

// Days returns the start of the first and of the last UTC day of an interval.
func (i Interval) Days() (first, last time.Time) { return Day(i.Start), Day(i.End) }

// Day returns the start of the UTC day of an instant.
func Day(t time.Time) time.Time {
	year, month, day := t.UTC().Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// parse returns the first and the last instant of a month or a date, which are the same
// for an instant.
func parse(s string) (first, last time.Time, ok bool) {
	for _, form := range []struct {
		layout       string
		months, days int
	}{{time.RFC3339, 0, 0}, {"2006-01-02T15:04:05", 0, 0}, {time.DateOnly, 0, 1}, {"2006-01", 1, 0}} {
		first, err := time.Parse(form.layout, s)
		if err != nil {
			continue
		}
		if last = first.AddDate(0, form.months, form.days); last.After(first) {
			last = last.Add(-1)
		}
		return first, last, true
	}
	return first, last, false
}
