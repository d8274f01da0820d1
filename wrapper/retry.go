package wrapper

import (
	"cmp"
	"errors"
	"time"
)

// Retry says how often and when a request is sent. Retried are connection errors, except
// certificates that fail to verify and proxies that refuse; the statuses 408, 429 and 5xx
// other than 501 and 505; a 401 whose token can be renewed, unless the API has rejected the
// renewed one too; responses that stall; and 2xx responses that are truncated, empty or not
// JSON. Submitting a query twice reads twice and changes nothing. Zero fields mean the
// defaults.
//
// A Retry-After takes the place of a wait, up to 3 minutes; a longer one is returned at
// once, as an *APIError. So is the last error if the wait cannot end before the
// context's deadline.
type Retry struct {
	// MaxAttempts is how often a request is sent at most, whatever went wrong with it.
	// Default: 5; 1 means no retries. A 429 with a Retry-After is not counted, up to 10
	// minutes in total; nor are net/http's own retries of what a server did not process, such
	// as on a stale connection. Requests for tokens have attempts of their own, and requests
	// for results start anew when Rows has got new rows.
	MaxAttempts int
	// Initial is the wait before the second attempt, doubled for each later one up to
	// Max, each less a jitter of up to half. Defaults: 500 ms and 30 s.
	Initial, Max time.Duration
	// Stall is how long a response may keep its reader waiting for a byte, the time to
	// send a request's body included. Default: 60 s.
	Stall time.Duration
}

func (r Retry) withDefaults() (Retry, error) {
	if r.MaxAttempts < 0 || r.Stall < 0 {
		return r, errors.New("WithRetry: MaxAttempts or Stall is negative")
	}
	r.MaxAttempts = cmp.Or(r.MaxAttempts, 5)
	r.Stall = cmp.Or(r.Stall, 60*time.Second)
	return r, defaultWaits("WithRetry", &r.Initial, &r.Max, 500*time.Millisecond, 30*time.Second)
}
