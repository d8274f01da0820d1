package transport

import (
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// roundTripper is what a layer under test sits on.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// outcome is what a layer below answers with.
type outcome struct {
	status  int
	body    string
	reader  io.Reader
	headers []string
	err     error
}

func (o outcome) respond(request *http.Request) (*http.Response, error) {
	if o.err != nil {
		return nil, o.err
	}
	response := respond(request, o.status, o.body, o.headers...)
	if o.reader != nil {
		response.Body = io.NopCloser(o.reader)
	}
	return response, nil
}

// outcomes answers with one after the other, and then with the last again.
type outcomes struct {
	t    *testing.T
	all  []outcome
	sent []time.Time
}

func (o *outcomes) RoundTrip(request *http.Request) (*http.Response, error) {
	o.sent = append(o.sent, time.Now())
	if request.Body != nil {
		if body, _ := io.ReadAll(request.Body); string(body) != theBody {
			o.t.Errorf("attempt %d sends %q", len(o.sent), body)
		}
	}
	if n := attemptOf(request.Context()).number; n != len(o.sent) {
		o.t.Errorf("attempt %d calls itself %d", len(o.sent), n)
	}
	return o.all[min(len(o.sent), len(o.all))-1].respond(request)
}

// waits are the times between the attempts.
func (o *outcomes) waits() []time.Duration {
	var waits []time.Duration
	for i := 1; i < len(o.sent); i++ {
		waits = append(waits, o.sent[i].Sub(o.sent[i-1]))
	}
	return waits
}

// respond makes a response; headers alternate between keys and values.
func respond(request *http.Request, status int, body string, headers ...string) *http.Response {
	response := &http.Response{
		Status: http.StatusText(status), StatusCode: status, Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(body)), Request: request,
	}
	for i := 0; i < len(headers); i += 2 {
		response.Header.Set(headers[i], headers[i+1])
	}
	return response
}

const theBody = "the body"

// newRequest makes a request, with a body if it is a POST.
func newRequest(t *testing.T, method string) *http.Request {
	t.Helper()
	var reader io.Reader
	if method == http.MethodPost {
		reader = strings.NewReader(theBody)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, "https://api.example.com/api/v2/usage/query", reader)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

var defaultRetry = Retry{MaxAttempts: 5, Initial: 500 * time.Millisecond, Max: 30 * time.Second, Stall: time.Minute}

func newRetry(base http.RoundTripper) *retry {
	return &retry{base: base, Retry: defaultRetry, userAgent: "agent", logger: discardLog}
}

var origin = &url.URL{Scheme: "https", Host: "api.example.com"}

var discardLog = slog.New(slog.DiscardHandler)

func newTextLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// endless is a body without an end: for so long that a bound that is gone is
// noticed, and no longer.
type endless struct{ left int }

func newEndless() *endless { return &endless{4 * maxBody} }

func (e *endless) Read(p []byte) (int, error) {
	if e.left -= len(p); e.left < 0 {
		panic("the bound is gone")
	}
	return len(p), nil
}
