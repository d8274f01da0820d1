package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

// parsedPage is what a browser would see of a page.
type parsedPage struct {
	title   string
	heads   []string
	rows    []map[string]string // by the titles of columns
	refused []bool
	foot    map[string]string
	bars    []string // the titles of the chart's
	legend  []string
	figures []string
	dates   []string
	text    string
}

// parsePage reads a page. It is XML but for a few tags that never end.
func parsePage(t *testing.T, page string) *parsedPage {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(page, "<!DOCTYPE html>")))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	p := &parsedPage{}
	var path, classes []string
	var cells []string
	var refused bool
	var text strings.Builder
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			class := ""
			for _, a := range token.Attr {
				if a.Name.Local == "class" {
					class = a.Value
				}
			}
			path, classes = append(path, token.Name.Local), append(classes, class)
			if token.Name.Local == "tr" {
				cells, refused = nil, class == "refused"
			}
			text.Reset()
		case xml.CharData:
			text.Write(token)
			if len(path) > 0 && path[len(path)-1] != "style" {
				p.text += string(token)
			}
		case xml.EndElement:
			said := strings.TrimSpace(text.String())
			switch name, class := token.Name.Local, classes[len(classes)-1]; {
			case name == "h1":
				p.title = said
			case name == "th":
				p.heads = append(p.heads, said)
			case name == "td":
				cells = append(cells, said)
			case name == "title" && path[len(path)-2] == "rect":
				p.bars = append(p.bars, said)
			case name == "li":
				p.legend = append(p.legend, said)
			case strings.HasPrefix(class, "date"):
				p.dates = append(p.dates, said)
			case name == "b" && classes[len(classes)-3] == "figures":
				p.figures = append(p.figures, said)
			case name == "tr" && len(cells) > 0:
				row := map[string]string{}
				for i, cell := range cells {
					row[p.heads[i]] = cell
				}
				if path[len(path)-2] == "tfoot" {
					p.foot = row
				} else {
					p.rows, p.refused = append(p.rows, row), append(p.refused, refused)
				}
			}
			path, classes = path[:len(path)-1], classes[:len(classes)-1]
			text.Reset()
		}
	}
	return p
}

// number reads a figure with its thousands.
func number(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.ReplaceAll(s, ",", ""), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// manyRows are of so many clients on so many days.
func manyRows(clients, days int) []gen.APIUsageRow {
	var rows []gen.APIUsageRow
	for c := range clients {
		for d := range days {
			n := int64(1000*(clients-c) + d)
			rows = append(rows, gen.APIUsageRow{
				ClientID: fmt.Sprint("c-", c), ClientName: fmt.Sprint("Demo ", c), Date: october(1).AddDate(0, 0, d),
				Requests: n, Status200: n - n/50 - 1, Status400: n / 50, Status429: int64(c%3) * n / 200, Status500: 1,
			})
		}
	}
	return rows
}

var barTitle = regexp.MustCompile(`^(.*), (.*): ([0-9,]+) requests$`)

// The figures of a page are those of the rows, added up: in the table, in its foot, in
// the large ones, and in the bars of the chart.
func TestPageAddsUp(t *testing.T) {
	for _, test := range []struct{ clients, days, top int }{{1, 1, 0}, {1, 30, 0}, {5, 7, 0}, {8, 3, 0}, {40, 31, 0}, {40, 31, 10}, {150, 2, 0}, {150, 2, 120}} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			rows := manyRows(test.clients, test.days)
			args := []string{"-demo", "-interval", "2026-10-01/" + october(test.days).Format(time.DateOnly), "-html", "-"}
			if test.top > 0 {
				args = append(args, "-top", strconv.Itoa(test.top))
			}
			code, page, stderr := genesysUsageOn(t, rowsOf(rows), args...)
			if code != 0 {
				t.Fatal(stderr)
			}
			p := parsePage(t, page)
			type figures struct{ requests, refused, errors int64 }
			byClient, byBar, total := map[string]figures{}, map[string]int64{}, figures{}
			for _, r := range rows {
				f := byClient[r.ClientName]
				f.requests, f.refused, f.errors = f.requests+r.Requests, f.refused+r.Status429, f.errors+r.Status400+r.Status500
				byClient[r.ClientName] = f
				total = figures{total.requests + r.Requests, total.refused + r.Status429, total.errors + r.Status400 + r.Status500}
				name := r.ClientName
				if place, _ := strconv.Atoi(strings.TrimPrefix(name, "Demo ")); place >= chartSeries {
					name = fmt.Sprintf("all others (%d)", test.clients-chartSeries)
				}
				byBar[r.Date.Format(time.DateOnly)+" "+name] += r.Requests
			}

			shown := min(test.clients, pageRows)
			if test.top > 0 {
				shown = min(shown, test.top)
			}
			if len(p.rows) != shown {
				t.Errorf("%d rows, want %d", len(p.rows), shown)
			}
			for i, row := range p.rows {
				f := byClient[row["Client"]]
				if number(t, row["Requests"]) != f.requests || row["Share"] != percent(f.requests, total.requests) || row["Errors %"] != percent(f.errors, f.requests) {
					t.Errorf("%v, want %+v", row, f)
				}
				if total.refused > 0 && (number(t, row["429"]) != f.refused || row["429 %"] != percent(f.refused, f.requests)) {
					t.Errorf("%v, want %+v", row, f)
				}
				if want := float64(f.refused) > 0.01*float64(f.requests); p.refused[i] != want {
					t.Errorf("%v is marked: %v", row, p.refused[i])
				}
			}
			if number(t, p.foot["Requests"]) != total.requests || p.foot["Share"] != "100.0%" || total.refused > 0 && number(t, p.foot["429"]) != total.refused {
				t.Errorf("%v, want %+v", p.foot, total)
			}
			if number(t, p.figures[0]) != total.requests || number(t, p.figures[1]) != total.refused || number(t, p.figures[2]) != total.errors {
				t.Errorf("%v, want %+v", p.figures, total)
			}
			hidden := fmt.Sprintf("and %d more, in the total", test.clients-shown)
			if strings.Contains(p.text, hidden) != (test.clients > shown) {
				t.Errorf("%q", hidden)
			}

			for _, bar := range p.bars {
				parts := barTitle.FindStringSubmatch(bar)
				if parts == nil {
					t.Fatal(bar)
				}
				key := parts[1] + " " + parts[2]
				if number(t, parts[3]) != byBar[key] {
					t.Errorf("%s, want %d", bar, byBar[key])
				}
				delete(byBar, key)
			}
			if len(byBar) != 0 {
				t.Errorf("not in the chart: %v", byBar)
			}
			if others := fmt.Sprintf("all others (%d)", test.clients-chartSeries); test.clients > chartSeries && p.legend[chartSeries] != others {
				t.Errorf("%v, want %s", p.legend, others)
			}
			if len(p.dates) == 0 || p.dates[0] != "1 Oct" {
				t.Errorf("%v", p.dates)
			}
		})
	}
}

