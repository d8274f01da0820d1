package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// resumeCommand returns the command that a failure says to go on with, as flags.
func resumeCommand(stderr string) string {
	_, rest, _ := strings.Cut(stderr, "\n    genesys-usage ")
	command, _, _ := strings.Cut(rest, "\n")
	return command
}

// interruptingWriter does as somebody who presses Ctrl-C on seeing the query's id.
type interruptingWriter struct {
	bytes.Buffer
	interrupt func()
}

func (w *interruptingWriter) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(": query ")) {
		w.interrupt()
	}
	return w.Buffer.Write(p)
}

// Every failure after the submit says how to go on, with the flags of this call; and
// what it says is understood.
func TestFailuresSayHowToGoOn(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"", "-interval 2026-10-25/2026-11-23"},
		{"-last 3d -group-by endpoint", "-demo -group-by endpoint -interval 2026-11-21/2026-11-23"},
		{"-month 2026-10 -compare -top 0 -sort 429", "-compare -demo -month 2026-10 -sort 429 -top 0"},
		{"-jobs -match it's -format csv -o " + "OUT", `-demo -format csv -jobs -match 'it'\''s' -o OUT -interval 2026-10-25/2026-11-23`},
		{"-allowance 5 -period-start 2026-11-21", "-allowance 5 -demo -period-start 2026-11-21 -interval 2026-11-21/2026-11-23"},
		{"-allowance 5 -month 2026-11", "-allowance 5 -demo -period-start 2026-11-01 -interval 2026-11-01/2026-11-30"},
		{"-metrics requests -granularity week -html OUT -region eu-west-1 -timeout 90s", "-demo -granularity week -html OUT -metrics requests -region eu-west-1 -timeout 90s -interval"},
	} {
		t.Run(test.args, func(t *testing.T) {
			clearEnvironment(t)
			out := t.TempDir() + "/out"
			ctx, cancel := context.WithCancelCause(t.Context())
			notes := &interruptingWriter{interrupt: func() { cancel(fmt.Errorf("interrupted")) }}
			args := strings.Fields("-demo " + strings.ReplaceAll(test.args, "OUT", out))
			code := runAt(ctx, args, io.Discard, notes, now, usagetest.Config{})
			command := resumeCommand(notes.String())
			if code != 1 || !strings.HasPrefix(command, "-resume ") || !strings.Contains(command, strings.ReplaceAll(test.want, "OUT", out)) {
				t.Errorf("exit %d, %s, want %s", code, notes.String(), test.want)
			}
			if strings.Count(notes.String(), ": interrupted") != 1 || strings.Contains(notes.String(), "context") || !strings.Contains(notes.String(), "the demo organization ends with this process") {
				t.Error(notes.String())
			}
			again := strings.Fields(strings.ReplaceAll(command, `'it'\''s'`, "it's"))
			if _, err := parseFlags(again, io.Discard, now); err != nil {
				t.Errorf("%s: %v", command, err)
			}
		})
	}
}

// A query that is taken up gives the report that the call was to give.
func TestResume(t *testing.T) {
	organization := rowsOf(goldenRows)
	for _, args := range []string{"-month 2026-10", "-jobs -month 2026-10"} {
		_, want, _ := genesysUsageOn(t, organization, append([]string{"-demo"}, strings.Fields(args)...)...)
		server := usagetest.NewServer(organization)
		defer server.Close()
		s, err := parseFlags(append([]string{"-demo"}, strings.Fields(args)...), io.Discard, now)
		if err != nil {
			t.Fatal(err)
		}
		progress := newProgress(s, io.Discard)
		client := newTestClient(t, server)
		submit := func() string {
			if s.jobs {
				job, err := client.SubmitJob(t.Context(), s.question.job())
				if err != nil {
					t.Fatal(err)
				}
				return job.ID()
			}
			execution, err := client.Submit(t.Context(), s.question.query())
			if err != nil {
				t.Fatal(err)
			}
			return execution.ID()
		}
		id := submit()
		if s, err = parseFlags(strings.Fields("-resume "+id+" "+strings.Join(s.again, " ")), io.Discard, now); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		targets, err := openTargets(t.Context(), s, &out)
		if err != nil {
			t.Fatal(err)
		}
		if s.jobs {
			_, err = ask(t.Context(), s, jobs(client), targets, progress)
		} else {
			_, err = ask(t.Context(), s, queries(client), targets, progress)
		}
		if err != nil || out.String() != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", args, err, &out, want)
		}
	}
}

