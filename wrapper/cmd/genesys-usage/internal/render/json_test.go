package render

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

// decodeJSON returns a report that was written as JSON.
func decodeJSON(t *testing.T, s *scene) (all map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s.write(t, JSON)), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// everything is a scene of a report with all that JSON can have.
func everything(jobs bool) *scene {
	s := octoberScene(report.Query{Jobs: jobs, Granularity: report.Day, GroupBy: report.Dimensions(jobs)},
		[]report.Row{clientRow("Demo", october(1), 10, 1), clientRow("Demo", october(31), 30, 0)})
	s.before = []report.Row{clientRow("Demo", october(1), 20, 0)}
	s.report.Compare, s.report.Limit = new(days(day(2026, 9, 1), day(2026, 9, 30))), 25
	return s
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
		{"an allowance that lasts", func(s *scene) { s.report.Limit = 90 },
			`{"forecast":40,"lasts":true,"limit":90,"share":0.4444,"until":null,"used":40}`},
		{"not sure", func(s *scene) { s.report.Limit, s.rows = 90, s.rows[:1] },
			`{"forecast":310,"lasts":null,"limit":90,"share":3.4444,"until":null,"used":10}`},
		{"nothing more", func(s *scene) { s.report.Limit, s.report.Compare, s.rows = 0, nil, s.rows[:1] },
			"\n],\n" + `"period":{"days":31,"daysWithData":1,"first":"2026-10-01","last":"2026-10-31"},"totals":{"requests":10,`},
		{"no days", func(s *scene) { s.report.Query.Granularity = report.NoSteps }, `"daysWithData":31,`},
		{"no rows", func(s *scene) { s.report.Limit, s.rows = 0, nil }, "{\"rows\":[\n],\n\"before\":"},
	} {
		s := everything(false)
		test.change(s)
		contains(t, s.write(t, JSON), test.want)
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
		s := octoberScene(byClient(report.NoSteps), []report.Row{clientRow(test.name, october(1), 1, 0)})
		row := decodeJSON(t, s)["rows"].([]any)[0].(map[string]any)
		equal(t, test.name, row["clientName"], test.want)
	}
	row := clientRow("Demo", october(1), 1, 0)
	row.Date = day(1, 1, 1)
	s := octoberScene(byClient(report.Day), []report.Row{row})
	contains(t, s.write(t, NDJSON), `{"date":null,`)
	contains(t, s.write(t, CSV), "\r\n,id-of-Demo,Demo,1,")
}
