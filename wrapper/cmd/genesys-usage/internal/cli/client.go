package cli

import (
	"cmp"
	"fmt"
	"log/slog"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// connect makes the client of the environment's organization, or of a demo.
func (c *Command) connect() (closeDemo func(), err error) {
	log := c.progress.LogHandler()
	if c.has("v") {
		log = slog.NewTextHandler(c.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})
	}
	polling := wrapper.Polling{Timeout: -1} // -timeout ends the context
	options := []wrapper.Option{wrapper.WithProgress(c.polled), wrapper.WithLogger(slog.New(log))}
	if c.has("demo") {
		server := usagetest.NewServer(c.Fake)
		c.progress.Note("demo: the organization is made up, and served by this command")
		polling.Initial = 10 * time.Millisecond
		c.client, err = wrapper.New("", append(append(server.Options(), options...), wrapper.WithPolling(polling))...)
		return server.Close, err
	}
	if region := wrapper.Region(c.Region); region != "" {
		options = append(options, wrapper.WithBaseURL(region.APIURL()), wrapper.WithLoginURL(region.LoginURL()))
	}
	c.client, err = wrapper.NewFromEnv(append(options, wrapper.WithPolling(polling))...)
	if err != nil {
		err = fmt.Errorf("%w; to try the command without credentials, use -demo", err)
	}
	return func() {}, err
}

// polled shows what a poll came to.
func (c *Command) polled(update wrapper.Progress) {
	if update.NextPoll > 0 {
		c.progress.Status("%s, poll %d", cmp.Or(update.Status, "no response"), update.Polls)
	}
}
