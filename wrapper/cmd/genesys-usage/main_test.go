package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

var update = flag.Bool("update", false, "write the golden files anew")

// genesysUsage runs the command.
func genesysUsage(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

func clearEnvironment(t *testing.T) {
	for _, name := range []string{"GENESYSCLOUD_REGION", "GENESYSCLOUD_OAUTHCLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_SECRET", "GENESYSCLOUD_ACCESS_TOKEN", "NO_COLOR"} {
		t.Setenv(name, "")
	}
}

func TestDemo(t *testing.T) {
	clearEnvironment(t)
	code, stdout, stderr := genesysUsage(t, "-demo", "-interval", "2026-01-01/2026-01-31")
	if code != 0 || !strings.Contains(stdout, "Demo CRM Sync") || !strings.Contains(stdout, "TOTAL") || !strings.Contains(stderr, "DEMO: the organization is made up") {
		t.Errorf("exit %d\n%s\n%s", code, stdout, stderr)
	}
	if strings.Contains(stdout+stderr, "\x1b") || strings.Contains(stdout, "█") {
		t.Error("a spinner or blocks although this is no terminal")
	}
}

func TestNoCredentials(t *testing.T) {
	clearEnvironment(t)
	code, stdout, stderr := genesysUsage(t)
	if code != 1 || stdout != "" {
		t.Errorf("exit %d, %s", code, stdout)
	}
	for _, name := range []string{"GENESYSCLOUD_REGION", "GENESYSCLOUD_OAUTHCLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_SECRET", "GENESYSCLOUD_ACCESS_TOKEN", "-demo"} {
		if !strings.Contains(stderr, name) {
			t.Errorf("%s is not in %s", name, stderr)
		}
	}
}

func TestHelp(t *testing.T) {
	code, _, stderr := genesysUsage(t, "-h")
	if code != 0 {
		t.Errorf("exit %d", code)
	}
	for _, want := range []string{"-interval", "-granularity", "-group-by", "-metrics", "-region", "-format", "-resume", "-timeout", "-demo", "-v", "-last", "-month", "-top", "-o", "-html", "-no-color", "oauth:client:view"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%s is not in the help", want)
		}
	}
}

func TestWrongUsage(t *testing.T) {
	clearEnvironment(t)
	for _, test := range []struct {
		args string
		want string
	}{
		{"-nonsense", "nonsense"},
		{"rows", `unexpected argument "rows"`},
		{"-interval=", "-interval is empty"},
		{"-last 30", `-last "30"`},
		{"-last d", `-last "d"`},
		{"-last 0d", `-last "0d"`},
		{"-last 3y", `-last "3y"`},
		{"-month 2026-13", `-month "2026-13"`},
		{"-last 3d -month 2026-01", "only one of"},
		{"-interval 2026-01/2026-02 -last 3d", "only one of"},
		{"-granularity hour", `-granularity "hour"`},
		{"-group-by moon", `-group-by "moon"`},
		{"-metrics status418", `-metrics "status418"`},
		{"-region mars", `unknown region "mars"`},
		{"-format xml", `-format "xml"`},
		{"-top -1", "negative"},
		{"-timeout -1s", "negative"},
		{"-timeout soon", "timeout"},
		{"-top 3 -format csv", "-top goes with"},
		{"-resume x -last 3d", "asks nothing new"},
		{"-resume=", "-resume is empty"},
		{"-html a -o a", "same file"},
	} {
		code, stdout, stderr := genesysUsage(t, strings.Fields(test.args)...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, test.want) || !strings.Contains(stderr, "genesys-usage -h") {
			t.Errorf("%s: exit %d, %s", test.args, code, stderr)
		}
	}
}

// An interval is passed on as it is, unless it is known to be wrong.
func TestWrongIntervals(t *testing.T) {
	clearEnvironment(t)
	for interval, want := range map[string]string{
		"yesterday":             "want two ends",
		"2026-02-02/2026-01-01": "ends before it starts",
	} {
		code, stdout, stderr := genesysUsage(t, "-demo", "-interval", interval)
		if code != 1 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %s", interval, code, stderr)
		}
	}
}

