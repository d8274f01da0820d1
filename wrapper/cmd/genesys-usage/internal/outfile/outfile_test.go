package outfile_test

import (
	"context"
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
	f, err := outfile.Create(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// commit writes a text and commits it.
func commit(t *testing.T, f *outfile.File, text string) {
	t.Helper()
	_, err := f.Write([]byte(text))
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = f.Commit()
	}
	if err != nil {
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

func stat(t *testing.T, name string) fs.FileInfo {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info
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

// A file has its new content after Commit and not before, and what it was after Abort; nothing else is left.
func TestAppearsComplete(t *testing.T) {
	for _, before := range []string{"missing", "old", strings.Repeat("longer", 100)} {
		dir := t.TempDir()
		name := filepath.Join(dir, "report.csv")
		names := []string(nil)
		if before != "missing" {
			writeFile(t, name, before, 0o600)
			names = append(names, "report.csv")
		}
		for _, closed := range []bool{false, true} {
			f := create(t, name)
			if _, err := f.Write([]byte("new")); err != nil {
				t.Fatal(err)
			}
			if closed {
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
			}
			f.Abort()
			wantFile(t, name, before)
			wantNames(t, dir, names...)
		}
		f := create(t, name)
		commit(t, f, "new")
		wantFile(t, name, "new")
		f.Abort()
		wantFile(t, name, "new")
		wantNames(t, dir, "report.csv")
	}
}

// A file that cannot be renamed onto, such as one that is mounted into a container, is written over.
func TestCannotRename(t *testing.T) {
	outfile.SetRename(t, func(string, string) error { return &os.LinkError{Op: "rename", Err: syscall.EBUSY} })
	dir := t.TempDir()
	name := filepath.Join(dir, "report.csv")
	writeFile(t, name, "old and longer", 0o600)
	before := stat(t, name)
	commit(t, create(t, name), "new")
	wantFile(t, name, "new")
	wantNames(t, dir, "report.csv")
	if !os.SameFile(before, stat(t, name)) {
		t.Error("the file was replaced, want it written over")
	}
}

// A report that cannot be put into its place is not lost: the error names where it is.
func TestFinishedReportsStay(t *testing.T) {
	interrupted := errors.New("interrupted")
	for _, test := range []struct {
		name   string
		before func(t *testing.T, name string)
		fail   func(t *testing.T, name string, cancel context.CancelCauseFunc)
		want   error
	}{
		{
			"a new file", func(*testing.T, string) {},
			func(t *testing.T, _ string, _ context.CancelCauseFunc) {
				outfile.SetRename(t, func(string, string) error { return &os.LinkError{Op: "rename", Err: syscall.EACCES} })
			}, syscall.EACCES,
		},
		{
			"a file that has become a folder", func(t *testing.T, name string) { writeFile(t, name, "old", 0o600) },
			func(t *testing.T, name string, _ context.CancelCauseFunc) {
				os.Remove(name)
				if err := os.Mkdir(name, 0o700); err != nil {
					t.Fatal(err)
				}
			}, syscall.EISDIR,
		},
		{
			"a copy that is interrupted", func(t *testing.T, name string) { writeFile(t, name, "old", 0o600) },
			func(t *testing.T, name string, cancel context.CancelCauseFunc) {
				outfile.SetRename(t, func(string, string) error { return syscall.EBUSY })
				cancel(interrupted)
			}, interrupted,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			name := filepath.Join(t.TempDir(), "report.csv")
			test.before(t, name)
			f, err := outfile.Create(ctx, name)
			if err == nil {
				_, err = f.Write([]byte("new"))
			}
			if err == nil {
				err = f.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
			test.fail(t, name, cancel)
			err = f.Commit()
			f.Abort()
			if !errors.Is(err, test.want) {
				t.Fatalf("error %v, want %v", err, test.want)
			}
			_, at, found := strings.Cut(err.Error(), test.want.Error()+"; the complete report is in ")
			if !found {
				t.Fatalf("error %q, want where the report is", err)
			}
			wantFile(t, at, "new")
		})
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
		{"a\x00name", syscall.EINVAL.Error()},
	} {
		_, err := outfile.Create(t.Context(), filepath.Join(dir, filepath.FromSlash(test.name)))
		if err == nil || err.Error() != test.want {
			t.Errorf("%q: error %v, want %s", test.name, err, test.want)
		}
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
	commit(t, create(t, name), "report\n")
	if _, err := log.WriteString("after\n"); err != nil {
		t.Fatal(err)
	}
	wantFile(t, name, "report\nafter\n")
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
		{"file", filepath.Join(dir, "file"), true},
		{"file", "missing", false},
		{"missing", filepath.Join(dir, "missing"), true},
		{"missing", filepath.Join(dir, "folder", "missing"), false},
	} {
		if got := outfile.Same(test.a, test.b); got != test.want {
			t.Errorf("Same(%q, %q) is %v, want %v", test.a, test.b, got, test.want)
		}
	}
}

// A write that nobody takes ends with the context, as by a signal.
func TestBlockedWrite(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	want := errors.New("interrupted")
	failed := make(chan error)
	go func() {
		_, err := outfile.Direct(ctx, writer).Write(make([]byte, 1<<20))
		failed <- err
	}()
	if _, err := reader.Read(make([]byte, 1)); err != nil { // it is being written
		t.Fatal(err)
	}
	cancel(want)
	if err := <-failed; err != want {
		t.Errorf("error %v, want %v", err, want)
	}
}