func TestTimeoutSaysHowToResume(t *testing.T) {
	clearEnvironment(t)
	s, err := parseFlags(strings.Fields("-timeout 90s -month 2026-10"), io.Discard, now)
	if err != nil {
		t.Fatal(err)
	}
	var notes bytes.Buffer
	printFailure(t.Context(), s, &submittedError{"id", &wrapper.ExecutionError{ExecutionID: "id", Err: fmt.Errorf("the last status was Running: %w", context.DeadlineExceeded)}}, &notes)
	want := "genesys-usage: query id: the last status was Running: no report within 1m30s (-timeout)\n" +
		"The vendor has the query. To get its report:\n\n    genesys-usage -resume id -month 2026-10 -timeout 90s\n\n"
	if notes.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &notes, want)
	}
}

// What the vendor gave up, or does not know, is asked for anew.
func TestFinalFailures(t *testing.T) {
	for _, test := range []struct {
		organization usagetest.Config
		args, want   string
	}{
		{usagetest.Config{Fail: true}, "", "To ask anew, run the same command again."},
		{usagetest.Config{Fail: true}, "-jobs", "To ask anew, run the same command again."},
		{usagetest.Config{}, "-resume unknown", "To ask anew, leave -resume out."},
		{usagetest.Config{}, "-resume unknown -jobs", "To ask anew, leave -resume out."},
	} {
		code, _, stderr := genesysUsageOn(t, test.organization, strings.Fields("-demo "+test.args)...)
		if code != 1 || !strings.Contains(stderr, test.want) || resumeCommand(stderr) != "" {
			t.Errorf("%s: exit %d, %s", test.args, code, stderr)
		}
	}
}

// The second of two queries fails: the first is taken up again.
func TestCompareFailsInTheSecondQuery(t *testing.T) {
	submits := 0
	organization := usagetest.Config{Fault: func(request *http.Request) usagetest.Fault {
		if request.Method == http.MethodPost && strings.HasSuffix(request.URL.Path, "/usage/query") {
			if submits++; submits == 2 {
				return usagetest.Fault{Status: http.StatusForbidden}
			}
		}
		return usagetest.Fault{}
	}}
	code, stdout, stderr := genesysUsageOn(t, organization, "-demo", "-compare", "-month", "2026-10")
	if code != 1 || stdout != "" || !strings.Contains(resumeCommand(stderr), "-compare -demo -month 2026-10") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// What cannot be written can be got again; errors are in the words of a command.
func TestErrorsAreThoseOfACommand(t *testing.T) {
	clearEnvironment(t)
	var notes bytes.Buffer
	code := runAt(t.Context(), []string{"-demo"}, brokenWriter{}, &notes, now, rowsOf(goldenRows))
	if code != 1 || !strings.Contains(notes.String(), "standard output: no space") || resumeCommand(notes.String()) == "" {
		t.Errorf("exit %d, %s", code, &notes)
	}
	_, _, stderr := genesysUsageOn(t, usagetest.Config{Fail: true}, "-demo")
	if strings.Contains(stderr, "Client.") || strings.Contains(stderr, "usage query execution") {
		t.Errorf("the words of a package: %s", stderr)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, fmt.Errorf("no space") }

// Messages of the vendor's cannot move a cursor and are cut.
func TestErrorsCannotMoveACursor(t *testing.T) {
	hostile := strings.Repeat("\x1b[2J\u009b1A\u202e", 1000)
	organization := usagetest.Config{Rows: func(gen.APIUsageQuery) []gen.APIUsageRow { return nil }}
	organization.Fault = func(request *http.Request) usagetest.Fault {
		if request.Method == http.MethodPost && strings.HasSuffix(request.URL.Path, "/usage/query") {
			return usagetest.Fault{Status: http.StatusBadRequest, Body: []byte(`{"message":"` + strings.ReplaceAll(hostile, "\x1b", `\u001b`) + `","code":"bad.request","status":400}`)}
		}
		return usagetest.Fault{}
	}
	code, _, stderr := genesysUsageOn(t, organization, "-demo")
	if code != 1 || strings.ContainsAny(stderr, "\x1b\u009b\u202e") || cells.StringWidth(stderr) > maxMessage+500 || !strings.Contains(stderr, "bad.request") {
		t.Errorf("exit %d, %q", code, stderr)
	}
	if code, _, stderr = genesysUsage(t, "-demo", "-resume", "a\x1b[2Jb"); code != 1 || strings.Contains(stderr, "\x1b") || resumeCommand(stderr) != "" {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

func TestShellQuote(t *testing.T) {
	for id, want := range map[string]string{"9f32b7cf-7418": "9f32b7cf-7418", "a b": "'a b'", "it's": `'it'\''s'`, "": "''", "$(x)": "'$(x)'", "-x": "-x", "~": "'~'"} {
		if got := shellQuote(id); got != want {
			t.Errorf("%q is %s, want %s", id, got, want)
		}
	}
}
