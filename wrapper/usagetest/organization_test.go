package usagetest_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// counts are the counts of a report of either API.
type counts struct{ Requests, Status200, Status300, Status400, Status429, Status500 int64 }

func (c *counts) add(d counts) {
	c.Requests += d.Requests
	c.Status200 += d.Status200
	c.Status300 += d.Status300
	c.Status400 += d.Status400
	c.Status429 += d.Status429
	c.Status500 += d.Status500
}

func countsOf(r gen.APIUsageRow) counts {
	return counts{r.Requests, r.Status200, r.Status300, r.Status400, r.Status429, r.Status500}
}

func jobCountsOf(r gen.UsageJobRow) counts {
	return counts{r.RequestCount, r.Status200, r.Status300, r.Status400, r.Status429, r.Status500}
}

func sum[R any](rows []R, countsOf func(R) counts) (sum counts) {
	for _, row := range rows {
		sum.add(countsOf(row))
	}
	return sum
}

var groupBys = []gen.GroupBy{
	gen.GroupByOAuthClientID, gen.GroupByOrganizationID, gen.GroupByUserID, gen.GroupByTemplateURI,
	gen.GroupByHTTPMethod,
}

func TestOrganizationIsPlausible(t *testing.T) {
	server := newFake(t, usagetest.Config{})
	byClient := server.query(gen.APIUsageQuery{Interval: january})
	if n := len(byClient); n < 24 || n > 99 {
		t.Errorf("%d OAuth clients, want a few dozen", n)
	}
	total := reflect.ValueOf(sum(byClient, countsOf))
	for i := range total.NumField() {
		if total.Field(i).IsZero() {
			t.Errorf("%s of a month is zero", total.Type().Field(i).Name)
		}
	}
	requests := func(date string) int64 {
		return sum(server.query(gen.APIUsageQuery{Interval: date + "/" + date}), countsOf).Requests
	}
	friday := requests("2026-01-09")
	for _, weekend := range []string{"2026-01-10", "2026-01-11"} {
		if n := requests(weekend); n == 0 || n > friday/2 {
			t.Errorf("%d requests on %s, want fewer than half of Friday's %d", n, weekend, friday)
		}
	}
	templates := server.query(gen.APIUsageQuery{Interval: january, GroupBy: []gen.GroupBy{gen.GroupByTemplateURI}})
	if n := len(templates); n < 150 || n > 500 {
		t.Errorf("%d endpoint templates, want a few hundred", n)
	}
	for _, row := range templates {
		if strings.HasPrefix(row.TemplateURI, "/") {
			t.Errorf("template %s has a leading slash", row.TemplateURI)
		}
	}
}

// However a report is broken down, it has the same total, and a row for each group.
func TestQueriesAddUp(t *testing.T) {
	const interval = "2026-01-26/2026-02-04" // two weeks and two months, in part
	server := newFake(t, usagetest.Config{})
	want := sum(server.query(gen.APIUsageQuery{Interval: interval}), countsOf)
	for _, by := range append(slices.Collect(slices.Chunk(groupBys, 1)), nil, groupBys) {
		for _, granularity := range []gen.Granularity{
			"", gen.GranularityDay, gen.GranularityWeek, gen.GranularityMonth,
		} {
			t.Run(fmt.Sprintf("by %v %s", by, granularity), func(t *testing.T) {
				rows := server.query(gen.APIUsageQuery{Interval: interval, Granularity: granularity, GroupBy: by})
				check(t, "total", sum(rows, countsOf), want)
				if by == nil {
					by = groupBys[:1]
				}
				groups := map[[6]string]bool{}
				for _, row := range rows {
					checkQueryRow(t, row, by, granularity)
					groups[[6]string{
						row.ClientID, row.OrganizationID, row.UserID, row.TemplateURI, row.HTTPMethod,
						row.Date.String(),
					}] = true
				}
				check(t, "groups", len(groups), len(rows))
			})
		}
	}
}

func checkQueryRow(t *testing.T, row gen.APIUsageRow, by []gen.GroupBy, granularity gen.Granularity) {
	t.Helper()
	check(t, "requests of a row", row.Requests, row.Status200+row.Status300+row.Status400+row.Status500)
	if row.Status429 > row.Status400 {
		t.Errorf("status429 %d is more than status400 %d", row.Status429, row.Status400)
	}
	for _, dimension := range []struct {
		name  string
		by    gen.GroupBy
		value string
	}{
		{"clientId", gen.GroupByOAuthClientID, row.ClientID},
		{"clientName", gen.GroupByOAuthClientID, row.ClientName},
		{"organizationId", gen.GroupByOrganizationID, row.OrganizationID},
		{"templateUri", gen.GroupByTemplateURI, row.TemplateURI},
		{"httpMethod", gen.GroupByHTTPMethod, row.HTTPMethod},
	} {
		check(t, "row has "+dimension.name, dimension.value != "", slices.Contains(by, dimension.by))
	}
	if !slices.Contains(by, gen.GroupByUserID) { // some requests have no user
		check(t, "userId", row.UserID, "")
	}
	check(t, "row has requests", row.Requests > 0, true)
	check(t, "row has a date", !row.Date.IsZero(), granularity != "")
	check(t, "date", row.Date, startOf(row.Date, granularity))
}

// startOf returns the start of the time bucket of a date.
func startOf(date time.Time, granularity gen.Granularity) time.Time {
	year, month, day := date.Date()
	switch granularity {
	case "":
		return time.Time{}
	case gen.GranularityWeek:
		for date.Weekday() != time.Monday {
			date = date.AddDate(0, 0, -1)
		}
		year, month, day = date.Date()
	case gen.GranularityMonth:
		day = 1
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func TestOrganizationIsTheSameForASeed(t *testing.T) {
	rows := func(seed uint64, interval string) []gen.APIUsageRow {
		server := newFake(t, usagetest.Config{Seed: seed})
		return server.query(gen.APIUsageQuery{Interval: interval, Granularity: gen.GranularityDay})
	}
	month := rows(7, january)
	check(t, "rows of the same seed", rows(7, january), month)
	check(t, "another seed has the same rows", reflect.DeepEqual(rows(8, january), month), false)

	// A day is the same in each interval.
	for _, row := range rows(7, "2026-01-10/2026-01-10") {
		if !slices.ContainsFunc(month, func(r gen.APIUsageRow) bool { return reflect.DeepEqual(r, row) }) {
			t.Errorf("%+v is not in the month", row)
		}
	}
}
