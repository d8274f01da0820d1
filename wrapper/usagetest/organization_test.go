package usagetest_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

func total(rows []gen.APIUsageRow) (sum gen.APIUsageRow) {
	for _, row := range rows {
		sum.Status200 += row.Status200
		sum.Status300 += row.Status300
		sum.Status400 += row.Status400
		sum.Status500 += row.Status500
		sum.Status429 += row.Status429
		sum.Requests += row.Requests
	}
	return sum
}

func TestOrganizationAddsUp(t *testing.T) {
	server := newServer(t, usagetest.Config{})
	byClient := query(t, server, gen.APIUsageQuery{Interval: january})
	if len(byClient) < 24 {
		t.Errorf("%d OAuth clients, want a few dozen", len(byClient))
	}
	want := total(byClient)
	if want.Status200 == 0 || want.Status300 == 0 || want.Status400 == 0 || want.Status500 == 0 || want.Status429 == 0 {
		t.Errorf("a month has %+v: some counter is zero", want)
	}
	all := []gen.GroupBy{gen.GroupByOAuthClientID, gen.GroupByOrganizationID, gen.GroupByUserID, gen.GroupByTemplateURI, gen.GroupByHTTPMethod}
	for _, by := range append([][]gen.GroupBy{nil, all}, all[:1], all[1:2], all[2:3], all[3:4], all[4:5]) {
		for _, granularity := range []gen.Granularity{"", gen.GranularityDay, gen.GranularityWeek, gen.GranularityMonth} {
			rows := query(t, server, gen.APIUsageQuery{Interval: january, Granularity: granularity, GroupBy: by})
			if got := total(rows); got != want {
				t.Errorf("by %v and %q: %+v, want %+v", by, granularity, got, want)
			}
			if len(by) == 0 {
				by = all[:1]
			}
			seen := map[gen.APIUsageRow]bool{}
			for _, row := range rows {
				if row.Requests != row.Status200+row.Status300+row.Status400+row.Status500 || row.Status429 > row.Status400 {
					t.Fatalf("%+v does not add up", row)
				}
				for dimension, value := range map[gen.GroupBy]string{
					gen.GroupByOrganizationID: row.OrganizationID, gen.GroupByTemplateURI: row.TemplateURI,
					gen.GroupByHTTPMethod: row.HTTPMethod, gen.GroupByOAuthClientID: row.ClientID,
				} {
					if slices.Contains(by, dimension) != (value != "") {
						t.Fatalf("by %v: %+v", by, row)
					}
				}
				if (row.ClientID == "") != (row.ClientName == "") || row.UserID != "" && !slices.Contains(by, gen.GroupByUserID) {
					t.Fatalf("by %v: %+v", by, row)
				}
				if strings.HasPrefix(row.TemplateURI, "/") {
					t.Fatalf("a template has a leading slash: %+v", row)
				}
				checkBucket(t, granularity, row.Date)
				key := gen.APIUsageRow{ClientID: row.ClientID, UserID: row.UserID, TemplateURI: row.TemplateURI, HTTPMethod: row.HTTPMethod, Date: row.Date}
				if seen[key] {
					t.Fatalf("two rows for %+v", key)
				}
				seen[key] = true
			}
		}
	}
	templates := query(t, server, gen.APIUsageQuery{Interval: january, GroupBy: []gen.GroupBy{gen.GroupByTemplateURI}})
	if len(templates) < 150 {
		t.Errorf("%d endpoint templates, want a few hundred", len(templates))
	}
}

func checkBucket(t *testing.T, granularity gen.Granularity, date time.Time) {
	t.Helper()
	ok := date.Equal(date.Truncate(24 * time.Hour))
	switch granularity {
	case "":
		ok = date.IsZero()
	case gen.GranularityWeek:
		ok = ok && date.Weekday() == time.Monday
	case gen.GranularityMonth:
		ok = ok && date.Day() == 1
	}
	if !ok {
		t.Fatalf("%v is no start of a %s", date, granularity)
	}
}

func TestOrganizationIsTheSameForASeed(t *testing.T) {
	ask := gen.APIUsageQuery{Interval: january, Granularity: gen.GranularityDay}
	one := query(t, newServer(t, usagetest.Config{Seed: 7}), ask)
	again := query(t, newServer(t, usagetest.Config{Seed: 7}), ask)
	other := query(t, newServer(t, usagetest.Config{Seed: 8}), ask)
	if !reflect.DeepEqual(one, again) || reflect.DeepEqual(one, other) {
		t.Error("not the same for one seed, or not another for another")
	}
	// A day is the same whatever the interval around it.
	day := query(t, newServer(t, usagetest.Config{Seed: 7}), gen.APIUsageQuery{Interval: "2026-01-10/2026-01-10", Granularity: gen.GranularityDay})
	for _, row := range day {
		if !slices.Contains(one, row) {
			t.Fatalf("%+v is not in the month", row)
		}
	}
}
