package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// check compares what a test got with what it wants.
func check[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// checkError checks that an error is, or wraps, the one that is wanted: nil for none.
func checkError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

// checkFailure checks the text of an error, and its mark: failure.ErrPermanent, or
// failure.ErrBlocked, or nil for a transient error.
func checkFailure(t *testing.T, err error, text string, mark error) {
	t.Helper()
	check(t, "error", errorText(err), text)
	check(t, "permanent", failure.IsPermanent(err), mark != nil)
	check(t, "blocked", errors.Is(err, failure.ErrBlocked), errors.Is(mark, failure.ErrBlocked))
}

// checkBetween checks a duration.
func checkBetween(t *testing.T, what string, got, low, high time.Duration) {
	t.Helper()
	if got < low || got > high {
		t.Errorf("%s: got %v, want %v to %v", what, got, low, high)
	}
}

// checkContains checks that a text contains all parts.
func checkContains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s: got %s, want it to contain %q", what, text, part)
		}
	}
}

// checkOmits checks that a text contains none of the parts.
func checkOmits(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("%s: got %s, want it without %q", what, text, part)
		}
	}
}

// errorText returns the text of an error, or "" for none.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// panicOf returns the value that a function panics with, or nil.
func panicOf(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

// bubble runs a subtest whose clock advances only while all its goroutines wait, and
// which fails if one of them is left.
func bubble(t *testing.T, name string, test func(*testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// roundTripper is a base made of a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// hosts is a base of several hosts.
type hosts map[string]http.RoundTripper

func (h hosts) RoundTrip(request *http.Request) (*http.Response, error) {
	return h[request.URL.Host].RoundTrip(request)
}

const apiHost, loginHost = "api.example.com", "login.example.com"

// outcome is what becomes of an attempt.
type outcome struct {
	status  int
	body    string
	reader  io.Reader // in place of body
	headers []string  // keys and values in turns
	err     error     // in place of a response
	takes   time.Duration
}

var (
	good      = outcome{status: 200, body: "{}"}
	down      = outcome{status: 503}
	truncated = outcome{status: 200, reader: iotest.ErrReader(io.ErrUnexpectedEOF)}
)

// statuses are outcomes without a body.
func statuses(all ...int) (outcomes []outcome) {
	for _, status := range all {
		outcomes = append(outcomes, outcome{status: status})
	}
	return outcomes
}

// outcomes is a base: attempts have the outcomes in order, and then the last one. It
// keeps what was sent when. All bodies of responses are to be closed when the test ends.
type outcomes struct {
	t   *testing.T
	all []outcome

	mu     sync.Mutex
	sent   []time.Time
	tokens []string // in the header Authorization
	open   int
}

func newOutcomes(t *testing.T, all ...outcome) *outcomes {
	o := &outcomes{t: t, all: all}
	t.Cleanup(func() { check(t, "open bodies of responses", o.open, 0) })
	return o
}

func (o *outcomes) RoundTrip(request *http.Request) (*http.Response, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, time.Now())
	o.tokens = append(o.tokens, request.Header.Get("Authorization"))
	if request.Body != nil && request.Body != http.NoBody {
		body, err := io.ReadAll(request.Body)
		request.Body.Close()
		checkError(o.t, "reading the body of a request", err, nil)
		want := requestBody
		if request.URL.Host == loginHost {
			want = "grant_type=client_credentials"
		}
		check(o.t, "body of a request", string(body), want)
	}
	outcome := o.all[min(len(o.sent), len(o.all))-1]
	o.mu.Unlock()
	time.Sleep(outcome.takes)
	o.mu.Lock()
	if outcome.err != nil {
		return nil, outcome.err
	}
	response := newResponse(request, outcome.status, outcome.body, outcome.headers...)
	if outcome.reader != nil {
		response.Body = io.NopCloser(outcome.reader)
	}
	o.open++
	response.Body = &closeFunc{response.Body, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.open--
	}}
	return response, nil
}

// waits returns the times between the attempts.
func (o *outcomes) waits() []time.Duration {
	var waits []time.Duration
	for i := 1; i < len(o.sent); i++ {
		waits = append(waits, o.sent[i].Sub(o.sent[i-1]))
	}
	return waits
}

// closeFunc is a body that calls a function when it is closed for the first time.
type closeFunc struct {
	io.Reader
	onClose func()
}

func (c *closeFunc) Close() error {
	if c.onClose != nil {
		c.onClose()
	}
	c.onClose = nil
	return nil
}

// newResponse makes a response; headers are keys and values in turns.
func newResponse(request *http.Request, status int, body string, headers ...string) *http.Response {
	response := &http.Response{
		StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: request,
	}
	for i := 0; i < len(headers); i += 2 {
		response.Header.Set(headers[i], headers[i+1])
	}
	return response
}

const requestBody = "the body"

// newRequest makes a request. If it is a POST, it has a body, and all bodies are to be
// closed when the test ends, sent or not.
func newRequest(t *testing.T, method string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "https://"+apiHost+"/api/v2/usage/query", nil)
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		open := 0
		request.GetBody = func() (io.ReadCloser, error) {
			open++
			return &closeFunc{strings.NewReader(requestBody), func() { open-- }}, nil
		}
		request.Body, _ = request.GetBody()
		t.Cleanup(func() { check(t, "open bodies of a request", open, 0) })
	}
	return request
}

