package fetch

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"github.com/oapi-codegen/runtime/types"
)

var october5 = time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)

// clientOf returns a client of an organization.
func clientOf(t *testing.T, organization usagetest.Config) *wrapper.Client {
	t.Helper()
	server := usagetest.NewServer(organization)
	t.Cleanup(server.Close)
	client, err := wrapper.New("", server.Options()...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// collect returns all rows of an operation.
func collect(t *testing.T, o *Operation) []report.Row {
	t.Helper()
	var rows []report.Row
	for row, err := range o.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, *row)
	}
	return rows
}

// Rows of either API become rows of reports, now and when they are resumed. A row has a date
// only if its query has a granularity.
func TestRows(t *testing.T) {
	client := clientOf(t, usagetest.Config{
		Rows: func(gen.APIUsageQuery) []gen.APIUsageRow {
			return []gen.APIUsageRow{{Date: october5, ClientID: "c-1", ClientName: "Demo", UserID: "u-1",
				TemplateURI: "api/v2/users", HTTPMethod: "GET", OrganizationID: "o-1", Requests: 21, Status200: 1, Status300: 2,
				Status400: 9, Status429: 4, Status500: 5}, {ClientID: "c-2", Requests: 7}}
		},
		JobRows: func(gen.UsageJobQuery) []gen.UsageJobRow {
			return []gen.UsageJobRow{{Date: types.Date{Time: october5}, OAuthClient: gen.DomainEntityRef{ID: "c-1", Name: "Demo"},
				User: gen.UserReference{ID: "u-1"}, TemplateURI: "api/v2/users", HTTPMethod: "GET", Platform: "Web",
				RequestCount: 21, Status200: 1, Status300: 2, Status400: 9, Status429: 4, Status500: 5},
				{OAuthClient: gen.DomainEntityRef{ID: "c-2"}, RequestCount: 7}}
		},
	})
	for jobs, names := range map[bool]report.Names{
		false: {"c-1", "u-1", "api/v2/users", "GET", "o-1", ""}, true: {"c-1", "u-1", "api/v2/users", "GET", "", "Web"},
	} {
		want := []report.Row{
			{Date: october5, Names: names, ClientName: "Demo", Counts: report.Counts{21, 1, 2, 9, 4, 5}},
			{Names: report.Names{"c-2"}, Counts: report.Counts{7}},
		}
		q := report.Query{Interval: "2026-10-01/2026-10-31", Granularity: report.Day, Jobs: jobs}
		o, err := Submit(t.Context(), client, &q)
		if err != nil {
			t.Fatal(err)
		}
		if got := collect(t, o); !reflect.DeepEqual(got, want) {
			t.Errorf("jobs %v: got %+v, want %+v", jobs, got, want)
		}
		if got := collect(t, Resume(client, &q, o.ID)); !reflect.DeepEqual(got, want) {
			t.Errorf("jobs %v, resumed: got %+v, want %+v", jobs, got, want)
		}
		q.Granularity, want[0].Date = report.NoSteps, time.Time{}
		if got := collect(t, Resume(client, &q, o.ID)); !reflect.DeepEqual(got, want) {
			t.Errorf("jobs %v, without a granularity: got %+v, want %+v", jobs, got, want)
		}
	}
}

// An error comes last, and ends the rows; one of the submit comes at once.
func TestErrors(t *testing.T) {
	client := clientOf(t, usagetest.Config{Fail: true})
	for _, jobs := range []bool{false, true} {
		q := report.Query{Interval: "2026-10-01/2026-10-31", Jobs: jobs}
		o, err := Submit(t.Context(), client, &q)
		if err != nil {
			t.Fatal(err)
		}
		var errs []error
		for row, err := range o.Rows(t.Context()) {
			if *row != (report.Row{}) {
				t.Errorf("jobs %v: a row of a query that failed: %+v", jobs, row)
			}
			errs = append(errs, err)
		}
		if len(errs) != 1 || !errors.Is(errs[0], wrapper.ErrQueryFailed) {
			t.Errorf("jobs %v: got %v, want one error", jobs, errs)
		}
		if o, err := Submit(t.Context(), client, &report.Query{Jobs: jobs}); !errors.Is(err, wrapper.ErrInvalidQuery) {
			t.Errorf("jobs %v, without an interval: got %v, %v", jobs, o, err)
		}
	}
}

// A query asks each API in its own words.
func TestQueries(t *testing.T) {
	q := report.Query{Interval: "i", Granularity: report.Week, GroupBy: report.Dimensions(false)}
	usage := gen.APIUsageQuery{Interval: "i", Granularity: gen.GranularityWeek, GroupBy: []gen.GroupBy{
		gen.GroupByOAuthClientID, gen.GroupByUserID, gen.GroupByTemplateURI, gen.GroupByHTTPMethod, gen.GroupByOrganizationID}}
	if got := usageQuery(&q); !reflect.DeepEqual(got, usage) {
		t.Errorf("got %+v, want %+v", got, usage)
	}
	q.GroupBy = report.Dimensions(true)
	job := gen.UsageJobQuery{Interval: "i", Granularity: gen.JobGranularityWeek, GroupBy: []gen.JobGroupBy{
		gen.JobGroupByOAuthClientID, gen.JobGroupByOAuthClientName, gen.JobGroupByUserID, gen.JobGroupByTemplateURI,
		gen.JobGroupByHTTPMethod, gen.JobGroupByPlatform}}
	if got := jobQuery(&q); !reflect.DeepEqual(got, job) {
		t.Errorf("got %+v, want %+v", got, job)
	}
	for size, want := range map[report.Granularity]gen.Granularity{report.Day: gen.GranularityDay,
		report.Month: gen.GranularityMonth, report.NoSteps: ""} {
		q.Granularity = size
		if got, job := usageQuery(&q).Granularity, jobQuery(&q).Granularity; got != want || string(job) != string(want) {
			t.Errorf("%s: got %q and %q, want %q", size, got, job, want)
		}
	}
}
