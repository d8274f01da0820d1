package usagetest_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// countsTimes returns counts that no others sum up to.
func countsTimes(n int64) gen.APIUsageRow {
	return gen.APIUsageRow{
		Requests: n, Status200: 2 * n, Status300: 3 * n, Status400: 4 * n, Status429: 5 * n, Status500: 6 * n,
	}
}

// someActivity returns the same for each day: of two clients, one of which a user and
// nobody work with, and one of the vendor's.
func someActivity(time.Time) []usagetest.Activity {
	activity := func(n int64, client, organization, user, template, method, platform string) usagetest.Activity {
		a := usagetest.Activity{APIUsageRow: countsTimes(n), Platform: platform}
		a.ClientID, a.ClientName, a.OrganizationID = client, strings.ToUpper(client), organization
		a.UserID, a.TemplateURI, a.HTTPMethod = user, template, method
		return a
	}
	return []usagetest.Activity{
		activity(1, "a", "o", "u", "t1", "GET", "web"),
		activity(10, "a", "o", "", "t2", "GET", "web"),
		activity(100, "b", "o", "", "t1", "PUT", "server"),
		activity(1000, "v", "purecloud", "", "t1", "GET", "web"),
		activity(10000, "w", "purecloud-builtin", "", "t1", "GET", "web"),
	}
}

// text returns a row as text: what it is of, and its requests. It checks that the other
// counts are those of as many requests.
func text(t *testing.T, row usagetest.Activity) string {
	t.Helper()
	got := row.APIUsageRow
	want := countsTimes(got.Requests)
	want.ClientID, want.ClientName, want.OrganizationID = got.ClientID, got.ClientName, got.OrganizationID
	want.UserID, want.TemplateURI, want.HTTPMethod, want.Date = got.UserID, got.TemplateURI, got.HTTPMethod, got.Date
	check(t, "row", got, want)
	date := ""
	if !got.Date.IsZero() {
		date = got.Date.Format(time.RFC3339)
	}
	return strings.Join(strings.Fields(fmt.Sprint(strings.TrimSuffix(date, "T00:00:00Z"), " ", got.ClientID, " ",
		got.ClientName, " ", got.OrganizationID, " ", got.UserID, " ", got.TemplateURI, " ", got.HTTPMethod, " ",
		row.Platform, " ", got.Requests)), " ")
}

func checkRows(t *testing.T, rows []usagetest.Activity, want ...string) {
	t.Helper()
	var got []string
	for _, row := range rows {
		got = append(got, text(t, row))
	}
	slices.Sort(got)
	slices.Sort(want)
	check(t, "rows", got, want)
}

// activities returns the rows of a query as activities.
func (f *fake) activities(query gen.APIUsageQuery) (activities []usagetest.Activity) {
	f.t.Helper()
	for _, row := range f.query(query) {
		activities = append(activities, usagetest.Activity{APIUsageRow: row})
	}
	return activities
}

// jobActivities does the same for a job. It checks the addresses of its rows.
func (f *fake) jobActivities(query gen.UsageJobQuery) (activities []usagetest.Activity) {
	f.t.Helper()
	address := func(prefix, id string) string {
		if id == "" {
			return ""
		}
		return prefix + id
	}
	for _, r := range f.queryJob(query) {
		check(f.t, "oauthClient.selfUri", r.OAuthClient.SelfURI, address("/api/v2/oauth/clients/", r.OAuthClient.ID))
		check(f.t, "user.selfUri", r.User.SelfURI, address("/api/v2/users/", r.User.ID))
		activities = append(activities, usagetest.Activity{Platform: r.Platform, APIUsageRow: gen.APIUsageRow{
			ClientID: r.OAuthClient.ID, ClientName: r.OAuthClient.Name, UserID: r.User.ID, TemplateURI: r.TemplateURI,
			HTTPMethod: string(r.HTTPMethod), Date: r.Date.Time, Requests: r.RequestCount, Status200: r.Status200,
			Status300: r.Status300, Status400: r.Status400, Status429: r.Status429, Status500: r.Status500,
		}})
	}
	return activities
}

func TestQueriesAggregate(t *testing.T) {
	server := newFake(t, usagetest.Config{Activity: someActivity})
	for _, test := range []struct {
		granularity gen.Granularity
		groupBy     []gen.GroupBy
		want        []string
	}{
		{"", nil, []string{"a A 33", "b B 300"}},
		{"", []gen.GroupBy{"OAuthClientId"}, []string{"a A 33", "b B 300"}},
		{"", []gen.GroupBy{"OrganizationId"}, []string{"o 333"}},
		{"", []gen.GroupBy{"UserId"}, []string{"330", "u 3"}},
		{"", []gen.GroupBy{"TemplateUri"}, []string{"t1 303", "t2 30"}},
		{"", []gen.GroupBy{"HttpMethod"}, []string{"GET 33", "PUT 300"}},
		{"", []gen.GroupBy{"HttpMethod", "UserId"}, []string{"GET 30", "PUT 300", "u GET 3"}},
		{"Day", []gen.GroupBy{"OrganizationId"}, []string{"2026-01-31 o 111", "2026-02-01 o 111", "2026-02-02 o 111"}},
		{"Week", []gen.GroupBy{"OrganizationId"}, []string{"2026-01-26 o 222", "2026-02-02 o 111"}},
		{"Month", []gen.GroupBy{"OrganizationId"}, []string{"2026-01-01 o 111", "2026-02-01 o 222"}},
	} {
		t.Run(fmt.Sprint(test.granularity, test.groupBy), func(t *testing.T) {
			checkRows(t, server.activities(gen.APIUsageQuery{
				Interval: "2026-01-31/2026-02-02", Granularity: test.granularity, GroupBy: test.groupBy,
			}), test.want...)
		})
	}
}

