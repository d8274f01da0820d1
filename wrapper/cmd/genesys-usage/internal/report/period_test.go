package report

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func date(t *testing.T, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A billing period is assumed to end on the day before the same day of the next month.
func TestEndOfMonthly(t *testing.T) {
	for first, want := range map[string]string{
		"2026-11-21": "2026-12-20",
		"2026-12-21": "2027-01-20",
		"2026-11-01": "2026-11-30",
		"2026-02-28": "2026-03-27",
		"2026-01-31": "2026-02-27",
		"2028-01-31": "2028-02-28",
		"2026-01-30": "2026-02-27",
		"2026-10-31": "2026-11-29",
	} {
		if got := EndOfMonthly(date(t, first), date(t, first).Day()).Format(time.DateOnly); got != want {
			t.Errorf("from %s to %s, want %s", first, got, want)
		}
	}
}

// Periods that begin on a day of the month that some months lack begin on their last day, and end on the day before
// the next one begins.
func TestMonthlyPeriods(t *testing.T) {
	for _, test := range []struct {
		day         string
		startDay    int
		first, last string
	}{
		{"2026-11-20", 21, "2026-10-21", "2026-11-20"},
		{"2026-11-21", 21, "2026-11-21", "2026-12-20"},
		{"2027-01-01", 21, "2026-12-21", "2027-01-20"},
		{"2026-11-30", 1, "2026-11-01", "2026-11-30"},
		{"2026-02-27", 31, "2026-01-31", "2026-02-27"},
		{"2026-02-28", 31, "2026-02-28", "2026-03-30"},
		{"2026-03-30", 31, "2026-02-28", "2026-03-30"},
		{"2028-02-28", 30, "2028-01-30", "2028-02-28"},
		{"2028-02-29", 30, "2028-02-29", "2028-03-29"},
	} {
		first := StartOfMonthly(date(t, test.day), test.startDay)
		if got := first.Format(time.DateOnly); got != test.first {
			t.Errorf("%s, from day %d: first day %s, want %s", test.day, test.startDay, got, test.first)
		}
		if got := EndOfMonthly(first, test.startDay).Format(time.DateOnly); got != test.last {
			t.Errorf("%s, from day %d: last day %s, want %s", test.day, test.startDay, got, test.last)
		}
	}
}

// Like is compared with like: of a period that is not over, as many days from the start of
// the one before.
func TestBefore(t *testing.T) {
	for _, test := range []struct {
		name, first, last, dataLast string
		monthly                     bool
		want                        string
	}{
		{"a month", "2026-10-01", "2026-10-31", "2026-10-31", true, "2026-09-01 2026-09-30"},
		{"March", "2026-03-01", "2026-03-31", "2026-03-31", true, "2026-02-01 2026-02-28"},
		{"January", "2026-01-01", "2026-01-31", "2026-01-31", true, "2025-12-01 2025-12-31"},
		{"a month so far", "2026-11-01", "2026-11-24", "2026-11-24", true, "2026-10-01 2026-10-24"},
		{"a month so far, longer than the one before", "2026-03-01", "2026-03-30", "2026-03-30", true,
			"2026-02-01 2026-02-28"},
		{"a billing period", "2026-10-21", "2026-11-20", "2026-11-20", true, "2026-09-21 2026-10-20"},
		{"a billing period so far", "2026-11-21", "2026-11-24", "2026-11-24", true, "2026-10-21 2026-10-24"},
		{"a billing period from the 31st", "2026-03-31", "2026-04-29", "2026-04-29", true, "2026-02-28 2026-03-30"},
		{"days", "2026-11-17", "2026-11-23", "2026-11-23", false, "2026-11-10 2026-11-16"},
		{"a day", "2026-10-05", "2026-10-05", "2026-10-05", false, "2026-10-04 2026-10-04"},
		{"a month's days that are no month", "2026-10-01", "2026-10-31", "2026-10-31", false, "2026-08-31 2026-09-30"},
		{"days to come", "2026-11-20", "2026-11-30", "2026-11-24", false, "2026-11-09 2026-11-13"},
	} {
		p := Period{First: date(t, test.first), Last: date(t, test.last), DataFirst: date(t, test.first),
			DataLast: date(t, test.dataLast)}
		if test.monthly {
			p.StartDay = p.First.Day()
		}
		first, last := p.Before()
		if got := first.Format(time.DateOnly) + " " + last.Format(time.DateOnly); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestAllowance(t *testing.T) {
	const assumed = ". That the billing period ends on 20 December is an assumption; the invoice names its days."
	for _, test := range []struct {
		first, dataLast string
		used, limit     int64
		want, runsOut   string
		over            bool
	}{
		{
			"2026-11-21", "2026-12-02", 812_345, 1_500_000,
			"used 812,345 of 1,500,000 (54.2%) after 12 of 30 days; at this pace 2,030,862 by 20 Dec, 35.4% over: it is " +
				"used up on 13 Dec. This is an estimate: ", "2026-12-13", true,
		},
		{"2026-11-21", "2026-12-02", 812_345, 1_500_000, assumed, "2026-12-13", true},
		{"2026-11-21", "2026-11-21", 10, 300,
			"used 10 of 300 (3.3%) after 1 of 30 days; at this pace 300 by 20 Dec, 0.0% under. This", "", false},
		{"2026-11-21", "2026-11-21", 10, 299, "at this pace 300 by 20 Dec, 0.3% over: it is used up on 20 Dec. ",
			"2026-12-20", true},
		{"2026-11-21", "2026-12-19", 100, 1_000,
			"used 100 of 1,000 (10.0%) after 29 of 30 days; at this pace 103 by 20 Dec, 89.7% under. This", "", false},
		{"2026-10-21", "2026-11-20", 1_001, 1_000, "used 1,001 of 1,000 (100.1%) in all 31 days; 0.1% over", "", true},
		{"2026-10-21", "2027-11-20", 1_000, 1_000, "used 1,000 of 1,000 (100.0%) in all 31 days; 0.0% under", "", false},
		{
			"2026-10-21", "2026-10-22", 1 << 60, 1 << 61,
			"(50.0%) after 2 of 31 days; at this pace 9,223,372,036,854,775,807 by 20 Nov, 300.0% over: it is used up on " +
				"25 Oct.", "2026-10-25", true,
		},
		{"2026-10-21", "2026-10-22", 0, 5, "used 0 of 5 (0.0%) after 2 of 31 days; at this pace 0 by 20 Nov, 100.0% under.",
			"", false},
		{"2026-10-21", "2026-10-22", 6, 5, "at this pace 93 by 20 Nov, 1760.0% over. This", "", true},
	} {
		t.Run(fmt.Sprint(test.used, " of ", test.limit), func(t *testing.T) {
			first := date(t, test.first)
			a := &Allowance{Limit: test.limit, First: first, Last: EndOfMonthly(first, first.Day()), Assumed: true}
			New(Report{Period: Period{First: first, Last: date(t, test.dataLast), DataLast: date(t, test.dataLast)},
				Allowance: a}, totalsOf(client("c", "", test.used)))
			if got := a.String(); !strings.Contains(got, test.want) {
				t.Errorf("%s, want %s", got, test.want)
			}
			if a.Over() != test.over {
				t.Errorf("over %v, want %v", a.Over(), test.over)
			}
			runsOut := ""
			if !a.RunsOut.IsZero() {
				runsOut = a.RunsOut.Format(time.DateOnly)
			}
			if runsOut != test.runsOut {
				t.Errorf("runs out on %q, want %q", runsOut, test.runsOut)
			}
		})
	}
}

// An estimate of few days says that they may have no weekend among them.
func TestAllowanceOfLessThanAWeek(t *testing.T) {
	for days, want := range map[int]bool{1: true, 6: true, 7: false, 31: false} {
		a := &Allowance{Limit: 1, First: october(1), Last: october(31)}
		New(Report{Period: Period{First: october(1), DataLast: october(days)}, Allowance: a}, NewTotals())
		const words = "There are fewer than 7 days so far: weekends may not be balanced."
		if got := strings.Contains(a.String(), words); got != want {
			t.Errorf("%d days: says %q is %v, want %v: %s", days, words, got, want, a)
		}
		if got, want := strings.Count(a.Verdict(), ". "), 0; got != want {
			t.Errorf("%d days: the verdict has %d sentences more than one: %s", days, got, a.Verdict())
		}
	}
}

// The day on which an allowance ran out is that of the rows, where they have days.
func TestAllowanceRanOut(t *testing.T) {
	var rows []*Row
	for day := 1; day <= 10; day++ {
		rows = append(rows, &Row{Date: october(day), Counts: Counts{Requests: 10}})
	}
	period := Period{First: october(1), Last: october(10), DataLast: october(10), StartDay: 1}
	for _, test := range []struct {
		limit int64
		want  string
	}{
		{45, "at this pace 310 by 31 Oct, 588.9% over: it was used up on 5 Oct."},
		{100, "at this pace 310 by 31 Oct, 210.0% over: it is used up on 11 Oct."},
	} {
		a := &Allowance{Limit: test.limit, First: october(1), Last: october(31)}
		New(Report{Query: Query{Granularity: Day}, Period: period, Allowance: a}, totalsOf(rows...))
		if got := a.String(); !strings.Contains(got, test.want) {
			t.Errorf("%s, want %s", got, test.want)
		}
		if strings.Contains(a.String(), "assumption") {
			t.Errorf("the end of a calendar month is called an assumption: %s", a)
		}
	}
}
