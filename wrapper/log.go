package wrapper

import (
	"log/slog"
	"net/http"
	"time"
)

// logTransport writes one record for each request that is sent. It logs no
// header but the ones it names, and so neither token nor secret.
type logTransport struct {
	base   http.RoundTripper
	logger *slog.Logger
}

func (t *logTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	if !t.logger.Enabled(ctx, slog.LevelDebug) {
		return t.base.RoundTrip(request)
	}
	start := time.Now()
	response, err := t.base.RoundTrip(request)
	attempt, _ := ctx.Value(attemptKey{}).(int)
	attrs := []slog.Attr{
		slog.String("method", request.Method),
		slog.String("host", request.URL.Host),
		slog.String("path", request.URL.Path),
		slog.Int("attempt", attempt),
		slog.Duration("duration", time.Since(start)),
	}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
	} else {
		attrs = append(attrs, slog.Int("status", response.StatusCode))
		if id := response.Header.Get(correlationHeader); id != "" {
			attrs = append(attrs, slog.String("correlation_id", id))
		}
		if window, ok := parseWindow(response.Header); ok {
			attrs = append(attrs, slog.Int("rate_limit_left", window.left()))
		}
	}
	t.logger.LogAttrs(ctx, slog.LevelDebug, "request", attrs...)
	return response, err
}
