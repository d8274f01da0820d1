//go:build unix

package outfile_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/outfile"
)

// A file that is replaced keeps its owner, mode and links, whatever the umask is. It is renamed onto where that
// changes none of them.
func TestKeeps(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	chmod := func(mode fs.FileMode) func(string) error {
		return func(name string) error { return os.Chmod(name, mode) }
	}
	for _, test := range []struct {
		name    string
		set     func(name string) error
		renamed bool
	}{
		{"private", chmod(0o600), true},
		{"for its group", chmod(0o640), true},
		{"setgid", chmod(0o640 | fs.ModeSetgid), true},
		{"for all", chmod(0o666), true},
		{"another owner", func(name string) error { return os.Chown(name, 12345, -1) }, false},
		{"another group", func(name string) error { return os.Chown(name, -1, 12345) }, false},
		{"hard links", func(name string) error { return os.Link(name, name+".link") }, false},
		{"a folder without permission", func(name string) error { return os.Chmod(filepath.Dir(name), 0o500) }, os.Getuid() == 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
			name := filepath.Join(dir, "report.csv")
			writeFile(t, name, "old and longer", 0o600)
			if err := test.set(name); errors.Is(err, fs.ErrPermission) {
				t.Skip("only root may do that")
			} else if err != nil {
				t.Fatal(err)
			}
			before := stat(t, name)
			commit(t, create(t, name), "new")
			wantFile(t, name, "new")
			after := stat(t, name)
			if got, want := after.Mode(), before.Mode(); got != want {
				t.Errorf("mode %v, want %v", got, want)
			}
			is, was := after.Sys().(*syscall.Stat_t), before.Sys().(*syscall.Stat_t)
			if is.Uid != was.Uid || is.Gid != was.Gid || is.Nlink != was.Nlink {
				t.Errorf("user %d, group %d, %d links; want %d, %d, %d", is.Uid, is.Gid, is.Nlink, was.Uid, was.Gid, was.Nlink)
			}
			if got := !os.SameFile(before, after); got != test.renamed {
				t.Errorf("it was renamed onto: %v, want %v", got, test.renamed)
			}
			if test.name == "hard links" {
				wantFile(t, name+".link", "new")
				wantNames(t, dir, "report.csv", "report.csv.link")
			} else {
				wantNames(t, dir, "report.csv")
			}
		})
	}
}

// A report is not more readable while it is written than the one that it replaces.
func TestModeOfATemporaryFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "report.csv")
	writeFile(t, name, "old", 0o600)
	defer create(t, name).Abort()
	names, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(names) != 1 {
		t.Fatalf("temporary files %q (%v), want one", names, err)
	}
	if got := stat(t, names[0]).Mode(); got != 0o600 {
		t.Errorf("mode %v, want %v", got, fs.FileMode(0o600))
	}
}

// A symbolic link stays one, and leads to the report, whether or not it led to a file before.
func TestSymbolicLinks(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, folder := range []string{"a", "b", "c"} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range [][2]string{ // what it leads to, and its name
		{"../c", "a/folder"}, {"../b/report.csv", "a/relative"}, {dir + "/b/report.csv", "a/absolute"},
		{"../b/report.csv", "a/folder/link"}, {"relative", "a/link"},
	} {
		if err := os.Symlink(link[0], link[1]); err != nil {
			t.Fatal(err)
		}
		if link[1] == "a/folder" {
			continue
		}
		os.Remove("b/report.csv")
		for _, text := range []string{"into no file", "into a file"} {
			commit(t, create(t, link[1]), text)
			wantFile(t, "b/report.csv", text)
			wantNames(t, "b", "report.csv")
			if got, err := os.Readlink(link[1]); err != nil || got != link[0] {
				t.Errorf("%s leads to %q (%v), want %q", link[1], got, err, link[0])
			}
		}
	}
	if err := os.Symlink("itself", "itself"); err != nil {
		t.Fatal(err)
	}
	if _, err := outfile.Create(t.Context(), "itself"); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a link to itself: error %v, want %v", err, syscall.ELOOP)
	}
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
	commit(t, f, "new")
	f.Abort()
	if got := <-read; string(got) != "new" {
		t.Errorf("read %q, want %q", got, "new")
	}
	if stat(t, name).Mode().IsRegular() {
		t.Error("the FIFO is a file now")
	}
	wantNames(t, dir, "fifo")
}

// A FIFO that nobody reads is waited for until the context ends.
func TestFIFOWithoutReader(t *testing.T) {
	name := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errors.New("interrupted"))
	defer cancel()
	if _, err := outfile.Create(ctx, name); err == nil || err != context.Cause(ctx) {
		t.Errorf("error %v, want %v", err, context.Cause(ctx))
	}
}
