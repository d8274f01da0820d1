package terminal

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// logHandler shows what requests wait for.
type logHandler struct {
	slog.Handler
	progress *Progress
	retried  *sync.Once
}

// LogHandler returns a handler of what package wrapper logs that shows the end of a rate
// limit, and the first failure that a request is sent again after.
func (p *Progress) LogHandler() slog.Handler {
	return logHandler{slog.DiscardHandler, p, new(sync.Once)}
}

func (h logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

func (h logHandler) Handle(_ context.Context, record slog.Record) error {
	record.Attrs(func(a slog.Attr) bool {
		switch record.Message + ": " + a.Key {
		case "rate limited, waiting: wait":
			h.progress.Status("rate limited, waiting %d s", (a.Value.Duration()+time.Second-1)/time.Second)
		case "retrying: error":
			h.retried.Do(func() { h.progress.Note("%s; trying again", text.Message(a.Value.String())) })
		}
		return true
	})
	return nil
}
