package main

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The test binary is the command, too. It copies what the kernel knows of it to a file, if
// it is told to.
func TestMain(m *testing.M) {
	if os.Getenv("GENESYS_USAGE_MAIN") != "" {
		code := run()
		if file := os.Getenv("GENESYS_USAGE_STATUS"); file != "" {
			status, _ := os.ReadFile("/proc/self/status")
			_ = os.WriteFile(file, status, 0o600)
		}
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// process returns the command as a process of its own, and what it writes to standard
// error.
func process(t *testing.T, environment []string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], args...)
	command.Env = append(environment, "GENESYS_USAGE_MAIN=1")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	return command, &stderr
}

// silentProxy is a proxy that never responds, for an organization. It returns the
// environment for it, and the connections that it accepts.
func silentProxy(t *testing.T) (environment []string, accepted <-chan net.Conn) {
	t.Helper()
	connections := make(chan net.Conn, 10)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
			connections <- connection
		}
	}))
	t.Cleanup(proxy.Close)
	return []string{"HTTPS_PROXY=" + proxy.URL, "GENESYSCLOUD_REGION=eu-central-1",
		"GENESYSCLOUD_ACCESS_TOKEN=token"}, connections
}

// The exit codes, of a process.
func TestExitCodes(t *testing.T) {
	for _, test := range []struct {
		args string
		code int
	}{
		{"-version", 0},
		{"-h", 0},
		{"-demo -q -last 1d", 0},
		{"-last 1d", 1},
		{"-nonsense", 2},
		{"-demo -q -month 2026-01 -allowance 1", 3},
	} {
		command, stderr := process(t, nil, strings.Fields(test.args)...)
		_ = command.Run()
		if got := command.ProcessState.ExitCode(); got != test.code {
			t.Errorf("%s: exit code %d, want %d\n%s", test.args, got, test.code, stderr)
		}
	}
}

// namesIn returns the names in a folder.
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
