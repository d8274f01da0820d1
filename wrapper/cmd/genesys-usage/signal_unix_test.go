//go:build unix

package main

import (
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Signals that end the command clean up, and are named.
func TestSignalsCleanUp(t *testing.T) {
	for sent, want := range map[syscall.Signal]string{
		syscall.SIGINT: "interrupt", syscall.SIGTERM: "terminated", syscall.SIGHUP: "hangup",
	} {
		t.Run(want, func(t *testing.T) {
			// A process inherits that a signal is ignored, as by nohup, and not that one is handled.
			handled := make(chan os.Signal, 1)
			signal.Notify(handled, sent)
			defer signal.Stop(handled)

			environment, accepted := silentProxy(t)
			dir := t.TempDir()
			file := filepath.Join(dir, "report.csv")
			if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			command, stderr := process(t, environment, "-o", file, "-o", filepath.Join(dir, "page.html"), "-o",
				filepath.Join(dir, "book.xlsx"))
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			connection := <-accepted
			defer connection.Close()
			if names := strings.Fields(namesIn(t, dir)); len(names) != 4 {
				t.Errorf("during the query there are %s, want three temporary files", names)
			}
			if err := command.Process.Signal(sent); err != nil {
				t.Fatal(err)
			}
			_ = command.Wait()
			if got := command.ProcessState.ExitCode(); got != 1 {
				t.Errorf("exit code %d, want 1", got)
			}
			if got, err := os.ReadFile(file); string(got) != "old" {
				t.Errorf("the file is %q, %v", got, err)
			}
			if got := namesIn(t, dir); got != "report.csv" {
				t.Errorf("there are %s", got)
			}
			if !strings.Contains(stderr.String(), want) {
				t.Errorf("%q does not name the signal, want %s", stderr, want)
			}
		})
	}
}

// A command that was started by nohup goes on.
func TestIgnoredSignalsStayIgnored(t *testing.T) {
	environment, accepted := silentProxy(t)
	command, stderr := process(t, environment)
	command.Path, command.Args = "/bin/sh", []string{"sh", "-c", `trap "" HUP; exec "$0"`, os.Args[0]}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer (<-accepted).Close()
	for _, sent := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		if err := command.Process.Signal(sent); err != nil {
			t.Fatal(err)
		}
	}
	_ = command.Wait()
	if !strings.Contains(stderr.String(), "terminated") {
		t.Errorf("%q, want the second signal to end it", stderr)
	}
}

// A reader that leaves ends the command without a word, and does not cost the other output.
func TestAReaderThatLeaves(t *testing.T) {
	dir := t.TempDir()
	command, stderr := process(t, nil, "-demo", "-q", "-format", "ndjson", "-granularity", "day", "-group-by",
		"client,endpoint",
		"-o", "-", "-o", filepath.Join(dir, "page.html"))
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
	if got := command.ProcessState.ExitCode(); got != 1 {
		t.Errorf("exit code %d, want 1", got)
	}
	if stderr.Len() > 0 {
		t.Errorf("on standard error: %s", stderr)
	}
	if got := namesIn(t, dir); got != "page.html" {
		t.Errorf("there are %s, want page.html", got)
	}
}

// A signal, or -timeout, ends the command while nobody takes what it writes, and nothing is left.
func TestBlockedOutputs(t *testing.T) {
	for _, test := range []struct {
		name, args, want string
		sent             os.Signal
		stderr           bool // goes where standard output goes
	}{
		{"a FIFO without a reader", "-timeout 100ms -o - -o DIR/book.xlsx -o DIR/fifo.csv", "no report within 100ms", nil, false},
		{"standard output, timeout", "-timeout 2s -o - -o DIR/book.xlsx", "no report within 2s", nil, false},
		{"standard output, signal", "-o - -o DIR/book.xlsx", "terminated", syscall.SIGTERM, false},
		{"standard error too", "-o - -o DIR/book.xlsx", "", syscall.SIGTERM, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, temp := t.TempDir(), t.TempDir()
			if err := syscall.Mkfifo(filepath.Join(dir, "fifo.csv"), 0o600); err != nil {
				t.Fatal(err)
			}
			args := "-demo -format ndjson -granularity day -group-by client,endpoint " + strings.ReplaceAll(test.args, "DIR", dir)
			command, stderr := process(t, []string{"TMPDIR=" + temp}, strings.Fields(args)...)
			reader, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if test.stderr {
				command.Stderr = command.Stdout
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			if test.sent != nil {
				if _, err := io.ReadFull(reader, make([]byte, 1000)); err != nil {
					t.Fatal(err)
				}
				if err := command.Process.Signal(test.sent); err != nil {
					t.Fatal(err)
				}
			}
			_, _ = command.Process.Wait() // Wait of command would close its standard output
			_ = command.Wait()
			if got := namesIn(t, dir) + namesIn(t, temp); got != "fifo.csv" {
				t.Errorf("there are %s, want fifo.csv", got)
			}
			if !strings.Contains(stderr.String(), test.want) {
				t.Errorf("%q does not say %q", stderr, test.want)
			}
		})
	}
}
