//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A file that is replaced keeps its mode and owner.
func TestFilesKeepModeAndOwner(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report")
	writeFile(t, file, "old")
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	owner := os.Getuid()
	if owner == 0 { // only root can have a file of somebody else
		owner = 1234
		if err := os.Chown(file, owner, 2345); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, stderr := genesysUsage(t, "-demo", "-last", "1d", "-o", file); code != 0 {
		t.Fatal(stderr)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	if info.Mode().Perm() != 0o640 || int(stat.Uid) != owner || owner == 1234 && stat.Gid != 2345 || info.Size() < 10 {
		t.Errorf("mode %v, owner %d, group %d, %d bytes", info.Mode(), stat.Uid, stat.Gid, info.Size())
	}
}

// A link stays one, and leads to the report, whether or not it led to a file before.
func TestFilesThroughLinks(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"a", "b"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "a", "link")
	for _, to := range []string{filepath.Join("..", "b", "report"), filepath.Join(dir, "b", "report")} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second replaces a file
			if code, _, stderr := genesysUsage(t, "-demo", "-last", "1d", "-o", link); code != 0 {
				t.Fatal(stderr)
			}
			got, err := os.Readlink(link)
			if report, _ := os.ReadFile(filepath.Join(dir, "b", "report")); err != nil || got != to || len(report) == 0 || namesIn(t, filepath.Join(dir, "b")) != "report" {
				t.Errorf("%v, leads to %s, %d bytes, %s", err, got, len(report), namesIn(t, filepath.Join(dir, "b")))
			}
		}
		if code, _, stderr := genesysUsage(t, "-demo", "-last", "1d", "-o", link, "-html", filepath.Join(dir, "b", "report")); code != 1 || !strings.Contains(stderr, "two reports") {
			t.Errorf("exit %d, %s", code, stderr)
		}
		os.Remove(filepath.Join(dir, "b", "report"))
		os.Remove(link)
	}
	if err := os.Symlink("link", link); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := genesysUsage(t, "-demo", "-o", link); code != 1 || !strings.Contains(stderr, link+": too many l") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// A FIFO is written to, and not replaced; so are /dev/null and other devices.
func TestFIFO(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan []byte)
	go func() {
		got, _ := os.ReadFile(fifo)
		read <- got
	}()
	if code, stdout, stderr := genesysUsage(t, "-demo", "-last", "1d", "-format", "csv", "-o", fifo); code != 0 || stdout != "" {
		t.Fatal(stderr)
	}
	if got := <-read; !bytes.HasPrefix(got, []byte("date,")) || namesIn(t, dir) != "fifo" {
		t.Errorf("%q, %s", got, namesIn(t, dir))
	}
	if info, err := os.Stat(fifo); err != nil || info.Mode().IsRegular() {
		t.Error("the FIFO was replaced")
	}
	if code, _, stderr := genesysUsage(t, "-demo", "-last", "1d", "-o", os.DevNull, "-html", filepath.Join(dir, "page")); code != 0 || namesIn(t, "/dev") == "" {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Error("the device was replaced")
	}
}

// Who waits for somebody to read a FIFO can be told to leave.
func TestFIFOWithoutAReader(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("told to leave"))
	_, err := openTarget(ctx, fifo, os.Stdout)
	if err == nil || err.Error() != fifo+": told to leave" {
		t.Error(err)
	}
	// Let the one that was left behind go.
	reader, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	reader.Close()
}
