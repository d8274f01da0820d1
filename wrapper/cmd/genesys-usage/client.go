package main

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// newClient makes the client of the environment's organization, or of a demo.
func newClient(s *settings, progress *progress, stderr io.Writer) (client *wrapper.Client, closeDemo func(), err error) {
	options := []wrapper.Option{
		wrapper.WithProgress(progress.update),
		wrapper.WithPolling(wrapper.Polling{Timeout: -1}), // -timeout says it
	}
	if s.verbose {
		options = append(options, wrapper.WithLogger(slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	}
	if s.demo {
		server := usagetest.NewServer(s.organization)
		progress.note("DEMO: the organization is made up, and served by this process")
		options = append(server.Options(), options...)
		options = append(options, wrapper.WithPolling(wrapper.Polling{Initial: 10 * time.Millisecond, Timeout: -1}))
		client, err = wrapper.New("", options...)
		return client, server.Close, err
	}
	if s.region != "" {
		options = append(options, wrapper.WithBaseURL(s.region.APIURL()), wrapper.WithLoginURL(s.region.LoginURL()))
	}
	client, err = wrapper.NewFromEnv(options...)
	if err != nil {
		err = fmt.Errorf("%w (or try it with -demo, which needs no credentials)", err)
	}
	return client, func() {}, err
}

// regionName names the region that is reported on, "" for a made-up organization.
func (s *settings) regionName() string {
	if s.demo {
		return ""
	}
	region := string(cmp.Or(s.region, wrapper.Region(os.Getenv("GENESYSCLOUD_REGION"))))
	if known, err := wrapper.ParseRegion(region); err == nil {
		return string(known)
	}
	return region
}
