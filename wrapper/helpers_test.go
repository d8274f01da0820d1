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

func newRequest(t *testing.T, method, body string) *http.Request {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, "https://api.example.com/api/v2/usage/query", reader)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func defaultRetry(t *testing.T) Retry {
	t.Helper()
	retry, err := Retry{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	return retry
}

var discardLog = slog.New(slog.DiscardHandler)

func newTextLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
