package transport

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
		want   []string
	}{
		{"answer", func(request *http.Request) (*http.Response, error) {
			return respond(request, 200, "", CorrelationHeader, "abc"), nil
		}, []string{"level=DEBUG", "method=POST", "host=api.example.com", "path=/api/v2/usage/query", "status=200", "attempt=3", "duration=", "correlation_id=abc"}},
		{"error", func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") },
			[]string{"level=DEBUG", "method=POST", "attempt=3", "error=refused"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log bytes.Buffer
			request := newRequest(t, http.MethodPost)
			request = request.WithContext(context.WithValue(request.Context(), attemptKey{}, &attempt{number: 3}))
			request.Header.Set("Authorization", "Bearer SECRET")
			(&logging{roundTripper(test.answer), newTextLogger(&log)}).RoundTrip(request)
			if n := strings.Count(log.String(), "\n"); n != 1 {
				t.Errorf("%d records, want 1", n)
			}
			for _, want := range test.want {
				if !strings.Contains(log.String(), want) {
					t.Errorf("%q is not in %s", want, &log)
				}
			}
			if strings.Contains(log.String(), "SECRET") {
				t.Errorf("the token is in %s", &log)
			}
		})
	}
}

func TestLogIsQuietAboveDebug(t *testing.T) {
	var log bytes.Buffer
	(&logging{roundTripper(func(request *http.Request) (*http.Response, error) {
		return respond(request, 200, ""), nil
	}), slog.New(slog.NewTextHandler(&log, nil))}).RoundTrip(newRequest(t, "GET"))
	if log.Len() > 0 {
		t.Errorf("logs %s at info", &log)
	}
}
