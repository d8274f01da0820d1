package cli

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

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

// Standard output that cannot be written to is an error that names it.
func TestBrokenStandardOutput(t *testing.T) {
	clearEnvironment(t)
	var stderr strings.Builder
	command := Command{Args: []string{"-demo", "-month", "2026-10"}, Stdout: brokenWriter{}, Stderr: &stderr, Now: now,
		Fake: rowsOf(someRows)}
	if code := command.Run(t.Context()); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	contains(t, "the error", stderr.String(), "standard output: no space", "name another file in place of standard output")
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space") }
