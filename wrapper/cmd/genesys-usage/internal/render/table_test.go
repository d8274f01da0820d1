package render

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

// A terminal shows the first lines, unless the number of groups is given, and says what the others come to.
func TestTableOnTerminal(t *testing.T) {
	var rows []report.Row
	for i := range 23 {
		rows = append(rows, clientRow(fmt.Sprint("Demo ", i), october(1+i%2), 5, 1))
	}
	for _, test := range []struct {
		name    string
		options Options
		lines   int
		others  string
		note    string
		bar     string
	}{
		{
			"terminal", Options{Top: -1, Terminal: true}, 20,
			`\.\.\. and 3 more +15 +13\.0% +3 +20\.0%`, "-top 0 shows all.", "█",
		},
		{"all groups", Options{Top: 0, Terminal: true}, 23, "", "", "█"},
		{"two groups", Options{Top: 2, Terminal: true}, 2, `\.\.\. and 21 more +105 +91\.3% +21`, "", "█"},
		{"no terminal", Options{Top: -1}, 23, "", "", "#"},
		{"as many groups as there are", Options{Top: 23}, 23, "", "", "#"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := octoberScene(byClient(report.Day), rows)
			s.options = test.options
			table := s.write(t, Table)
			equal(t, "lines", strings.Count(table, "Demo "), test.lines)
			equal(t, "has other groups", strings.Contains(table, "more"), test.others != "")
			if !regexp.MustCompile(test.others).MatchString(table) {
				t.Errorf("%s is not in:\n%s", test.others, table)
			}
			equal(t, "has a note", strings.Contains(table, "-top"), test.note != "")
			contains(t, table, test.note)
			contains(t, table, test.bar+"\u0020")
		})
	}
}

// Bars are as long as a group's part of the largest, and none is as long as nothing.
func TestTableBars(t *testing.T) {
	s := octoberScene(byClient(report.NoSteps), []report.Row{
		clientRow("a", october(1), 1_000_000, 0), clientRow("b", october(1), 500_000, 0), clientRow("c", october(1), 1, 0),
		clientRow("d", october(1), 0, 0),
	})
	table := s.write(t, Table)
	for name, want := range map[string]int{"a": 12, "b": 6, "c": 1, "d": 0} {
		line := regexp.MustCompile(`(?m)^` + name + ` .*$`).FindString(table)
		equal(t, "bar of "+name, strings.Count(line, "#"), want)
	}
}

// Where the width is short, endpoints are without what all of them begin with.
func TestTableEndpoints(t *testing.T) {
	s := octoberScene(report.Query{GroupBy: []report.Dimension{report.Endpoint, report.Method}}, goldenDays())
	for width, want := range map[int]string{0: "\napi/v2/routing", 120: "\napi/v2/routing", 119: "\nrouting"} {
		s.options.Width = width
		contains(t, s.write(t, Table), want+"/queues/{queueId}  GET")
	}
}

// What was not asked for has no column: a 0 there would be wrong.
func TestTableColumns(t *testing.T) {
	rows := []report.Row{clientRow("Demo", october(1), 10, 5)}
	for _, test := range []struct {
		name  string
		query report.Query
		sort  report.Metric
		want  string
	}{
		{"by default", byClient(report.NoSteps), report.Requests, "CLIENT REQUESTS SHARE 429 429 % ERRORS %"},
		{"by errors", byClient(report.NoSteps), report.Errors, "CLIENT REQUESTS ERRORS SHARE 429 429 % ERRORS %"},
		{"by refused", byClient(report.NoSteps), report.Status429, "CLIENT REQUESTS 429 SHARE 429 % ERRORS %"},
		{"steps", byClient(report.Day), report.Requests, "DATE CLIENT REQUESTS SHARE 429 429 % ERRORS %"},
	} {
		s := octoberScene(test.query, rows)
		s.report.Sort = test.sort
		header := regexp.MustCompile(`(?m)^.* SHARE.*$`).FindString(s.write(t, Table))
		equal(t, test.name, strings.Join(strings.Fields(header), " "), test.want)
	}
}

// The largest counts that there are saturate sums, and end no table and no page in an endless loop.
func TestLargestCounts(t *testing.T) {
	var rows []report.Row
	for d := range 3 {
		for _, name := range []string{"a", "b"} {
			rows = append(rows, clientRow(name, october(1+d), math.MaxInt64, 0))
		}
	}
	s := octoberScene(byClient(report.Day), rows)
	for _, form := range []*Form{Table, HTML} {
		page := s.write(t, form)
		contains(t, page, "9,223,372,036,854,775,807")
		containsNot(t, page, ">-")
		containsNot(t, page, " -9")
		containsNot(t, page, "NaN")
		containsNot(t, page, "Inf")
	}
	s.write(t, XLSX)
}
