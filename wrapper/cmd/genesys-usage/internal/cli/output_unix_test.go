//go:build unix

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// /dev/full takes nothing: the failure names the output, and advises another one.
func TestFullDevice(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Log("there is no /dev/full here")
		return
	}
	r := genesysUsageOn(t, rowsOf(someRows), "-format", "csv", "-o", "/dev/full", "-o",
		filepath.Join(t.TempDir(), "report.txt")).want(t, 1)
	contains(t, "the error", r.stderr, "/dev/full: no space left on device", "name another file in place of /dev/full")
}

// A FIFO is written to, and not replaced.
func TestFIFO(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo.csv")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		got, _ := os.ReadFile(fifo)
		read <- string(got)
	}()
	genesysUsage(t, "-last 1d -o "+fifo).want(t, 0)
	if got := <-read; !strings.HasPrefix(got, "clientId,") {
		t.Errorf("%.40q came out of the FIFO", got)
	}
	if info, err := os.Stat(fifo); err != nil || info.Mode().IsRegular() {
		t.Errorf("the FIFO was replaced: %v, %v", info, err)
	}
}
