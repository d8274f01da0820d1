package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// newClient makes the client of the environment's organization, or of a demo.
func (c *Command) newClient(o *options, progress *progress) (client *wrapper.Client, closeDemo func(), err error) {
	options := []wrapper.Option{
		wrapper.WithProgress(progress.update),
		wrapper.WithPolling(wrapper.Polling{Timeout: -1}), // -timeout ends the context
		wrapper.WithLogger(slog.New(newLogHandler(o.verbose, c.Stderr, progress.limited))),
	}
	if o.demo {
		server := usagetest.NewServer(c.Demo)
		progress.note("demo: the organization is made up, and served by this command")
		options = append(server.Options(), options...)
		options = append(options, wrapper.WithPolling(wrapper.Polling{Initial: 10 * time.Millisecond, Timeout: -1}))
		client, err = wrapper.New("", options...)
		return client, server.Close, err
	}
	if o.region != "" {
		options = append(options, wrapper.WithBaseURL(o.region.APIURL()), wrapper.WithLoginURL(o.region.LoginURL()))
	}
	client, err = wrapper.NewFromEnv(options...)
	if err != nil {
		err = fmt.Errorf("%w (-demo needs no credentials)", err)
	}
	return client, func() {}, err
}

// regionName names the region of the report, "" for a made-up organization.
func regionName(o *options) string {
	if o.demo {
		return ""
	}
	region := string(cmp.Or(o.region, wrapper.Region(os.Getenv("GENESYSCLOUD_REGION"))))
	if known, err := wrapper.ParseRegion(region); err == nil {
		return string(known)
	}
	return region
}

// logHandler passes log records on to the log of -v, if there is one, and the waits for
// the rate limit to the progress.
type logHandler struct {
	slog.Handler
	limited func(wait time.Duration)
}

func newLogHandler(verbose bool, stderr io.Writer, limited func(time.Duration)) slog.Handler {
	h := logHandler{slog.DiscardHandler, limited}
	if verbose {
		h.Handler = slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug})
	}
	return h
}

// limitedMessage is the message of package wrapper's log record of such a wait.
const limitedMessage = "rate limited, waiting"

func (h logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn || h.Handler.Enabled(ctx, level)
}

func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	if record.Message == limitedMessage {
		record.Attrs(func(a slog.Attr) bool {
			if a.Key == "wait" && a.Value.Kind() == slog.KindDuration {
				h.limited(a.Value.Duration())
			}
			return true
		})
	}
	if !h.Handler.Enabled(ctx, record.Level) {
		return nil
	}
	return h.Handler.Handle(ctx, record)
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.Handler = h.Handler.WithAttrs(attrs)
	return h
}

func (h logHandler) WithGroup(name string) slog.Handler {
	h.Handler = h.Handler.WithGroup(name)
	return h
}
