package wrapper

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Interval returns the ISO-8601 interval from start to end in UTC, to the
// second, as gen.APIUsageQuery wants it:
// "2026-10-01T00:00:00Z/2026-11-01T00:00:00Z".
//
// The vendor counts requests by whole UTC days, once a day: the current day is
// not in a report. Whether the day that an interval ends on is part of it is not
// documented for these operations.
func Interval(start, end time.Time) string {
	return start.UTC().Format(time.RFC3339) + "/" + end.UTC().Format(time.RFC3339)
}

// ParseInterval returns the two ends of an interval such as Interval makes.
// Either end may be a date and time with an offset, a date or a month, as the
// vendor accepts them ("2026-01/2026-06", "2026-01-01/2026-02-01"): a month or
// date stands for its first instant in UTC. It is an error if the end comes
// before the start.
func ParseInterval(s string) (start, end time.Time, err error) {
	from, to, ok := strings.Cut(s, "/")
	if !ok {
		return start, end, fmt.Errorf("interval %q: want start/end, such as 2026-01-01/2026-02-01", s)
	}
	if start, err = parseInstant(from); err == nil {
		end, err = parseInstant(to)
	}
	if err != nil {
		return time.Time{}, time.Time{}, fmt.Errorf("interval %q: %w", s, err)
	}
	if end.Before(start) {
		return time.Time{}, time.Time{}, fmt.Errorf("interval %q: ends before it starts", s)
	}
	return start, end, nil
}

var errUnknownInstant = errors.New("is neither a date, a month nor a date and time with an offset")

func parseInstant(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly, "2006-01"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q %w", s, errUnknownInstant)
}
