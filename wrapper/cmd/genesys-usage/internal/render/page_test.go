package render

import (
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

// element is an element of a page.
type element struct {
	name     string
	attrs    map[string]string
	text     string // of all elements in it
	children []*element
}

// parsePage reads a page: it is XML, but for a few tags that never end.
func parsePage(t *testing.T, page string) *element {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(page, "<!DOCTYPE html>")))
	decoder.Strict, decoder.AutoClose, decoder.Entity = false, append(xml.HTMLAutoClose, "wbr"), xml.HTMLEntity
	open := []*element{{}}
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return open[0]
		}
		if err != nil {
			t.Fatal(err)
		}
		last := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attrs: map[string]string{}}
			for _, attr := range token.Attr {
				e.attrs[attr.Name.Local] = attr.Value
			}
			last.children = append(last.children, e)
			open = append(open, e)
		case xml.CharData:
			for _, e := range open {
				e.text += string(token)
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
}

// find returns the elements of a name and class, "" being any.
func (e *element) find(name, class string) []*element {
	var found []*element
	for _, child := range e.children {
		classes := strings.Fields(child.attrs["class"])
		if (name == "" || child.name == name) && (class == "" || slices.Contains(classes, class)) {
			found = append(found, child)
		}
		found = append(found, child.find(name, class)...)
	}
	return found
}

// texts returns what elements say.
func texts(elements []*element) []string {
	var texts []string
	for _, e := range elements {
		texts = append(texts, strings.TrimSpace(e.text))
	}
	return texts
}

// pageOf writes and reads a page.
func pageOf(t *testing.T, s *scene) *element {
	t.Helper()
	return parsePage(t, s.write(t, HTML))
}

