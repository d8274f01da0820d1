package transport

import (
	"log/slog"
	"net/http"
	"time"
)

// logging logs each attempt at debug, and of its headers only the correlation id: never
// a token or a secret.
type logging struct {
	base   http.RoundTripper
	logger *slog.Logger
}

func (t *logging) RoundTrip(request *http.Request) (logged *http.Response, err error) {
	start := time.Now()
	response, err := t.base.RoundTrip(request)
	defer closeUnreturned(response, &logged)
	attrs := []slog.Attr{
		slog.String("method", request.Method),
		slog.String("host", request.URL.Host),
		slog.String("path", request.URL.Path),
		slog.Duration("duration", time.Since(start)),
	}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
	} else {
		attrs = append(attrs, slog.Int("status", response.StatusCode))
		if id := response.Header.Get(CorrelationHeader); id != "" {
			attrs = append(attrs, slog.String("correlation_id", id))
		}
	}
	t.logger.LogAttrs(request.Context(), slog.LevelDebug, "request", attrs...)
	return response, err
}
