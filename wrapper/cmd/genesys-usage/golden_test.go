package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/gen"
)

// Golden files, one for each format: go test ./wrapper/cmd/... -update writes them.
func TestGolden(t *testing.T) {
	for _, test := range []struct {
		name    string
		rows    []gen.APIUsageRow
		columns string
		args    string
	}{
		{"table.txt", goldenRows, "", ""},
		{"table-80.txt", goldenRows, "80", ""},
		{"table-200.txt", goldenRows, "200", ""},
		{"table-40.txt", goldenRows, "40", ""},
		{"table-top.txt", goldenRows, "", "-top 2"},
		{"table-429.txt", goldenRows, "", "-sort 429"},
		{"table-errors.txt", goldenRows, "", "-sort errors"},
		{"table-match.txt", goldenRows, "", "-match DIALER"},
		{"table-days.txt", goldenDays, "", "-granularity day -group-by endpoint,method"},
		{"table-metrics.txt", goldenRows, "", "-metrics status429,status200"},
		{"table-empty.txt", nil, "", ""},
		{"table-jobs.txt", goldenRows, "", "-jobs"},
		{"rows.csv", goldenRows, "", "-format csv"},
		{"days.csv", goldenDays, "", "-format csv -granularity day"},
		{"days-jobs.csv", append(goldenDays, goldenRows...), "", "-format csv -jobs -granularity day"},
		{"metrics.csv", goldenRows, "", "-format csv -metrics status429,requests"},
		{"metrics-jobs.csv", goldenRows, "", "-format csv -jobs -metrics requests"},
		{"metrics.ndjson", goldenRows, "", "-format ndjson -metrics status429"},
		{"table-compare-80.txt", goldenRows, "80", "-compare"},
		{"empty.csv", nil, "", "-format csv"},
		{"rows.json", goldenRows, "", "-format json"},
		{"empty.json", nil, "", "-format json"},
		{"days.ndjson", goldenDays, "", "-format ndjson -granularity day"},
		{"days.html", goldenDays, "", "-group-by method,endpoint -html"},
		{"rows.html", goldenRows, "", "-top 3 -html"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "report")
			args := strings.Fields("-demo -month 2026-10 " + test.args)
			if strings.HasSuffix(test.args, "-html") {
				args = append(args, file)
			} else {
				args = append(args, "-o", file)
			}
			clearEnvironment(t)
			t.Setenv("COLUMNS", test.columns)
			var out, notes bytes.Buffer
			if code := runAt(t.Context(), args, &out, &notes, now, rowsOf(test.rows)); code != 0 || out.Len() > 0 {
				t.Fatalf("exit %d, %s\n%s", code, &notes, &out)
			}
			got, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, test.name, got)
			checkFormat(t, test.name, got, len(test.rows))
		})
	}
}

// checkFormat reads a report as other programs would.
func checkFormat(t *testing.T, name string, report []byte, rows int) {
	t.Helper()
	n := rows
	switch filepath.Ext(name) {
	case ".csv":
		records, err := csv.NewReader(bytes.NewReader(report)).ReadAll()
		if err != nil {
			t.Error(err)
		}
		n = len(records) - 1
	case ".json":
		var all []gen.APIUsageRow
		if err := json.Unmarshal(report, &all); err != nil {
			t.Error(err)
		}
		n = len(all)
	case ".ndjson":
		n = bytes.Count(report, []byte("\n"))
	case ".html":
		for _, never := range []string{"<i>", "http://", "https://", "<script", "\x1b"} {
			if bytes.Contains(report, []byte(never)) {
				t.Errorf("%q is in the page", never)
			}
		}
	case ".txt":
		if bytes.ContainsAny(report, "\x1b\r") {
			t.Error("a name moves the cursor")
		}
	}
	if n != rows {
		t.Errorf("%d rows, want %d", n, rows)
	}
}
