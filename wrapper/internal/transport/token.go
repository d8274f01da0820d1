package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// token adds the bearer token to each request. When the API refuses a token that
// can be had anew, it fetches another, and leaves it to the retry layer to send the
// request again.
type token struct {
	base   http.RoundTripper
	tokens *tokenCache
	origin *url.URL // the only place that gets to see the token
}

func (t *token) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme != t.origin.Scheme || request.URL.Host != t.origin.Host {
		closeBody(request)
		return nil, &permanentError{fmt.Errorf("%s://%s is not the API at %s://%s: the token is for that one only",
			request.URL.Scheme, request.URL.Host, t.origin.Scheme, t.origin.Host)}
	}
	ctx := request.Context()
	current, err := t.tokens.get(ctx)
	if err != nil {
		closeBody(request)
		return nil, &tokenError{err}
	}
	authorized := request.Clone(ctx)
	current.SetAuthHeader(authorized)
	response, err := t.base.RoundTrip(authorized)
	if err != nil || response.StatusCode != http.StatusUnauthorized || t.tokens.fetch == nil {
		return response, err
	}
	fresh, err := t.tokens.replace(ctx, current)
	if err != nil {
		response.Body.Close()
		return nil, &tokenError{fmt.Errorf("the API refused the token, and there is no other: %w", err)}
	}
	attemptOf(ctx).renewed = fresh.AccessToken != current.AccessToken
	return response, nil
}

// tokenError is that of a token that cannot be had. It ends a request: the
// attempts to get the token have been made.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return e.err.Error() }
func (e *tokenError) Unwrap() error { return e.err }

// tokenCache fetches a token when there is none that will last, once however
// many goroutines ask.
type tokenCache struct {
	fetch func(context.Context) (*oauth2.Token, error) // nil: the token is the only one there is
	// deaf says that fetch takes no notice of its context, and may not return.
	deaf   bool
	logger *slog.Logger

	mu       sync.Mutex
	token    *oauth2.Token
	renew    time.Time // when to fetch another; zero: never
	fetching *fetching
}

// fetching is a fetch under way, for all who wait for it. Its results are set when
// done is closed.
type fetching struct {
	cancel context.CancelFunc
	done   chan struct{}

	// Under the cache's lock: how many wait, and for how long.
	waiting  int
	deadline time.Time // the latest of those who wait
	forever  bool      // one of them has none

	token    *oauth2.Token
	err      error
	panicked any
}

func (c *tokenCache) get(ctx context.Context) (*oauth2.Token, error) {
	for {
		c.mu.Lock()
		if c.token != nil && (c.renew.IsZero() || time.Now().Before(c.renew)) {
			defer c.mu.Unlock()
			return c.token, nil
		}
		f := c.fetching
		leads := f == nil
		if leads {
			f = c.begin(ctx)
		}
		f.join(ctx)
		old, left := c.token, c.left()
		c.mu.Unlock()
		// An old token that is good yet is not kept back for long.
		var enough <-chan time.Time
		if left > 2*maxRenewing {
			timer := time.NewTimer(maxRenewing)
			defer timer.Stop()
			enough = timer.C
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			c.leave(f)
			return nil, end(ctx)
		case <-enough:
			c.leave(f)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.postpone()
			return old, nil
		}
		switch {
		case f.panicked == nil:
			return f.token, f.err
		case leads:
			panic(f.panicked)
		}
		// Another's panic is no answer to this one: it asks anew.
	}
}

// maxRenewing is how long a request waits for a new token while the old one is good.
const maxRenewing = 5 * time.Second

// join counts one who waits.
func (f *fetching) join(ctx context.Context) {
	f.waiting++
	deadline, ok := ctx.Deadline()
	f.forever = f.forever || !ok
	if deadline.After(f.deadline) {
		f.deadline = deadline
	}
}

// fetchContext ends when nobody waits for the fetch any more, and has the deadline of
// whoever waits the longest: no wait is begun that cannot end before it.
type fetchContext struct {
	context.Context
	cache *tokenCache
	f     *fetching
}

func (x fetchContext) Deadline() (time.Time, bool) {
	x.cache.mu.Lock()
	defer x.cache.mu.Unlock()
	return x.f.deadline, !x.f.forever
}

// begin fetches a token in a goroutine of its own: whoever waits can leave, and
// the fetch goes on while somebody waits.
func (c *tokenCache) begin(ctx context.Context) *fetching {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &fetching{cancel: cancel, done: make(chan struct{})}
	ctx = fetchContext{ctx, c, f}
	c.fetching = f
	go func() {
		defer cancel()
		defer close(f.done)
		defer func() { f.panicked = recover(); c.finish(ctx, f) }()
		f.token, f.err = c.fetch(ctx)
	}()
	return f
}

// finish keeps what was fetched, or the token that there is while it is good.
func (c *tokenCache) finish(ctx context.Context, f *fetching) {
	if f.err == nil && (f.token == nil || !ValidToken(f.token.AccessToken)) {
		f.token, f.err = nil, errors.New("the token source gave an empty token, or one with characters that no token has")
	}
	c.mu.Lock()
	if c.fetching != f {
		c.mu.Unlock()
		return // it was left behind: there may be a newer token
	}
	c.fetching = nil
	err, left := f.err, c.left()
	switch {
	case err == nil:
		c.token, c.renew = f.token, renewal(f.token)
	case ctx.Err() == nil && left > 0:
		f.token, f.err = c.token, nil
		c.postpone()
	}
	c.mu.Unlock()
	if err != nil && f.err == nil {
		c.logger.LogAttrs(ctx, slog.LevelWarn, "renewing the token failed, using the old one while it lasts",
			slog.Duration("left", left), slog.Any("error", err))
	}
}

// postpone lets the old token do for a while. The lock is held.
func (c *tokenCache) postpone() {
	if left := c.left(); left > 0 {
		c.renew = time.Now().Add(left / 2)
	}
}

// ValidToken tells whether a token can be sent.
func ValidToken(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// left is how long the token is good for.
func (c *tokenCache) left() time.Duration {
	if c.token == nil {
		return 0
	}
	return time.Until(c.token.Expiry)
}

// leave ends a fetch that nobody waits for any more. One that takes no notice is
// left behind, so that the next one need not wait for it.
func (c *tokenCache) leave(f *fetching) {
	c.mu.Lock()
	f.waiting--
	last := f.waiting == 0
	if last && c.fetching == f {
		c.fetching = nil
	}
	c.mu.Unlock()
	if last {
		f.cancel()
		if !c.deaf {
			<-f.done
		}
	}
}

// replace forgets a token that was refused, unless there is a newer one already,
// and returns the one to use.
func (c *tokenCache) replace(ctx context.Context, refused *oauth2.Token) (*oauth2.Token, error) {
	c.mu.Lock()
	if c.token == refused {
		c.token = nil
	}
	c.mu.Unlock()
	return c.get(ctx)
}

// renewal returns when to fetch the next token: ahead of the expiry by a minute,
// or by a tenth of the token's life where that is less. Zero means never.
func renewal(token *oauth2.Token) time.Time {
	if token.Expiry.IsZero() {
		return time.Time{}
	}
	life := time.Until(token.Expiry)
	return token.Expiry.Add(-min(time.Minute, life/10))
}
