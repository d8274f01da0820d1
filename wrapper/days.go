package wrapper

import "time"

// Days returns the interval from the UTC day that first falls on to the UTC day that last
// falls on, both included: "2026-10-01/2026-10-31". Midnight in a time zone east of UTC
// falls on the day before. Days does not validate: a query whose interval ends before it
// starts is refused when it is submitted.
//
// The last day of an interval is in it: the vendor's published result for
// 2020-02-01/2020-02-28 has rows of 28 February. How the API reads an end with a time of
// day is not documented, so prefer dates. A report does not have the current day, since
// days are computed about a day later, and no day before 2018.
//
// That days are UTC days is from the vendor's help ("in alignment with billing data"); an
// older blog says "usually at midnight in the region". The vendor's API Usage view shows
// these days as dates in the viewer's time zone: west of UTC, a figure stands a day earlier
// there.
func Days(first, last time.Time) string {
	return first.UTC().Format(time.DateOnly) + "/" + last.UTC().Format(time.DateOnly)
}

// Month returns the interval of all days of a month, as Days does. The month is normalized
// as by time.Date: month 0 is December of the year before.
func Month(year int, month time.Month) string {
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	return Days(first, first.AddDate(0, 1, -1))
}
