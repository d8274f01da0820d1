package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// october is a day of October 2026.
func october(n int) time.Time { return day(2026, time.October, n) }

// days is a period all of whose days can have data.
func days(first, last time.Time) report.Period {
	return report.Period{First: first, Last: last, DataFirst: first, DataLast: last, End: last}
}

// clientRow is a row of a client, with some of its requests refused.
func clientRow(name string, date time.Time, requests, refused int64) report.Row {
	r := report.Row{Date: date, ClientName: name}
	r.Names[report.Client] = "id-of-" + name
	r.Counts[report.Requests], r.Counts[report.Status429] = requests, refused
	return r
}

// scene is what a report is made of.
type scene struct {
	size   report.Granularity
	sort   report.Metric
	period report.Period
	rows   []report.Row
}

func (s scene) report() *report.Report {
	if s.period.First.IsZero() && len(s.rows) > 0 {
		byDate := func(a, b report.Row) int { return a.Date.Compare(b.Date) }
		s.period = days(slices.MinFunc(s.rows, byDate).Date, slices.MaxFunc(s.rows, byDate).Date)
	}
	query := report.Query{Granularity: s.size, GroupBy: []report.Dimension{report.Client}}
	totals := report.NewTotals(report.Spec{Query: query, Sort: s.sort, Period: s.period}, true)
	for i := range s.rows {
		totals.Add(&s.rows[i])
	}
	return totals.Report()
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

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

// A chart has a bar for each step, and for several steps where there are more than can be seen.
func TestBars(t *testing.T) {
	for _, test := range []struct {
		name   string
		size   report.Granularity
		period string
		dates  string
		bars   int
		at     string // the bar of each date
		ticks  string
		note   string
	}{
		{
			"days without requests", report.Day, "2026-10-01 2026-10-05", "2026-10-02 2026-10-04", 5, "1 3",
			"1 Oct,2 Oct,3 Oct,4 Oct,5 Oct", "",
		},
		{
			"a month of days", report.Day, "2026-10-01 2026-10-31", "2026-10-01 2026-10-26", 31, "0 25",
			"1 Oct,8 Oct,15 Oct,22 Oct,29 Oct", "",
		},
		{
			"the most days", report.Day, "2026-07-01 2026-10-28", "2026-07-01", 120, "0",
			"1 Jul,25 Jul,18 Aug,11 Sep,5 Oct", "",
		},
		{
			"a year of days", report.Day, "2025-11-20 2026-11-19", "2025-11-20 2025-11-21 2026-11-19", 53, "0 1 52",
			"20 Nov 25,30 Jan 26,17 Apr 26,3 Jul 26,18 Sep 26", "The first bar covers only 1 day.",
		},
		{
			"eight years of days", report.Day, "2018-01-01 2025-12-31", "2018-01-01 2025-12-31", 105, "0 104",
			"1 Jan 18,25 Jul 19,4 Mar 21,13 Oct 22,23 May 24", "The first bar covers only 10 days.",
		},
		{
			"over new year", report.Day, "2026-12-30 2027-01-02", "2026-12-30", 4, "0",
			"30 Dec 26,31 Dec 26,1 Jan 27,2 Jan 27", "",
		},
		{"weeks", report.Week, "2026-10-05 2026-10-25", "2026-10-05 2026-10-12", 2, "0 1", "5 Oct,12 Oct", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var rows []report.Row
			dates := parseDates(t, test.dates)
			for i, date := range dates {
				rows = append(rows, clientRow("a", date, int64(i+1), 0))
			}
			s := scene{size: test.size, rows: rows}
			if period := parseDates(t, test.period); period != nil {
				s.period = days(period[0], period[1])
			}
			c := New(s.report())
			equal(t, "bars", len(c.Bars), test.bars)
			var ticks []string
			at := make([]string, len(dates))
			for i, bar := range c.Bars {
				if bar.Tick != "" {
					ticks = append(ticks, bar.Tick)
				}
				if n := c.Series[0].Counts[i].Of(report.Requests); n > 0 {
					at[n-1] = fmt.Sprint(i)
				}
			}
			equal(t, "bars of dates", strings.Join(at, " "), test.at)
			equal(t, "ticks", strings.Join(ticks, ","), test.ticks)
			equal(t, "note", strings.TrimSpace(c.Note), test.note)
		})
	}
}

