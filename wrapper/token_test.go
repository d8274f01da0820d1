package wrapper

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
)

// countingFetch hands out token-1, token-2 and so on, each with a life.
func countingFetch(fetched *atomic.Int32, life time.Duration) func(context.Context) (*oauth2.Token, error) {
	return func(ctx context.Context) (*oauth2.Token, error) {
		n := fetched.Add(1)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		token := &oauth2.Token{AccessToken: fmt.Sprint("token-", n)}
		if life != 0 {
			token.Expiry = time.Now().Add(life)
		}
		return token, nil
	}
}

func TestTokenIsFetchedOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetched atomic.Int32
		cache := &tokenCache{fetch: countingFetch(&fetched, time.Hour)}
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if token, err := cache.get(t.Context()); err != nil || token.AccessToken != "token-1" {
					t.Errorf("got %v, %v", token, err)
				}
			})
		}
		all.Wait()
		if n := fetched.Load(); n != 1 {
			t.Errorf("fetched %d times", n)
		}
	})
}

func TestTokenFetchIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetched atomic.Int32
		cache := &tokenCache{fetch: countingFetch(&fetched, time.Hour)}
		ctx, cancel := context.WithCancel(t.Context())
		var leader error
		var all sync.WaitGroup
		all.Go(func() { _, leader = cache.get(ctx) })
		synctest.Wait()
		for range 10 {
			all.Go(func() {
				if token, err := cache.get(t.Context()); err != nil || token.AccessToken != "token-2" {
					t.Errorf("a follower got %v, %v", token, err)
				}
			})
		}
		synctest.Wait()
		cancel()
		all.Wait()
		if !errors.Is(leader, context.Canceled) {
			t.Errorf("the leader got %v", leader)
		}
		if n := fetched.Load(); n != 2 {
			t.Errorf("fetched %d times, want 2: by the leader and by one that took over", n)
		}
	})
}

func TestTokenFollowersCanLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetched atomic.Int32
		cache := &tokenCache{fetch: countingFetch(&fetched, time.Hour)}
		go cache.get(t.Context())
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		start := time.Now()
		if _, err := cache.get(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Millisecond {
			t.Errorf("left with %v after %v", err, time.Since(start))
		}
		time.Sleep(time.Second)
	})
}

func TestTokenErrorIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := errors.New("refused")
		var fetched atomic.Int32
		cache := &tokenCache{fetch: func(context.Context) (*oauth2.Token, error) {
			fetched.Add(1)
			time.Sleep(time.Second)
			return nil, refused
		}}
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if _, err := cache.get(t.Context()); err != refused {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		if n := fetched.Load(); n != 1 {
			t.Errorf("a refusal was asked for %d times", n)
		}
	})
}

func TestTokenRenewal(t *testing.T) {
	for _, test := range []struct {
		life, reused, renewed time.Duration
	}{
		{24 * time.Hour, 24*time.Hour - time.Minute - 1, 24*time.Hour - time.Minute},
		{time.Minute, 54*time.Second - 1, 54 * time.Second},
		{10 * time.Second, 9*time.Second - 1, 9 * time.Second},
		{0, 1000 * time.Hour, 0}, // no expiry: never
	} {
		t.Run(test.life.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var fetched atomic.Int32
				cache := &tokenCache{fetch: countingFetch(&fetched, test.life)}
				cache.get(t.Context())
				time.Sleep(test.reused)
				if token, _ := cache.get(t.Context()); token.AccessToken != "token-1" {
					t.Errorf("not reused after %v", test.reused)
				}
				if test.renewed == 0 {
					return
				}
				time.Sleep(test.renewed - test.reused)
				if token, _ := cache.get(t.Context()); token.AccessToken != "token-2" {
					t.Errorf("not renewed after %v", test.renewed)
				}
			})
		})
	}
}

func TestTokenSourcePanics(t *testing.T) {
	cache := &tokenCache{fetch: func(context.Context) (*oauth2.Token, error) { panic("source") }}
	func() {
		defer func() { _ = recover() }()
		cache.get(t.Context())
	}()
	cache.fetch = func(context.Context) (*oauth2.Token, error) { return &oauth2.Token{AccessToken: "next"}, nil }
	if token, err := cache.get(t.Context()); err != nil || token.AccessToken != "next" {
		t.Errorf("after a panic: %v, %v", token, err)
	}
}

func TestTokenSourceGivesNothing(t *testing.T) {
	for _, token := range []*oauth2.Token{nil, {}} {
		cache := &tokenCache{fetch: func(context.Context) (*oauth2.Token, error) { return token, nil }}
		if got, err := cache.get(t.Context()); err == nil || got != nil {
			t.Errorf("%v passes for a token", token)
		}
	}
}

