package usagetest_test

import (
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// The last day of an interval is in it. Only an end with a time of day can be read
// in two ways.
func TestIntervals(t *testing.T) {
	inclusive := newServer(t, usagetest.Config{})
	exclusive := newServer(t, usagetest.Config{EndTimeExclusive: true})
	today := time.Now().UTC()
	for _, test := range []struct {
		interval        string
		days, exclusive int
	}{
		{"2026-01-01/2026-01-31", 31, 31},
		{"2020-02-01/2020-02-28", 28, 28},
		{"2026-01-05/2026-01-05", 1, 1},
		{"2026-01/2026-01", 31, 31},
		{"2020-01/2020-06", 182, 182},
		{"2026-01-15/2026-02", 45, 45},
		{"2026-01-01T00:00:00Z/2026-01-31T00:00:00Z", 31, 30},
		{"2026-01-01T00:00:00.000Z/2026-01-30T23:59:59.999Z", 30, 30},
		{"2026-01-01T06:00:00Z/2026-01-01T07:00:00Z", 1, 1},
		{"2026-01-02T00:00:00Z/2026-01-02T00:00:00Z", 1, 0},
		{"2026-01-01T00:00:00/2026-01-02T00:00:00", 2, 1},
		{"2026-01-02T00:00:00+02:00/2026-01-02T02:00:00+02:00", 2, 1},
		{"2026-01-02T00:00:00Z/2026-01-02", 1, 1},
		{"2016-01-01/2018-01-03", 3, 3}, // history begins with 2018
		{"2016-01-01/2016-12-31", 0, 0},
		{wrapper.Days(today.AddDate(0, 0, -2), today.AddDate(0, 0, 2)), 2, 2}, // today is not in it yet
		{wrapper.Days(today, today), 0, 0},
		{wrapper.Days(today.AddDate(1, 0, 0), today.AddDate(1, 1, 0)), 0, 0},
	} {
		ask := gen.APIUsageQuery{Interval: test.interval, Granularity: gen.GranularityDay, GroupBy: []gen.GroupBy{gen.GroupByOrganizationID}}
		if got := len(query(t, inclusive, ask)); got != test.days {
			t.Errorf("%s has %d days, want %d", test.interval, got, test.days)
		}
		if got := len(query(t, exclusive, ask)); got != test.exclusive {
			t.Errorf("%s, its end exclusive, has %d days, want %d", test.interval, got, test.exclusive)
		}
	}
}
