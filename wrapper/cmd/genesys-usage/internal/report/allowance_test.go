package report

import (
	"math"
	"strings"
	"testing"
	"time"
)

// The period of the tests begins on Wednesday, 21 October 2026, and ends on 20 November.
var (
	periodStart = october(21)
	periodEnd   = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
)

// allowanceOf returns the allowance on a day, with the requests of each day from the first one on. A day of -1 has no rows.
func allowanceOf(limit int64, today, first time.Time, requests ...int64) *Allowance {
	spec := Spec{Limit: limit, Query: Query{Granularity: Day}, Period: Period{First: periodStart, End: periodEnd}}
	spec.Period.DataLast = today.AddDate(0, 0, -1)
	if spec.Period.DataLast.After(periodEnd) {
		spec.Period.DataLast = periodEnd
	}
	spec.Period.Last = spec.Period.DataLast
	totals := NewTotals(spec, false)
	for i, n := range requests {
		if n >= 0 {
			totals.Add(&Row{Date: first.AddDate(0, 0, i), Counts: Counts{Requests: n}})
		}
	}
	return totals.Report().Allowance
}

// each is so many days of so many requests.
func each(days int, requests int64) (all []int64) {
	for range days {
		all = append(all, requests)
	}
	return all
}

// A verdict says what is known: it lasts, it does not, or that is not sure.
func TestAllowance(t *testing.T) {
	before := periodStart.AddDate(0, 0, -28)
	weeks := func(n int) (all []int64) { // from a Wednesday on
		for range n {
			all = append(all, 10, 10, 10, 0, 0, 10, 10)
		}
		return all
	}
	today := october(31) // 10 days so far
	for _, test := range []struct {
		name     string
		a        *Allowance
		over     bool
		forecast int64
		want     string
	}{
		{"lasts", allowanceOf(310, today, before, each(38, 10)...), false, 310,
			"used 100 of 310 (32.3%) after 10 of 31 days; forecast for 20 Nov: 310 (100.0%); it lasts."},
		{"does not last", allowanceOf(309, today, before, each(38, 10)...), true, 310,
			"forecast for 20 Nov: 310 (100.3%); it will be used up on 20 Nov."},
		{"does not last long", allowanceOf(110, today, before, each(38, 10)...), true, 310,
			"it will be used up on 1 Nov."},
		{"used up", allowanceOf(94, today, before, each(38, 10)...), true, 310,
			"used 100 of 94 (106.4%) after 10 of 31 days; forecast for 20 Nov: 310 (329.8%); it was used up on 30 Oct."},
		{"used up, with little known", allowanceOf(5, october(23), periodStart, 10), true, 310, "it was used up on 21 Oct."},
		{"weekdays alone", allowanceOf(230, today, before, weeks(6)[:38]...), false, 230, "; it lasts."},
		{"the last day is missing", allowanceOf(309, today, before, each(37, 10)...), true, 310,
			"used 90 of 309 (29.1%) after 9 of 31 days; forecast for 20 Nov: 310"},
		{"two days are missing", allowanceOf(309, today, before, each(36, 10)...), false, 310,
			"whether it lasts is not sure: the counts end on 28 Oct, and those of 2 days up to 30 Oct are missing."},
		{"the counts end before the period", allowanceOf(310, october(22), before, each(20, 10)...), false, 310,
			"whether it lasts is not sure: the counts end on 12 Oct, and those of 9 days up to 21 Oct are missing."},
		{"a weekend without requests is not missing", allowanceOf(230, october(26), before, weeks(5)[:31]...), false, 230,
			"used 30 of 230 (13.0%) after 3 of 31 days"},
		{"days without rows had no requests", allowanceOf(310, today, before, append(each(36, 10), -1, 10)...), false, 294,
			"used 90 of 310 (29.0%) after 10 of 31 days"},
		{"less than a week", allowanceOf(310, october(27), periodStart, each(6, 10)...), false, 310,
			"whether it lasts is not sure: there are counts of 6 days only, and a forecast needs 7."},
		{"a week", allowanceOf(310, october(28), periodStart, each(7, 10)...), false, 310, "; it lasts."},
		{"a week of which most is before", allowanceOf(310, october(22), october(15), each(7, 10)...), false, 310,
			"used 10 of 310 (3.2%) after 1 of 31 days; forecast for 20 Nov: 310 (100.0%); it lasts."},
		{"nothing is known", allowanceOf(310, today, before), false, 0,
			"used 0 of 310 (0.0%) after 0 of 31 days; forecast for 20 Nov: 0 (0.0%); whether it lasts is not sure: there are " +
				"no counts yet."},
		{"28 days count", allowanceOf(1000, october(31), before, append(each(10, 90), each(28, 10)...)...), false, 310,
			"; it lasts."},
		{"over", allowanceOf(310, periodEnd.AddDate(0, 0, 9), before, each(59, 10)...), false, 310,
			"used 310 of 310 (100.0%) in all 31 days; it lasted."},
		{"over, with too many", allowanceOf(300, periodEnd.AddDate(0, 0, 1), periodStart, each(31, 10)...), true, 310,
			"used 310 of 300 (103.3%) in all 31 days; it was used up on 20 Nov."},
		{"all days of little history", allowanceOf(300, periodEnd.AddDate(0, 0, 1), periodEnd, 10), false, 10, "it lasted."},
		{"enormous", allowanceOf(5, today, periodStart, each(10, math.MaxInt64)...), true, math.MaxInt64,
			"used 9,223,372,036,854,775,807 of 5 "},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.a.Verdict(); !strings.Contains(got, test.want) {
				t.Errorf("%s, want %s", got, test.want)
			}
			equal(t, "over", test.a.Over(), test.over)
			equal(t, "sure", test.a.Doubt == "", !strings.Contains(test.want, "not sure"))
			equal(t, "forecast", test.a.Forecast, test.forecast)
		})
	}
}

