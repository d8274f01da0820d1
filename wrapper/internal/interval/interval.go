// Package interval reads ISO-8601 intervals, in the forms that the vendor's
// documents use.
package interval

import (
	"strings"
	"time"
)

// An Interval lies between two ends, each a month, a date or an instant.
type Interval struct {
	Start, End time.Time // the first and the last instant
	// EndsInDay says that the end is an instant, which may or may not be in it: that
	// is not documented. The day of an end that is a date, and all days of a month,
	// are.
	EndsInDay bool
}

// Parse reads an interval such as 2026-10-01/2026-10-31, 2020-01/2020-06 or
// 2026-10-01T00:00:00Z/2026-10-02T06:00:00, where no offset is UTC, and tells
// whether it could: ISO-8601 has more ways to write one. It does not look at which
// end comes first.
func Parse(s string) (i Interval, ok bool) {
	from, to, _ := strings.Cut(s, "/")
	start, _, ok1 := parse(from)
	end, length, ok2 := parse(to)
	i = Interval{Start: start, End: end, EndsInDay: length == instant}
	switch length {
	case day:
		i.End = end.AddDate(0, 0, 1).Add(-1)
	case month:
		i.End = end.AddDate(0, 1, 0).Add(-1)
	}
	return i, ok1 && ok2
}

// Days returns the start of the first and of the last UTC day that an interval
// touches.
func (i Interval) Days() (first, last time.Time) { return Day(i.Start), Day(i.End) }

// Day returns the start of the UTC day that an instant lies in.
func Day(t time.Time) time.Time {
	year, month, day := t.UTC().Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// length is how long an end is.
type length int

const (
	instant length = iota
	day
	month
)

func parse(s string) (time.Time, length, bool) {
	for _, form := range []struct {
		layout string
		length length
	}{{time.RFC3339, instant}, {"2006-01-02T15:04:05", instant}, {time.DateOnly, day}, {"2006-01", month}} {
		if t, err := time.Parse(form.layout, s); err == nil {
			return t, form.length, true
		}
	}
	return time.Time{}, 0, false
}