// What was not asked for is not shown as zero.
func TestPageShowsWhatWasAsked(t *testing.T) {
	_, page, _ := genesysUsageOn(t, rowsOf(goldenRows), "-demo", "-html", "-", "-metrics", "status429,status200", "-group-by", "client")
	p := parsePage(t, page)
	if strings.Join(p.heads, ",") != "Client,429,Share,,2xx" || strings.Join(p.figures, ",") != "200,002,1,013,258" {
		t.Errorf("%q, %q", p.heads, p.figures)
	}
	if strings.Contains(p.text, ">requests<") || strings.Contains(p.text, "0 requests") {
		t.Error(p.text)
	}
}

// A page by month has a place for each month.
func TestPageByMonth(t *testing.T) {
	var rows []gen.APIUsageRow
	for month := range 12 {
		if month != 5 {
			rows = append(rows, gen.APIUsageRow{ClientID: "c", ClientName: "Demo", Date: time.Date(2025, time.November+time.Month(month), 1, 0, 0, 0, 0, time.UTC), Requests: 1000, Status200: 1000})
		}
	}
	_, page, _ := genesysUsageOn(t, rowsOf(rows), "-demo", "-html", "-", "-granularity", "month", "-interval", "2025-11-01/2026-10-31")
	if !strings.Contains(page, `viewBox="0 0 12 1000"`) || strings.Count(page, `height="1000"`) != 11 || !strings.Contains(page, `x="11.1"`) || strings.Contains(page, `x="5.1"`) {
		t.Error(page)
	}
	if p := parsePage(t, page); strings.Join(p.dates, ",") != "Nov 2025,Jan 2026,Mar 2026,May 2026,Jul 2026,Sep 2026" || !strings.Contains(p.text, "requests a month") {
		t.Errorf("%v", p.dates)
	}
}

// What a manager has to know stands above the figures.
func TestPageSaysWhatItIs(t *testing.T) {
	s := &settings{question: question{interval: "2026-10-01/2026-10-31"}, now: now, jobs: true, region: "eu-west-1"}
	s.period = newPeriod(s.question, true, now)
	sums := newSums()
	sums.add(&row{group: group{endpoint: "api/v2/users"}, counts: counts{requests: 5}})
	var out strings.Builder
	if err := newPage(newView(s, sums), &out).write(); err != nil {
		t.Fatal(err)
	}
	p := parsePage(t, out.String())
	for _, want := range []string{
		"1 to 31 October 2026, UTC, by endpoint.", "Made on 24 November 2026 at 09:30 UTC.", "all requests, not only those that count for billing",
		"All requests are counted, those of the vendor's own OAuth clients included, and not just the billable ones; the vendor says not to determine bills by them.",
	} {
		if !strings.Contains(p.text, want) {
			t.Errorf("%q is not in %s", want, p.text)
		}
	}
	if p.title != "Genesys Cloud API usage, eu-west-1" || strings.Contains(p.text, "The vendor's own OAuth clients are not in the counts") {
		t.Error(p.title, p.text)
	}
}
