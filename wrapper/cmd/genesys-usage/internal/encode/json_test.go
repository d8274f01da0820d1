package encode

import (
	"encoding/json"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

// october is a day of October 2026.
func october(day int) time.Time { return time.Date(2026, time.October, day, 0, 0, 0, 0, time.UTC) }

// scene is a report and the rows that it is made of.
type scene struct {
	report.Spec
	rows, before []report.Row
}

// row is a row of a client, with some of its requests refused.
func row(name string, date time.Time, requests, refused int64) report.Row {
	return report.Row{Date: date, Names: report.Names{"id"}, ClientName: name,
		Counts: report.Counts{requests, requests - refused, 0, refused, refused, 0}}
}

// named is a scene of a client.
func named(name string) *scene {
	query := report.Query{GroupBy: []report.Dimension{report.Client}}
	return &scene{Spec: report.Spec{Query: query}, rows: []report.Row{row(name, time.Time{}, 1, 0)}}
}

// write writes a scene.
func write[W interface {
	Row(r *report.Row) error
	Finish(r *report.Report) error
}](t *testing.T, create func(io.Writer, []report.Column) W, s *scene) string {
	t.Helper()
	var out strings.Builder
	w, totals := create(&out, report.Columns(&s.Query)), report.NewTotals(s.Spec, false)
	for _, row := range s.rows {
		totals.Add(&row)
		if err := w.Row(&row); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range s.before {
		totals.AddBefore(&row)
	}
	if err := w.Finish(totals.Report()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func contains(t *testing.T, text, want string) {
	t.Helper()
	if !strings.Contains(text, want) {
		t.Errorf("%q is not in:\n%s", want, text)
	}
}

// decodeJSON returns a report that was written as JSON.
func decodeJSON(t *testing.T, s *scene) (all map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(write(t, NewJSON, s)), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// everything is a scene of a report with all that JSON can have.
func everything(jobs bool) *scene {
	period := func(month time.Month, days int) report.Period {
		first := time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC)
		last := first.AddDate(0, 0, days-1)
		return report.Period{First: first, Last: last, DataFirst: first, DataLast: last, End: last}
	}
	query := report.Query{Jobs: jobs, Granularity: report.Day, GroupBy: report.Dimensions(jobs)}
	return &scene{
		Spec:   report.Spec{Query: query, Period: period(10, 31), Compare: new(period(9, 30)), Limit: 25},
		rows:   []report.Row{row("Demo", october(1), 10, 1), row("Demo", october(31), 30, 0)},
		before: []report.Row{row("Demo", october(1), 20, 0)},
	}
}

// The README lists the members of a report in JSON.
func TestJSONIsWhatTheReadmeSays(t *testing.T) {
	readme, err := os.ReadFile("../../../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	code := regexp.MustCompile("`([A-Za-z0-9]+)`")
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z]+)` \\| (.*) \\|$").FindAllStringSubmatch(string(readme), -1) {
		var names []string
		for _, match := range code.FindAllStringSubmatch(row[2], -1) {
			names = append(names, match[1])
		}
		slices.Sort(names)
		listed[row[1]] = strings.Join(names, " ")
	}
	all := decodeJSON(t, everything(false))
	jobs := decodeJSON(t, everything(true))
	row := all["rows"].([]any)[0].(map[string]any)
	maps.Copy(row, jobs["rows"].([]any)[0].(map[string]any))
	all["rows"] = row
	for name, value := range all {
		names := strings.Join(slices.Sorted(maps.Keys(value.(map[string]any))), " ")
		equal(t, "README on "+name, listed[name], names)
	}
	for _, name := range []string{"rows", "period", "totals", "before", "allowance"} {
		equal(t, "JSON has "+name, all[name] != nil, true)
	}
}

// What follows the rows is the report's.
func TestJSON(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*scene)
		want   string // after the rows
	}{
		{"everything", func(*scene) {}, `"allowance":{"forecast":40,"lasts":false,"limit":25,"share":1.6,` +
			`"until":"2026-10-31","used":40},` +
			`"before":{"period":{"days":30,"daysWithData":30,"first":"2026-09-01","last":"2026-09-30"},` +
			`"totals":{"requests":20,"status200":20,"status300":0,"status400":0,"status429":0,"status500":0}},` +
			`"period":{"days":31,"daysWithData":31,"first":"2026-10-01","last":"2026-10-31"},` +
			`"totals":{"requests":40,"status200":39,"status300":0,"status400":1,"status429":1,"status500":0}}` + "\n"},
		{"an allowance that lasts", func(s *scene) { s.Limit = 90 },
			`{"forecast":40,"lasts":true,"limit":90,"share":0.4444,"until":null,"used":40}`},
		{"not sure", func(s *scene) { s.Limit, s.rows = 90, s.rows[:1] },
			`{"forecast":310,"lasts":null,"limit":90,"share":3.4444,"until":null,"used":10}`},
		{"nothing more", func(s *scene) { s.Limit, s.Compare, s.rows = 0, nil, s.rows[:1] },
			"\n],\n" + `"period":{"days":31,"daysWithData":1,"first":"2026-10-01","last":"2026-10-31"},"totals":{"requests":10,`},
		{"no days", func(s *scene) { s.Query.Granularity = report.NoSteps }, `"daysWithData":31,`},
		{"no rows", func(s *scene) { s.Limit, s.rows = 0, nil }, "{\"rows\":[\n],\n\"before\":"},
	} {
		s := everything(false)
		test.change(s)
		contains(t, write(t, NewJSON, s), test.want)
		decodeJSON(t, s)
	}
}

// A name is read back as it was, but for what moves a cursor or is not UTF-8. A date that is not known is null.
func TestJSONValues(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"Demo", "Demo"},
		{`"\/<>&'`, `"\/<>&'`},
		{"\x00\x1b\u2028\u202e\U0001f600", "\ufffd\ufffd\ufffd\ufffd\U0001f600"},
		{"\xff", "\ufffd"},
	} {
		row := decodeJSON(t, named(test.name))["rows"].([]any)[0].(map[string]any)
		equal(t, test.name, row["clientName"], test.want)
	}
	s := named("Demo")
	s.Query.Granularity = report.Day
	contains(t, write(t, NewNDJSON, s), `{"date":null,`)
	contains(t, write(t, NewCSV, s), "\r\n,id,Demo,1,")
}
