package transport

import (
	"context"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// grace is how long await waits for a call to notice that its context has ended before
// abandoning it.
const grace = 20 * time.Millisecond

// await runs a function of the caller's that may ignore the context, and returns its
// result, or the context's error shortly after the context has ended. The goroutine of
// an abandoned call stays until the call returns; its result is discarded. A panic is
// raised in the caller's goroutine.
func await[T any](ctx context.Context, call func() (T, error), discard func(T)) (T, error) {
	type result struct {
		value    T
		err      error
		panicked any
	}
	results, abandoned := make(chan result), make(chan struct{})
	go func() {
		var r result
		defer func() {
			r.panicked = recover()
			select {
			case results <- r:
			case <-abandoned:
				defer func() { _ = recover() }() // nobody is left to raise it to
				discard(r.value)
			}
		}()
		r.value, r.err = call()
	}()
	var r result
	select {
	case r = <-results:
	case <-ctx.Done():
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case r = <-results:
		case <-timer.C:
			close(abandoned)
			return r.value, failure.Context(ctx)
		}
	}
	if r.panicked != nil {
		panic(r.panicked)
	}
	return r.value, r.err
}