func TestTokenTransport(t *testing.T) {
	origin, _ := url.Parse("https://api.example.com")
	fetch := func(fetched *atomic.Int32) func(context.Context) (*oauth2.Token, error) {
		return func(context.Context) (*oauth2.Token, error) {
			return &oauth2.Token{AccessToken: fmt.Sprint("token-", fetched.Add(1))}, nil
		}
	}
	same := func(fetched *atomic.Int32) func(context.Context) (*oauth2.Token, error) {
		return func(context.Context) (*oauth2.Token, error) {
			fetched.Add(1)
			return &oauth2.Token{AccessToken: "token-1"}, nil
		}
	}
	for _, test := range []struct {
		name       string
		accepts    string // the token
		fetch      func(*atomic.Int32) func(context.Context) (*oauth2.Token, error)
		static     bool
		wantStatus int
		wantSent   string
	}{
		{"accepted", "token-1", fetch, false, 200, "token-1"},
		{"revoked", "token-2", fetch, false, 200, "token-1 token-2"},
		{"refused twice", "none", fetch, false, 401, "token-1 token-2"},
		{"the same again", "none", same, false, 401, "token-1"},
		{"static", "none", fetch, true, 401, "static"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var sent []string
			var fetched atomic.Int32
			base := roundTripper(func(request *http.Request) (*http.Response, error) {
				token, _ := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer ")
				sent = append(sent, token)
				if body, _ := io.ReadAll(request.Body); string(body) != "the body" {
					t.Errorf("attempt %d sends %q", len(sent), body)
				}
				if token == test.accepts {
					return respond(request, 200, ""), nil
				}
				return respond(request, 401, ""), nil
			})
			cache := &tokenCache{fetch: test.fetch(&fetched)}
			if test.static {
				cache = &tokenCache{static: true, token: &oauth2.Token{AccessToken: "static"}}
			}
			request := newRequest(t, "POST", "the body")
			response, err := (&tokenTransport{base, cache, origin, defaultRetry(t)}).RoundTrip(request)
			if err != nil || response.StatusCode != test.wantStatus || strings.Join(sent, " ") != test.wantSent {
				t.Errorf("sent %q, got %v, %v", sent, response, err)
			}
			if request.Header.Get("Authorization") != "" || response.Request.Header.Get("Authorization") != "" {
				t.Error("the token is in the caller's request")
			}
		})
	}
}

// While tokens of a source work for others, one request that has bad luck with
// two of them is not the last word.
func TestTokensThatWorkAreTriedMoreOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		origin, _ := url.Parse("https://api.example.com")
		var fetched atomic.Int32
		cache := &tokenCache{fetch: countingFetch(&fetched, time.Hour)}
		accept := func(int32) bool { return true }
		transport := &tokenTransport{retry: defaultRetry(t), tokens: cache, origin: origin, base: roundTripper(func(request *http.Request) (*http.Response, error) {
			if accept(fetched.Load()) {
				return respond(request, 200, ""), nil
			}
			return respond(request, 401, ""), nil
		})}
		for _, test := range []struct {
			accepted    int32 // the token, by its number
			wantStatus  int
			wantFetched int32
		}{
			{1, 200, 1},
			{4, 200, 4},
			{100, 401, 8}, // the fourth, and four more
		} {
			accept = func(n int32) bool { return n >= test.accepted }
			response, err := transport.RoundTrip(newRequest(t, "GET", ""))
			if err != nil || response.StatusCode != test.wantStatus || fetched.Load() != test.wantFetched {
				t.Errorf("%+v: %v, %v, %d tokens", test, response, err, fetched.Load())
			}
		}
	})
}

func TestTokenStaysWithItsHost(t *testing.T) {
	origin, _ := url.Parse("https://api.example.com")
	transport := &tokenTransport{
		base: roundTripper(func(request *http.Request) (*http.Response, error) {
			t.Errorf("sent to %s", request.URL)
			return respond(request, 200, ""), nil
		}),
		tokens: &tokenCache{static: true, token: &oauth2.Token{AccessToken: "static"}},
		origin: origin,
	}
	for _, address := range []string{"https://elsewhere.example.com/", "http://api.example.com/", "https://api.example.com:8443/"} {
		request, _ := http.NewRequest("GET", address, nil)
		if _, err := transport.RoundTrip(request); err == nil {
			t.Errorf("no error for %s", address)
		}
	}
}

func TestClientCredentials(t *testing.T) {
	const id, secret = "the id", "s%cret:+"
	var requests int
	answer := func(request *http.Request) *http.Response {
		return respond(request, 200, `{"access_token":"T","token_type":"bearer","expires_in":86400}`, "Content-Type", "text/plain")
	}
	base := roundTripper(func(request *http.Request) (*http.Response, error) {
		requests++
		user, password, _ := request.BasicAuth()
		user, _ = url.QueryUnescape(user)
		password, _ = url.QueryUnescape(password)
		body, _ := io.ReadAll(request.Body)
		if request.Method != "POST" || request.URL.String() != "https://login.example.com/oauth/token" || user != id || password != secret ||
			string(body) != "grant_type=client_credentials" || request.Header.Get("User-Agent") != "agent" {
			t.Errorf("%s %s as %s:%s with %s, %v", request.Method, request.URL, user, password, body, request.Header)
		}
		return answer(request), nil
	})
	fetch := clientCredentials(id, secret, "https://login.example.com", "agent", base)
	token, err := fetch(t.Context())
	if err != nil || token.AccessToken != "T" || time.Until(token.Expiry) < 23*time.Hour {
		t.Errorf("token %v, %v", token, err)
	}

	for _, status := range []int{301, 302, 303, 307, 308, 400, 401, 403} {
		requests = 0
		answer = func(request *http.Request) *http.Response {
			return respond(request, status, `{"error":"invalid_client","description":"d","error_description":"wrong secret"}`,
				"Location", "https://elsewhere.example.com/", correlationHeader, "abc")
		}
		_, err = fetch(t.Context())
		var refused *oauth2.RetrieveError
		if !errors.As(err, &refused) || refused.Response.StatusCode != status || refused.ErrorCode != "invalid_client" {
			t.Fatalf("%d: error %v", status, err)
		}
		if refused.Response.Request != nil {
			t.Errorf("%d: the error carries the request", status)
		}
		if requests != 1 {
			t.Errorf("%d: %d requests", status, requests)
		}
		for _, want := range []string{"login.example.com", "wrong secret", "abc", "check the client id and secret"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%d: %q is not in %v", status, want, err)
			}
		}
		for _, hidden := range []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id) + ":" + url.QueryEscape(secret)))} {
			if strings.Contains(fmt.Sprintf("%v %+v %#v %#v", err, err, err, refused), hidden) {
				t.Errorf("%d: the secret is in %v", status, err)
			}
		}
	}
}
