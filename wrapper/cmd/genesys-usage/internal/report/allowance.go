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

// Verdict says in a sentence whether the allowance lasts.
func (a *Allowance) Verdict() string {
	days, distance := text.Count(int64(a.AllDays), "day"), text.Percent(a.Limit-a.Forecast, a.Limit)+" under"
	if a.Over() {
		distance = text.Percent(a.Forecast-a.Limit, a.Limit) + " over"
	}
	words := fmt.Sprintf("used %s of %s (%s) ", text.Thousands(a.Used), text.Thousands(a.Limit),
		text.Percent(a.Used, a.Limit))
	if a.Days == a.AllDays {
		words += fmt.Sprintf("in all %s; %s", days, distance)
	} else {
		words += fmt.Sprintf("after %d of %s; at this pace %s by %s, %s", a.Days, days, text.Thousands(a.Forecast),
			a.Last.Format("2 Jan"), distance)
	}
	if !a.RunsOut.IsZero() {
		is := map[bool]string{true: "was", false: "is"}[a.Used > a.Limit]
		words += fmt.Sprintf(": it %s used up on %s", is, a.RunsOut.Format("2 Jan"))
	}
	return words + "."
}

// String says whether the allowance lasts, and on what that rests.
func (a *Allowance) String() string {
	words := a.Verdict()
	if a.Days < a.AllDays {
		words += " This is an estimate: each day to come is taken as the average of those so far, and the last of those " +
			"may not be complete."
		if a.Days < 7 {
			words += " There are fewer than 7 days so far: weekends may not be balanced."
		}
	}
	if a.Assumed {
		words += fmt.Sprintf(" That the billing period ends on %s is an assumption; the invoice names its days.",
			a.Last.Format("2 January"))
	}
	return words
}
