package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// namesIn returns what is in a folder.
func namesIn(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return strings.Join(names, " ")
}

// A report appears whole or not at all, and leaves nothing else.
func TestFilesAreWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "report.csv")
	writeFile(t, file, "old")
	code, _, _ := genesysUsage(t, "-demo", "-resume", "unknown", "-format", "csv", "-o", file)
	if got, _ := os.ReadFile(file); code != 1 || string(got) != "old" || namesIn(t, dir) != "report.csv" {
		t.Errorf("exit %d, %q, %s", code, got, namesIn(t, dir))
	}
	var whileAsking string
	organization := usagetest.Config{Rows: func(gen.APIUsageQuery) []gen.APIUsageRow {
		old, _ := os.ReadFile(file)
		whileAsking = string(old)
		return goldenRows
	}}
	code, stdout, stderr := genesysUsageOn(t, organization, "-demo", "-format", "csv", "-o", file, "-html", filepath.Join(dir, "page.html"))
	got, _ := os.ReadFile(file)
	if code != 0 || stdout != "" || whileAsking != "old" || !strings.HasPrefix(string(got), "date,") || namesIn(t, dir) != "page.html report.csv" {
		t.Errorf("exit %d, %s, %q, %q, %s", code, stderr, whileAsking, got, namesIn(t, dir))
	}
}

// What cannot be written to is refused before anything is asked, by its name.
func TestFilesThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "file"), "")
	for _, test := range []struct{ o, html, want string }{
		{"folder", "", "folder: is a folder"},
		{"", "folder", "folder: is a folder"},
		{"missing/report", "", "missing/report: there is no folder "},
		{"file/report", "", "file/report: "},
		{"", "missing/page", "missing/page: there is no folder "},
		{"same", "same", "two reports into one file"},
		{"same", "folder/../same", "two reports into one file"},
		{"-", "-", "two reports into one file"},
	} {
		args := []string{"-demo"}
		for flag, name := range map[string]string{"-o": test.o, "-html": test.html} {
			if name == "-" {
				args = append(args, flag, name)
			} else if name != "" {
				args = append(args, flag, filepath.Join(dir, filepath.FromSlash(strings.Replace(name, "folder/../", "folder//..//", 1))))
			}
		}
		asked := false
		organization := usagetest.Config{Rows: func(gen.APIUsageQuery) []gen.APIUsageRow { asked = true; return nil }}
		code, stdout, stderr := genesysUsageOn(t, organization, args...)
		if code != 1 || stdout != "" || asked || !strings.Contains(filepath.ToSlash(stderr), test.want) || strings.Contains(stderr, ".tmp") || strings.Contains(stderr, "asking for") {
			t.Errorf("%+v: exit %d, %s", test, code, stderr)
		}
		if namesIn(t, dir) != "file folder" {
			t.Errorf("%+v: %s", test, namesIn(t, dir))
		}
	}
}

// Standard output can be named, and holds one report.
func TestStandardOutput(t *testing.T) {
	for _, test := range []struct{ args, begins string }{
		{"-format csv -o -", "date,"},
		{"-html -", "<!DOCTYPE html>"},
	} {
		code, stdout, stderr := genesysUsageOn(t, rowsOf(goldenRows), strings.Fields("-demo "+test.args)...)
		if code != 0 || !strings.HasPrefix(stdout, test.begins) {
			t.Errorf("%s: exit %d, %s, %s", test.args, code, stderr, stdout)
		}
	}
	if code, stdout, stderr := genesysUsage(t, "-demo", "-format", "csv", "-html", "-"); code != 1 || stdout != "" || !strings.Contains(stderr, "two reports") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// What standard output goes to is written through it, and not replaced.
func TestTheFileOfStandardOutput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	writeFile(t, file, "before\n")
	for _, args := range []string{"-format ndjson -o " + file, "-format table -html " + file} {
		out, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		clearEnvironment(t)
		var notes bytes.Buffer
		code := runAt(t.Context(), strings.Fields("-demo "+args), out, &notes, now, rowsOf(goldenRows))
		out.Close()
		got, _ := os.ReadFile(file)
		if strings.Contains(args, "-html") {
			if code != 1 || !strings.Contains(notes.String(), "two reports") {
				t.Errorf("exit %d, %s", code, &notes)
			}
		} else if code != 0 || !strings.HasPrefix(string(got), "before\n{") {
			t.Errorf("exit %d, %s, %s", code, &notes, got)
		}
	}
}

// Errors of a file are by the name that the person gave.
func TestErrorsNameTheFile(t *testing.T) {
	target := &target{name: "october.csv"}
	err := target.because(&fs.PathError{Op: "write", Path: "/somewhere/october.csv.XYZ.tmp", Err: fs.ErrPermission})
	if err == nil || err.Error() != "october.csv: permission denied" {
		t.Error(err)
	}
	if err := target.because(nil); err != nil {
		t.Error(err)
	}
}
