package wrapper

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Days returns the interval of the whole UTC days from the one that first lies in
// to the one that last lies in, both of them in it, as queries want it:
// "2026-10-01/2026-10-31". Days checks nothing: a query whose interval ends before
// it begins is refused when it is submitted.
//
// A day is a UTC day, "in alignment with billing data", as the vendor's help has
// it; its blog of 2021 says that days are counted "usually at midnight in the
// region", and the help is newer. The last day of an interval is in it: the
// vendor's published answer to 2020-02-01/2020-02-28 has rows of 28 February. How
// the vendor reads an end with a time of day is not documented, so an interval is
// better made of dates. Days are counted once a day and known about a day later:
// the current one is not in a report. History reaches back to 2018.
func Days(first, last time.Time) string {
	return first.UTC().Format(time.DateOnly) + "/" + last.UTC().Format(time.DateOnly)
}

// Month returns the interval of all days of a month, as Days does.
func Month(year int, month time.Month) string {
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	return Days(first, first.AddDate(0, 1, -1))
}

// checkInterval finds intervals that the API would refuse. ISO-8601 has more ways
// to write one than are known here, and the vendor may take them.
func checkInterval(interval string) error {
	if interval == "" {
		return errors.New("the query has no interval; see Days and Month")
	}
	from, to, ok := strings.Cut(interval, "/")
	if !ok {
		return fmt.Errorf("interval %q: want two ends, such as 2026-10-01/2026-10-31", interval)
	}
	start, _, known := parseInstant(from)
	_, end, known2 := parseInstant(to)
	if known && known2 && end.Before(start) {
		return fmt.Errorf("interval %q: ends before it starts", interval)
	}
	return nil
}

// parseInstant returns the first and the last instant of a month, a day or an
// instant, if it is one.
func parseInstant(s string) (first, last time.Time, ok bool) {
	if t, err := time.Parse("2006-01", s); err == nil {
		return t, t.AddDate(0, 1, 0).Add(-1), true
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, t.AddDate(0, 0, 1).Add(-1), true
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, t, err == nil
}
