package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/terminal"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// An output that fails, early or at its end, does not cost the others.
func TestOutputsThatFail(t *testing.T) {
	clearEnvironment(t)
	for _, args := range []string{"-granularity day -group-by client,endpoint -format ndjson", "-last 2d"} {
		dir := t.TempDir()
		var stderr strings.Builder
		command := Command{Args: strings.Fields("-demo -q " + args + " -o - -o " + dir + "/a.csv -o " + dir + "/b.xlsx"),
			Stdout: brokenWriter{}, Stderr: &stderr, Now: now}
		if code := command.Run(t.Context()); code != 1 {
			t.Errorf("%s: exit code %d, want 1", args, code)
		}
		if got := namesIn(t, dir); got != "a.csv b.xlsx" {
			t.Errorf("%s: there are %s, want a.csv b.xlsx", args, got)
		}
		contains(t, args, stderr.String(), "standard output: no space", "name another file in place of standard output")
	}
}

// All outputs that fail are named, and one that has is not written to any more.
func TestAllFailuresAreNamed(t *testing.T) {
	c := &Command{options: &options{outputs: []*output{{name: "a"}, {name: "b"}}}, progress: terminal.NewProgress(io.Discard)}
	fail := func(name string) error {
		return c.each(func(out *output) error {
			if out.name == name {
				return errors.New("no space")
			}
			return nil
		})
	}
	for range 2 {
		if err := fail("b"); err != nil {
			t.Errorf("error %v while an output is left", err)
		}
	}
	contains(t, "the error", c.failure(t.Context(), fail("a")), "a: no space; b: no space\n")
}

// What is complete, and not in its place, is not advised to be written again.
func TestReportsThatAreComplete(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.csv")
	organization := usagetest.Config{Rows: func(gen.APIUsageQuery) []gen.APIUsageRow {
		if err := os.Mkdir(file, 0o700); err != nil {
			t.Error(err)
		}
		return someRows
	}}
	r := genesysUsageOn(t, organization, "-o", file).want(t, 1)
	_, at, _ := strings.Cut(strings.TrimSpace(r.stderr), "; the complete report is in ")
	contains(t, "the report", readFile(t, at), "clientId,")
	lacks(t, "the advice", r.stderr, "-resume")
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space") }
