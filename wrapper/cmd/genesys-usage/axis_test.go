package main

import (
	"strings"
	"testing"
	"time"
)

func TestTimeAxis(t *testing.T) {
	for _, test := range []struct {
		name, step  string
		first, last string // of the period
		dates       string
		slots       int
		at          string // the slot of each date, in letters
		ticks       string
	}{
		{"a day", day, "2026-10-05", "2026-10-05", "2026-10-05", 1, "a", "5 Oct"},
		{"days without requests have a place", day, "2026-10-01", "2026-10-05", "2026-10-02 2026-10-04", 5, "bd", "1 Oct,2 Oct,3 Oct,4 Oct,5 Oct"},
		{"a month", day, "2026-10-01", "2026-10-31", "2026-10-01 2026-10-26", 31, "az", "1 Oct,8 Oct,15 Oct,22 Oct,29 Oct"},
		{"half a year", day, "2026-05-04", "2026-10-31", "2026-05-04", 181, "a", "Jun,Jul,Aug,Sep,Oct"},
		{"a year", day, "2025-11-20", "2026-11-19", "2025-11-20", 365, "a", "Dec 2025,Feb 2026,Apr 2026,Jun 2026,Aug 2026,Oct 2026"},
		{"over new year", day, "2026-12-30", "2027-01-02", "2026-12-30", 4, "a", "30 Dec 2026,31 Dec 2026,1 Jan 2027,2 Jan 2027"},
		{"months step by months", month, "2026-01-15", "2026-04-20", "2026-01-15 2026-02-01 2026-04-01", 4, "abd", "Jan 2026,Feb 2026,Mar 2026,Apr 2026"},
		{"months that are dated by their first day", month, "2026-01-15", "2026-04-20", "2026-01-01 2026-04-01", 4, "ad", "Jan 2026,Feb 2026,Mar 2026,Apr 2026"},
		{"weeks", week, "2026-10-05", "2026-10-25", "2026-10-05 2026-10-19", 3, "ac", "5 Oct,12 Oct,19 Oct"},
		{"the first week is cut", week, "2026-10-10", "2026-10-25", "2026-10-10 2026-10-11 2026-10-18", 3, "abc", "4 Oct,11 Oct,18 Oct"},
		{"nothing is known but dates", "", "", "", "2026-01-01 2026-02-01 2026-04-01", 4, "abd", "Jan 2026,Feb 2026,Mar 2026,Apr 2026"},
		{"nothing is known but weeks", "", "", "", "2026-10-05 2026-10-19", 3, "ac", "5 Oct,12 Oct,19 Oct"},
		{"nothing is known but days", "", "", "", "2026-10-05 2026-10-07", 3, "ac", "5 Oct,6 Oct,7 Oct"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := period{granularity: test.step}
			if test.first != "" {
				p.first, p.last = parseDate(t, test.first), parseDate(t, test.last)
			}
			var dates []time.Time
			for date := range strings.FieldsSeq(test.dates) {
				dates = append(dates, parseDate(t, date))
			}
			axis := newTimeAxis(p, dates)
			var at []byte
			for _, date := range dates {
				at = append(at, byte('a'+axis.slot(date)))
			}
			var ticks []string
			for _, tick := range axis.ticks() {
				ticks = append(ticks, tick.text)
				if tick.slot < 0 || tick.slot >= axis.slots() {
					t.Errorf("%s is at %d of %d", tick.text, tick.slot, axis.slots())
				}
			}
			if axis.slots() != test.slots || string(at) != test.at || strings.Join(ticks, ",") != test.ticks || len(ticks) > maxDateTicks {
				t.Errorf("%d slots, %s, %q", axis.slots(), at, ticks)
			}
		})
	}
}

func TestCountAxis(t *testing.T) {
	for _, test := range []struct {
		most   int64
		labels string
	}{
		{0, "0 1"}, {1, "0 1"}, {5, "0 1 2 3 4 5"}, {6, "0 2 4 6"}, {11, "0 5 10 15"}, {99, "0 20 40 60 80 100"}, {9_999, "0 2 4 6 8 10 thousand"},
		{12_345, "0 5 10 15 thousand"}, {2_100_000, "0 0.5 1 1.5 2 2.5 million"}, {1_000_000_000, "0 200 400 600 800 1000 million"},
	} {
		axis := newCountAxis(test.most)
		var labels []string
		for n := int64(0); n <= axis.top; n += axis.step {
			labels = append(labels, axis.label(n))
		}
		if unit := strings.TrimSpace(axis.words()); unit != "" {
			labels = append(labels, unit)
		}
		if got := strings.Join(labels, " "); got != test.labels {
			t.Errorf("%d: %s, want %s", test.most, got, test.labels)
		}
	}
}