// daysFromNow returns an interval of days relative to today.
func daysFromNow(first, last int) string {
	today := time.Now().UTC()
	return wrapper.Days(today.AddDate(0, 0, first), today.AddDate(0, 0, last))
}

func TestJobsAggregate(t *testing.T) {
	server := newFake(t, usagetest.Config{Activity: someActivity})
	yesterday := daysFromNow(-1, -1)
	date := yesterday[:len("2026-01-31")]
	for _, test := range []struct {
		name  string
		query gen.UsageJobQuery
		want  []string
	}{
		{"not aggregated", gen.UsageJobQuery{}, []string{
			date + " a A t2 GET web 10", date + " a A u t1 GET web 1", date + " b B t1 PUT server 100",
			date + " v V t1 GET web 1000", date + " w W t1 GET web 10000",
		}},
		{"by client id", gen.UsageJobQuery{GroupBy: []gen.JobGroupBy{"OauthClientId"}},
			[]string{"a 11", "b 100", "v 1000", "w 10000"}},
		{"by client name", gen.UsageJobQuery{GroupBy: []gen.JobGroupBy{"OauthClientName"}},
			[]string{"A 11", "B 100", "V 1000", "W 10000"}},
		{"by user", gen.UsageJobQuery{GroupBy: []gen.JobGroupBy{"UserId"}}, []string{"11110", "u 1"}},
		{"by template", gen.UsageJobQuery{GroupBy: []gen.JobGroupBy{"TemplateUri"}}, []string{"t1 11101", "t2 10"}},
		{"by method", gen.UsageJobQuery{GroupBy: []gen.JobGroupBy{"HttpMethod"}}, []string{"GET 11011", "PUT 100"}},
		{"by platform", gen.UsageJobQuery{GroupBy: []gen.JobGroupBy{"Platform"}}, []string{"server 100", "web 11011"}},
		{"by platform and day", gen.UsageJobQuery{GroupBy: []gen.JobGroupBy{"Platform"}, Granularity: "Day"},
			[]string{date + " server 100", date + " web 11011"}},
		{"templateUris", gen.UsageJobQuery{GroupBy: []gen.JobGroupBy{"Platform"}, TemplateURIs: []string{"t2", "t3"}},
			[]string{"web 10"}},
		{"httpMethods", gen.UsageJobQuery{GroupBy: []gen.JobGroupBy{"Platform"}, HTTPMethods: []gen.JobHTTPMethod{"PUT"}},
			[]string{"server 100"}},
		{"platforms", gen.UsageJobQuery{GroupBy: []gen.JobGroupBy{"UserId"}, Platforms: []string{"server"}},
			[]string{"100"}},
		{"userIds", gen.UsageJobQuery{GroupBy: []gen.JobGroupBy{"Platform"}, UserIDs: []string{"u"}}, []string{"web 1"}},
		{"oauthClientIds", gen.UsageJobQuery{GroupBy: []gen.JobGroupBy{"Platform"}, OAuthClientIDs: []string{"b", "v"}},
			[]string{"server 100", "web 1000"}},
		{"no match", gen.UsageJobQuery{Platforms: []string{"none"}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.query.Interval = yesterday
			checkRows(t, server.jobActivities(test.query), test.want...)
		})
	}
}

func TestMetrics(t *testing.T) {
	server := newFake(t, usagetest.Config{Activity: someActivity})
	rows := server.query(gen.APIUsageQuery{
		Interval: "2026-01-31/2026-01-31", GroupBy: []gen.GroupBy{"OrganizationId"},
		Metrics: []gen.Metric{"Status429", "Requests"},
	})
	check(t, "rows", rows, []gen.APIUsageRow{{OrganizationID: "o", Requests: 111, Status429: 555}})
	jobRows := server.queryJob(gen.UsageJobQuery{
		Interval: daysFromNow(-1, -1), Platforms: []string{"server"}, GroupBy: []gen.JobGroupBy{"Platform"},
		Metrics: []gen.JobMetric{"Status500"},
	})
	check(t, "job rows", jobRows, []gen.UsageJobRow{{Platform: "server", Status500: 600}})
}

