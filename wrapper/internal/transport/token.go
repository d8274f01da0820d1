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

// tokenCache has the token of all requests. When it is due for renewal, one fetch serves all
// who need the next one. While the current token is valid, only the call that began the fetch
// waits for it.
type tokenCache struct {
	fetch  func(context.Context) (*oauth2.Token, error) // nil if the token cannot be renewed
	logger *slog.Logger

	mu       sync.Mutex
	token    *oauth2.Token
	renewAt  time.Time   // zero: never
	rejected bool        // the API rejected the token before this one, and has not accepted this one yet
	fetching *tokenFetch // nil: there is no fetch
}

// tokenFetch is a fetch, which goes on as long as a call waits for it.
type tokenFetch struct {
	ctx     context.Context // of the fetch: ends when the last call has left
	cancel  context.CancelCauseFunc
	waiters int // the cache's mutex guards it

	done  chan struct{} // closed when the result is there
	token *oauth2.Token
	err   error
}

// get returns the token to send. A nil cache has none.
func (c *tokenCache) get(ctx context.Context) (*oauth2.Token, error) {
	if c == nil {
		return nil, nil //nolint:nilnil // documented
	}
	for {
		token, fetching := c.join(ctx)
		if fetching == nil {
			return token, nil
		}
		select {
		case <-fetching.done:
			if fetching.ctx.Err() == nil {
				return fetching.token, fetching.err
			} // else all had left before this call joined
		case <-ctx.Done():
			return nil, c.leave(ctx, fetching)
		}
	}
}

// join returns the current token, or the fetch to wait for, which it begins if there is none.
func (c *tokenCache) join(ctx context.Context) (*oauth2.Token, *tokenFetch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	due := c.token == nil || !c.renewAt.IsZero() && !time.Now().Before(c.renewAt)
	if !due || c.fetching != nil && lifetime(c.token) > 0 {
		return c.token, nil
	}
	if c.fetching == nil {
		c.fetching = &tokenFetch{done: make(chan struct{})}
		c.fetching.ctx, c.fetching.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
		go c.run(c.fetching, c.token)
	}
	c.fetching.waiters++
	return nil, c.fetching
}

// leave returns the error of a call whose context has ended. The last call to leave ends the
// fetch, whose error says more.
func (c *tokenCache) leave(ctx context.Context, fetching *tokenFetch) error {
	c.mu.Lock()
	fetching.waiters--
	isLast := fetching.waiters == 0
	c.mu.Unlock()
	if !isLast {
		return failure.Context(ctx)
	}
	fetching.cancel(context.Cause(ctx))
	<-fetching.done
	return failure.WithContext(ctx, fetching.err)
}

// maxRenewal is how long a renewal may keep a request that has a valid token.
const maxRenewal = 5 * time.Second

// run fetches a token. If renewing fails, the current one is the result, unless the API has
// rejected that meanwhile.
func (c *tokenCache) run(fetching *tokenFetch, current *oauth2.Token) {
	ctx, left, kept := fetching.ctx, lifetime(current), false
	if left > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, min(maxRenewal, left/2))
		defer cancel()
	}
	token, err := c.fetchUsable(ctx)
	switch {
	case err == nil, left <= 0, fetching.ctx.Err() != nil:
	case c.postpone(current):
		c.logger.LogAttrs(ctx, slog.LevelWarn, "renewing the token failed, using the current one until it expires",
			slog.Duration("left", left), slog.Any("error", err))
		token, err, kept = current, nil, true
	default:
		token, err = c.fetchUsable(fetching.ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil && !kept {
		c.token, c.renewAt = token, time.Time{}
		if life := lifetime(token); life > 0 { // else it is unknown
			c.renewAt = token.Expiry.Add(-min(time.Minute, life/10))
		}
	}
	fetching.token, fetching.err = token, err
	c.fetching = nil
	close(fetching.done)
}

// fetchUsable fetches a token that can be sent.
func (c *tokenCache) fetchUsable(ctx context.Context) (*oauth2.Token, error) {
	token, err := c.fetch(ctx)
	switch {
	case failure.IsPermanent(err):
		return nil, failure.Blocked(err)
	case err != nil:
		return nil, err
	case token == nil || !ValidToken(token.AccessToken):
		return nil, failure.Blocked(errors.New("the token is empty or malformed"))
	case !strings.EqualFold(token.Type(), "Bearer"):
		return nil, failure.Blocked(errors.New("the token is not of type Bearer"))
	}
	return token, nil
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
	rejectedBefore := c.rejected
	c.rejected = true
	return !rejectedBefore
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
