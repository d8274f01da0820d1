package report

import (
	"fmt"
	"math"
	"math/bits"
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
	a.Forecast = scale(a.Used, int64(a.AllDays), int64(a.Days))
	if !a.Over() {
		return
	}
	if a.Used <= a.Limit {
		a.RunsOut = a.First.AddDate(0, 0, int(scale(int64(a.Days), a.Limit, a.Used)))
		return
	}
	var used int64
	for _, step := range r.Steps() {
		used = sum(used, step.Counts[Requests])
		if r.Query.Granularity == Day && used > a.Limit {
			a.RunsOut = step.Date
			return
		}
	}
}

// scale returns n times a by b, up to the largest number there is.
func scale(n, a, b int64) int64 {
	hi, lo := bits.Mul64(uint64(n), uint64(a))
	if hi >= uint64(b) {
		return math.MaxInt64
	}
	scaled, _ := bits.Div64(hi, lo, uint64(b))
	return int64(min(scaled, math.MaxInt64))
}

// String says in words whether the allowance lasts.
func (a *Allowance) String() string {
	words := fmt.Sprintf("used %s of %s (%s) ", text.Thousands(a.Used), text.Thousands(a.Limit), percent(a.Used, a.Limit))
	if a.Days == a.AllDays {
		words += fmt.Sprintf("in all %s; %s%s.", text.DayCount(a.AllDays), distance(a.Used, a.Limit), a.ranOut("it ran out on"))
	} else {
		runsOut := "it runs out on"
		if a.Used > a.Limit {
			runsOut = "it ran out on"
		}
		words += fmt.Sprintf("after %d of %s; at this pace %s by %s, %s%s. This is an estimate: each day to come is taken as the average of those so far, and the last of those may not be complete.",
			a.Days, text.DayCount(a.AllDays), text.Thousands(a.Forecast), a.Last.Format("2 Jan"), distance(a.Forecast, a.Limit), a.ranOut(runsOut))
	}
	if a.Assumed {
		words += fmt.Sprintf(" That the billing period ends on %s is an assumption; the invoice names its days.", a.Last.Format("2 January"))
	}
	return words
}

func (a *Allowance) ranOut(words string) string {
	if a.RunsOut.IsZero() {
		return ""
	}
	return ": " + words + " " + a.RunsOut.Format("2 Jan")
}

// distance says how far a number of requests is from the limit.
func distance(n, limit int64) string {
	switch {
	case n > limit:
		return percent(n-limit, limit) + " over"
	case n < limit:
		return percent(limit-n, limit) + " under"
	}
	return "exactly the allowance"
}

// percent writes a part of a total in a sentence.
func percent(part, total int64) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(total))
}
