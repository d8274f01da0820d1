package transport

import (
	"log/slog"
	"net/http"
	"time"
)

// logging writes one record for each request that is sent. It logs no
// header but the ones it names, and so neither token nor secret.
type logging struct {
	base   http.RoundTripper
	logger *slog.Logger
}

func (t *logging) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	if !t.logger.Enabled(ctx, slog.LevelDebug) {
		return t.base.RoundTrip(request)
	}
	start := time.Now()
	response, err := t.base.RoundTrip(request)
	attrs := []slog.Attr{
		slog.String("method", request.Method),
		slog.String("host", request.URL.Host),
		slog.String("path", request.URL.Path),
		slog.Int("attempt", attemptOf(ctx).number),
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
	t.logger.LogAttrs(ctx, slog.LevelDebug, "request", attrs...)
	return response, err
}
