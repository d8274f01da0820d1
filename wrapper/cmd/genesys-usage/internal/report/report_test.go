package report

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The columns are those of the dimensions and of all counters, in the same order for both APIs, and each has the value
// of its own field.
func TestColumns(t *testing.T) {
	row := &Row{
		Names: Names{"clientId", "userId", "templateUri", "httpMethod", "organizationId", "platform"}, ClientName: "clientName",
		Counts: Counts{1, 2, 3, 4, 5, 6},
	}
	for _, test := range []struct {
		q    Query
		want string
	}{
		{Query{GroupBy: []Dimension{Client}}, "clientId clientName"},
		{Query{GroupBy: []Dimension{Client, Endpoint}, Granularity: Day}, "date clientId clientName templateUri"},
		{Query{GroupBy: Dimensions(false)}, "clientId clientName userId templateUri httpMethod organizationId"},
		{Query{GroupBy: Dimensions(true), Jobs: true}, "clientId clientName userId templateUri httpMethod platform"},
	} {
		var names []string
		numbers := int64(0)
		for _, c := range Columns(&test.q) {
			names = append(names, c.Name)
			switch value := c.Value(row).(type) {
			case string:
				equal(t, c.Name, value, c.Name)
			case int64:
				numbers++
				equal(t, c.Name, value, numbers)
			}
		}
		equal(t, test.want, strings.Join(names, " "),
			test.want+" requests status200 status300 status400 status429 status500")
	}
}

func TestMatches(t *testing.T) {
	row := &Row{Names: Names{"c-1", "u-1", "api/v2/Users", "GET", "org-1", "Web"}, ClientName: "Demo Dialer"}
	for _, lower := range []string{"dialer", "c-1", "u-1", "users", "get", "org", "web"} {
		equal(t, lower, row.Matches(lower), true)
	}
	equal(t, "a text that no name has", row.Matches("wallboard"), false)
}

// What makes figures other than a reader may think is said.
func TestRemarks(t *testing.T) {
	period := func(first, last int) Period {
		return Period{First: october(first), Last: october(last), DataFirst: october(first), DataLast: october(last),
			End: october(last)}
	}
	for _, test := range []struct {
		name string
		r    Report
		want string
	}{
		{"nothing", Report{Spec: Spec{Period: period(1, 31)}}, ""},
		{"ranked", Report{Spec: Spec{Sort: Status429}}, "Ranked by refused requests (429): shares and comparisons are of these."},
		{"matched", Report{Spec: Spec{Match: "a\x1bb"}}, `Only rows with "a` + "\ufffd" +
			`b" in a name, id or endpoint; totals and shares are those of these rows.`},
		{"warning", Report{Spec: Spec{Period: Period{Warning: "x"}}}, "Warning: x."},
		{"compared", Report{Spec: Spec{Period: period(8, 14), Compare: new(period(1, 7))}},
			"Before: 1 to 7 October 2026, UTC."},
		{"compared, of other lengths", Report{Spec: Spec{Period: period(1, 31), Compare: new(period(1, 30))}},
			"Before: 1 to 30 October 2026, UTC. Warning: 30 days before, 31 days now."},
		{"rates", Report{Total: Group{Counts: Counts{Requests: 9, Status429: 1, Status400: 1}}},
			"Errors are all 4xx and 5xx, 429 included."},
		{"rates of 0", Report{Total: Group{Counts: Counts{Requests: 9}}}, ""},
	} {
		equal(t, test.name, strings.Join(test.r.Remarks(), " "), test.want)
	}
}

// What matches nothing is looked for elsewhere by another grouping.
func TestEmpty(t *testing.T) {
	q := Query{GroupBy: []Dimension{Client, Endpoint}}
	equal(t, "matched", (&Report{Spec: Spec{Match: "x", Query: q}}).Empty(),
		"No client or endpoint matches. To look at other names, add them to -group-by.")
	equal(t, "not matched", (&Report{Spec: Spec{Query: q}}).Empty(), "No requests in this period.")
}

// Package doc and README say in the same words what the numbers mean, and wherever days are said to be UTC days, so are
// the dates of the vendor's view.
func TestMeaning(t *testing.T) {
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
	for _, jobs := range []bool{false, true} {
		r := &Report{Spec: Spec{Query: Query{Jobs: jobs}}}
		equal(t, "the first sentences", strings.Join(r.Meaning()[:2], " "), utcDays+" "+localDates)
	}
}
