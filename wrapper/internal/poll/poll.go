// Package poll waits for something that ends some time, by asking. It knows
// neither what is asked nor how.
package poll

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// A Schedule says when to ask. All fields are set.
type Schedule struct {
	Initial, Max time.Duration // the wait before asking first, and the longest
	Multiplier   float64       // by which each wait is longer than the one before
	Timeout      time.Duration // when to ask no more; negative: never
}

// jitter keeps those who started together from asking together.
const jitter = 0.1

// waits returns the waits before each asking, one after the other.
func (s Schedule) waits() func() time.Duration {
	wait := float64(s.Initial)
	return func() time.Duration {
		this := wait * (1 - jitter + 2*jitter*rand.Float64())
		wait = min(wait*s.Multiplier, float64(s.Max))
		return min(time.Duration(this), s.Max)
	}
}

// An Answer is what asking told.
type Answer struct {
	Done   bool
	Status string        // in the words of who answered
	Wait   time.Duration // which the next asking is to keep at least
}

// A Report is what is known after asking.
type Report struct {
	Answer
	Err     error         // why this asking told nothing; the wait goes on
	Polls   int           // so far
	Elapsed time.Duration // since the wait began
	Next    time.Duration // until the next asking; 0 if this was the last
}

// A Loop asks until it is told that something is done.
type Loop struct {
	Schedule
	// Ask asks once.
	Ask func(context.Context) (Answer, error)
	// Outage tells errors that are waited out, and how long to wait at least.
	Outage func(error) (wait time.Duration, passes bool)
	Report func(Report)
}

// Run returns when something is done, or with the error of Ask, of a context that
// ended, or of the Timeout: a *TimeoutError.
func (l Loop) Run(ctx context.Context) error {
	start := time.Now()
	next := l.waits()
	last := errors.New("it was never asked")
	wait := next()
	for polls := 1; ; polls++ {
		if err := l.sleep(ctx, start, wait); err != nil {
			return fmt.Errorf("%w; %w", err, last)
		}
		answer, err := l.Ask(ctx)
		var least time.Duration
		if err == nil {
			least = answer.Wait
			last = fmt.Errorf("its last status was %q", answer.Status)
		} else {
			var passes bool
			if least, passes = l.Outage(err); !passes || ctx.Err() != nil {
				return err
			}
			last = fmt.Errorf("the last time, it could not be asked: %w", err)
		}
		if wait = max(next(), least); answer.Done {
			wait = 0
		}
		if deadline, ok := ctx.Deadline(); ok && err != nil && time.Now().Add(wait).After(deadline) {
			return err
		}
		l.Report(Report{answer, err, polls, time.Since(start), wait})
		if answer.Done {
			return nil
		}
	}
}

// sleep waits until it is time to ask, which it is not after the Timeout.
func (l Loop) sleep(ctx context.Context, start time.Time, wait time.Duration) error {
	left := wait
	if l.Timeout >= 0 {
		left = min(wait, time.Until(start.Add(l.Timeout)))
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		cause := context.Cause(ctx)
		if !errors.Is(cause, ctx.Err()) {
			return fmt.Errorf("%w: %w", ctx.Err(), cause)
		}
		return ctx.Err()
	case <-timer.C:
	}
	if left < wait {
		return &TimeoutError{l.Timeout}
	}
	return nil
}

// A TimeoutError is a context.DeadlineExceeded of a Schedule's Timeout.
type TimeoutError struct{ After time.Duration }

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("not done after %v (Polling.Timeout)", e.After)
}

// Unwrap returns context.DeadlineExceeded.
func (e *TimeoutError) Unwrap() error { return context.DeadlineExceeded }
