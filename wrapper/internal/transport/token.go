package transport

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// tokenCache has the token of all requests. The first goroutine that finds it due for
// renewal fetches the next one. The others wait for the result or, as long as the
// current token is valid, use that.
type tokenCache struct {
	fetch  func(context.Context) (*oauth2.Token, error) // nil if the token cannot be renewed
	logger *slog.Logger

	mu       sync.Mutex
	token    *oauth2.Token
	renewAt  time.Time     // zero: never
	fetching *fetchedToken // nil: nobody is fetching
}

// fetchedToken is the result of a fetch, for those who wait for it. It has neither token
// nor error if whoever fetched gave up.
type fetchedToken struct {
	done    chan struct{}
	waiters atomic.Int32
	token   *oauth2.Token
	err     error
}

// get returns the token to send. A nil cache has none.
func (c *tokenCache) get(ctx context.Context) (*oauth2.Token, error) {
	if c == nil {
		return nil, nil //nolint:nilnil // documented
	}
	for {
		c.mu.Lock()
		token, fetching := c.token, c.fetching
		due := token == nil || !c.renewAt.IsZero() && !time.Now().Before(c.renewAt)
		if due && fetching == nil {
			fetching = &fetchedToken{done: make(chan struct{})}
			c.fetching = fetching
			c.mu.Unlock()
			return c.lead(ctx, fetching, token)
		}
		c.mu.Unlock()
		if !due || lifetime(token) > 0 {
			return token, nil
		}
		fetching.waiters.Add(1)
		select {
		case <-fetching.done:
			if fetching.token != nil || fetching.err != nil {
				return fetching.token, fetching.err
			}
		case <-ctx.Done():
			fetching.waiters.Add(-1)
			return nil, failure.Context(ctx)
		}
	}
}

// maxRenewal is how long a renewal may keep a request that has a valid token.
const maxRenewal = 5 * time.Second

// lead fetches a token for all who wait. If the caller's context ends or fetch panics,
// there is no result, and one of the others leads.
func (c *tokenCache) lead(ctx context.Context, result *fetchedToken, current *oauth2.Token) (*oauth2.Token, error) {
	defer func() {
		c.mu.Lock()
		c.fetching = nil
		c.mu.Unlock()
		close(result.done)
	}()
	fetchContext := context.Context(sharedContext{ctx, result})
	left := lifetime(current)
	if left > 0 {
		var cancel context.CancelFunc
		fetchContext, cancel = context.WithTimeout(fetchContext, min(maxRenewal, left/2))
		defer cancel()
	}
	token, err := c.fetch(fetchContext)
	if err == nil && (token == nil || !ValidToken(token.AccessToken)) {
		err = failure.Permanentf("the token source returned an empty or malformed token")
	}
	switch {
	case err == nil && token.Expiry.IsZero():
		c.store(token, time.Time{})
	case err == nil:
		c.store(token, token.Expiry.Add(-min(time.Minute, lifetime(token)/10)))
	case ctx.Err() != nil:
		return nil, err
	case left > 0:
		c.store(current, time.Now().Add(lifetime(current)/2))
		c.logger.LogAttrs(ctx, slog.LevelWarn, "renewing the token failed, using the current one until it expires",
			slog.Duration("left", left), slog.Any("error", err))
		token, err = current, nil
	}
	result.token, result.err = token, err
	return token, err
}

func (c *tokenCache) store(token *oauth2.Token, renewAt time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token, c.renewAt = token, renewAt
}

// sharedContext is the context of a fetch: that of whoever fetches, but without its
// deadline while others wait, so that the fetch does not give up early for them.
type sharedContext struct {
	context.Context
	result *fetchedToken
}

func (c sharedContext) Deadline() (time.Time, bool) {
	if c.result.waiters.Load() > 0 {
		return time.Time{}, false
	}
	return c.Context.Deadline()
}

// lifetime returns how long a token that has an expiry is still valid.
func lifetime(token *oauth2.Token) time.Duration {
	if token == nil {
		return 0
	}
	return time.Until(token.Expiry)
}

// renew drops a token that the API rejected, and reports whether there is another one.
func (c *tokenCache) renew(ctx context.Context, rejected *oauth2.Token) (bool, error) {
	if c.fetch == nil {
		return false, nil
	}
	c.mu.Lock()
	if c.token == rejected {
		c.token = nil
	}
	c.mu.Unlock()
	token, err := c.get(ctx)
	return err == nil && token.AccessToken != rejected.AccessToken, err
}
