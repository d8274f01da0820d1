package transport

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
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
	rejected bool          // the API rejected the token before this one, and has not accepted this one yet
	fetching *fetchedToken // nil: nobody is fetching
}

// fetchedToken is the result of a fetch, for those who wait for it. It has neither token
// nor error if whoever fetched gave up.
type fetchedToken struct {
	done  chan struct{}
	token *oauth2.Token
	err   error
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
		select {
		case <-fetching.done:
			if fetching.token != nil || fetching.err != nil {
				return fetching.token, fetching.err
			}
		case <-ctx.Done():
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
	fetchContext, left := ctx, lifetime(current)
	if left > 0 {
		var cancel context.CancelFunc
		fetchContext, cancel = context.WithTimeout(ctx, min(maxRenewal, left/2))
		defer cancel()
	}
	token, err := c.fetch(fetchContext)
	switch {
	case failure.IsPermanent(err):
		err = failure.Blocked(err)
	case err == nil && (token == nil || !ValidToken(token.AccessToken)):
		err = failure.Blocked(errors.New("the token is empty or malformed"))
	case err == nil && !strings.EqualFold(token.Type(), "Bearer"):
		err = failure.Blocked(errors.New("the token is not of type Bearer"))
	}
	switch {
	case err == nil && lifetime(token) <= 0: // unknown
		c.store(token, time.Time{})
	case err == nil:
		c.store(token, token.Expiry.Add(-min(time.Minute, lifetime(token)/10)))
	case ctx.Err() != nil:
		return nil, err
	case left > 0 && c.postpone(current):
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

// postpone puts off the renewal of a token, unless it was rejected meanwhile.
func (c *tokenCache) postpone(current *oauth2.Token) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token != current {
		return false
	}
	c.renewAt = time.Now().Add(lifetime(current) / 2)
	return true
}

// lifetime returns how long a token that has an expiry is still valid.
func lifetime(token *oauth2.Token) time.Duration {
	if token == nil {
		return 0
	}
	return time.Until(token.Expiry)
}

// reject drops a token that the API rejected, and reports whether another one is worth
// trying. That is not so if it came in the place of a rejected one and was not accepted
// since.
func (c *tokenCache) reject(token *oauth2.Token) bool {
	if c == nil || c.fetch == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token != token { // replaced meanwhile
		return true
	}
	c.token = nil
	again := c.rejected
	c.rejected = true
	return !again
}

// accept notes that the API accepted a token.
func (c *tokenCache) accept(token *oauth2.Token) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == token {
		c.rejected = false
	}
}
