package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oapi-codegen/runtime/types"
)

// A field that a regeneration adds arrives by itself, and so do those of an object.
func TestCSVFollowsTheRowType(t *testing.T) {
	type reference struct {
		ID      string `json:"id,omitempty"`
		SelfURI string `json:"selfUri,omitempty"`
	}
	type method string
	type later struct {
		Brand      string     `json:"aBrandNewName,omitempty"`
		Requests   int64      `json:"requests,omitempty"`
		Date       time.Time  `json:"date,omitzero"`
		HTTPMethod method     `json:"httpMethod,omitempty"`
		Day        types.Date `json:"day,omitzero"`
		Client     reference  `json:"oauthClient,omitzero"`
		Ratio      float64    `json:"ratio"`
		Tags       []string   `json:"tags"`
		Internal   string     `json:"-"`
	}
	var out strings.Builder
	report := newCSV[later](&out, nil)
	for _, row := range []later{
		{"=1", 2, october(2).Add(5 * time.Hour), "GET", types.Date{Time: october(3)}, reference{"c-1", "/x"}, 0.5, []string{"a", "b"}, "never"},
		{},
	} {
		if err := report.write(&row); err != nil {
			t.Fatal(err)
		}
	}
	if err := report.finish(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"date,oauthClient.id,httpMethod,requests,aBrandNewName,day,oauthClient.selfUri,ratio,tags",
		"2026-10-02,c-1,GET,2,'=1,2026-10-03,/x,0.5,[a b]",
		",,,0,,,,0,[]",
		"",
	}
	if got := strings.Split(out.String(), "\r\n"); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A spreadsheet takes none of these for a formula, whatever its locale's separator is.
func TestGuard(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "",
		"Demo Dialer":       "Demo Dialer",
		"Demo - a+b=c@d":    "Demo - a+b=c@d",
		"=1+1":              "'=1+1",
		"+1":                "'+1",
		"-1":                "'-1",
		"@SUM(1)":           "'@SUM(1)",
		"＝1":                "'＝1",
		"＋1":                "'＋1",
		"－1":                "'－1",
		"＠SUM(1)":           "'＠SUM(1)",
		" =1":               " '=1",
		`"=1"`:              `"'=1"`,
		"Demo;=1":           "Demo;'=1",
		"Demo|=1":           "Demo|'=1",
		`Demo; "=1";x;＝2;+`: `Demo; "'=1";x;'＝2;'+`,
	} {
		if got := guard(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// Names cannot move the cursor of a terminal in CSV and JSON either.
func TestStreamsCannotMoveACursor(t *testing.T) {
	rows := slices.Clone(goldenRows[:1])
	rows[0].ClientName = "Demo\x1b[2J\u009b1A\u202e\x7f Zürich"
	for format, want := range map[string]string{"csv": "Demo�[2J�1A�� Zürich", "ndjson": `Demo\u001b[2J\u009b1A\u202e\u007f Zürich`} {
		_, stdout, _ := genesysUsageOn(t, rowsOf(rows), "-demo", "-format", format)
		if !strings.Contains(stdout, want) {
			t.Errorf("%s: %q", format, stdout)
		}
	}
}
