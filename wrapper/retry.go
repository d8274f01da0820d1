package wrapper

import (
	"errors"
	"time"
)

// Retry says how often and when a request is sent again that failed in a way that
// may be over the next time: a connection error (but no certificate that does not
// verify), a 408, 429, 500, 502, 503 or 504, a 401 where another token can be had,
// a response that stalls, or a 2xx whose body is cut, empty or not JSON. Submitting a
// query twice reads twice and changes nothing. Zero fields mean the defaults.
//
// A Retry-After takes the place of a wait, up to 3 minutes; where it is longer, the
// *APIError that tells it comes at once. A wait that could not end before the
// context's deadline is not begun either.
type Retry struct {
	// MaxAttempts is how often a request is sent at most, whatever went wrong with
	// it. Default: 5. 1 means no retries. Not counted is a 429 that says when to come
	// back, for up to 10 minutes of such waits, nor what net/http sends again by itself
	// when a connection that was kept turns out to be closed. Requests for tokens have
	// attempts of their own; those for results begin anew when Rows has gained rows.
	MaxAttempts int
	// Initial is the wait before the second attempt, doubled for each later one up
	// to Max, each less a jitter of up to half. Defaults: 500 ms and 30 s.
	Initial, Max time.Duration
	// Stall is how long a response may keep a reader waiting without a byte
	// before it is given up. Default: 60 s.
	Stall time.Duration
}

func (r Retry) withDefaults() (Retry, error) {
	if r.MaxAttempts < 0 || r.Initial < 0 || r.Max < 0 || r.Stall < 0 {
		return r, errors.New("WithRetry: a field is negative")
	}
	if r.MaxAttempts == 0 {
		r.MaxAttempts = 5
	}
	if r.Initial == 0 {
		r.Initial = 500 * time.Millisecond
		if r.Max != 0 {
			r.Initial = min(r.Initial, r.Max)
		}
	}
	if r.Max == 0 {
		r.Max = max(30*time.Second, r.Initial)
	}
	if r.Stall == 0 {
		r.Stall = 60 * time.Second
	}
	if r.Max < r.Initial {
		return r, errors.New("WithRetry: Max is less than Initial")
	}
	return r, nil
}
