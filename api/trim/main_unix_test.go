//go:build unix

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe or a device is written to, not replaced by a file.
func TestWritesToAPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	received := make(chan []byte)
	go func() {
		data, err := os.ReadFile(pipe)
		if err != nil {
			t.Error(err)
		}
		received <- data
	}()
	code, _, stderr := trimSmall(t, small, "-o", pipe)
	equal(t, "exit code", code, exitOK)
	equal(t, "standard error", stderr, "")
	equal(t, "the pipe has the document", bytes.HasPrefix(<-received, []byte("# Code generated")), true)
	info, err := os.Lstat(pipe)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "is a pipe", info.Mode()&os.ModeNamedPipe != 0, true)
}
