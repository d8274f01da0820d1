package render

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

func parseDates(t *testing.T, list string) []time.Time {
	t.Helper()
	var dates []time.Time
	for field := range strings.FieldsSeq(list) {
		date, err := time.Parse(time.DateOnly, field)
		if err != nil {
			t.Fatal(err)
		}
		dates = append(dates, date)
	}
	return dates
}

// An axis has a slot for each step that can have data, and for several steps where there are more than can be seen.
func TestTimeAxis(t *testing.T) {
	for _, test := range []struct {
		name   string
		size   report.Granularity
		period string
		dates  string
		slots  int
		at     string // the slot of each date
		ticks  string
		first  int // steps of the first slot
	}{
		{"a day", report.Day, "2026-10-05 2026-10-05", "2026-10-05", 1, "0", "5 Oct", 1},
		{"days without requests", report.Day, "2026-10-01 2026-10-05", "2026-10-02 2026-10-04", 5, "1 3",
			"1 Oct,2 Oct,3 Oct,4 Oct,5 Oct", 1},
		{"a month of days", report.Day, "2026-10-01 2026-10-31", "2026-10-01 2026-10-26", 31, "0 25",
			"1 Oct,8 Oct,15 Oct,22 Oct,29 Oct", 1},
		{"the most days", report.Day, "2026-07-01 2026-10-28", "2026-07-01", 120, "0", "1 Jul,25 Jul,18 Aug,11 Sep,5 Oct", 1},
		{"a year of days", report.Day, "2025-11-20 2026-11-19", "2025-11-20 2025-11-21 2026-11-19",
			53, "0 1 52",
			"20 Nov 2025,30 Jan 2026,17 Apr 2026,3 Jul 2026,18 Sep 2026", 1},
		{"eight years of days", report.Day, "2018-01-01 2025-12-31", "2018-01-01 2025-12-31", 105, "0 104",
			"1 Jan 2018,25 Jul 2019,4 Mar 2021,13 Oct 2022,23 May 2024", 10},
		{"over new year", report.Day, "2026-12-30 2027-01-02", "2026-12-30", 4, "0",
			"30 Dec 2026,31 Dec 2026,1 Jan 2027,2 Jan 2027", 1},
		{"months that begin with the period", report.Month, "2026-01-15 2026-04-20",
			"2026-01-15 2026-02-01 2026-04-01", 4, "0 1 3", "Jan 2026,Feb 2026,Mar 2026,Apr 2026", 1},
		{"months of which the first has no requests", report.Month, "2026-01-15 2026-04-20",
			"2026-02-01 2026-03-01", 4, "1 2", "Jan 2026,Feb 2026,Mar 2026,Apr 2026", 1},
		{"months that begin with their first day", report.Month, "2026-01-15 2026-04-20", "2026-01-01 2026-04-01", 4, "0 3",
			"Jan 2026,Feb 2026,Mar 2026,Apr 2026", 1},
		{"weeks", report.Week, "2026-10-05 2026-10-25", "2026-10-05 2026-10-19", 3, "0 2", "5 Oct,12 Oct,19 Oct", 1},
		{"the first week is shorter", report.Week, "2026-10-10 2026-10-25", "2026-10-10 2026-10-11 2026-10-18", 4, "0 1 2",
			"10 Oct,11 Oct,18 Oct,25 Oct", 1},
		{"a query that is not known", report.AnyStep, "", "2026-01-01 2026-02-01 2026-04-01", 3, "0 1 2",
			"1 Jan,1 Feb,1 Apr", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &report.Report{Query: report.Query{Granularity: test.size}}
			if period := parseDates(t, test.period); period != nil {
				r.Period = days(period[0], period[1])
			}
			dates := parseDates(t, test.dates)
			axis := newTimeAxis(r, dates)
			equal(t, "slots", axis.slots(), test.slots)
			var at []string
			for _, date := range dates {
				at = append(at, fmt.Sprint(axis.slot(date)))
			}
			equal(t, "slots of dates", strings.Join(at, " "), test.at)
			ticks, _ := axis.ticks()
			equal(t, "ticks", strings.Join(ticks, ","), test.ticks)
			equal(t, "steps of the first slot", len(axis.slotSteps(0)), test.first)
		})
	}
}

// Dates that are far apart, by mistake of the API, make a bounded axis.
func TestTimeAxisIsBounded(t *testing.T) {
	for _, size := range []report.Granularity{report.Day, report.Week, report.Month} {
		r := &report.Report{Query: report.Query{Granularity: size}, Period: days(october(1), october(31))}
		dates := []time.Time{day(1, 1, 2), october(1), day(9999, 12, 31)}
		axis := newTimeAxis(r, dates)
		if n := axis.slots(); n > maxSlots {
			t.Errorf("%s: %d slots, want %d at most", size, n, maxSlots)
		}
		for _, date := range dates {
			if slot := axis.slot(date); slot < 0 || slot >= axis.slots() {
				t.Errorf("%s: %v is in slot %d of %d", size, date, slot, axis.slots())
			}
		}
	}
}