// A report says on which days a forecast stands, what has changed since, and what is assumed.
func TestAllowanceSaysOnWhatItStands(t *testing.T) {
	before := periodStart.AddDate(0, 0, -28)
	for _, test := range []struct {
		name        string
		a           *Allowance
		want, never string
	}{
		{"28 days", allowanceOf(310, october(31), before, each(38, 10)...),
			" The forecast takes each day from 31 October on as the mean of its weekday, 3 to 30 October 2026.", "Requests of"},
		{"all there are", allowanceOf(310, october(31), october(20), each(10, 10)...),
			"each day from 30 October on as the mean of its weekday, 20 to 29 October 2026.", ""},
		{"more in the last week", allowanceOf(310, october(31), before, append(each(31, 10), each(7, 13)...)...),
			" Requests of the last 7 days compared with the weeks of the forecast: +20.9%. The forecast", ""},
		{"a little more", allowanceOf(310, october(31), before, append(each(31, 10), each(7, 12)...)...), "", "Requests of"},
		{"less in the last week", allowanceOf(310, october(31), before, append(each(31, 10), each(7, 8)...)...),
			" Requests of the last 7 days compared with the weeks of the forecast: -15.8%.", ""},
		{"nothing to forecast", allowanceOf(310, periodEnd.AddDate(0, 0, 1), before, each(59, 10)...), "it lasted.",
			"forecast"},
	} {
		got := test.a.String()
		if !strings.Contains(got, test.want) || test.never != "" && strings.Contains(got, test.never) {
			t.Errorf("%s: %s, want %q and not %q", test.name, got, test.want, test.never)
		}
	}
	spec := Spec{Limit: 5, Billing: true, Period: Period{First: periodStart, End: periodEnd}}
	got := NewTotals(spec, false).Report().Allowance.String()
	const want = " That the billing period ends on 20 November is an assumption; the invoice names its days."
	if !strings.HasSuffix(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
}

// Days before the period are for its forecast alone, and days outside both are not counted, and said.
func TestDaysThatAreNotOfThePeriod(t *testing.T) {
	period := Period{First: october(10), Last: october(12), DataFirst: october(10), DataLast: october(12), End: october(31)}
	for _, test := range []struct {
		name                   string
		limit                  int64
		size                   Granularity
		day                    int
		counted, outside, used int64
	}{
		{"within", 0, Day, 10, 1, 0, 0},
		{"before", 0, Day, 9, 0, 1, 0},
		{"after", 0, Day, 13, 0, 1, 0},
		{"before, with an allowance", 1, Day, 9, 0, 0, 0},
		{"after, with an allowance", 1, Day, 13, 0, 1, 0},
		{"within, with an allowance", 1, Day, 12, 1, 0, 3},
		{"a week that reaches into it", 0, Week, 4, 1, 0, 0},
		{"a week before", 0, Week, 3, 0, 1, 0},
		{"its month", 0, Month, 1, 1, 0, 0},
	} {
		totals := NewTotals(Spec{Limit: test.limit, Query: Query{Granularity: test.size}, Period: period}, true)
		counted := totals.Add(&Row{Date: october(test.day), Counts: Counts{Requests: 3}})
		r := totals.Report()
		equal(t, test.name+": counted", counted, test.counted == 1)
		equal(t, test.name+": rows", r.Rows, test.counted)
		equal(t, test.name+": groups", int64(len(r.Groups)), test.counted)
		equal(t, test.name+": requests", r.Total.Counts[Requests], 3*test.counted)
		equal(t, test.name+": outside", r.Outside, test.outside)
		equal(t, test.name+": said", strings.Contains(strings.Join(r.Remarks(), " "),
			"Warning: 1 row dated outside this period, and not counted."), test.outside == 1)
		if test.limit > 0 {
			equal(t, test.name+": used", r.Allowance.Used, test.used)
		}
	}
}
