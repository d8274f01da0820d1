package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/fetch"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// resumeCommand returns the command that a failure advises, as flags.
func resumeCommand(stderr string) string {
	_, rest, _ := strings.Cut(stderr, "\n    genesys-usage ")
	command, _, _ := strings.Cut(rest, "\n")
	return command
}

// interruptingWriter interrupts as soon as it sees the query's id, as by Ctrl-C.
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

// Whoever interrupts the command is told how to get the report, with the flags of this
// call; and what is advised is understood.
func TestInterruptionsAdviseToResume(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"", "-as-of 2026-11-24 -demo -granularity none -group-by client -last 30d"},
		{"-last 3d -group-by endpoint", "-as-of 2026-11-24 -demo -granularity none -group-by endpoint -last 3d"},
		{
			"-month 2026-10 -compare -top 0 -sort 429",
			"-compare -demo -granularity none -group-by client -month 2026-10 -sort 429 " +
				"-top 0",
		},
		{
			"-month 2026-11 -compare",
			"-compare -demo -granularity none -group-by client -month 2026-11",
		},
		{
			"-jobs -match it's -o OUT.csv -o OUT.html",
			`-demo -granularity day -group-by client -jobs -last 30d -match 'it'\''s' -o OUT.csv -o ` +
				`OUT.html`,
		},
		{
			"-allowance 5,000 -period-start 2026-11-21",
			"-allowance 5,000 -as-of 2026-11-24 -demo -granularity day -group-by client -period-start 2026-11-21",
		},
		{
			"-allowance 5,000 -period-start 21",
			"-allowance 5,000 -as-of 2026-11-24 -demo -granularity day -group-by client -period-start 21",
		},
		{
			"-granularity week -format ndjson -o OUT -region eu-west-1 -timeout 90s",
			"-format ndjson -granularity week -group-by client -last 30d -region eu-west-1 " +
				"-timeout 90s -o OUT",
		},
	} {
		t.Run(test.args, func(t *testing.T) {
			clearEnvironment(t)
			out := filepath.Join(t.TempDir(), "out")
			ctx, cancel := context.WithCancelCause(t.Context())
			notes := &interruptingWriter{interrupt: func() { cancel(errors.New("interrupted")) }}
			command := Command{
				Args: strings.Fields("-demo " + strings.ReplaceAll(test.args, "OUT", out)), Stdout: io.Discard, Stderr: notes,
				Now: now,
			}
			if code := command.Run(ctx); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			advised := resumeCommand(notes.String())
			if !strings.HasPrefix(advised, "-resume ") {
				t.Errorf("no -resume in %q", advised)
			}
			contains(t, "the advice", advised, strings.ReplaceAll(test.want, "OUT", out))
			contains(t, "the failure", notes.String(), ": interrupted", "The demo organization has ended with this command")
			lacks(t, "the failure", notes.String(), "context", "interrupted: interrupted")
			args := strings.Fields(strings.ReplaceAll(advised, `'it'\''s'`, "it's"))
			if _, err := parse(args, now.AddDate(0, 0, 1)); err != nil {
				t.Errorf("%s: %v", advised, err)
			}
		})
	}
}