func TestFlags(t *testing.T) {
	clearEnvironment(t)
	now := time.Date(2026, 11, 22, 23, 0, 0, 0, time.FixedZone("", -5*60*60)) // the 23rd in UTC
	for _, test := range []struct {
		args string
		want gen.APIUsageQuery
	}{
		{"", gen.APIUsageQuery{Interval: "2026-10-24/2026-11-22"}},
		{"-last 2w", gen.APIUsageQuery{Interval: "2026-11-09/2026-11-22"}},
		{"-month 2026-02", gen.APIUsageQuery{Interval: "2026-02-01/2026-02-28"}},
		{"-interval 2020-01/2020-06", gen.APIUsageQuery{Interval: "2020-01/2020-06"}},
		{"-last 1d -granularity Week -group-by client,HttpMethod,TemplateUri,user,organization -metrics requests,Status429", gen.APIUsageQuery{
			Interval: "2026-11-22/2026-11-22", Granularity: gen.GranularityWeek,
			GroupBy: []gen.GroupBy{gen.GroupByOAuthClientID, gen.GroupByHTTPMethod, gen.GroupByTemplateURI, gen.GroupByUserID, gen.GroupByOrganizationID},
			Metrics: []gen.Metric{gen.MetricRequests, gen.MetricStatus429},
		}},
		{"-last 1d -html x", gen.APIUsageQuery{Interval: "2026-11-22/2026-11-22", Granularity: gen.GranularityDay}},
		{"-resume id", gen.APIUsageQuery{}},
	} {
		s, err := parseFlags(strings.Fields(test.args), os.Stderr, now)
		if err != nil || fmt.Sprint(s.query) != fmt.Sprint(test.want) {
			t.Errorf("%s: %+v, %v, want %+v", test.args, s.query, err, test.want)
		}
	}
}

func TestTimeoutSaysHowToResume(t *testing.T) {
	clearEnvironment(t)
	s, err := parseFlags([]string{"-demo", "-timeout", "1s"}, os.Stderr, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.demoQueryTime = time.Hour
	var out, notes bytes.Buffer
	err = report(t.Context(), s, &out, &notes)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v", err)
	}
	printResume(s, err, &notes)
	if out.Len() > 0 || !strings.Contains(notes.String(), "genesys-usage -resume ") {
		t.Errorf("%s\n%s", &out, &notes)
	}
}

func TestInterruptSaysHowToResume(t *testing.T) {
	clearEnvironment(t)
	ctx, cancel := context.WithCancel(t.Context())
	var notes interruptingWriter
	notes.interrupt = cancel
	code := run(ctx, []string{"-demo"}, &bytes.Buffer{}, &notes)
	if code != 1 || !strings.Contains(notes.String(), "genesys-usage -resume ") {
		t.Errorf("exit %d, %s", code, notes.String())
	}
}

// interruptingWriter does as somebody who presses Ctrl-C on seeing the query's id.
type interruptingWriter struct {
	bytes.Buffer
	interrupt func()
}

func (w *interruptingWriter) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(": query ")) {
		w.interrupt()
	}
	return w.Buffer.Write(p)
}

