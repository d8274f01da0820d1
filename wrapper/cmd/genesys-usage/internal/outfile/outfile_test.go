package outfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/outfile"
)

func create(t *testing.T, name string) *outfile.File {
	t.Helper()
	f, err := outfile.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t *testing.T, f *outfile.File, text string) {
	t.Helper()
	if _, err := f.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func commit(t *testing.T, f *outfile.File) {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, name, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
}

// wantFile checks what is in a file; "missing" is none.
func wantFile(t *testing.T, name, want string) {
	t.Helper()
	got, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		got = []byte("missing")
	} else if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s has %q, want %q", filepath.Base(name), got, want)
	}
}

// wantNames checks what is in a folder.
func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("the folder has %q, want %q", got, want)
	}
}

// A file has its new content after Commit and not before; nothing else is left in its folder.
func TestAppearsComplete(t *testing.T) {
	for _, test := range []struct{ name, before string }{
		{"a new file", "missing"},
		{"a file that exists", "old"},
		{"a longer file", strings.Repeat("old", 100)},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			name := filepath.Join(dir, "report.csv")
			if test.before != "missing" {
				writeFile(t, name, test.before, 0o600)
			}
			f := create(t, name)
			write(t, f, "new")
			wantFile(t, name, test.before)
			commit(t, f)
			wantFile(t, name, "new")
			wantNames(t, dir, "report.csv")
			f.Abort() // does nothing after Commit
			wantFile(t, name, "new")
		})
	}
}

// A file that is not committed, as after an error or a signal, is what it was.
func TestAbort(t *testing.T) {
	for _, test := range []struct {
		name, before string
		closed       bool
		names        []string
	}{
		{"a new file", "missing", false, nil},
		{"a file that exists", "old", false, []string{"report.csv"}},
		{"a new file that is closed", "missing", true, nil},
		{"a file that exists and is closed", "old", true, []string{"report.csv"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			name := filepath.Join(dir, "report.csv")
			if test.before != "missing" {
				writeFile(t, name, test.before, 0o600)
			}
			f := create(t, name)
			write(t, f, "new")
			if test.closed {
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
			}
			f.Abort()
			wantFile(t, name, test.before)
			wantNames(t, dir, test.names...)
		})
	}
}

// A file that cannot be renamed onto, such as one that is mounted into a container, is written over.
func TestCannotRename(t *testing.T) {
	outfile.SetRename(t, func(string, string) error { return &os.LinkError{Op: "rename", Err: syscall.EBUSY} })
	dir := t.TempDir()
	name := filepath.Join(dir, "report.csv")
	writeFile(t, name, "old and longer", 0o600)
	before, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	f := create(t, name)
	write(t, f, "new")
	commit(t, f)
	wantFile(t, name, "new")
	wantNames(t, dir, "report.csv")
	if after, err := os.Stat(name); err != nil || !os.SameFile(before, after) {
		t.Errorf("the file was replaced (%v), want it written over", err)
	}
}

// What cannot be written to is refused before anything is written.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct{ name, want string }{
		{"folder", syscall.EISDIR.Error()},
		{"missing/report.csv", "its folder does not exist"},
	} {
		t.Run(test.name, func(t *testing.T) {
			name := filepath.Join(dir, filepath.FromSlash(test.name))
			_, err := outfile.Create(name)
			if err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
	wantNames(t, dir, "folder")
}

// The file that standard output goes to is written where the output of this and other programs in it ends.
func TestFileOfStandardOutput(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	stdout := os.Stdout
	t.Cleanup(func() { os.Stdout = stdout })
	log, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	os.Stdout = log
	if _, err := log.WriteString("before\n"); err != nil {
		t.Fatal(err)
	}
	f := create(t, name)
	write(t, f, "report\n")
	commit(t, f)
	if _, err := log.WriteString("after\n"); err != nil {
		t.Fatal(err)
	}
	wantFile(t, name, "before\nreport\nafter\n")
}

// A name is of the same file as another one, however both are written.
func TestSame(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	writeFile(t, "file", "", 0o600)
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"file", "file", true},
		{"file", filepath.Join(dir, "file"), true},
		{"file", "missing", false},
		{"missing", "missing", true},
		{"missing", filepath.Join(dir, "missing"), true},
		{"missing", "another", false},
		{"missing", filepath.Join(dir, "folder", "missing"), false},
	} {
		if got := outfile.Same(test.a, test.b); got != test.want {
			t.Errorf("Same(%q, %q) is %v, want %v", test.a, test.b, got, test.want)
		}
	}
}

// A nil File stands for output that is no file.
func TestNilFile(t *testing.T) {
	var f *outfile.File
	commit(t, f)
	f.Abort()
}
