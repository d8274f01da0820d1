package fetch

import (
	"fmt"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
)

// history is how far back the data of the queries API reaches.
var history = time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)

const maxJobDays = 90

// Today returns the UTC day of an instant.
func Today(now time.Time) time.Time { return interval.Day(now) }

func day(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return interval.Day(t)
}

// Period returns the period of an ISO-8601 interval, as far as an API can have data on it.
func Period(iso string, jobs bool, now time.Time) report.Period {
	p := report.Period{Interval: iso}
	asked, ok := interval.Parse(iso)
	if !ok {
		return p
	}
	p.First, p.Last = asked.Days()
	earliest, latest := history, interval.Day(now).AddDate(0, 0, -1)
	can := fmt.Sprintf("days from %s to %s can have data", earliest.Format(time.DateOnly), latest.Format(time.DateOnly))
	if jobs { // those of more than a year ago are refused, and how fresh the others are is not documented
		earliest, latest = p.First, interval.Day(now)
		can = fmt.Sprintf("days up to %s can have data; how fresh that of jobs is, is not documented", latest.Format(time.DateOnly))
	}
	p.DataFirst, p.DataLast = p.First, p.Last
	if p.First.Before(earliest) {
		p.DataFirst = earliest
	}
	if p.Last.After(latest) {
		p.DataLast = latest
	}
	if p.DataFirst != p.First || p.DataLast != p.Last {
		p.Warning = fmt.Sprintf("the period is %s to %s, but only %s", p.First.Format(time.DateOnly), p.Last.Format(time.DateOnly), can)
	}
	return p
}

// CheckJob refuses a period that the jobs API does not take, as the vendor documents it.
func CheckJob(p *report.Period, now time.Time) error {
	yearAgo := interval.Day(now).AddDate(-1, 0, 0)
	switch {
	case !p.Known():
		return nil // the vendor understands more intervals
	case p.Days() > maxJobDays:
		return fmt.Errorf("%s has %s, and -jobs takes %d at most: name shorter periods, or leave -jobs out", p, text.DayCount(p.Days()), maxJobDays)
	case p.First.Before(yearAgo):
		return fmt.Errorf("%s begins on %s, and -jobs reaches back a year, to %s: name later days, or leave -jobs out",
			p, p.First.Format(time.DateOnly), yearAgo.Format(time.DateOnly))
	}
	return nil
}