// The scale has at most six round numbers after 0, and the largest bar is not higher than it.
func TestScale(t *testing.T) {
	for _, test := range []struct {
		largest int64
		want    string
	}{
		{0, "0 1"}, {1, "0 1"}, {5, "0 1 2 3 4 5"}, {7, "0 2 4 6 8"}, {11, "0 2 4 6 8 10 12"}, {99, "0 20 40 60 80 100"},
		{9_999, "0 2k 4k 6k 8k 10k"}, {12_345, "0 5k 10k 15k"}, {2_100_000, "0 500k 1M 1.5M 2M 2.5M"},
		{1e9, "0 200M 400M 600M 800M 1bn"}, {math.MaxInt64, "0 2000000tn 4000000tn 6000000tn 8000000tn 10000000tn"},
	} {
		rows := []report.Row{clientRow("a", october(1), test.largest, 0), clientRow("a", october(2), 0, 0)}
		r := scene{size: report.Day, rows: rows}.report()
		c := &Chart{Bars: make([]Bar, 1), Series: []Series{{Counts: []report.Counts{r.Groups[0].Steps[0].Counts}}}}
		c.setScale(report.Requests)
		var labels []string
		for line := range c.Lines {
			labels = append(labels, c.LineLabel(line))
		}
		equal(t, fmt.Sprint("up to ", test.largest), strings.Join(labels, " "), test.want)
		if height := c.Height(test.largest); height > 100 {
			t.Errorf("%d is %v %% high, want 100 at most", test.largest, height)
		}
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
			"Of 2 others, none has more than 1.0%."},
		{"more than colours", clients(20, 19, 18, 17, 16, 15, 14, 13), report.Requests,
			"c000 15.2%,c001 14.4%,c002 13.6%,c003 12.9%,c004 12.1%,c005 11.4%,2 others 20.5%",
			"Of 2 others, none has more than 10.6%."},
		{"nobody stands out", clients(many...), report.Requests, "all 500 100.0%", "Of all 500, none has more than 0.2%."},
		{"some have none", clients(50, 1, 1), report.Status429, "c000 100.0%", "The 2 others have none."},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := scene{size: report.Day, rows: test.rows, period: days(october(1), october(31))}
			s.sort = test.sort
			c := New(s.report())
			var series []string
			for _, s := range c.Series {
				series = append(series, s.Name+" "+s.Share)
			}
			equal(t, "series", strings.Join(series, ","), test.series)
			equal(t, "words", c.Note, test.words)
		})
	}
}

// The title of a chart says what is counted, and of how many steps a bar is.
func TestChartUnit(t *testing.T) {
	for _, test := range []struct {
		size report.Granularity
		days int
		sort report.Metric
		want string
	}{
		{report.Day, 31, report.Requests, "Requests per day"},
		{report.Day, 121, report.Requests, "Requests per 7 days"},
		{report.Day, 1000, report.Requests, "Requests per 14 days"},
		{report.Week, 31, report.Status429, "Refused requests (429) per week"},
		{report.Month, 100, report.Requests, "Requests per month"},
	} {
		steps := map[report.Granularity]int{report.Day: 1, report.Week: 7, report.Month: 31}
		var rows []report.Row
		for d := 0; d < test.days; d += steps[test.size] {
			rows = append(rows, clientRow("a", day(2020, 1, 1).AddDate(0, 0, d), 1, 1))
		}
		s := scene{size: test.size, rows: rows}
		s.period = days(day(2020, 1, 1), day(2020, 1, 1).AddDate(0, 0, test.days-1))
		s.sort = test.sort
		equal(t, fmt.Sprint(test.size, " of ", test.days, " days"), New(s.report()).Unit, test.want)
	}
}
