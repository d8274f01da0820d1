package wrapper

import (
	"errors"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

// Polling says when a query is asked whether it is complete.
//
// The vendor advises not to poll aggressively: every minute or two is enough for
// many queries, and every 20 ms gets a client rate limited. Zero fields mean the
// defaults.
type Polling struct {
	// Initial is the wait between submitting a query and the first poll, Max the
	// longest between two polls. Each wait is Multiplier times the one before it,
	// less or more a little jitter; a Retry-After that is longer takes its place.
	// Defaults: 1 s, 10 s and 1.5.
	Initial, Max time.Duration
	Multiplier   float64
	// Timeout is when to stop waiting for a query that never ends, with an
	// *ExecutionError that wraps context.DeadlineExceeded. Default: 1 h; negative:
	// never. The time a caller takes for the rows of Execution.Rows does not count.
	Timeout time.Duration
}

// jitter keeps clients that started together from polling together.
const jitter = 0.1

func (p Polling) withDefaults() (Polling, error) {
	if p.Initial < 0 || p.Max < 0 {
		return p, errors.New("WithPolling: a wait is negative")
	}
	if p.Initial == 0 {
		p.Initial = time.Second
		if p.Max != 0 {
			p.Initial = min(p.Initial, p.Max)
		}
	}
	if p.Max == 0 {
		p.Max = max(10*time.Second, p.Initial)
	}
	if p.Multiplier == 0 {
		p.Multiplier = 1.5
	}
	if p.Timeout == 0 {
		p.Timeout = time.Hour
	}
	if p.Max < p.Initial {
		return p, errors.New("WithPolling: Max is less than Initial")
	}
	if !(p.Multiplier >= 1) {
		return p, errors.New("WithPolling: Multiplier is less than 1")
	}
	return p, nil
}

// schedule returns the waits before each poll, one after the other.
func (p Polling) schedule() func() time.Duration {
	return growingWaits(p.Initial, p.Max, p.Multiplier, jitter)
}

// Progress is what is known of a query after a poll.
type Progress struct {
	ExecutionID string
	Status      gen.QueryStatus
	Polls       int           // polls so far
	Elapsed     time.Duration // since the wait began
	NextPoll    time.Duration // until the next poll; 0 if this was the last
}
