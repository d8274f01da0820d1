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
	inclusive := newFake(t, usagetest.Config{})
	exclusive := newFake(t, usagetest.Config{EndTimeExclusive: true})
	days := func(server *fake, interval string) int {
		return len(server.query(gen.APIUsageQuery{
			Interval: interval, Granularity: gen.GranularityDay, GroupBy: []gen.GroupBy{gen.GroupByOrganizationID},
		}))
	}
	today := time.Now().UTC()
	for _, test := range []struct {
		name, interval  string
		days, exclusive int
	}{
		{"dates", "2026-01-01/2026-01-31", 31, 31},
		{"as the vendor published", "2020-02-01/2020-02-28", 28, 28},
		{"one date", "2026-01-05/2026-01-05", 1, 1},
		{"one month", "2026-01/2026-01", 31, 31},
		{"months", "2020-01/2020-06", 182, 182},
		{"date to month", "2026-01-15/2026-02", 45, 45},
		{"midnights", "2026-01-01T00:00:00Z/2026-01-31T00:00:00Z", 31, 30},
		{"end of a day", "2026-01-01T00:00:00.000Z/2026-01-30T23:59:59.999Z", 30, 30},
		{"an hour", "2026-01-01T06:00:00Z/2026-01-01T07:00:00Z", 1, 1},
		{"an instant", "2026-01-02T00:00:00Z/2026-01-02T00:00:00Z", 1, 0},
		{"no zone", "2026-01-01T00:00:00/2026-01-02T00:00:00", 2, 1},
		{"another zone", "2026-01-02T00:00:00+02:00/2026-01-02T02:00:00+02:00", 2, 1},
		{"time to date", "2026-01-02T00:00:00Z/2026-01-02", 1, 1},
		{"from before 2018", "2016-01-01/2018-01-03", 3, 3},
		{"before 2018", "2016-01-01/2016-12-31", 0, 0},
		{"to the day after tomorrow", wrapper.Days(today.AddDate(0, 0, -2), today.AddDate(0, 0, 2)), 2, 2},
		{"today", wrapper.Days(today, today), 0, 0},
		{"in a year", wrapper.Days(today.AddDate(1, 0, 0), today.AddDate(1, 1, 0)), 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			check(t, "days of "+test.interval, days(inclusive, test.interval), test.days)
			check(t, "days with an exclusive end time", days(exclusive, test.interval), test.exclusive)
		})
	}
}
