package transport

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	for _, test := range []struct {
		name    string
		outcome outcome
		want    []string
		omits   string
	}{
		{"response", outcome{status: 200, headers: []string{"ININ-Correlation-Id", "abc"}},
			[]string{"status=200", "correlation_id=abc"}, "error="},
		{"response without a correlation id", outcome{status: 404}, []string{"status=404"}, "correlation_id"},
		{"error", outcome{err: errors.New("refused")}, []string{"error=refused"}, "status="},
	} {
		t.Run(test.name, func(t *testing.T) {
			var debug, info strings.Builder
			for _, logger := range []*slog.Logger{newTextLogger(&debug), slog.New(slog.NewTextHandler(&info, nil))} {
				request := newRequest(t, "POST")
				request.Header.Set("Authorization", "Bearer SECRET")
				response, err := (&logging{newOutcomes(t, test.outcome), logger}).RoundTrip(request)
				check(t, "error", err, test.outcome.err)
				if err == nil {
					response.Body.Close()
				}
			}
			check(t, "log at info", info.String(), "")
			check(t, "records", strings.Count(debug.String(), "\n"), 1)
			checkContains(t, "log", debug.String(), "level=DEBUG", "method=POST", "host=api.example.com",
				"path=/api/v2/usage/query", "duration=")
			checkContains(t, "log", debug.String(), test.want...)
			checkOmits(t, "log", debug.String(), "SECRET", test.omits)
		})
	}
}

// A logger or a Reader that panics leaves neither a response open nor a slot taken.
func TestPanics(t *testing.T) {
	throttled := outcome{status: 429, headers: []string{"Retry-After", "1"}}
	for message, outcome := range map[string]outcome{
		"request": good, "rate limited, waiting": throttled, "retrying": down, "reader": good,
	} {
		bubble(t, message, func(t *testing.T) {
			base := newOutcomes(t, outcome)
			config := newConfig(base, static)
			config.Logger = slog.New(panickingHandler{newTextLogger(nil).Handler(), message})
			stack := New(config)
			panicked := panicOf(func() {
				stack.Read(newRequest(t, "GET"), func(response *http.Response) (bool, error) { panic("reader") })
			})
			check(t, "panic", panicked, any(message))
			check(t, "slots taken", len(stack.retry.base.(*rateLimit).slots), 0)
		})
	}
}
