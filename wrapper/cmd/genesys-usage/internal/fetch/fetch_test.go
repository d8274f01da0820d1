package fetch

import (
	"maps"
	"reflect"
	"slices"
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

// Rows of either API become the same rows.
func TestRowsOfBothAPIs(t *testing.T) {
	organization := usagetest.Config{
		Rows: func(gen.APIUsageQuery) []gen.APIUsageRow {
			return []gen.APIUsageRow{
				{
					Date: october5, ClientID: "c-1", ClientName: "Demo", UserID: "u-1", TemplateURI: "api/v2/users", HTTPMethod: "GET",
					Requests: 21, Status200: 1, Status300: 2, Status400: 9, Status429: 4, Status500: 5,
				},
				{ClientID: "c-2", Requests: 7},
			}
		},
		JobRows: func(gen.UsageJobQuery) []gen.UsageJobRow {
			return []gen.UsageJobRow{
				{
					Date: types.Date{Time: october5}, OAuthClient: gen.DomainEntityRef{ID: "c-1", Name: "Demo"},
					User:        gen.UserReference{ID: "u-1"},
					TemplateURI: "api/v2/users", HTTPMethod: "GET",
					RequestCount: 21, Status200: 1, Status300: 2, Status400: 9, Status429: 4, Status500: 5,
				},
				{OAuthClient: gen.DomainEntityRef{ID: "c-2"}, RequestCount: 7},
			}
		},
	}
	want := []report.Row{
		{
			Date: october5, Names: report.Names{"c-1", "u-1", "api/v2/users", "GET"}, ClientName: "Demo",
			Counts: report.Counts{21, 1, 2, 9, 4, 5},
		},
		{Names: report.Names{"c-2"}, Counts: report.Counts{7}},
	}
	client := clientOf(t, organization)
	for _, q := range []report.Query{
		{Interval: "2026-10-01/2026-10-31", Granularity: report.Day},
		{Interval: "2026-10-01/2026-10-31", Granularity: report.Day, Jobs: true},
	} {
		o, err := Submit(t.Context(), client, &q)
		if err != nil {
			t.Fatal(err)
		}
		if got := collect(t, o); !reflect.DeepEqual(got, want) {
			t.Errorf("jobs %v: %+v, want %+v", q.Jobs, got, want)
		}
		if got := collect(t, Resume(client, &q, o.ID)); !reflect.DeepEqual(got, want) {
			t.Errorf("jobs %v, resumed: %+v, want %+v", q.Jobs, got, want)
		}
		q.Granularity = report.NoSteps
		for _, row := range collect(t, Resume(client, &q, o.ID)) {
			if !row.Date.IsZero() {
				t.Errorf("jobs %v: a row of a query without a granularity has the date %v", q.Jobs, row.Date)
			}
		}
	}
}

// Names that one API alone has are there too.
func TestOrganizationAndPlatform(t *testing.T) {
	var row report.Row
	if usageRow(&row, &gen.APIUsageRow{OrganizationID: "o-1"}); row.Names[report.Organization] != "o-1" {
		t.Errorf("the organization is %q", row.Names[report.Organization])
	}
	if jobRow(&row, &gen.UsageJobRow{Platform: "Web"}); row.Names[report.Platform] != "Web" {
		t.Errorf("the platform is %q", row.Names[report.Platform])
	}
	if row.Names[report.Organization] != "" {
		t.Errorf("the organization of the row before is left: %q", row.Names[report.Organization])
	}
}

// The error comes last, and ends the rows.
func TestRowsEndWithTheError(t *testing.T) {
	client := clientOf(t, usagetest.Config{Fail: true})
	for _, q := range []report.Query{{Interval: "2026-10-01/2026-10-31"},
		{Interval: "2026-10-01/2026-10-31", Jobs: true}} {
		o, err := Submit(t.Context(), client, &q)
		if err != nil {
			t.Fatal(err)
		}
		var errs []error
		for row, err := range o.Rows(t.Context()) {
			if *row != (report.Row{}) {
				t.Errorf("jobs %v: a row of a query that failed: %+v", q.Jobs, row)
			}
			errs = append(errs, err)
		}
		if len(errs) != 1 || errs[0] == nil {
			t.Errorf("jobs %v: %v, want one error", q.Jobs, errs)
		}
	}
}

// A query asks each API in its own words.
func TestQueries(t *testing.T) {
	for _, test := range []struct {
		name  string
		q     report.Query
		usage gen.APIUsageQuery
		job   gen.UsageJobQuery
	}{
		{
			"nothing but an interval", report.Query{Interval: "i"}, gen.APIUsageQuery{Interval: "i"},
			gen.UsageJobQuery{Interval: "i"},
		},
		{
			"everything",
			report.Query{
				Interval: "i", Granularity: report.Week,
				GroupBy: []report.Dimension{report.Client, report.User, report.Endpoint, report.Method},
			},
			gen.APIUsageQuery{
				Interval: "i", Granularity: gen.GranularityWeek,
				GroupBy: []gen.GroupBy{gen.GroupByOAuthClientID, gen.GroupByUserID, gen.GroupByTemplateURI, gen.GroupByHTTPMethod},
			},
			gen.UsageJobQuery{
				Interval: "i", Granularity: gen.JobGranularityWeek,
				GroupBy: []gen.JobGroupBy{
					gen.JobGroupByOAuthClientID, gen.JobGroupByOAuthClientName, gen.JobGroupByUserID, gen.JobGroupByTemplateURI,
					gen.JobGroupByHTTPMethod,
				},
			},
		},
		{
			"by day", report.Query{Granularity: report.Day}, gen.APIUsageQuery{Granularity: gen.GranularityDay},
			gen.UsageJobQuery{Granularity: gen.JobGranularityDay},
		},
		{
			"by month", report.Query{Granularity: report.Month}, gen.APIUsageQuery{Granularity: gen.GranularityMonth},
			gen.UsageJobQuery{Granularity: gen.JobGranularityMonth},
		},
	} {
		if got := usageQuery(&test.q); !reflect.DeepEqual(got, test.usage) {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.usage)
		}
		if got := jobQuery(&test.q); !reflect.DeepEqual(got, test.job) {
			t.Errorf("%s, jobs: %+v, want %+v", test.name, got, test.job)
		}
	}
	if got := usageQuery(&report.Query{GroupBy: report.Dimensions(false)}).GroupBy; slices.Contains(got, "") {
		t.Errorf("a dimension without a name: %q", got)
	}
	all := report.Dimensions(true)
	if got := jobQuery(&report.Query{GroupBy: all}).GroupBy; len(got) != len(all)+1 {
		t.Errorf("a dimension without a name: %q", got)
	}
}