// The other axis has at most six round numbers after 0.
func TestCountTicks(t *testing.T) {
	for _, test := range []struct {
		largest float64
		want    string
	}{
		{0, "0 1"}, {1, "0 1"}, {5, "0 1 2 3 4 5"}, {7, "0 2 4 6 8"}, {11, "0 2 4 6 8 10 12"}, {99, "0 20 40 60 80 100"},
		{9_999, "0 2k 4k 6k 8k 10k"}, {12_345, "0 5k 10k 15k"}, {2_100_000, "0 500k 1M 1.5M 2M 2.5M"},
		{1e9, "0 200M 400M 600M 800M 1bn"}, {math.MaxInt64, "0 2000000tn 4000000tn 6000000tn 8000000tn 10000000tn"},
		{100 * math.MaxInt64, "0 200000000tn 400000000tn 600000000tn 800000000tn 1000000000tn"},
	} {
		step, n := countTicks(test.largest)
		var labels []string
		for i := range n + 1 {
			labels = append(labels, compact(float64(i)*step))
		}
		equal(t, fmt.Sprint("up to ", test.largest), strings.Join(labels, " "), test.want)
	}
}

// As many groups have a colour of their own as can be distinguished; the others are one, and words say what they are.
func TestSeries(t *testing.T) {
	clients := func(requests ...int64) []report.Row {
		var rows []report.Row
		for i, n := range requests {
			for d := range 2 {
				rows = append(rows, clientRow(fmt.Sprintf("c%03d", i), october(1+d), n, n/2))
			}
		}
		return rows
	}
	many := make([]int64, 500)
	for i := range many {
		many[i] = 10
	}
	for _, test := range []struct {
		name   string
		rows   []report.Row
		sort   report.Metric
		series string
		words  string
	}{
		{"a few", clients(50, 30, 20), report.Requests, "c000 50.0%,c001 30.0%,c002 20.0%", ""},
		{"one other", clients(50, 30, 20, 1), report.Requests, "c000 49.5%,c001 29.7%,c002 19.8%,c003 1.0%", ""},
		{"small ones", clients(50, 49, 1, 1), report.Requests, "c000 49.5%,c001 48.5%,2 others 2.0%",
			"None of the 2 others has more than 1.0%."},
		{"more than colours", clients(20, 19, 18, 17, 16, 15, 14, 13), report.Requests,
			"c000 15.2%,c001 14.4%,c002 13.6%,c003 12.9%,c004 12.1%,c005 11.4%,2 others 20.5%",
			"None of the 2 others has more than 10.6%."},
		{"nobody stands out", clients(many...), report.Requests, "all 500 100.0%", "None of the 500 has more than 0.2%."},
		{"some have none", clients(50, 1, 1), report.Status429, "c000 100.0%", "The 2 others have none."},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := octoberScene(byClient(report.Day), test.rows)
			s.report.Sort = test.sort
			c := newChart(s.finished())
			var series []string
			for _, s := range c.Series {
				series = append(series, s.Name+" "+s.Share)
			}
			equal(t, "series", strings.Join(series, ","), test.series)
			equal(t, "words", c.Note(), test.words)
		})
	}
}

// What a bar is of stands below the chart, where it is not a complete step.
func TestChartNotes(t *testing.T) {
	for _, test := range []struct {
		name        string
		size        report.Granularity
		first, last time.Time
		unit, note  string
		bar         string // the title of the first
	}{
		{"days", report.Day, october(1), october(31), "Requests a day", "", "2026-10-01, a: 1 requests"},
		{"many days", report.Day, day(2025, 11, 20), day(2026, 11, 18), "Requests in 7 days", "",
			"7 days from 2025-11-20, a: 7 requests"},
		{"a few days in the first bar", report.Day, day(2025, 11, 20), day(2026, 11, 20), "Requests in 7 days",
			"The first bar is of 2 days only.", "2 days from 2025-11-20, a: 2 requests"},
		{"months", report.Month, day(2026, 1, 15), day(2026, 4, 20), "Requests a month",
			"Only partly in the period: Jan 2026, from the 15th; Apr 2026, to the 20th.",
			"Jan 2026, from the 15th, a: 17 requests"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var rows []report.Row
			for date := test.first; !date.After(test.last); date = date.AddDate(0, 0, 1) {
				step := date
				if test.size == report.Month {
					step = date.AddDate(0, 0, 1-date.Day())
				}
				rows = append(rows, clientRow("a", step, 1, 0))
			}
			s := octoberScene(byClient(test.size), rows)
			s.report.Period = days(test.first, test.last)
			c := newChart(s.finished())
			equal(t, "unit", c.Unit(), test.unit)
			equal(t, "note", strings.TrimSpace(c.Note()), test.note)
			equal(t, "first bar", c.Bars()[0].Title, test.bar)
		})
	}
}

// There is no chart of less than two bars.
func TestNoChart(t *testing.T) {
	for _, test := range []struct {
		name string
		rows []report.Row
		last int
		want bool
	}{
		{"no rows", nil, 31, false},
		{"no dates", []report.Row{clientRow("a", time.Time{}, 1, 0)}, 31, false},
		{"a day", []report.Row{clientRow("a", october(1), 1, 0)}, 1, false},
		{"two days", []report.Row{clientRow("a", october(1), 1, 0)}, 2, true},
	} {
		s := octoberScene(byClient(report.Day), test.rows)
		s.report.Period = days(october(1), october(test.last))
		equal(t, test.name, newChart(s.finished()) != nil, test.want)
	}
}
