package encode

import (
	"encoding/csv"
	"strings"
	"testing"
)

// A spreadsheet takes none of these for a formula, whatever its locale's separator is.
func TestCSVHasNoFormulas(t *testing.T) {
	for name, want := range map[string]string{
		"Demo Dialer":        "Demo Dialer",
		"0123-4567":          "0123-4567",
		"Demo - a+b=c@d":     "Demo - a+b=c@d",
		"=1+1":               "'=1+1",
		"+1":                 "'+1",
		"-1":                 "'-1",
		"@SUM(1)":            "'@SUM(1)",
		"＝1":                 "'＝1",
		"＋1":                 "'＋1",
		"－1":                 "'－1",
		"＠SUM(1)":            "'＠SUM(1)",
		" =1":                " '=1",
		"\u3000=1":           "\u3000'=1",
		"\ufeff@x":           "\ufeff'@x",
		"\u200b\u2007 -1":    "\u200b\u2007 '-1",
		`"=1"`:               `"'=1"`,
		"Demo;=1":            "Demo;'=1",
		"Demo|=1":            "Demo|'=1",
		`Demo; "'=1";x;＝2;+`: `Demo; "'=1";x;'＝2;'+`,
	} {
		records, err := csv.NewReader(strings.NewReader(write(t, NewCSV, named(name)))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		equal(t, name, records[1][1], want)
	}
}