// A query that is resumed, the next day, gives the report that the call was to give.
func TestResume(t *testing.T) {
	for _, args := range []string{"-month 2026-10", "-jobs -month 2026-10", "-month 2026-11 -format csv",
		"-jobs -format ndjson -granularity day"} {
		t.Run(args, func(t *testing.T) {
			clearEnvironment(t)
			organization := rowsOf(someRows)
			want := genesysUsageOn(t, organization, strings.Fields(args)...).want(t, 0).stdout
			server := usagetest.NewServer(organization)
			defer server.Close()
			o, err := parse(strings.Fields(args), now)
			if err != nil {
				t.Fatal(err)
			}
			client := newTestClient(t, server)
			operation, err := fetch.Submit(t.Context(), client, &o.Query)
			if err != nil {
				t.Fatal(err)
			}
			advised := strings.Join(o.resumeArgs(operation.ID), " ")
			tomorrow := now.AddDate(0, 0, 1)
			resumed, err := parse(strings.Fields(advised), tomorrow)
			if err != nil {
				t.Fatal(err)
			}
			var stdout bytes.Buffer
			command := &Command{Stdout: &stdout, options: resumed, progress: newProgress(resumed, io.Discard), client: client}
			if _, err := command.write(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(stdout.String(), "vendor's own OAuth clients.",
				"vendor's own OAuth clients. The organization is made up (-demo).")
			got = strings.ReplaceAll(got, "that count for billing.",
				"that count for billing. The organization is made up (-demo).")
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestTimeoutAdvisesToResume(t *testing.T) {
	clearEnvironment(t)
	o, err := parse(strings.Fields("-timeout 90s -month 2026-10"), now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 0, errors.New("no report within 1m30s (-timeout)"))
	defer cancel()
	<-ctx.Done()
	execution := &wrapper.OperationError{ID: "id", Err: fmt.Errorf("last status Running: %w", context.Cause(ctx))}
	got := (&Command{options: o, id: "id"}).failure(ctx, execution)
	want := "genesys-usage: query id: last status Running: no report within 1m30s (-timeout)\n" +
		"The query goes on without this command. To get its report:\n\n    genesys-usage -resume id -as-of 2026-11-24 " +
		"-granularity none -group-by client -month 2026-10 -timeout 90s\n\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What package wrapper calls resumable is advised, and what is not of this query at all.
func TestWhatIsWorthResuming(t *testing.T) {
	clearEnvironment(t)
	o, err := parse([]string{"-month", "2026-10"}, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		err  error
		want bool
	}{
		{"failed query", &wrapper.OperationError{ID: "id", Err: wrapper.ErrQueryFailed}, false},
		{"missing permission", &wrapper.OperationError{ID: "id", Err: &wrapper.APIError{StatusCode: 403}}, true},
		{"not of this query", errors.New("submitting another one failed"), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := (&Command{options: o, id: "id"}).failure(t.Context(), test.err)
			if advised := resumeCommand(got) != ""; advised != test.want {
				t.Errorf("-resume is advised: %v, want %v\n%s", advised, test.want, got)
			}
		})
	}
}

// What resuming does not help is not advised, on real responses.
func TestFinalFailures(t *testing.T) {
	unusable := usagetest.Config{Fault: func(r *http.Request) usagetest.Fault {
		if r.Method == http.MethodGet {
			return usagetest.Fault{Status: http.StatusOK,
				Body: []byte(`{"queryStatus":"Complete","results":[{"requests":"many"}]}`)}
		}
		return usagetest.Fault{}
	}}
	for _, test := range []struct {
		name         string
		organization usagetest.Config
		args, want   string
	}{
		{"failed", usagetest.Config{Fail: true}, "", wrapper.ErrQueryFailed.Error()},
		{"failed, jobs", usagetest.Config{Fail: true}, "-jobs", wrapper.ErrQueryFailed.Error()},
		{"unknown id", usagetest.Config{}, "-resume unknown -group-by user -granularity day", "404"},
		{"unknown id, jobs", usagetest.Config{}, "-resume unknown -group-by user -granularity day -jobs", "404"},
		{"unusable result", unusable, "", "query "},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := genesysUsageOn(t, test.organization, strings.Fields(test.args)...).want(t, 1)
			contains(t, "the error", r.stderr, test.want)
			if got := resumeCommand(r.stderr); got != "" {
				t.Errorf("it advises %s", got)
			}
		})
	}
}

// The second of two queries fails: what helps decides on the advice, and the first query
// is the one to resume.
func TestCompareFailsInTheSecondQuery(t *testing.T) {
	for _, test := range []struct {
		status  int
		advised bool
	}{{http.StatusForbidden, true}, {http.StatusBadRequest, true}} {
		submits := 0
		organization := usagetest.Config{Fault: func(request *http.Request) usagetest.Fault {
			if request.Method == http.MethodPost && strings.HasSuffix(request.URL.Path, "/usage/query") {
				if submits++; submits == 2 {
					return usagetest.Fault{Status: test.status}
				}
			}
			return usagetest.Fault{}
		}}
		r := genesysUsageOn(t, organization, "-compare", "-month", "2026-10").want(t, 1)
		if r.stdout != "" {
			t.Errorf("%d: on standard output: %s", test.status, r.stdout)
		}
		if got := strings.Contains(resumeCommand(r.stderr),
			"-compare -demo -granularity none -group-by client -month 2026-10"); got != test.advised {
			t.Errorf("%d: -resume is advised: %v, want %v\n%s", test.status, got, test.advised, r.stderr)
		}
		const words = "To get its report (the query of the period before is submitted once more):\n"
		if got := strings.Contains(r.stderr, words); got != test.advised {
			t.Errorf("%d: says %q is %v, want %v\n%s", test.status, words, got, test.advised, r.stderr)
		}
	}
}

// Errors are in the words of a command, and not of a package.
func TestErrorsAreThoseOfACommand(t *testing.T) {
	r := genesysUsageOn(t, usagetest.Config{Fail: true}).want(t, 1)
	lacks(t, "the error", r.stderr, "Client.", "usage query execution")
}

// Messages of a server cannot move a cursor, and are cut.
func TestServerMessagesAreCleanAndShort(t *testing.T) {
	body := `{"message":"` + strings.Repeat(`\u001b[2J`+"\u009b1A\u202e", 1000) + `","code":"bad.request","status":400}`
	organization := usagetest.Config{
		Rows: func(gen.APIUsageQuery) []gen.APIUsageRow { return nil },
		Fault: func(request *http.Request) usagetest.Fault {
			if request.Method == http.MethodPost && strings.HasSuffix(request.URL.Path, "/usage/query") {
				return usagetest.Fault{Status: http.StatusBadRequest, Body: []byte(body)}
			}
			return usagetest.Fault{}
		},
	}
	r := genesysUsageOn(t, organization).want(t, 1)
	lacks(t, "the error", r.stderr, "\x1b", "\u009b", "\u202e", "\ufffd")
	contains(t, "the error", r.stderr, "bad.request")
	if got, most := text.Width(r.stderr), text.MaxMessage+500; got > most {
		t.Errorf("%d cells, want %d at most", got, most)
	}
	r = genesysUsageOn(t, usagetest.Config{}, "-resume", "a\x1b[2Jb", "-group-by", "user",
		"-granularity", "none").want(t, 1)
	lacks(t, "the error", r.stderr, "\x1b")
	if got := resumeCommand(r.stderr); got != "" {
		t.Errorf("it advises %s", got)
	}
}
