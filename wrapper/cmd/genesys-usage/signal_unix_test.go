//go:build unix

package main

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Signals that end the command clean up, and say what it was.
func TestSignalsCleanUp(t *testing.T) {
	for signal, want := range map[syscall.Signal]string{syscall.SIGINT: "interrupt", syscall.SIGTERM: "terminated", syscall.SIGHUP: "hangup"} {
		asked := make(chan net.Conn, 10)
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				asked <- connection // and never answer
			}
		}))
		dir := t.TempDir()
		file := filepath.Join(dir, "report")
		writeFile(t, file, "old")
		command := exec.CommandContext(t.Context(), os.Args[0], "-format", "csv", "-o", file, "-html", filepath.Join(dir, "page"))
		command.Env = []string{"GENESYS_USAGE_MAIN=1", "HTTPS_PROXY=" + proxy.URL, "GENESYSCLOUD_REGION=eu-central-1", "GENESYSCLOUD_ACCESS_TOKEN=token"}
		var notes bytes.Buffer
		command.Stderr = &notes
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		connection := <-asked
		if names := namesIn(t, dir); !strings.Contains(names, ".tmp") {
			t.Errorf("while it is asking, there is %s", names)
		}
		if err := command.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		_ = command.Wait()
		connection.Close()
		proxy.Close()
		if got, _ := os.ReadFile(file); command.ProcessState.ExitCode() != 1 || string(got) != "old" || namesIn(t, dir) != "report" {
			t.Errorf("%v: exit %d, %q, %s", signal, command.ProcessState.ExitCode(), got, namesIn(t, dir))
		}
		if !strings.Contains(notes.String(), want) {
			t.Errorf("%v: %s", signal, &notes)
		}
	}
}

// Who started the command with nohup wants it to go on.
func TestIgnoredSignalsStayIgnored(t *testing.T) {
	asked := make(chan net.Conn, 10)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
			asked <- connection
		}
	}))
	defer proxy.Close()
	command := exec.CommandContext(t.Context(), "/bin/sh", "-c", `trap "" HUP; exec "$0"`, os.Args[0])
	command.Env = []string{"GENESYS_USAGE_MAIN=1", "HTTPS_PROXY=" + proxy.URL, "GENESYSCLOUD_REGION=eu-central-1", "GENESYSCLOUD_ACCESS_TOKEN=token"}
	var notes bytes.Buffer
	command.Stderr = &notes
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer (<-asked).Close()
	for _, signal := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		if err := command.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
	}
	_ = command.Wait()
	if !strings.Contains(notes.String(), "terminated") {
		t.Errorf("%s", &notes)
	}
}

// A reader that leaves ends the command without a word, and cleans up.
func TestAReaderThatLeaves(t *testing.T) {
	dir := t.TempDir()
	command := exec.CommandContext(t.Context(), os.Args[0], "-demo", "-q", "-format", "ndjson", "-granularity", "day", "-group-by", "client,endpoint", "-html", filepath.Join(dir, "page"))
	command.Env = []string{"GENESYS_USAGE_MAIN=1"}
	var notes bytes.Buffer
	command.Stderr = &notes
	reader, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
	reader.Close()
	_ = command.Wait()
	if command.ProcessState.ExitCode() != 1 || notes.Len() > 0 || namesIn(t, dir) != "" {
		t.Errorf("exit %d, %s, %s", command.ProcessState.ExitCode(), &notes, namesIn(t, dir))
	}
}
