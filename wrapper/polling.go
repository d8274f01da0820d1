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
	// less or more a little jitter; a Retry-After that is longer takes its place, up
	// to 3 minutes. Defaults: 500 ms, 10 s and 1.5.
	Initial, Max time.Duration
	Multiplier   float64
	// Timeout is how long after the first wait began a poll may still begin: then
	// the wait for a query that never ends is over, with an *ExecutionError that wraps
	// context.DeadlineExceeded and names the last status. A poll that is under way, or
	// the rows that it brings, are not cut short. Default: 1 h; negative: none.
	Timeout time.Duration
}

func (p Polling) withDefaults() (Polling, error) {
	if p.Initial < 0 || p.Max < 0 {
		return p, errors.New("WithPolling: a wait is negative")
	}
	if p.Initial == 0 {
		p.Initial = 500 * time.Millisecond
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

// Progress is what is known of a query after a poll.
type Progress struct {
	ExecutionID string
	Status      gen.QueryStatus // a job's is one of gen.JobStatus
	Polls       int             // polls so far
	Elapsed     time.Duration   // since the wait began
	NextPoll    time.Duration   // until the next poll; 0 if the query is done
	Err         error           // why this poll told nothing; the wait goes on
}
