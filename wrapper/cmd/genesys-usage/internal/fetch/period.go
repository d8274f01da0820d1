package fetch

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
)

// history is how far back the data of the queries API reaches.
var history = time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)

// Last returns the interval of the last days or weeks before today, such as 7d or 4w.
func Last(s string, now time.Time) (string, error) {
	days := map[byte]int{'d': 1, 'w': 7}[s[len(s)-1]]
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || days == 0 || n < 1 || n > 10_000 {
		return "", errors.New("want a number of days or weeks, such as 7d or 4w")
	}
	today := interval.Day(now)
	return wrapper.Days(today.AddDate(0, 0, -n*days), today.AddDate(0, 0, -1)), nil
}

// Monthly returns the interval of the days of a calendar month or billing period that can
// have data. Without a first day, it is the one that yesterday is in.
func Monthly(first time.Time, startDay int, now time.Time) (string, error) {
	yesterday := interval.Day(now).AddDate(0, 0, -1)
	if first.IsZero() {
		first = report.StartOfMonthly(yesterday, startDay)
	}
	last := slices.MinFunc([]time.Time{report.EndOfMonthly(first, startDay), yesterday}, time.Time.Compare)
	if last.Before(first) {
		return "", fmt.Errorf("it has no complete day yet, and the counts are about a day old; -period-start %d is the "+
			"period that yesterday is in", startDay)
	}
	return wrapper.Days(first, last), nil
}

// Period returns the period of an ISO-8601 interval, as far as an API can have data on it.
// The error is that of one which the API refuses, as the vendor documents it.
func Period(iso string, jobs bool, now time.Time) (report.Period, error) {
	p := report.Period{Interval: iso}
	asked, ok := interval.Parse(iso)
	if !ok {
		return p, nil // the vendor understands more intervals
	}
	p.First, p.Last = asked.Days()
	today := interval.Day(now)
	earliest, latest, yearAgo := history, today.AddDate(0, 0, -1), today.AddDate(-1, 0, 0)
	if jobs { // how fresh its data is, is not documented
		earliest, latest = yearAgo, today
	}
	switch {
	case asked.End.Before(asked.Start):
		return p, fmt.Errorf("interval %q ends before it starts", iso)
	case jobs && p.Days() > 90:
		return p, fmt.Errorf("%s has %s, and -jobs takes 90 at most: name shorter periods, or leave -jobs out", &p,
			text.Count(int64(p.Days()), "day"))
	case jobs && p.First.Before(yearAgo):
		return p, fmt.Errorf("%s begins on %s, and -jobs reaches back a year, to %s: name later days, or leave -jobs out",
			&p, p.First.Format(time.DateOnly), yearAgo.Format(time.DateOnly))
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
