package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/render"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// One query serves all outputs, and nothing goes to standard output.
func TestOneQueryServesAllOutputs(t *testing.T) {
	dir := t.TempDir()
	queries := 0
	organization := usagetest.Config{Rows: func(gen.APIUsageQuery) []gen.APIUsageRow { queries++; return someRows }}
	var args []string
	names := []string{"report.csv", "report.html", "report.json", "report.ndjson", "report.txt", "report.xlsx"}
	for _, name := range names {
		args = append(args, "-o", filepath.Join(dir, name))
	}
	r := genesysUsageOn(t, organization, args...).want(t, 0)
	if queries != 1 {
		t.Errorf("%d queries, want 1", queries)
	}
	if r.stdout != "" {
		t.Errorf("on standard output: %s", r.stdout)
	}
	if got, want := namesIn(t, dir), strings.Join(names, " "); got != want {
		t.Errorf("the files are %s, want %s", got, want)
	}
	for name, begins := range map[string]string{
		"report.csv": "date,clientId,clientName,requests,", "report.html": "<!DOCTYPE html>", "report.json": "[\n{",
		"report.ndjson": "{",
		"report.txt":    "25 October to 23 November 2026, UTC, by client", "report.xlsx": "PK",
	} {
		if got := readFile(t, filepath.Join(dir, name)); !strings.HasPrefix(got, begins) {
			t.Errorf("%s begins with %.40q, want %q", name, got, begins)
		}
	}
	contains(t, "standard error", r.stderr, "genesys-usage: 5 rows, by client, day by day\n",
		"the chart needs daily rows, so all files get them; -granularity none turns this off")
}

// Only rows that a chart of another output has split by day are said to be.
func TestRowsByDayAreSaidToBe(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		args string
		want bool
	}{
		{"-o a.csv -o a.html", true}, {"-o a.txt -o a.xlsx", false}, {"-o a.html", false}, {"-o a.csv", false},
		{"-o a.csv -o a.html -granularity day", false}, {"-o a.csv -o a.html -granularity none", false},
	} {
		args := strings.ReplaceAll(test.args, "a.", filepath.Join(dir, "a."))
		r := genesysUsage(t, "-last 2d "+args).want(t, 0)
		if got := strings.Contains(r.stderr, "needs daily rows"); got != test.want {
			t.Errorf("%s: said to be by day: %v, want %v\n%s", test.args, got, test.want, r.stderr)
		}
	}
}

// Standard output can be one of several.
func TestStandardOutputAndFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.csv")
	r := genesysUsageOn(t, rowsOf(someRows), "-o", file, "-o", "-", "-format", "ndjson").want(t, 0)
	if !strings.HasPrefix(r.stdout, "{") {
		t.Errorf("standard output is %.40q", r.stdout)
	}
	contains(t, "the file", readFile(t, file), "clientId,clientName,requests,")
}

// A report appears complete or not at all, with all others, and leaves nothing else.
func TestFilesAreCompleteOrNotThere(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "report.csv")
	writeFile(t, file, "old")
	page := filepath.Join(dir, "page.html")
	genesysUsageOn(t, usagetest.Config{}, "-resume", "unknown", "-group-by", "client", "-granularity", "none",
		"-o", file, "-o", page).want(t, 1)
	if got := readFile(t, file); got != "old" {
		t.Errorf("after a failure the file is %q", got)
	}
	if got := namesIn(t, dir); got != "report.csv" {
		t.Errorf("after a failure there are %s", got)
	}
	var while string
	organization := usagetest.Config{Rows: func(gen.APIUsageQuery) []gen.APIUsageRow {
		while = readFile(t, file)
		return someRows
	}}
	genesysUsageOn(t, organization, "-o", file, "-o", page).want(t, 0)
	if while != "old" {
		t.Errorf("during the query the file is %q", while)
	}
	contains(t, "the file", readFile(t, file), "date,clientId,")
	if got := namesIn(t, dir); got != "page.html report.csv" {
		t.Errorf("after success there are %s", got)
	}
}

// A file that cannot be written is refused before anything is asked, by its name.
func TestFilesThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "file"), "")
	for _, name := range []string{"folder.csv", "missing/report.csv", "file/report.csv"} {
		file := filepath.Join(dir, name)
		r := genesysUsageOn(t, refusing(t), "-o", filepath.Join(dir, "fine.csv"), "-o", file).want(t, 1)
		contains(t, "the error", r.stderr, "genesys-usage: "+file+": ")
		lacks(t, "the error", r.stderr, "-resume", ".tmp")
		if name == "missing/report.csv" {
			contains(t, "the error", r.stderr, file+": its folder does not exist")
		}
		if got := namesIn(t, dir); got != "file folder.csv" {
			t.Errorf("%s: there are %s", name, got)
		}
	}
}

// A report that cannot be written after the query has run can be written elsewhere: the
// same output is not advised.
func TestWriteFailuresAdviseAnotherFile(t *testing.T) {
	clearEnvironment(t)
	for _, test := range []struct{ args, want, never string }{
		{"-month 2026-10", " -demo -granularity none -group-by client -month " +
			"2026-10 -o ANOTHER-FILE.txt\n", ""},
		{"-month 2026-10 -format csv", "-format csv -granularity none -group-by client " +
			"-month 2026-10 -o ANOTHER-FILE.csv\n", ""},
		{"-month 2026-10 -format csv -o -", "-format csv -granularity none -group-by client " +
			"-month 2026-10 -o ANOTHER-FILE.csv\n", "-o - "},
	} {
		var stderr strings.Builder
		command := Command{Args: strings.Fields("-demo " + test.args), Stdout: brokenWriter{}, Stderr: &stderr, Now: now,
			Fake: rowsOf(someRows)}
		if code := command.Run(t.Context()); code != 1 {
			t.Errorf("%s: exit code %d, want 1", test.args, code)
		}
		contains(t, test.args, stderr.String(), "standard output: no space",
			"To write its rows to another file:\n\n    genesys-usage -resume ", test.want)
		if test.never != "" {
			lacks(t, test.args, stderr.String(), test.never)
		}
	}
}

// What does not fit into a workbook is not advised to be written to another one.
func TestTooManyRowsAdviseCSV(t *testing.T) {
	clearEnvironment(t)
	o, err := parse(strings.Fields("-demo -o a.csv -o b.xlsx"), now)
	if err != nil {
		t.Fatal(err)
	}
	c := &Command{options: o, id: "id"}
	err = c.each(func(out *output) error {
		if out.form.Binary {
			return render.ErrTooManyRows
		}
		return nil
	})
	got := c.failure(t.Context(), err)
	contains(t, "the advice", got, "-o a.csv -o ANOTHER-FILE.csv\n", "b.xlsx: "+render.ErrTooManyRows.Error())
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space") }
