package report

import (
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

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// errorText returns the text of an error, or "".
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A month or billing period ends on the day before the next one begins, which is the last day of a month that has no
// such day. Without a first day, it is the one that yesterday is in.
func TestMonthly(t *testing.T) {
	for _, test := range []struct {
		today, first string
		startDay     int
		want         string // interval and end
	}{
		{"2026-11-24", "", 21, "2026-11-21/2026-11-23 2026-12-20"},
		{"2026-11-22", "", 21, "2026-11-21/2026-11-21 2026-12-20"},
		{"2026-11-21", "", 21, "2026-10-21/2026-11-20 2026-11-20"},
		{"2027-01-02", "", 21, "2026-12-21/2027-01-01 2027-01-20"},
		{"2026-12-01", "", 1, "2026-11-01/2026-11-30 2026-11-30"},
		{"2026-02-28", "", 31, "2026-01-31/2026-02-27 2026-02-27"},
		{"2026-03-01", "", 31, "2026-02-28/2026-02-28 2026-03-30"},
		{"2026-03-31", "", 31, "2026-02-28/2026-03-30 2026-03-30"},
		{"2028-02-29", "", 30, "2028-01-30/2028-02-28 2028-02-28"},
		{"2028-03-01", "", 30, "2028-02-29/2028-02-29 2028-03-29"},
		{"2026-11-24", "2026-09-21", 21, "2026-09-21/2026-10-20 2026-10-20"},
		{"2026-11-24", "2026-11-01", 1, "2026-11-01/2026-11-23 2026-11-30"},
		{"2026-11-24", "2026-02-01", 1, "2026-02-01/2026-02-28 2026-02-28"},
	} {
		var first time.Time
		if test.first != "" {
			first = date(t, test.first)
		}
		p, err := Monthly(first, test.startDay, false, date(t, test.today))
		equal(t, test.today+" "+test.first, p.Interval+" "+p.End.Format(time.DateOnly), test.want)
		equal(t, test.today+": start day", p.StartDay, test.startDay)
		equal(t, test.today+": error", err, nil)
	}
	_, err := Monthly(october(24), 24, false, october(24))
	equal(t, "a period that begins today", errorText(err), "it has no complete day yet, and the counts are about a day "+
		"old; for the current period, use -period-start 24")
}

func TestLastDays(t *testing.T) {
	for last, want := range map[string]string{
		"1d": "2026-10-04/2026-10-04", "7d": "2026-09-28/2026-10-04", "2w": "2026-09-21/2026-10-04", "30": "", "d": "",
		"0d": "", "3y": "", "10001d": "",
	} {
		p, err := LastDays(last, false, october(5))
		equal(t, last, p.Interval, want)
		wantError := "want a number of days or weeks, such as 7d or 4w"
		if want != "" {
			wantError = ""
		}
		equal(t, last+": error", errorText(err), wantError)
	}
}

// The days that can have data are known, and the periods that an API refuses are refused before they are sent.
func TestNewPeriod(t *testing.T) {
	const queries, jobs = false, true
	only := func(first, last string) string {
		return "but only days from " + first + " to " + last + " can have data"
	}
	for _, test := range []struct {
		interval string
		jobs     bool
		days     int // with data
		warning  string
		err      string
	}{
		{"2026-10-01/2026-10-31", queries, 31, "", ""},
		{"2018-01-01/2026-11-23", queries, 3249, "", ""},
		{"2026-11-20/2026-11-24", queries, 4, only("2018-01-01", "2026-11-23"), ""},
		{"2026-11/2026-11", queries, 23, "2026-11-01 to 2026-11-30, " + only("2018-01-01", "2026-11-23"), ""},
		{"2017-12-31/2018-01-31", queries, 31, only("2018-01-01", "2026-11-23"), ""},
		{"2027-01-01/2027-01-31", queries, 0, only("2018-01-01", "2026-11-23"), ""},
		{"2026-11-01/2026-11-24", jobs, 24, "", ""},
		{"2026-11-01/2026-11-25", jobs, 24, only("2025-11-24", "2026-11-24"), ""},
		{"2026-08-26/2026-11-23", jobs, 90, "", ""},
		{"2025-11-24/2025-11-30", jobs, 7, "", ""},
		{"2026-08-25/2026-11-23", jobs, 0, "", "exceeds 90 days: name other days, or leave -jobs out"},
		{"2025-11-23/2025-11-30", jobs, 0, "", "begins before 2025-11-24, more than a year ago: name other days, " +
			"or leave -jobs out"},
		{"P1M/2026-11-30", queries, 0, "", "want two days, such as 2026-10-01/2026-10-31"},
		{"2026-10-31/2026-10-01", queries, 0, "", "ends before it starts"},
		{"2026-10-31T12:00:00Z/2026-10-31T06:00:00Z", queries, 0, "", "ends before it starts"},
	} {
		p, err := NewPeriod(test.interval, test.jobs, date(t, "2026-11-24"))
		if got := errorText(err); !strings.Contains(got, test.err) || (got == "") != (test.err == "") {
			t.Errorf("%s, jobs %v: error %q, want %q", test.interval, test.jobs, got, test.err)
		}
		if !strings.Contains(p.Warning, test.warning) || (p.Warning == "") != (test.warning == "") {
			t.Errorf("%s, jobs %v: warning %q, want %q", test.interval, test.jobs, p.Warning, test.warning)
		}
		if test.err == "" {
			equal(t, test.interval+": days with data", p.DataDays(), test.days)
		}
	}
}

// Like is compared with like: of a period that is not over, as many days from the start of the one before.
func TestBefore(t *testing.T) {
	for _, test := range []struct{ name, first, last, dataLast, end, want string }{
		{"a month", "2026-10-01", "2026-10-31", "2026-10-31", "2026-10-31", "2026-09-01 2026-09-30"},
		{"March", "2026-03-01", "2026-03-31", "2026-03-31", "2026-03-31", "2026-02-01 2026-02-28"},
		{"January", "2026-01-01", "2026-01-31", "2026-01-31", "2026-01-31", "2025-12-01 2025-12-31"},
		{"a month so far", "2026-11-01", "2026-11-24", "2026-11-24", "2026-11-30", "2026-10-01 2026-10-24"},
		{"longer so far than the one before", "2026-03-01", "2026-03-30", "2026-03-30", "2026-03-31",
			"2026-02-01 2026-02-28"},
		{"a billing period", "2026-10-21", "2026-11-20", "2026-11-20", "2026-11-20", "2026-09-21 2026-10-20"},
		{"a billing period so far", "2026-11-21", "2026-11-24", "2026-11-24", "2026-12-20", "2026-10-21 2026-10-24"},
		{"a billing period from the 31st", "2026-03-31", "2026-04-29", "2026-04-29", "2026-04-29", "2026-02-28 2026-03-30"},
		{"days", "2026-11-17", "2026-11-23", "2026-11-23", "", "2026-11-10 2026-11-16"},
		{"a day", "2026-10-05", "2026-10-05", "2026-10-05", "", "2026-10-04 2026-10-04"},
		{"days to come", "2026-11-20", "2026-11-30", "2026-11-24", "", "2026-11-09 2026-11-13"},
	} {
		p := Period{First: date(t, test.first), Last: date(t, test.last), DataFirst: date(t, test.first),
			DataLast: date(t, test.dataLast)}
		if p.End = p.Last; test.end != "" {
			p.End, p.StartDay = date(t, test.end), p.First.Day()
		}
		first, last := p.Before()
		equal(t, test.name, first.Format(time.DateOnly)+" "+last.Format(time.DateOnly), test.want)
	}
}

// Steps say which part of them is in the period.
func TestStepLabels(t *testing.T) {
	for _, test := range []struct {
		first, last string // with data
		size        Granularity
		date, want  string
	}{
		{"2026-08-25", "2026-11-23", Month, "2026-08-01", "Aug 2026, from 25 Aug"},
		{"2026-08-25", "2026-11-23", Month, "2026-08-25", "Aug 2026, from 25 Aug"},
		{"2026-08-25", "2026-11-23", Month, "2026-09-01", "Sep 2026"},
		{"2026-08-25", "2026-11-23", Month, "2026-11-01", "Nov 2026, to 23 Nov"},
		{"2026-08-02", "2026-08-30", Month, "2026-08-01", "Aug 2026, from 2 Aug to 30 Aug"},
		{"2026-08-01", "2026-08-31", Month, "2026-08-01", "Aug 2026"},
		{"2026-08-12", "2026-08-21", Week, "2026-08-10", "week of 2026-08-10, from 12 Aug"},
		{"2026-08-12", "2026-08-21", Week, "2026-08-17", "week of 2026-08-17, to 21 Aug"},
		{"2026-08-10", "2026-08-23", Week, "2026-08-17", "week of 2026-08-17"},
		{"2026-08-10", "2026-08-23", Day, "2026-08-10", "2026-08-10"},
	} {
		r := &Report{Spec: Spec{Query: Query{Granularity: test.size}}}
		r.Period = Period{DataFirst: date(t, test.first), DataLast: date(t, test.last)}
		equal(t, test.first+" "+test.last, r.StepLabel(date(t, test.date)), test.want)
	}
}
