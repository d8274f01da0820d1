package report

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The columns are those that were asked for, in the same order for both APIs.
func TestColumns(t *testing.T) {
	all := "requests status200 status300 status400 status429 status500"
	for _, test := range []struct {
		name string
		q    Query
		want string
	}{
		{"by client", Query{GroupBy: []Dimension{Client}}, "clientId clientName " + all},
		{"by client, jobs", Query{GroupBy: []Dimension{Client}, Jobs: true}, "clientId clientName " + all},
		{"by client and endpoint, by day", Query{GroupBy: []Dimension{Client, Endpoint}, Granularity: Day},
			"date clientId clientName templateUri " + all},
		{"all dimensions", Query{GroupBy: Dimensions(false)},
			"clientId clientName userId templateUri httpMethod organizationId " + all},
		{"all dimensions, jobs", Query{GroupBy: Dimensions(true), Jobs: true},
			"clientId clientName userId templateUri httpMethod platform " + all},
	} {
		var names []string
		for _, c := range Columns(&test.q) {
			names = append(names, c.Name)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// Each column has the value of its own field.
func TestColumnValues(t *testing.T) {
	row := &Row{
		Names: Names{"c", "u", "e", "m", "o", "p"}, ClientName: "n", Counts: Counts{1, 2, 3, 4, 5, 6},
	}
	want := map[string]any{
		"clientId": "c", "clientName": "n", "userId": "u", "templateUri": "e", "httpMethod": "m", "organizationId": "o",
		"platform": "p",
		"requests": int64(1), "status200": int64(2), "status300": int64(3), "status400": int64(4), "status429": int64(5),
		"status500": int64(6),
	}
	for _, jobs := range []bool{false, true} {
		for _, c := range Columns(&Query{GroupBy: Dimensions(jobs), Jobs: jobs}) {
			var got any = c.Number
			switch c.Kind {
			case Text:
				got = c.Text(row)
			case Number:
				got = c.Number(row)
			case Date:
				t.Errorf("a date without a granularity")
			}
			if got != want[c.Name] {
				t.Errorf("%s is %v, want %v", c.Name, got, want[c.Name])
			}
		}
	}
}

func TestMatches(t *testing.T) {
	row := &Row{Names: Names{"c-1", "u-1", "api/v2/Users", "GET", "org-1", "Web"}, ClientName: "Demo Dialer"}
	for _, lower := range []string{"dialer", "c-1", "u-1", "users", "get", "org", "web"} {
		if !row.Matches(lower) {
			t.Errorf("%q is not found", lower)
		}
	}
	if row.Matches("wallboard") {
		t.Error("a text is found that no name has")
	}
}

// A query stays as it is, however few rows there are.
func TestQueriesStayAsTheyAre(t *testing.T) {
	q := Query{Interval: "2026-10-01/2026-10-31", GroupBy: []Dimension{Client, User}, Granularity: Day}
	if r := New(Report{Query: q}, NewTotals()); !reflect.DeepEqual(r.Query, q) {
		t.Errorf("%+v, want %+v", r.Query, q)
	}
}

func TestSteps(t *testing.T) {
	row := func(id string, day int, n int64) *Row {
		return &Row{Date: october(day), Names: Names{Client: id}, Counts: Counts{Requests: n}}
	}
	r := New(Report{}, totalsOf(row("a", 3, 1), row("b", 1, 2), row("b", 3, 4), row("a", 2, 8)))
	var got []int64
	for _, s := range r.Steps() {
		got = append(got, s.Counts[Requests])
	}
	if want := []int64{2, 8, 5}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// Steps say which part of them is in the period.
func TestStepLabels(t *testing.T) {
	date := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, test := range []struct {
		first, last string // with data
		size        Granularity
		date, want  string
	}{
		{"2026-08-25", "2026-11-23", Month, "2026-08-01", "Aug 2026, from 25 Aug"},
		{"2026-08-25", "2026-11-23", Month, "2026-08-25", "Aug 2026, from 25 Aug"},
		{"2026-08-25", "2026-11-23", Month, "2026-09-01", "Sep 2026"},
		{"2026-08-25", "2026-11-23", Month, "2026-11-01", "Nov 2026, to 23 Nov"},
		{"2026-08-02", "2026-08-30", Month, "2026-08-01", "Aug 2026, from 2 Aug to 30 Aug"},
		{"2026-08-01", "2026-08-31", Month, "2026-08-01", "Aug 2026"},
		{"2026-08-12", "2026-08-21", Week, "2026-08-10", "week of 2026-08-10, from 12 Aug"},
		{"2026-08-12", "2026-08-21", Week, "2026-08-17", "week of 2026-08-17, to 21 Aug"},
		{"2026-08-10", "2026-08-23", Week, "2026-08-17", "week of 2026-08-17"},
		{"2026-08-10", "2026-08-23", Day, "2026-08-10", "2026-08-10"},
		{"", "", Month, "2026-08-01", "Aug 2026"},
		{"", "", NoSteps, "2026-08-01", "2026-08-01"},
	} {
		r := &Report{Query: Query{Granularity: test.size}}
		if test.first != "" {
			r.Period = Period{First: date(test.first), Last: date(test.last), DataFirst: date(test.first),
				DataLast: date(test.last)}
		}
		if got := r.StepLabel(date(test.date)); got != test.want {
			t.Errorf("%s to %s by %s: %s is %q, want %q", test.first, test.last, test.size, test.date, got, test.want)
		}
	}
}

// What makes figures other than a reader may think is said.
func TestRemarks(t *testing.T) {
	period := func(first, last, dataLast int) Period {
		return Period{First: october(first), Last: october(last), DataFirst: october(first), DataLast: october(dataLast)}
	}
	soFar := period(1, 10, 10)
	soFar.StartDay = 1
	for _, test := range []struct {
		name string
		r    Report
		want string
	}{
		{"nothing", Report{Period: period(1, 31, 31)}, ""},
		{"ranked", Report{Sort: Status429}, "Ranked by refused requests (429); the share is theirs."},
		{"matched", Report{Match: "a\x1bb"}, `Only rows with "a` + "\ufffd" +
			`b" in a name; totals and shares are those of these rows.`},
		{"warning", Report{Period: Period{Warning: "x"}}, "Warning: x."},
		{"compared", Report{Period: period(8, 14, 14), Comparison: &Comparison{Period: period(1, 7, 7)}},
			"Before: 1 to 7 October 2026, UTC."},
		{
			"compared, months of other lengths", Report{Period: period(1, 31, 31),
				Comparison: &Comparison{Period: period(1, 30, 30)}},
			"Before: 1 to 30 October 2026, UTC. Warning: 30 days before, 31 days now.",
		},
		{
			"compared, days of other weekdays", Report{Period: period(12, 23, 23),
				Comparison: &Comparison{Period: period(1, 12, 12)}},
			"Before: 1 to 12 October 2026, UTC. Warning: 10 weekdays (Monday to Friday) now, 8 before.",
		},
		{"rates", Report{Total: Counts{Requests: 9, Status429: 1, Status400: 1}},
			"Errors are all 4xx and 5xx, 429 included."},
		{"rates of 0", Report{Total: Counts{Requests: 9}}, ""},
		{
			"compared, not over", Report{Period: soFar, Comparison: &Comparison{Period: period(1, 10, 10)}},
			"Before: 1 to 10 October 2026, UTC. As many days as there are of this period so far: 10.",
		},
	} {
		if got := strings.Join(test.r.Remarks(), " "); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// What matches nothing is looked for elsewhere by another grouping.
func TestNoMatch(t *testing.T) {
	for _, test := range []struct {
		name string
		q    Query
		want string
	}{
		{"by endpoint", Query{GroupBy: []Dimension{Endpoint}},
			"No endpoint matches. To look at client, user, method or organization too, add it to -group-by."},
		{"jobs", Query{GroupBy: []Dimension{Client, Endpoint}, Jobs: true},
			"No client or endpoint matches. To look at user, method or platform too, add it to -group-by."},
		{"by everything", Query{GroupBy: Dimensions(false)}, "No client, user, endpoint, method or organization matches."},
	} {
		if got := (&Report{Match: "x", Query: test.q}).Empty(); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// Package doc and README say in the same words what the numbers mean.
func TestMeaningIsSaidInTheSameWords(t *testing.T) {
	const root = "../../../../../"
	for _, file := range []string{root + "wrapper/doc.go", root + "README.md"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		words := regexp.MustCompile(`\s+(// )?`).ReplaceAllString(string(data), " ")
		for _, sentence := range meaning {
			if !strings.Contains(words, sentence) {
				t.Errorf("%s does not say %q", file, sentence)
			}
		}
	}
}

// Wherever days are said to be UTC days, so are the dates of the vendor's view.
func TestMeaningSaysWhatOtherDatesThereAre(t *testing.T) {
	for _, jobs := range []bool{false, true} {
		r := &Report{Query: Query{Jobs: jobs}}
		if got := r.Meaning(); got[0] != utcDays || got[1] != localDates {
			t.Errorf("jobs %v: %q", jobs, got[:2])
		}
	}
}
