package main

import (
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/gen"
)

// A table is at most as wide as COLUMNS says, and no number is cut.
func TestTableFits(t *testing.T) {
	rows := append([]gen.APIUsageRow{{
		ClientID: "c-7", ClientName: "Demo 東京東京東京東京東京東京東京東京東京", TemplateURI: "api/v2/analytics/conversations/details/query/of/something",
		HTTPMethod: "DELETE", UserID: "00000000-0000-4000-8000-000000000000", Requests: 5_000_000, Status200: 4_000_000, Status400: 1_000_000, Status429: 900_000,
	}}, goldenRows...)
	figures := regexp.MustCompile(`[0-9,]{3,}`)
	for _, args := range []string{"", "-group-by client,user,method,endpoint", "-compare", "-group-by endpoint -sort errors", "-metrics status200,status429"} {
		for width := 56; width <= 200; width += 16 {
			clearEnvironment(t)
			t.Setenv("COLUMNS", strconv.Itoa(width))
			var out, notes strings.Builder
			if code := runAt(t.Context(), strings.Fields("-demo "+args), &out, &notes, now, rowsOf(rows)); code != 0 {
				t.Fatal(notes.String())
			}
			for line := range strings.Lines(out.String()) {
				if line = strings.TrimSuffix(line, "\n"); cells.StringWidth(line) > width {
					t.Errorf("%s: %d cells in %d: %s", args, cells.StringWidth(line), width, line)
				}
			}
			if strings.Contains(args, "metrics") {
				continue
			}
			if !strings.Contains(out.String(), "5,000,000") || !strings.Contains(out.String(), "6,247,975") {
				t.Errorf("%s in %d: %v", args, width, figures.FindAllString(out.String(), -1))
			}
		}
	}
}

// On a terminal the first rows are shown, whatever there are; -top says otherwise.
func TestTableOnATerminal(t *testing.T) {
	clearEnvironment(t)
	sums := newSums()
	for i := range 23 {
		sums.add(&row{group: group{client: strconv.Itoa(i)}, clientName: "Demo " + strconv.Itoa(i), counts: counts{requests: 5}, date: october(1 + i%2)})
	}
	for _, test := range []struct {
		args string
		on   screen
		rows int
		want string
		bar  string
	}{
		{"", screen{true, 80}, 20, "... and 3 more (-top 0 shows all)\n", "█"},
		{"-no-color", screen{true, 80}, 20, "... and 3 more (-top 0 shows all)\n", "#"},
		{"-top 0", screen{true, 80}, 23, "──", "█"},
		{"-top 2", screen{true, 80}, 2, "... and 21 more\n", "█"},
		{"", screen{}, 23, "--", "#"},
	} {
		s, err := parseFlags(strings.Fields("-granularity day "+test.args), io.Discard, now)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := newTable(newView(s, sums), &out, test.on).write(); err != nil {
			t.Fatal(err)
		}
		if strings.Count(out.String(), "Demo ") != test.rows || !strings.Contains(out.String(), test.want) || !strings.Contains(out.String(), test.bar) {
			t.Errorf("%+v: %s", test, &out)
		}
	}
}

func TestBars(t *testing.T) {
	for _, test := range []struct {
		bars    bars
		n, most int64
		want    string
	}{
		{unicodeBars, 100, 100, "████████████"},
		{unicodeBars, 50, 100, "██████"},
		{unicodeBars, 51, 100, "██████▏"},
		{unicodeBars, 1, 1_000_000, "▏"},
		{unicodeBars, 0, 100, ""},
		{plainBars, 50, 100, "######"},
		{plainBars, 1, 1_000_000, "#"},
		{plainBars, 1, 0, ""},
	} {
		if got := test.bars.of(test.n, test.most); got != test.want {
			t.Errorf("%d of %d is %q, want %q", test.n, test.most, got, test.want)
		}
	}
}
