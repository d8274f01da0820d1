package wrapper

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
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
func checkInterval(query string) error {
	if query == "" {
		return errors.New("the query has no interval; see Days and Month")
	}
	if !strings.Contains(query, "/") {
		return fmt.Errorf("interval %q: want two ends, such as 2026-10-01/2026-10-31", query)
	}
	if i, known := interval.Parse(query); known && i.End.Before(i.Start) {
		return fmt.Errorf("interval %q: ends before it starts", query)
	}
	return nil
}