// Each field orders two rows that differ in all of them.
func TestJobOrder(t *testing.T) {
	server := newFake(t, usagetest.Config{Activity: func(day time.Time) []usagetest.Activity {
		if day.Before(time.Now().AddDate(0, 0, -2)) {
			return someActivity(day)[:1]
		}
		last := someActivity(day)[2]
		last.TemplateURI, last.UserID, last.Platform = "t2", "v", "x"
		return []usagetest.Activity{last}
	}})
	for _, field := range []string{
		"date", "platform", "httpMethod", "templateUri", "userId", "oauthClientId", "oauthClientName", "requestCount",
		"status200", "status300", "status400", "status429", "status500",
	} {
		for order, want := range map[gen.UsageQuerySortByOrder][]int64{"": {1, 100}, "Asc": {1, 100}, "Desc": {100, 1}} {
			t.Run(field+string(order), func(t *testing.T) {
				var got []int64
				for _, row := range server.queryJob(gen.UsageJobQuery{
					Interval: daysFromNow(-2, -1), SortBy: []gen.UsageQuerySortBy{{FieldName: field, Order: order}},
				}) {
					got = append(got, row.RequestCount)
				}
				check(t, "requests", got, want)
			})
		}
	}
	t.Run("the second field where the first is the same", func(t *testing.T) {
		server := newFake(t, usagetest.Config{Activity: someActivity})
		var got []int64
		for _, row := range server.queryJob(gen.UsageJobQuery{
			Interval: daysFromNow(-1, -1), SortBy: []gen.UsageQuerySortBy{{FieldName: "httpMethod", Order: "Desc"},
				{FieldName: "requestCount"}},
		}) {
			got = append(got, row.RequestCount)
		}
		check(t, "requests", got, []int64{100, 1, 10, 1000, 10000})
	})
}

// The last day of an interval is included, that of an end with a time of day too.
func TestIntervals(t *testing.T) {
	server := newFake(t, usagetest.Config{Activity: someActivity})
	for _, test := range []struct {
		name, interval string
		days           int
	}{
		{"dates", "2026-01-01/2026-01-31", 31},
		{"as the vendor published", "2020-02-01/2020-02-28", 28},
		{"one date", "2026-01-05/2026-01-05", 1},
		{"months", "2020-01/2020-06", 182},
		{"midnights", "2026-01-01T00:00:00Z/2026-01-31T00:00:00Z", 31},
		{"end of a day", "2026-01-01T00:00:00.000Z/2026-01-30T23:59:59.999Z", 30},
		{"another zone", "2026-01-02T00:00:00+02:00/2026-01-02T02:00:00+02:00", 2},
		{"from before 2018", "2016-01-01/2018-01-03", 3},
		{"before 2018", "2016-01-01/2016-12-31", 0},
		{"to the day after tomorrow", daysFromNow(-2, 2), 2},
		{"today", daysFromNow(0, 0), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows := server.query(gen.APIUsageQuery{
				Interval: test.interval, Granularity: "Day", GroupBy: []gen.GroupBy{"OrganizationId"},
			})
			check(t, "days of "+test.interval, len(rows), test.days)
		})
	}
}

// The made-up organization has something of everything.
func TestMadeUpOrganization(t *testing.T) {
	query := gen.APIUsageQuery{Interval: january, Granularity: "Day", GroupBy: []gen.GroupBy{
		"OAuthClientId", "OrganizationId", "UserId", "TemplateUri", "HttpMethod",
	}}
	rows := newFake(t, usagetest.Config{Seed: 7}).query(query)
	users := map[string]bool{}
	for _, r := range rows {
		check(t, "requests", r.Requests, r.Status200+r.Status300+r.Status400+r.Status500)
		for name, empty := range map[string]bool{
			"clientId": r.ClientID == "", "clientName": r.ClientName == "", "organizationId": r.OrganizationID == "",
			"templateUri": r.TemplateURI == "", "httpMethod": r.HTTPMethod == "", "status200": r.Status200 < 1,
			"status300": r.Status300 < 1, "status400": r.Status400 <= r.Status429, "status429": r.Status429 < 1,
			"status500": r.Status500 < 1, "leading slash": strings.HasPrefix(r.TemplateURI, "/"),
		} {
			check(t, name+" is missing", empty, false)
		}
		users[r.UserID] = true
	}
	check(t, "users, nobody included", len(users), 3)
	check(t, "rows of the same seed", newFake(t, usagetest.Config{Seed: 7}).query(query), rows)
	check(t, "rows of another seed are the same",
		reflect.DeepEqual(newFake(t, usagetest.Config{Seed: 8}).query(query), rows), false)

	interval := daysFromNow(-3, -1)
	clients := newFake(t, usagetest.Config{}).query(gen.APIUsageQuery{Interval: interval})
	ofJobs := newFake(t, usagetest.Config{}).queryJob(gen.UsageJobQuery{
		Interval: interval, GroupBy: []gen.JobGroupBy{"OauthClientId", "Platform"},
	})
	withVendors := map[string]bool{}
	for _, row := range ofJobs {
		withVendors[row.OAuthClient.ID] = true
		check(t, "platform is missing", row.Platform == "", false)
	}
	check(t, "clients of jobs", len(withVendors), len(clients)+1)
}
