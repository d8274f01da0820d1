package wrapper

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

// roundTripper is what a layer under test sits on.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

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

func newRequest(t *testing.T, method string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "https://api.example.com/api/v2/usage/query", nil)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

// outcome is what a server answers with.
type outcome struct {
	status  int
	body    string
	reader  io.Reader
	headers []string
}

func (o outcome) respond(request *http.Request) *http.Response {
	response := respond(request, o.status, o.body, o.headers...)
	if o.reader != nil {
		response.Body = io.NopCloser(o.reader)
	}
	return response
}

// endless is a body without an end: for so long that a bound that is gone is
// noticed, and no longer.
type endless struct{ left int }

func newEndless() *endless { return &endless{4 << 20} }

func (e *endless) Read(p []byte) (int, error) {
	if e.left -= len(p); e.left < 0 {
		panic("the bound is gone")
	}
	return len(p), nil
}

func newTextLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