var (
	static            = Credentials{AccessToken: "static"} // which need no login host
	clientCredentials = Credentials{ClientID: "the id", ClientSecret: "s%cret:+"}
	// credentialsOf are those for the API, and those that log in first.
	credentialsOf = map[string]Credentials{"API": static, "login": clientCredentials}
)

func newConfig(base http.RoundTripper, credentials Credentials) Config {
	return Config{
		Base: base, Origin: &url.URL{Scheme: "https", Host: apiHost}, LoginURL: "https://" + loginHost,
		Credentials: credentials, StatusError: newStatusError, UserAgent: "agent", Logger: discardLog,
		Retry: Retry{MaxAttempts: 5, Initial: 500 * time.Millisecond, Max: 30 * time.Second, Stall: time.Minute},
	}
}

func newStack(base http.RoundTripper, credentials Credentials) *Stack {
	return New(newConfig(base, credentials))
}

// statusError is the error of a response with a status other than 2xx.
type statusError struct {
	status       int
	method, path string
	body         string
}

func newStatusError(response *http.Response, body []byte) error {
	return &statusError{response.StatusCode, response.Request.Method, response.Request.URL.Path, string(body)}
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s %s: %d %s", e.method, e.path, e.status, http.StatusText(e.status))
}

// readAll is a Reader.
func readAll(response *http.Response) (bool, error) {
	_, err := io.ReadAll(response.Body)
	return false, err
}

// tokenSource is a source made of a function.
type tokenSource func() (*oauth2.Token, error)

func (f tokenSource) Token() (*oauth2.Token, error) { return f() }

// counter is a source of token-1, token-2 and so on.
func counter() tokenSource {
	calls := 0
	return func() (*oauth2.Token, error) {
		calls++
		return &oauth2.Token{AccessToken: fmt.Sprint("token-", calls)}, nil
	}
}

var discardLog = slog.New(slog.DiscardHandler)

func newTextLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// panickingHandler is a slog.Handler that panics at a message.
type panickingHandler struct {
	slog.Handler
	message string
}

func (h panickingHandler) Handle(_ context.Context, record slog.Record) error {
	if record.Message == h.message {
		panic(h.message)
	}
	return nil
}

// endless is a body that goes on for long after a bound has been passed.
type endless struct{ left int }

func newEndless() *endless { return &endless{16 * maxBody} }

func (e *endless) Read(p []byte) (int, error) {
	if e.left -= len(p); e.left < 0 {
		panic("the body is read without a bound")
	}
	return len(p), nil
}