// notInReports are the fields of rows that reports have no use for.
var notInReports = []string{"OAuthClient.SelfURI", "User.SelfURI"}

// Each field of the generated rows is in a report's row. One that a regeneration has added
// is listed: a person decides on its column.
func TestHandWrittenRows(t *testing.T) {
	for _, test := range []struct {
		generated reflect.Type
		read      func(*report.Row, reflect.Value)
	}{
		{reflect.TypeFor[gen.APIUsageRow](), func(row *report.Row, v reflect.Value) {
			usageRow(row, v.Addr().Interface().(*gen.APIUsageRow))
		}},
		{reflect.TypeFor[gen.UsageJobRow](), func(row *report.Row, v reflect.Value) {
			jobRow(row, v.Addr().Interface().(*gen.UsageJobRow))
		}},
	} {
		t.Run(test.generated.Name(), func(t *testing.T) {
			read := 0
			for name, index := range leaves(test.generated, "", nil) {
				value := reflect.New(test.generated).Elem()
				var row, empty report.Row
				switch field := value.FieldByIndex(index).Addr().Interface().(type) {
				case *time.Time:
					*field = october5
				default:
					if f := reflect.ValueOf(field).Elem(); f.Kind() == reflect.String {
						f.SetString("x")
					} else if f.CanInt() {
						f.SetInt(1)
					}
				}
				if test.read(&row, value); row != empty {
					read++
				} else if !slices.Contains(notInReports, name) {
					t.Logf("wrapper/cmd/genesys-usage: reports do not have %s of gen.%s", name, test.generated.Name())
				}
			}
			if want := 12; read < want {
				t.Errorf("%d fields are in a report's row, want %d", read, want)
			}
		})
	}
}

// leaves returns the fields of a struct, those of the structs in it too, by their names.
func leaves(of reflect.Type, prefix string, index []int) map[string][]int {
	all := map[string][]int{}
	for i := range of.NumField() {
		field := of.Field(i)
		at := append(slices.Clone(index), i)
		switch {
		case !field.IsExported():
		case field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[time.Time]():
			maps.Copy(all, leaves(field.Type, prefix+field.Name+".", at))
		default:
			all[prefix+field.Name] = at
		}
	}
	return all
}
