package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/cli"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
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
	testscript.Main(m, map[string]func(){"genesys-usage": func() { os.Exit(scripted()) }})
}

// TestScripts runs the scripts in testdata, in which "exits CODE ARGUMENTS" runs the command.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Cmds: map[string]func(*testscript.TestScript, bool, []string){
		"exits": func(script *testscript.TestScript, _ bool, args []string) {
			code := 0
			if exit, ok := errors.AsType[*exec.ExitError](script.Exec("genesys-usage", args[1:]...)); ok {
				code = exit.ExitCode()
			}
			if got := fmt.Sprint(code); got != args[0] {
				script.Fatalf("exit code %s, want %s", got, args[0])
			}
		},
	}})
}

// scripted runs the command, with -demo on an organization that has so many requests on each
// day of a query, up to one. Its id is that of the first query.
func scripted() int {
	each, _ := strconv.ParseInt(os.Getenv("REQUESTS"), 10, 64)
	if each == 0 {
		return run()
	}
	rows := func(q gen.APIUsageQuery) (rows []gen.APIUsageRow) {
		from, to, _ := strings.Cut(q.Interval, "/")
		for day, last := parseDay(from), min(to, cmp.Or(os.Getenv("UNTIL"), to)); ; day = day.AddDate(0, 0, 1) {
			if day.Format(time.DateOnly) > last {
				return rows
			}
			rows = append(rows, gen.APIUsageRow{Date: day, ClientID: "c-1", ClientName: "Demo Dialer", Requests: each,
				Status200: each})
		}
	}
	command := cli.Command{Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now(),
		Fake: usagetest.Config{Rows: rows}}
	return command.Run(context.Background())
}

func parseDay(s string) time.Time {
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return day
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
