// Package poll polls a long-running operation until it is done. It knows neither
// what the operation is nor how it is polled.
package poll

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// A Schedule says when to poll. All fields are set.
type Schedule struct {
	Initial, Max time.Duration // the wait before the first poll, and the longest wait
	Multiplier   float64       // each wait is this many times the one before
	Timeout      time.Duration // no poll begins later than this; negative: no limit
}

// jitter keeps operations that started together from being polled together.
const jitter = 0.1

// delays returns a function that returns the wait before each poll.
func (s Schedule) delays() func() time.Duration {
	base := float64(s.Initial)
	return func() time.Duration {
		delay := base * (1 - jitter + 2*jitter*rand.Float64())
		base = min(base*s.Multiplier, float64(s.Max))
		if delay >= float64(s.Max) { // which a time.Duration may not hold
			return s.Max
		}
		return time.Duration(delay)
	}
}

// An Update is the result of one poll.
type Update struct {
	Done   bool
	Status string        // in the words of the operation
	Err    error         // why the poll has no status, although the wait goes on
	Wait   time.Duration // the shortest wait before the next poll

	Progress bool // the Timeout counts from this poll on

	// Set by Run.
	Polls   int           // so far
	Elapsed time.Duration // since Run began
	Next    time.Duration // until the next poll; 0 after the last
}

// Run polls until an update is done, and passes each update on. The error is that of
// poll, of a context that ended, or context.DeadlineExceeded as soon as the next poll cannot
// begin before the Timeout.
func (s Schedule) Run(ctx context.Context, poll func(context.Context) (Update, error), onPoll func(Update)) error {
	start := time.Now()
	timeoutStart := start
	next := s.delays()
	last := "not polled yet"
	delay := next()
	for polls := 1; ; polls++ {
		if s.Timeout >= 0 && time.Since(timeoutStart)+delay > s.Timeout && ctx.Err() == nil {
			return fmt.Errorf("%w: not done within %v (Polling.Timeout); %s", context.DeadlineExceeded, s.Timeout, last)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; %s", failure.Context(ctx), last)
		case <-time.After(delay):
		}
		update, err := poll(ctx)
		if err != nil {
			return err
		}
		if update.Progress {
			timeoutStart = time.Now()
		}
		last = fmt.Sprintf("last status %q", update.Status)
		if delay = max(next(), update.Wait); update.Done {
			delay = 0
		}
		if update.Err != nil {
			last = fmt.Sprintf("last poll failed: %v", update.Err) // not wrapped: callers match why the wait ended
		}
		update.Polls, update.Elapsed, update.Next = polls, time.Since(start), delay
		onPoll(update)
		if update.Done {
			return nil
		}
	}
}
