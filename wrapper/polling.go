package wrapper

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// Polling says when a query or job is polled. Zero fields mean the defaults.
//
// The vendor advises not to poll aggressively: every minute or two is enough for many
// queries, and every 20 ms gets a client rate limited.
type Polling struct {
	// Initial is the wait before the first poll, Max the longest between two polls.
	// Each wait is Multiplier times the one before it, plus or minus up to 10 % of
	// jitter, and at least as long as a Retry-After, up to 3 minutes. Defaults: 500 ms,
	// 10 s and 1.5.
	Initial, Max time.Duration
	Multiplier   float64
	// Timeout is how long after the wait began, or rows last came, a poll may still
	// begin. If the next poll cannot, the error comes at once: an *OperationError that wraps
	// context.DeadlineExceeded, although the caller's context has not ended, and names the
	// last status or error. A poll in flight, and the rows that it brings, are not cut
	// short. Default: 1 h; negative: none.
	Timeout time.Duration
}

func (p Polling) withDefaults() (Polling, error) {
	if err := defaultWaits("WithPolling", &p.Initial, &p.Max, 500*time.Millisecond, 10*time.Second); err != nil {
		return p, err
	}
	p.Multiplier = cmp.Or(p.Multiplier, 1.5)
	p.Timeout = cmp.Or(p.Timeout, time.Hour)
	if !(p.Multiplier >= 1) { // NaN is not either
		return p, errors.New("WithPolling: Multiplier is less than 1")
	}
	return p, nil
}

// defaultWaits sets the waits that are zero so that they go with one that is not.
func defaultWaits(option string, initial, longest *time.Duration, defaultInitial, defaultMax time.Duration) error {
	*longest = cmp.Or(*longest, max(*initial, defaultMax))
	*initial = cmp.Or(*initial, min(*longest, defaultInitial))
	if *initial < 0 || *longest < *initial {
		return fmt.Errorf("%s: Initial is negative or greater than Max", option)
	}
	return nil
}

// Progress is the state of a query or job after a poll.
type Progress struct {
	ID       string        // of the query or job
	Status   string        // a gen.QueryStatus or gen.JobStatus; "" if the poll failed
	Polls    int           // polls so far
	Elapsed  time.Duration // since the wait began
	NextPoll time.Duration // until the next poll; 0 if there is none
	Err      error         // why this poll has no status; the wait goes on
}
