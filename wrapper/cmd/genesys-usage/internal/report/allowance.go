package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

const (
	// ForecastDays is the number of days whose means a forecast is made of. Of 14 days, or
	// with the last 7 alone for the level, it is worse: see TestForecastErrors.
	ForecastDays = 28
	leastDays    = 7 // that a forecast needs: each weekday once
	drift        = 0.15
)

// Allowance is a number of requests that a period includes, and whether it lasts.
type Allowance struct {
	*Spec
	Used    int64
	Days    int // of the period, with counts: up to the newest day that has rows
	AllDays int // of the period, up to its end

	Forecast int64 // Used, and on each other day the mean of its weekday
	// ForecastFirst and ForecastLast are the days whose means the forecast is made of;
	// zero if all days of the period have counts.
	ForecastFirst, ForecastLast time.Time
	Drift                       float64   // how much more requests the last 7 days have than these means, 0.2 for 20%
	RunsOut                     time.Time // the day on which it is or will be used up; zero if it lasts
	Doubt                       string    // why it is not sure whether it lasts; "" if it is
}

// newAllowance returns the allowance of a report, by the requests of each day that has rows,
// those before the period included.
func newAllowance(s *Spec, days map[time.Time]int64) *Allowance {
	p := &s.Period
	a := &Allowance{Spec: s, AllDays: daysBetween(p.First, p.End)}
	var oldest, newest time.Time
	if dates := slices.SortedFunc(maps.Keys(days), time.Time.Compare); len(dates) > 0 {
		oldest, newest = dates[0], dates[len(dates)-1]
	}
	next := p.First // the first day without counts
	for ; !next.After(newest); next = next.AddDate(0, 0, 1) {
		a.Days++
		a.use(next, days[next])
	}
	a.Used = a.Forecast
	if a.Days == a.AllDays {
		return a
	}
	known := 0
	if len(days) > 0 {
		known = daysBetween(oldest, newest)
		a.ForecastFirst, a.ForecastLast = newest.AddDate(0, 0, 1-min(known, ForecastDays)), newest
	}
	means := a.means(days)
	for ; !next.After(p.End); next = next.AddDate(0, 0, 1) {
		a.use(next, int64(min(means[next.Weekday()]+0.5, 1<<62)))
	}
	missing := 0 // those before the period too
	for day := newest.AddDate(0, 0, 1); known > 0 && !day.After(p.DataLast); day = day.AddDate(0, 0, 1) {
		if means[day.Weekday()] > 0 {
			missing++
		}
	}
	switch {
	case a.Used > a.Limit:
	case known == 0:
		a.Doubt = "there are no counts yet"
	case known < leastDays:
		a.Doubt = fmt.Sprintf("there are counts of %s only, and a forecast needs %d", text.Count(int64(known), "day"),
			leastDays)
	case missing > 1:
		a.Doubt = fmt.Sprintf("the counts end on %s, and those of %d days up to %s are missing", newest.Format("2 Jan"),
			missing, p.DataLast.Format("2 Jan"))
	}
	return a
}

// use adds the requests of a day to the forecast, and notes when the allowance runs out.
func (a *Allowance) use(day time.Time, requests int64) {
	if a.Forecast = sum(a.Forecast, requests); a.RunsOut.IsZero() && a.Forecast > a.Limit {
		a.RunsOut = day
	}
}

// means returns the mean of the requests of each weekday, and notes how far the last 7 days
// are from them.
func (a *Allowance) means(days map[time.Time]int64) (means [7]float64) {
	var counts [7]float64
	var all, week, last7 float64
	for day := a.ForecastFirst; !day.After(a.ForecastLast); day = day.AddDate(0, 0, 1) {
		means[day.Weekday()] += float64(days[day])
		counts[day.Weekday()]++
		all += float64(days[day])
		if daysBetween(day, a.ForecastLast) <= 7 {
			last7 += float64(days[day])
		}
	}
	for i := range means {
		if means[i] /= counts[i]; counts[i] == 0 { // less than a week is known
			means[i] = all / max(float64(daysBetween(a.ForecastFirst, a.ForecastLast)), 1)
		}
		week += means[i]
	}
	if week > 0 {
		a.Drift = last7/week - 1
	}
	return means
}

// Over reports whether the allowance surely does not last.
func (a *Allowance) Over() bool { return a.Doubt == "" && a.Forecast > a.Limit }

// Verdict says whether the allowance lasts, and what makes that doubtful.
func (a *Allowance) Verdict() string {
	words := fmt.Sprintf("used %s of %s (%s) ", text.Thousands(a.Used), text.Thousands(a.Limit),
		text.Percent(a.Used, a.Limit))
	if a.Days == a.AllDays {
		words += fmt.Sprintf("in all %d days; ", a.AllDays)
	} else {
		words += fmt.Sprintf("after %d of %d days; forecast for %s: %s (%s); ", a.Days, a.AllDays, a.Period.End.Format("2 Jan"),
			text.Thousands(a.Forecast), text.Percent(a.Forecast, a.Limit))
	}
	switch {
	case a.Doubt != "":
		words += "whether it lasts is not sure: " + a.Doubt + "."
	case a.Used > a.Limit:
		words += "it was used up on " + a.RunsOut.Format("2 Jan") + "."
	case a.Over():
		words += "it will be used up on " + a.RunsOut.Format("2 Jan") + "."
	case a.Days == a.AllDays:
		words += "it lasted."
	default:
		words += "it lasts."
	}
	if math.Abs(a.Drift) > drift {
		words += fmt.Sprintf(" Requests of the last 7 days compared with the weeks of the forecast: %+.1f%%.", 100*a.Drift)
	}
	return words
}

// String says whether the allowance lasts, and on what that rests.
func (a *Allowance) String() string {
	words := a.Verdict()
	if !a.ForecastFirst.IsZero() {
		words += fmt.Sprintf(" The forecast takes each day from %s on as the mean of its weekday, %s.",
			a.Period.First.AddDate(0, 0, a.Days).Format("2 January"), text.Days(a.ForecastFirst, a.ForecastLast))
	}
	if a.Billing {
		words += fmt.Sprintf(" That the billing period ends on %s is an assumption; the invoice names its days.",
			a.Period.End.Format("2 January"))
	}
	return words
}
