package wrapper

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func TestLogTransport(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
		want   []string
	}{
		{"answer", func(request *http.Request) (*http.Response, error) {
			return respond(request, 200, "", correlationHeader, "abc", "inin-ratelimit-count", "1", "inin-ratelimit-allowed", "180", "inin-ratelimit-reset", "61"), nil
		}, []string{"level=DEBUG", "method=POST", "path=/api/v2/usage/query", "status=200", "attempt=3", "duration=", "correlation_id=abc", "rate_limit_left=179"}},
		{"error", func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") },
			[]string{"level=DEBUG", "method=POST", "attempt=3", "error=refused"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log bytes.Buffer
			transport := &logTransport{roundTripper(test.answer), newTextLogger(&log)}
			request := newRequest(t, "POST", "{}")
			request = request.WithContext(context.WithValue(request.Context(), attemptKey{}, 3))
			request.Header.Set("Authorization", "Bearer SECRET")
			transport.RoundTrip(request)
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

func TestLogTransportIsQuietAboveDebug(t *testing.T) {
	var log bytes.Buffer
	transport := &logTransport{roundTripper(func(request *http.Request) (*http.Response, error) {
		return respond(request, 200, ""), nil
	}), slog.New(slog.NewTextHandler(&log, nil))}
	transport.RoundTrip(newRequest(t, "GET", ""))
	if log.Len() > 0 {
		t.Errorf("logs %s at info", &log)
	}
}
