package report

import (
	"fmt"
	"math"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// Allowance is a number of requests that a period includes, and how much of it is used.
// The first fields are given to New; those below the line are set by New.
type Allowance struct {
	Limit       int64
	First, Last time.Time // of the period, both included
	Assumed     bool      // Last is an assumption: that of a billing period

	Used     int64
	Days     int       // of the period, with data
	AllDays  int       // of the period
	Forecast int64     // used by the end, if each day to come is as the average so far
	RunsOut  time.Time // the day on which it is used up, at this pace; zero if never or not known
}

// Over reports whether the allowance does not last.
func (a *Allowance) Over() bool { return a.Forecast > a.Limit }

// set computes the fields that follow from a report.
func (a *Allowance) set(r *Report) {
	a.Used = r.Total[Requests]
	a.AllDays = DaysBetween(a.First, a.Last)
	a.Days = max(min(DaysBetween(a.First, r.Period.DataLast), a.AllDays), 1)
	a.Forecast = math.MaxInt64
	if a.Used < math.MaxInt64/int64(a.AllDays) {
		a.Forecast = a.Used * int64(a.AllDays) / int64(a.Days)
	}
	var used int64
	for _, step := range r.Steps() {
		if used = sum(used, step.Counts[Requests]); used > a.Limit && r.Query.Granularity == Day {
			a.RunsOut = step.Date
			return
		}
	}
	if a.Over() && a.Used <= a.Limit {
		a.RunsOut = a.First.AddDate(0, 0, int(float64(a.Days)*float64(a.Limit)/float64(a.Used)))
	}
}

// String says in words whether the allowance lasts.
func (a *Allowance) String() string {
	words := fmt.Sprintf("used %s of %s (%s) ", text.Thousands(a.Used), text.Thousands(a.Limit), percent(a.Used, a.Limit))
	if a.Days == a.AllDays {
		words += fmt.Sprintf("in all %s; %s", text.Count(int64(a.AllDays), "day"), a.distance())
	} else {
		words += fmt.Sprintf("after %d of %s; at this pace %s by %s, %s",
			a.Days, text.Count(int64(a.AllDays), "day"), text.Thousands(a.Forecast), a.Last.Format("2 Jan"), a.distance())
	}
	if !a.RunsOut.IsZero() {
		words += ": it is used up on " + a.RunsOut.Format("2 Jan")
	}
	if a.Days < a.AllDays {
		words += ". This is an estimate: each day to come is taken as the average of those so far, and the last of those " +
			"may not be complete"
	}
	if a.Assumed {
		words += fmt.Sprintf(". That the billing period ends on %s is an assumption; the invoice names its days",
			a.Last.Format("2 January"))
	}
	return words + "."
}

// distance says how far the requests are from the limit, at the end.
func (a *Allowance) distance() string {
	if a.Over() {
		return percent(a.Forecast-a.Limit, a.Limit) + " over"
	}
	return percent(a.Limit-a.Forecast, a.Limit) + " under"
}

// percent writes a part of a total in a sentence.
func percent(part, total int64) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(total))
}
