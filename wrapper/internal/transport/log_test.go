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
		{"response", outcome{status: 200, headers: []string{CorrelationHeader, "abc"}},
			[]string{"status=200", "correlation_id=abc"}, "error="},
		{"response without a correlation id", outcome{status: 404}, []string{"status=404"}, "correlation_id"},
		{"error", outcome{err: errors.New("refused")}, []string{"error=refused"}, "status="},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log strings.Builder
			request := newRequest(t, http.MethodPost)
			request.Header.Set("Authorization", "Bearer SECRET")
			_, err := (&logging{newOutcomes(t, test.outcome), newTextLogger(&log)}).RoundTrip(request)
			check(t, "error", err, test.outcome.err)
			check(t, "records", strings.Count(log.String(), "\n"), 1)
			checkContains(t, "log", log.String(), "level=DEBUG", "method=POST", "host=api.example.com",
				"path=/api/v2/usage/query", "duration=")
			checkContains(t, "log", log.String(), test.want...)
			checkOmits(t, "log", log.String(), "SECRET", test.omits)
		})
	}
}

func TestLogIsQuietAboveDebug(t *testing.T) {
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	_, err := (&logging{newOutcomes(t, outcome{status: 200}), logger}).RoundTrip(newRequest(t, "GET"))
	checkError(t, "request", err, nil)
	check(t, "log at info", log.String(), "")
}
