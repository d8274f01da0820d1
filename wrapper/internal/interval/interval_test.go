package interval

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		name, interval, start, end string
		endsInDay                  bool
		first, last                string
	}{
		{"dates", "2026-10-01/2026-10-31",
			"2026-10-01T00:00:00Z", "2026-10-31T23:59:59.999999999Z", false, "2026-10-01", "2026-10-31"},
		{"months", "2020-01/2020-06",
			"2020-01-01T00:00:00Z", "2020-06-30T23:59:59.999999999Z", false, "2020-01-01", "2020-06-30"},
		{"a date and a month of a leap year", "2024-02-10/2024-02",
			"2024-02-10T00:00:00Z", "2024-02-29T23:59:59.999999999Z", false, "2024-02-10", "2024-02-29"},
		{"instants", "2026-10-01T06:00:00Z/2026-10-02T00:00:00Z",
			"2026-10-01T06:00:00Z", "2026-10-02T00:00:00Z", true, "2026-10-01", "2026-10-02"},
		{"instants without an offset", "2026-10-01T06:00:00/2026-10-02T00:00:00.5",
			"2026-10-01T06:00:00Z", "2026-10-02T00:00:00.5Z", true, "2026-10-01", "2026-10-02"},
		{"offsets that change the day", "2026-10-01T01:00:00+02:00/2026-10-01T23:00:00-02:00",
			"2026-09-30T23:00:00Z", "2026-10-02T01:00:00Z", true, "2026-09-30", "2026-10-02"},
		{"the end first", "2026-10-02/2026-10-01",
			"2026-10-02T00:00:00Z", "2026-10-01T23:59:59.999999999Z", false, "2026-10-02", "2026-10-01"},
	} {
		t.Run(test.name, func(t *testing.T) {
			i, ok := Parse(test.interval)
			first, last := i.Days()
			check(t, "ok", ok, true)
			check(t, "start", i.Start.UTC().Format(time.RFC3339Nano), test.start)
			check(t, "end", i.End.UTC().Format(time.RFC3339Nano), test.end)
			check(t, "ends in a day", i.EndIsInstant, test.endsInDay)
			check(t, "first day", first.Format(time.RFC3339Nano), test.first+"T00:00:00Z")
			check(t, "last day", last.Format(time.RFC3339Nano), test.last+"T00:00:00Z")
		})
	}
}

func TestChecks(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.FixedZone("", -14*3600)) // November 30 in UTC
	const order, year = "ends before it starts", "begins before 2025-11-30, more than a year ago"
	check(t, "earliest day", Earliest.Format(time.RFC3339Nano), "2018-01-01T00:00:00Z")
	for _, test := range []struct{ interval, any, job string }{
		{"2026-10-01/2026-10-01", "", ""},
		{"2026-10-02/2026-10-01", order, order},
		{"2026-10-02T06:00:00Z/2026-10-02T06:00:00Z", "", ""},
		{"2026-10-02T06:00:00Z/2026-10-02T05:59:59Z", order, order},
		{"2026-01-01/2026-03-31", "", ""},
		{"2026-01-01/2026-04-01", "", "exceeds 90 days"},
		{"2026-01-01T06:00:00Z/2026-04-01T06:00:00Z", "", ""},
		{"2026-01-01T06:00:00Z/2026-04-01T06:00:01Z", "", "exceeds 90 days"},
		{"2025-11-30/2025-12-01", "", ""},
		{"2025-11-29T23:59:59Z/2025-12-01", "", year},
		{"2018-01-01/2018-01-01", "", year},
	} {
		t.Run(test.interval, func(t *testing.T) {
			i, _ := Parse(test.interval)
			for _, c := range []struct {
				what, want string
				err        error
			}{{"any API", test.any, i.Check()}, {"jobs", test.job, i.CheckJob(now)}} {
				got := ""
				if c.err != nil {
					got = c.err.Error()
				}
				check(t, c.what, got, c.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, interval := range []string{
		"", "/", "2026-10-01", "2026-10-01/", "/2026-10-01", "2026-10-01/P1M", "2026-W01/2026-W02",
		"2026-10-01/2026-02-30", "2026-10-01/2026-10-02/2026-10-03",
	} {
		t.Run(interval, func(t *testing.T) {
			_, ok := Parse(interval)
			check(t, "ok", ok, false)
		})
	}
}

func check[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
