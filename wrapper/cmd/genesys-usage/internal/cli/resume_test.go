package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/terminal"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// resumeCommand returns the command that a failure advises, as arguments.
func resumeCommand(stderr string) string {
	_, rest, _ := strings.Cut(stderr, "\n    genesys-usage ")
	command, _, _ := strings.Cut(rest, "\n")
	return command
}

// commandOf returns a command whose query was submitted.
func commandOf(t *testing.T, args ...string) *Command {
	t.Helper()
	o, err := parse(args, now)
	if err != nil {
		t.Fatal(err)
	}
	return &Command{Args: args, options: o, progress: terminal.NewProgress(io.Discard), id: "id"}
}

// The command that is advised has the arguments of the call, with what they mean today, and
// is understood.
func TestResumeArgs(t *testing.T) {
	clearEnvironment(t)
	const resume = "-resume id -as-of 2026-11-24 "
	for _, test := range []struct{ args, want string }{
		{"", resume + "-group-by client -granularity none"},
		{"-last 3d -group-by endpoint -q", resume + "-granularity none -last 3d -group-by endpoint -q"},
		{"-month 2026-10 -compare -sort 429", resume + "-group-by client -granularity none -month 2026-10 -compare -sort 429"},
		{"-jobs -match it's -o OUT.csv -o OUT.html", resume + "-group-by client -granularity day -jobs -match " +
			`'it'\''s' -o OUT.csv -o OUT.html`},
		{"-allowance 5,000 -period-start=21", resume + "-group-by client -granularity day -allowance 5,000 '-period-start=21'"},
		{"-granularity week -format ndjson -o OUT", resume + "-group-by client -granularity week -format ndjson -o OUT"},
		{"-resume x -as-of 2026-11-01 -group-by user -granularity none",
			"-resume x -as-of 2026-11-01 -group-by user -granularity none"},
	} {
		c := commandOf(t, strings.Fields(test.args)...)
		got := strings.Join(c.resumeArgs(), " ")
		if got != test.want {
			t.Errorf("%s: got %s, want %s", test.args, got, test.want)
		}
		again, err := parse(strings.Fields(strings.NewReplacer(`'it'\''s'`, "it's", "'", "").Replace(got)), now.AddDate(0, 0, 1))
		if err != nil {
			t.Errorf("%s: %v", got, err)
		} else if again.Period != c.Period || fmt.Sprint(again.Query) != fmt.Sprint(c.Query) || again.Stepped != c.Stepped {
			t.Errorf("%s: got %+v, want %+v", got, again.Spec, c.Spec)
		}
	}
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

// Whoever interrupts the command, or lets it time out, is told how to get the report.
func TestInterruptions(t *testing.T) {
	clearEnvironment(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	notes := &interruptingWriter{interrupt: func() { cancel(errors.New("interrupted")) }}
	command := Command{Args: []string{"-demo", "-last", "1d"}, Stdout: io.Discard, Stderr: notes, Now: now}
	if code := command.Run(ctx); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	contains(t, "the failure", notes.String(), ": interrupted; not polled yet\n", "The query goes on without this command. To get its "+
		"report:\n\n    genesys-usage -resume ", "The demo organization has ended with this command")
	lacks(t, "the failure", notes.String(), "context", "interrupted: interrupted")

	slow := usagetest.Config{RunningPolls: 1 << 20}
	r := genesysUsageOn(t, slow, "-last", "1d", "-timeout", "20ms").want(t, 1)
	contains(t, "the failure", r.stderr, "no report within 20ms (-timeout)")
	lacks(t, "the failure", r.stderr, "context")
}

// Only what can be mended, or passes, advises to resume.
func TestWhatIsWorthResuming(t *testing.T) {
	clearEnvironment(t)
	for _, test := range []struct {
		name string
		err  error
		want bool
	}{
		{"failed query", fmt.Errorf("no reason: %w", wrapper.ErrQueryFailed), false},
		{"403", &wrapper.APIError{StatusCode: 403}, true},
	} {
		err := &wrapper.OperationError{Kind: "query", ID: "id", Err: test.err}
		got := commandOf(t).failure(t.Context(), err)
		if advised := resumeCommand(got) != ""; advised != test.want {
			t.Errorf("%s: -resume is advised: %v, want %v\n%s", test.name, advised, test.want, got)
		}
		contains(t, "the failure", got, "genesys-usage: query id: "+test.err.Error())
	}
	c := commandOf(t)
	c.id = ""
	if got, want := c.failure(t.Context(), errors.New("no network")), "genesys-usage: no network\n"; got != want {
		t.Errorf("before the submit: got %q, want %q", got, want)
	}
}

// The second of two queries fails: the first is the one to resume.
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
	r := genesysUsageOn(t, organization, "-compare", "-month", "2026-10").want(t, 1)
	contains(t, "the failure", r.stderr, "To get its report (the query of the period before is submitted once more):\n\n"+
		"    genesys-usage -resume ")
}

// What the login host or the API refuses is said in a sentence, with the variable to look at,
// and what a server sends cannot move a cursor.
func TestRefusedCredentials(t *testing.T) {
	const id, secret, token = "GENESYSCLOUD_OAUTHCLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_SECRET", "GENESYSCLOUD_ACCESS_TOKEN"
	for _, test := range []struct {
		name  string
		path  string // that is refused
		fault usagetest.Fault
		want  string
		never string
	}{
		{"a secret", "/oauth/token", usagetest.Fault{Status: http.StatusUnauthorized,
			Body: []byte("{\"error\":\"invalid_client\",\n\t\"error_description\":\"client not\\u001b[2J found\"}\r\n")},
			"the login host refused the OAuth client: client not [2J found; check " + id + " and " + secret + ", and that they " +
				"belong to this region\n", "{"},
		{"by a gateway", "/oauth/token", usagetest.Fault{Status: http.StatusBadRequest,
			Body: []byte("<html>\r\n<body>\tno\xff</body>\n</html>\n")}, "the login host refused the OAuth client: 400", "html"},
		{"by a proxy", "/oauth/token", usagetest.Fault{Status: http.StatusProxyAuthRequired, Body: []byte("no\n")}, "407",
			"secret"},
		{"a token", "/usage/query", usagetest.Fault{Status: http.StatusUnauthorized}, "401 Unauthorized", token},
		{"a long message", "/usage/query", usagetest.Fault{Status: http.StatusBadRequest,
			Body: []byte(`{"message":"` + strings.Repeat(`\u001b[2J`+"\u009b1A\u202e", 1000) + `","code":"bad.request"}`)},
			"bad.request", "\u009b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			organization := usagetest.Config{
				Rows: func(gen.APIUsageQuery) []gen.APIUsageRow { return nil },
				Fault: func(r *http.Request) usagetest.Fault {
					if strings.HasSuffix(r.URL.Path, test.path) {
						return test.fault
					}
					return usagetest.Fault{}
				}}
			r := genesysUsageOn(t, organization, "-q").want(t, 1)
			contains(t, "the error", r.stderr, test.want)
			lacks(t, "the error", r.stderr, test.never, "\t", "\r", "\x1b")
			if got := text.Width(r.stderr); got > text.MaxMessage+20 {
				t.Errorf("%d cells, want %d at most", got, text.MaxMessage+20)
			}
		})
	}
	// An expired token in the environment hides a client that is valid.
	clearEnvironment(t)
	c := commandOf(t)
	refused := &wrapper.APIError{StatusCode: http.StatusUnauthorized}
	lacks(t, "the error without a token", c.sentence(refused), token)
	t.Setenv(token, "expired")
	contains(t, "the error", c.sentence(refused), token+" may have expired: replace it, or unset it to use "+id)
	lacks(t, "another error", c.sentence(&wrapper.APIError{StatusCode: http.StatusForbidden}), token)
}

// After a report could not be written, the advice names what is to be replaced.
func TestFailedOutputs(t *testing.T) {
	clearEnvironment(t)
	c := commandOf(t, "-month", "2026-10", "-o", "a.csv", "-o", "-")
	for name, want := range map[string]string{"a.csv": "a.csv", "-": "standard output"} {
		for _, out := range c.outputs {
			if out.failure = nil; out.name == name {
				out.failure = fmt.Errorf("%s: no space", out)
			}
		}
		contains(t, "the failure", c.failure(t.Context(), c.failures()), "query id: "+want+": no space\n", "The query is complete. To "+
			"get its report, name another file in place of "+want+":\n\n    genesys-usage -resume id ")
	}
	ended, cancel := context.WithTimeout(t.Context(), -time.Second)
	defer cancel()
	contains(t, "after the context ended", commandOf(t).failure(ended, wrapper.ErrQueryFailed), "The query goes on")
}
