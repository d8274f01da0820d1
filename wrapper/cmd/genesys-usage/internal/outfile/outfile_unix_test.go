//go:build unix

package outfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/outfile"
)

// A file that is replaced is not more readable or writable than it was.
func TestKeepsMode(t *testing.T) {
	name := filepath.Join(t.TempDir(), "report.csv")
	writeFile(t, name, "old", 0o600)
	f := create(t, name)
	write(t, f, "new")
	commit(t, f)
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode %v, want %v", got, os.FileMode(0o600))
	}
}

// A symbolic link stays one, and leads to the report, whether or not it led to a file before.
func TestSymbolicLinks(t *testing.T) {
	for _, test := range []struct{ name, link, to string }{
		{"relative", "a/link", "../b/report.csv"},
		{"absolute", "a/link", "/b/report.csv"},
		{"in a folder that is a link", "a/folder/link", "../b/report.csv"}, // beside its target, not beside a/folder
		{"a link to a link", "a/first", "a/second"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, folder := range []string{"a", "b", "c"} {
				if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			symlink := func(to, link string) {
				t.Helper()
				if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
					t.Fatal(err)
				}
			}
			symlink("../c", "a/folder")
			to := test.to
			switch to {
			case "/b/report.csv":
				to = dir + to
			case "a/second":
				to = "second"
				symlink("../b/report.csv", "a/second")
			}
			symlink(to, test.link)
			report := filepath.Join(dir, "b", "report.csv")
			for _, text := range []string{"into no file", "into a file"} {
				f := create(t, filepath.Join(dir, test.link))
				write(t, f, text)
				commit(t, f)
				wantFile(t, report, text)
				wantNames(t, filepath.Join(dir, "b"), "report.csv")
				if got, err := os.Readlink(filepath.Join(dir, test.link)); err != nil || got != to {
					t.Errorf("the link leads to %q (%v), want %q", got, err, to)
				}
			}
		})
	}
}

func TestSymbolicLinkToItself(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink("link", link); err != nil {
		t.Fatal(err)
	}
	if _, err := outfile.Create(link); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("error %v, want %v", err, syscall.ELOOP)
	}
}

// A file is written over where nothing can be created beside it: as by a program in a container that may write to
// the one file that is mounted into it.
func TestFolderWithoutPermission(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "report.csv")
	writeFile(t, name, "old and longer", 0o600)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	f := create(t, name) // root may create files anywhere: this is the usual way then
	write(t, f, "new")
	wantFile(t, name, "old and longer")
	commit(t, f)
	wantFile(t, name, "new")
	wantNames(t, dir, "report.csv")
}

// A FIFO is written directly, and is still one after that.
func TestFIFO(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan []byte)
	go func() {
		got, _ := os.ReadFile(name)
		read <- got
	}()
	f := create(t, name)
	write(t, f, "new")
	commit(t, f)
	if got := <-read; string(got) != "new" {
		t.Errorf("read %q, want %q", got, "new")
	}
	if info, err := os.Stat(name); err != nil || info.Mode().IsRegular() {
		t.Errorf("the FIFO is a file now (%v)", err)
	}
	wantNames(t, dir, "fifo")
}

// The null device is what stands in for a closed standard output if it is open for reading too, and nothing else is.
func TestIsClosed(t *testing.T) {
	for _, test := range []struct {
		name  string
		flags int
		want  bool
	}{
		{os.DevNull, os.O_RDWR, true},
		{os.DevNull, os.O_WRONLY, false},
		{filepath.Join(t.TempDir(), "file"), os.O_RDWR | os.O_CREATE, false},
	} {
		file, err := os.OpenFile(test.name, test.flags, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if got := outfile.IsClosed(file); got != test.want {
			t.Errorf("%s, flags %#x: closed %v, want %v", test.name, test.flags, got, test.want)
		}
		file.Close()
	}
	if outfile.IsClosed(io.Discard) {
		t.Error("what is no file is closed")
	}
}
