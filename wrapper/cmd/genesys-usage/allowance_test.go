package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

func parseDate(t *testing.T, s string) time.Time {
	t.Helper()
	date, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return date
}

// A billing period runs to the day before the same day of the next month.
func TestBillingPeriods(t *testing.T) {
	for first, last := range map[string]string{
		"2026-11-21": "2026-12-20",
		"2026-12-21": "2027-01-20",
		"2026-11-01": "2026-11-30",
		"2026-02-28": "2026-03-27",
		"2026-01-31": "2026-02-27",
		"2028-01-31": "2028-02-28",
		"2026-01-30": "2026-02-27",
		"2026-10-31": "2026-11-29",
	} {
		if got := billingFrom(parseDate(t, first)).last.Format(time.DateOnly); got != last {
			t.Errorf("from %s to %s, want %s", first, got, last)
		}
	}
}

func TestForecast(t *testing.T) {
	for _, test := range []struct {
		first, last     string // last day that can have data
		used, allowance int64
		want            string
		over            bool
	}{
		{"2026-11-21", "2026-12-02", 812_345, 1_500_000, "used 812,345 of 1,500,000 (54.2 %) after 12 of 30 days; at this pace 2,030,862 by 20 Dec, 35.4 % over. This is an estimate", true},
		{"2026-11-21", "2026-11-21", 10, 300, "used 10 of 300 (3.3 %) after 1 of 30 days; at this pace 300 by 20 Dec, just as much as allowed. This is an estimate", false},
		{"2026-11-21", "2026-12-19", 100, 1_000, "used 100 of 1,000 (10.0 %) after 29 of 30 days; at this pace 103 by 20 Dec, 89.7 % under. This is an estimate", false},
		{"2026-10-21", "2026-11-20", 1_001, 1_000, "used 1,001 of 1,000 (100.1 %) in all 31 days; 0.1 % over", true},
		{"2026-10-21", "2027-11-20", 1_000, 1_000, "used 1,000 of 1,000 (100.0 %) in all 31 days; just as much as allowed", false},
		{"2026-10-21", "2026-10-22", 1 << 60, 1 << 61, "(50.0 %) after 2 of 31 days; at this pace 9,223,372,036,854,775,807 by 20 Nov, 300.0 % over", true},
	} {
		words, over := billingFrom(parseDate(t, test.first)).forecast(test.used, test.allowance, parseDate(t, test.last))
		if !strings.Contains(words, test.want) || over != test.over {
			t.Errorf("%s, over %v, want %s", words, over, test.want)
		}
	}
}

// The days that count are those that can have data: up to yesterday, in UTC.
func TestAllowance(t *testing.T) {
	organization := func(requests int64) usagetest.Config {
		return usagetest.Config{Rows: func(gen.APIUsageQuery) []gen.APIUsageRow {
			return []gen.APIUsageRow{{ClientID: "c", ClientName: "Demo", Requests: requests, Status200: requests}}
		}}
	}
	for _, test := range []struct {
		args     string
		requests int64
		code     int
		want     string
	}{
		{"-allowance 100 -period-start 2026-11-21", 10, 0, "after 3 of 30 days; at this pace 100 by 20 Dec, just as much"},
		{"-allowance 99 -period-start 2026-11-21", 10, 3, "after 3 of 30 days; at this pace 100 by 20 Dec, 1.0 % over"},
		{"-allowance 99 -month 2026-11", 77, 3, "after 23 of 30 days; at this pace 100 by 30 Nov"},
		{"-allowance 99 -month 2026-10", 99, 0, "in all 31 days"},
		{"-allowance 99 -resume ID -period-start 2026-11-21 -interval 2026-11-21/2026-11-22", 10, 3, "after 2 of 30 days; at this pace 150"},
		{"-allowance 99 -period-start 2026-11-21 -format csv", 10, 3, ""},
		{"-allowance 99 -period-start 2026-11-21 -html - -sort 429", 10, 3, "<b>Allowance:</b> used 10 of 99 (10.1 %) after 3 of 30 days"},
	} {
		t.Run(test.args, func(t *testing.T) {
			if strings.Contains(test.args, "-resume") {
				s, err := parseFlags(strings.Fields(test.args), nil, now)
				if err != nil {
					t.Fatal(err)
				}
				sums := newSums()
				sums.add(&row{counts: counts{requests: test.requests}})
				if v := newView(s, sums); !strings.Contains(v.forecast, test.want) || !v.over {
					t.Error(v.forecast)
				}
				return
			}
			code, stdout, stderr := genesysUsageOn(t, organization(test.requests), append([]string{"-demo"}, strings.Fields(test.args)...)...)
			if code != test.code || !strings.Contains(stdout, test.want) {
				t.Errorf("exit %d, %s\n%s", code, stdout, stderr)
			}
			if strings.Contains(test.args, "csv") && !strings.Contains(stderr, "after 3 of 30 days; at this pace 100 by 20 Dec, 1.0 % over") {
				t.Error(stderr)
			}
		})
	}
}

// The organization is asked for the days that can have data, not for those to come.
func TestAllowanceAsksForKnownDays(t *testing.T) {
	var asked string
	organization := usagetest.Config{Rows: func(query gen.APIUsageQuery) []gen.APIUsageRow {
		asked = query.Interval
		return nil
	}}
	if code, _, stderr := genesysUsageOn(t, organization, "-demo", "-allowance", "5", "-period-start", "2026-11-21"); code != 0 || asked != "2026-11-21/2026-11-23" {
		t.Error(fmt.Sprint(code, asked, stderr))
	}
}