// table returns the cells of the rows of a class in the table of groups, by the titles of columns.
func (e *element) table(class string) []map[string]string {
	table := e.find("table", "groups")[0]
	titles := texts(table.find("thead", "")[0].find("th", ""))
	var rows []map[string]string
	for _, tr := range table.find("tbody", "")[0].find("tr", class) {
		row := map[string]string{}
		for i, cell := range texts(tr.children) {
			row[titles[i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

// A page needs nothing else, and no name becomes a part of it.
func TestPageIsClosed(t *testing.T) {
	names := []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "</title>", "{{.}}", "a&amp;b", "javascript:x",
	}
	var rows []report.Row
	for _, name := range names {
		rows = append(rows, clientRow(name, october(1), 10, 0), clientRow(name, october(2), 10, 0))
	}
	s := octoberScene(byClient(report.Day), rows)
	s.report.Match, s.report.Region = names[0], names[0]
	source := s.write(t, HTML)
	page := parsePage(t, source)
	for _, unwanted := range []string{"script", "img", "link", "iframe", "object", "a"} {
		equal(t, "elements "+unwanted, len(page.find(unwanted, "")), 0)
	}
	for _, unwanted := range []string{"http:", "https:", "url(", "@import", "onerror=alert(1)>"} {
		containsNot(t, source, unwanted)
	}
	got := map[string]bool{}
	for _, row := range page.table("") {
		got[row["CLIENT"]] = true
	}
	for _, name := range names {
		equal(t, "the table has "+name, got[name], true)
	}
}

// Red rows have more than 1 % of their requests refused; what they are is said before the table.
func TestPageRedRows(t *testing.T) {
	rows := []report.Row{
		clientRow("much", october(1), 1000, 11), clientRow("just", october(1), 1000, 10),
		clientRow("none", october(1), 1000, 0), clientRow("zero", october(1), 0, 0),
	}
	s := octoberScene(byClient(report.NoSteps), rows)
	source := s.write(t, HTML)
	red := parsePage(t, source).table("refused")
	equal(t, "red rows", len(red), 1)
	equal(t, "the red row", red[0]["CLIENT"], "much")
	before, _, _ := strings.Cut(source, "<table class=\"groups\">")
	contains(t, before, "Red rows</span> had more than 1 % of their requests refused")
	s.rows = s.rows[1:]
	containsNot(t, s.write(t, HTML), "Red rows")
}

// An allowance is a tile that says when it runs out.
func TestPageAllowance(t *testing.T) {
	for _, test := range []struct {
		name        string
		limit, used int64
		last        int // day with data
		number      string
		words       string
		over        bool
		gauge       string // used, forecast and limit
	}{
		{"does not last", 1000, 400, 10, "40.0%",
			"of 1,000 used; it will be used up on 26 October", true, "32 100 81"},
		{"lasts", 2000, 400, 10, "20.0%", "of 2,000 used; forecast for 31 October: 62.0%", false, "20 62 100"},
		{"ran out", 100, 400, 10, "400.0%", "of 100 used; it was used up on 3 October", true, "32 100 8"},
		{"lasted", 1000, 310, 31, "31.0%", "of 1,000 used; it lasted", false, "31 31 100"},
		{"not sure", 200, 120, 3, "60.0%", "of 200 used; whether it lasts is not sure", false, "10 100 16"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var rows []report.Row
			for d := range test.last {
				rows = append(rows, clientRow("Demo", october(1+d), test.used/int64(test.last), 0))
			}
			s := octoberScene(byClient(report.Day), rows)
			s.report.Period = days(october(1), october(test.last))
			s.report.Limit, s.report.Period.End = test.limit, october(31)
			page := pageOf(t, s)
			tile := page.find("div", "meter")[0]
			equal(t, "number", texts(tile.find("b", ""))[0], test.number)
			contains(t, tile.text, test.words)
			equal(t, "is over", strings.Contains(tile.attrs["class"], "over"), test.over)
			var gauge []string
			for _, class := range []string{"used", "forecast", "limit"} {
				style := tile.find("i", class)[0].attrs["style"]
				width, err := strconv.ParseFloat(regexp.MustCompile(`[0-9.]+`).FindString(style), 64)
				if err != nil {
					t.Fatal(err)
				}
				gauge = append(gauge, fmt.Sprintf("%.0f", width))
			}
			equal(t, "gauge", strings.Join(gauge, " "), test.gauge)
			contains(t, page.text, "Allowance: "+s.finished().Allowance.String())
		})
	}
}

// A chart has at most as many bars as can be seen, as high as they are; one of fewer days is marked. Its values are in a
// table too.
func TestPageChart(t *testing.T) {
	var rows []report.Row
	for d := range 365 {
		rows = append(rows, clientRow("Demo", day(2025, 11, 20).AddDate(0, 0, d), 10, 0))
	}
	s := octoberScene(byClient(report.Day), rows)
	s.report.Period = days(day(2025, 11, 20), day(2026, 11, 19))
	page := pageOf(t, s)
	plot := page.find("div", "plot")[0]
	bars := plot.find("i", "")
	equal(t, "bars", len(bars), 53)
	equal(t, "the bar of 10 of 80", bars[0].attrs["style"], "height: 12.5%; background: #3b78c4")
	equal(t, "its title", bars[0].attrs["title"], "2025-11-20, \u2068Demo\u2069: 10 requests")
	equal(t, "the bar of 70 of 80", bars[52].attrs["style"], "height: 87.5%; background: #3b78c4")
	equal(t, "scale", strings.Join(texts(plot.find("span", "line")), " "), "0 20 40 60 80")
	equal(t, "bars that are marked", len(plot.find("div", "partial")), 1)
	equal(t, "legend", strings.Join(texts(page.find("ul", "legend")[0].children), "|"),
		"Demo 100.0%|partial: fewer days than the others")
	values := page.find("details", "")[0].find("tr", "")
	equal(t, "values", len(values), 54)
	for i, want := range []string{"Date|Demo", "2025-11-20|10", "2025-11-21 to 2025-11-27|70"} {
		equal(t, "a row of values", strings.Join(texts(values[i].children), "|"), want)
	}
	s.report.Period = days(day(2025, 11, 20), day(2025, 11, 20))
	s.rows = s.rows[:1]
	equal(t, "charts of a day", len(pageOf(t, s).find("div", "plot")), 0)
}
