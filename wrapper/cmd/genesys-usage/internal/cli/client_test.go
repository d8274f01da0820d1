package cli

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/terminal"
)

// Polls show, but for the last one.
func TestPollsShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		c := &Command{progress: terminal.NewProgress(&out)}
		c.progress.NoStatus = false
		c.polled(wrapper.Progress{Status: "Running", Polls: 3, NextPoll: time.Second})
		c.polled(wrapper.Progress{Polls: 4, NextPoll: time.Second})
		c.polled(wrapper.Progress{Status: "Complete", Polls: 5})
		if got, want := out.String(), "\r\x1b[KRunning, poll 3, 0s\r\x1b[Kno response, poll 4, 0s"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
