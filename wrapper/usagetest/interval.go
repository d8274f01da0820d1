package usagetest

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// interval is whole UTC days, from the first to the last, both in it.
type interval struct{ first, last time.Time }

// span is what one end of an interval can mean: a month, a day or an instant.
type span struct {
	from, to time.Time // its first and last instant
	instant  bool
}

// parseInterval returns the days that an interval touches, its last one in any
// case where its end is a date or a month. An end with a time of day is in it too,
// with the whole day that it lies in, unless it is exclusive.
func parseInterval(s string, endTimeExclusive bool) (interval, error) {
	if s == "" {
		return interval{}, errors.New("interval is required")
	}
	from, to, ok := strings.Cut(s, "/")
	start, err1 := parseSpan(from)
	end, err2 := parseSpan(to)
	if err := errors.Join(err1, err2); !ok || err != nil {
		return interval{}, fmt.Errorf("interval %q is not of the form start/end, in months, dates or times, such as 2026-01-01/2026-01-31", s)
	}
	if end.to.Before(start.from) {
		return interval{}, fmt.Errorf("interval %q ends before it starts", s)
	}
	if end.instant && endTimeExclusive {
		end.to = end.to.Add(-1)
	}
	return interval{startOfDay(start.from), startOfDay(end.to)}, nil
}

func parseSpan(s string) (span, error) {
	if t, err := time.Parse("2006-01", s); err == nil {
		return span{from: t, to: t.AddDate(0, 1, 0).Add(-1)}, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return span{from: t, to: t.AddDate(0, 0, 1).Add(-1)}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05", s) // UTC, without an offset
	}
	return span{from: t, to: t, instant: true}, err
}

// startOfDay returns the first instant of the UTC day that an instant lies in.
func startOfDay(t time.Time) time.Time {
	year, month, day := t.UTC().Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
