package wrapper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// tokenTransport adds the bearer token to each request. When the API refuses a
// token that can be had anew, it fetches another and sends the request once more.
//
// Once is enough for a token that was revoked, but not while tokens are being
// revoked under requests that run side by side. So as long as tokens of this
// source are known to work, a request is tried as often as after other failures.
type tokenTransport struct {
	base   http.RoundTripper
	tokens *tokenCache
	origin *url.URL // the only place that gets to see the token
	retry  Retry
}

func (t *tokenTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme != t.origin.Scheme || request.URL.Host != t.origin.Host {
		return nil, fmt.Errorf("%s is not the API at %s: the token is for that one only", request.URL.Host, t.origin.Host)
	}
	ctx := request.Context()
	next := t.retry.waits()
	token, err := t.tokens.get(ctx)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		response, err := t.send(request, token)
		if err != nil {
			return nil, err
		}
		if response.StatusCode != http.StatusUnauthorized {
			if response.StatusCode/100 == 2 {
				t.tokens.accepted()
			}
			return response, nil
		}
		if !canResend(request) || !t.tokens.replaceable(token, attempt, t.retry.MaxAttempts) {
			return response, nil
		}
		if attempt > 1 {
			wait := next()
			if !fits(ctx, wait) {
				return response, nil
			}
			if err := sleep(ctx, wait); err != nil {
				response.Body.Close()
				return nil, fmt.Errorf("%w while waiting to try again after: %s", err, response.Status)
			}
		}
		fresh, err := t.tokens.get(ctx)
		if err != nil {
			response.Body.Close()
			return nil, err
		}
		if fresh.AccessToken == token.AccessToken {
			return response, nil
		}
		response.Body.Close()
		token = fresh
	}
}

func (t *tokenTransport) send(request *http.Request, token *oauth2.Token) (*http.Response, error) {
	authorized, err := resend(request.Context(), request)
	if err != nil {
		return nil, err
	}
	token.SetAuthHeader(authorized)
	response, err := t.base.RoundTrip(authorized)
	if err != nil {
		return nil, err
	}
	response.Request = request // without the token, for whoever prints it
	if response.StatusCode/100 != 2 {
		hideEchoes(response, token.AccessToken)
	}
	return response, nil
}

// hideEchoes reads the body of an answer that is no success, and takes out of it
// what was secret in the request: there are gateways that say what they got. A
// body that breaks off takes nothing from what the status says.
func hideEchoes(response *http.Response, secrets ...string) {
	data, _ := io.ReadAll(io.LimitReader(response.Body, maxBody))
	response.Body.Close()
	for _, secret := range secrets {
		if secret != "" {
			data = bytes.ReplaceAll(data, []byte(secret), []byte("[hidden]"))
		}
	}
	response.Body = io.NopCloser(bytes.NewReader(data))
}

// tokenCache fetches a token when there is none that will last, once however
// many goroutines ask.
type tokenCache struct {
	fetch  func(context.Context) (*oauth2.Token, error)
	static bool // the one token there is

	mu       sync.Mutex
	token    *oauth2.Token
	renew    time.Time // when to fetch another; zero: never
	works    bool      // the API has accepted one
	fetching *tokenFetch
}

// tokenFetch is a fetch under way. Its fields are set when done is closed.
type tokenFetch struct {
	done      chan struct{}
	token     *oauth2.Token
	err       error
	abandoned bool // its context ended, which says nothing about those of others
}

func (c *tokenCache) get(ctx context.Context) (*oauth2.Token, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c.mu.Lock()
		if c.token != nil && (c.renew.IsZero() || time.Now().Before(c.renew)) {
			defer c.mu.Unlock()
			return c.token, nil
		}
		fetch := c.fetching
		if fetch == nil {
			fetch = &tokenFetch{done: make(chan struct{})}
			c.fetching = fetch
			c.mu.Unlock()
			c.lead(ctx, fetch)
			return fetch.token, fetch.err
		}
		c.mu.Unlock()
		select {
		case <-fetch.done:
			if !fetch.abandoned {
				return fetch.token, fetch.err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// lead fetches a token for all who wait.
func (c *tokenCache) lead(ctx context.Context, fetch *tokenFetch) {
	fetch.abandoned = true // unless fetch returns: a caller's source may panic
	defer func() {
		c.mu.Lock()
		c.fetching = nil
		if fetch.token != nil {
			c.token, c.renew = fetch.token, renewal(fetch.token)
		}
		c.mu.Unlock()
		close(fetch.done)
	}()
	fetch.token, fetch.err = c.fetch(ctx)
	if fetch.err == nil && (fetch.token == nil || fetch.token.AccessToken == "") {
		fetch.token, fetch.err = nil, errors.New("the token source gave an empty token")
	}
	fetch.abandoned = fetch.err != nil && ctx.Err() != nil
}

// accepted notes that the API accepts tokens of this source.
func (c *tokenCache) accepted() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.works = true
}

// replaceable forgets a token that was refused, unless there is a newer one
// already, and tells whether to try with another.
func (c *tokenCache) replaceable(token *oauth2.Token, attempt, maxAttempts int) bool {
	if c.static {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == token {
		c.token = nil
	}
	return attempt == 1 || c.works && attempt < maxAttempts
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

// clientCredentials returns a fetch that asks the login host for a token by the
// OAuth grant of that name.
func clientCredentials(id, secret, loginURL, userAgent string, transport http.RoundTripper) func(context.Context) (*oauth2.Token, error) {
	config := &clientcredentials.Config{
		ClientID:     id,
		ClientSecret: secret,
		TokenURL:     loginURL + "/oauth/token",
		AuthStyle:    oauth2.AuthStyleInHeader,
	}
	client := &http.Client{
		Transport: &loginTransport{transport, userAgent, secret},
		// A redirect would take the secret along.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context) (*oauth2.Token, error) {
		token, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
		if err == nil {
			return token, nil
		}
		var refused *oauth2.RetrieveError
		if !errors.As(err, &refused) {
			return nil, fmt.Errorf("fetching a token: %w", err)
		}
		// The request in the response holds the secret; the body is quoted by
		// Error and may be any gateway's page.
		response := *refused.Response
		response.Request = nil
		refused.Response = &response
		refused.Body = refused.Body[:min(len(refused.Body), 512)]
		return nil, fmt.Errorf("fetching a token from %s: %s: %w%s; check the client id and secret, and that they belong to this region",
			loginURL, response.Status, refused, correlation(response.Header.Get(correlationHeader)))
	}
}

// loginTransport prepares what oauth2 sends and reads.
type loginTransport struct {
	base      http.RoundTripper
	userAgent string
	secret    string
}

func (t *loginTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("User-Agent", t.userAgent)
	response, err := t.base.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 == 2 {
		// The retry layer made sure of it. oauth2 would read text/plain as a form.
		response.Header.Set("Content-Type", "application/json")
		return response, nil
	}
	basic := strings.TrimPrefix(request.Header.Get("Authorization"), "Basic ")
	hideEchoes(response, basic, t.secret, url.QueryEscape(t.secret))
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	return response, nil
}