func TestVerboseLogsRequests(t *testing.T) {
	clearEnvironment(t)
	code, _, stderr := genesysUsage(t, "-demo", "-v", "-last", "1d")
	if code != 0 || !strings.Contains(stderr, "path=/api/v2/usage/query") || strings.Contains(stderr, "demo-secret") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

var (
	day        = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	goldenRows = []gen.APIUsageRow{
		{ClientID: "c-2", ClientName: "Demo Wallboard", Status200: 12_300, Status400: 45, Status500: 5, Requests: 12_350},
		{ClientID: "c-1", ClientName: "Demo Dialer", Status200: 1_000_000, Status300: 7, Status400: 234_560, Status429: 200_000, Requests: 1_234_567},
		{ClientID: "c-3", ClientName: "Demo Dialer", Status200: 1, Requests: 1},
		{ClientID: "c-4", ClientName: "=HYPERLINK(\"x\")\x1b[31m, <i>", Requests: 0},
		{ClientID: "c-5", ClientName: "Zürich 東京", Status200: 50, Requests: 50},
	}
	goldenDays = []gen.APIUsageRow{
		{Date: day.AddDate(0, 0, 3), TemplateURI: "api/v2/users", HTTPMethod: "GET", Status200: 30, Requests: 30},
		{Date: day, TemplateURI: "api/v2/users", HTTPMethod: "POST", Status200: 10, Requests: 10},
		{Date: day, TemplateURI: "api/v2/users", HTTPMethod: "GET", Status200: 20, Status500: 1, Requests: 21},
	}
)

// Golden files, one for each format: go test ./wrapper/cmd/... -update writes them.
func TestGolden(t *testing.T) {
	clearEnvironment(t)
	for _, test := range []struct {
		name     string
		rows     []gen.APIUsageRow
		settings settings
	}{
		{"table.txt", goldenRows, settings{format: "table"}},
		{"table-top.txt", goldenRows, settings{format: "table", top: 2}},
		{"table-days.txt", goldenDays, settings{format: "table"}},
		{"table-metrics.txt", goldenRows, settings{format: "table", query: gen.APIUsageQuery{Metrics: []gen.Metric{gen.MetricStatus200}}}},
		{"table-empty.txt", nil, settings{format: "table"}},
		{"rows.csv", goldenRows, settings{format: "csv"}},
		{"days.csv", goldenDays, settings{format: "csv"}},
		{"empty.csv", nil, settings{format: "csv"}},
		{"rows.json", goldenRows, settings{format: "json"}},
		{"empty.json", nil, settings{format: "json"}},
		{"days.ndjson", goldenDays, settings{format: "ndjson"}},
		{"days.html", goldenDays, settings{html: "x", query: gen.APIUsageQuery{Interval: "2026-10-01/2026-10-05"}}},
		{"rows.html", goldenRows, settings{html: "x", top: 3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := test.settings
			file := filepath.Join(t.TempDir(), "report")
			if s.html != "" {
				s.html = file
			} else {
				s.output = file
			}
			outputs, err := newOutputs(&s, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer outputs.abandon()
			for _, row := range test.rows {
				if err := outputs.write(&row); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := os.Stat(file); err == nil {
				t.Error("the file is there before it is whole")
			}
			if err := outputs.commit(); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", test.name)
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
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

func TestAFailureLeavesTheOldFile(t *testing.T) {
	clearEnvironment(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "report.csv")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, _ := genesysUsage(t, "-demo", "-resume", "unknown", "-format", "csv", "-o", file)
	entries, _ := os.ReadDir(dir)
	if got, _ := os.ReadFile(file); code != 1 || string(got) != "old" || len(entries) != 1 {
		t.Errorf("exit %d, %q, %d files", code, got, len(entries))
	}
	code, _, stderr := genesysUsage(t, "-demo", "-last", "1d", "-format", "csv", "-o", file)
	if got, _ := os.ReadFile(file); code != 0 || !strings.HasPrefix(string(got), "date,") {
		t.Errorf("exit %d, %s, %q", code, stderr, got)
	}
	if code, _, _ = genesysUsage(t, "-demo", "-last", "1d", "-o", filepath.Join(dir, "missing", "report")); code != 1 {
		t.Errorf("a folder that is not there: exit %d", code)
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

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := thousands(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
	for _, test := range []struct {
		part, whole int64
		want        string
	}{{0, 0, ""}, {0, 5, "0.0%"}, {1, 3, "33.3%"}, {1, 1_000_000, "<0.1%"}, {5, 5, "100.0%"}} {
		if got := percent(test.part, test.whole); got != test.want {
			t.Errorf("%d of %d is %s, want %s", test.part, test.whole, got, test.want)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for id, want := range map[string]string{"9f32b7cf-7418": "9f32b7cf-7418", "a b": "'a b'", "it's": `'it'\''s'`, "": "''", "$(x)": "'$(x)'"} {
		if got := shellQuote(id); got != want {
			t.Errorf("%q is %s, want %s", id, got, want)
		}
	}
}
