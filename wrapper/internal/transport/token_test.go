package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
)

// countingFetch takes a second for token-1, token-2 and so on, each with a life.
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

func newTokens(fetch func(context.Context) (*oauth2.Token, error)) *tokenCache {
	return &tokenCache{fetch: fetch, logger: discardLog}
}

func TestTokenIsFetchedOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetched atomic.Int32
		tokens := newTokens(countingFetch(&fetched, time.Hour))
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if token, err := tokens.get(t.Context()); err != nil || token.AccessToken != "token-1" {
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

// Each who waits can leave alone, the first one too.
func TestTokenWaitersCanLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetched atomic.Int32
		tokens := newTokens(countingFetch(&fetched, time.Hour))
		cause := errors.New("cause")
		ctx, cancel := context.WithCancelCause(t.Context())
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				if _, err := tokens.get(ctx); !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
					t.Errorf("left with %v", err)
				}
			})
			synctest.Wait()
		}
		for range 10 {
			all.Go(func() {
				if token, err := tokens.get(t.Context()); err != nil || token.AccessToken != "token-1" {
					t.Errorf("who stayed got %v, %v", token, err)
				}
			})
		}
		synctest.Wait()
		cancel(cause)
		synctest.Wait()
		all.Go(func() {
			if token, err := tokens.get(t.Context()); err != nil || token.AccessToken != "token-1" {
				t.Errorf("who came later got %v, %v", token, err)
			}
		})
		all.Wait()
		if n := fetched.Load(); n != 1 {
			t.Errorf("fetched %d times", n)
		}
	})
}

// When all have left, the fetch ends with them, and the next one begins anew.
func TestTokenFetchEndsWithItsLastWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running := 0
		var fetched atomic.Int32
		fetch := countingFetch(&fetched, time.Hour)
		tokens := newTokens(func(ctx context.Context) (*oauth2.Token, error) {
			running++
			defer func() { running-- }()
			return fetch(ctx)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		start := time.Now()
		if _, err := tokens.get(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Millisecond || running != 0 {
			t.Errorf("%v after %v, %d fetches are left over", err, time.Since(start), running)
		}
		if token, err := tokens.get(t.Context()); err != nil || token.AccessToken != "token-2" {
			t.Errorf("the next one got %v, %v", token, err)
		}
	})
}

// A source that hangs takes along neither who asked it nor who asks next.
func TestTokenSourceHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var calls atomic.Int32
		tokens := Credentials{Source: tokenSource(func() (*oauth2.Token, error) {
			n := calls.Add(1)
			if n == 1 {
				<-release
			}
			return &oauth2.Token{AccessToken: fmt.Sprint("token-", n)}, nil
		})}.tokens(nil, discardLog)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := tokens.get(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if token, err := tokens.get(t.Context()); err != nil || token.AccessToken != "token-2" {
			t.Errorf("the next one got %v, %v", token, err)
		}
		close(release)
	})
}

// What a source that hung says in the end does not concern who asked since.
func TestTokenSourceComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var calls atomic.Int32
		tokens := Credentials{Source: tokenSource(func() (*oauth2.Token, error) {
			n := calls.Add(1)
			if n == 1 {
				<-release
				return nil, errors.New("too late")
			}
			time.Sleep(time.Second)
			return &oauth2.Token{AccessToken: fmt.Sprint("token-", n)}, nil
		})}.tokens(nil, discardLog)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		tokens.get(ctx)
		var all sync.WaitGroup
		get := func() {
			if token, err := tokens.get(t.Context()); err != nil || token.AccessToken != "token-2" {
				t.Errorf("got %v, %v", token, err)
			}
		}
		all.Go(get)
		synctest.Wait()
		close(release)
		synctest.Wait()
		all.Go(get)
		all.Wait()
		if n := calls.Load(); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
}

type tokenSource func() (*oauth2.Token, error)

func (f tokenSource) Token() (*oauth2.Token, error) { return f() }

// A panic is for who asked first; the others ask anew.
func TestTokenSourcePanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		tokens := newTokens(func(context.Context) (*oauth2.Token, error) {
			calls++
			time.Sleep(time.Second)
			if calls == 1 {
				panic("source")
			}
			return &oauth2.Token{AccessToken: "token-2"}, nil
		})
		var all sync.WaitGroup
		all.Go(func() {
			defer func() {
				if p := recover(); p != "source" {
					t.Errorf("the first one saw %v", p)
				}
			}()
			tokens.get(t.Context())
		})
		synctest.Wait()
		for range 5 {
			all.Go(func() {
				if token, err := tokens.get(t.Context()); err != nil || token.AccessToken != "token-2" {
					t.Errorf("another one got %v, %v", token, err)
				}
			})
		}
		all.Wait()
	})
}

func TestTokenErrorIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := errors.New("refused")
		fetched := 0
		tokens := newTokens(func(context.Context) (*oauth2.Token, error) {
			fetched++
			time.Sleep(time.Second)
			return nil, refused
		})
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if _, err := tokens.get(t.Context()); err != refused {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		if fetched != 1 {
			t.Errorf("a refusal was asked for %d times", fetched)
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
				tokens := newTokens(countingFetch(&fetched, test.life))
				tokens.get(t.Context())
				time.Sleep(test.reused)
				if token, _ := tokens.get(t.Context()); token.AccessToken != "token-1" {
					t.Errorf("not reused after %v", test.reused)
				}
				if test.renewed == 0 {
					return
				}
				time.Sleep(test.renewed - test.reused)
				if token, _ := tokens.get(t.Context()); token.AccessToken != "token-2" {
					t.Errorf("not renewed after %v", test.renewed)
				}
			})
		})
	}
}

// Where renewing fails, the old token is used while it lasts, and renewing it is
// not tried for each request.
func TestTokenRenewalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		down := errors.New("the login host is down")
		fetched := 0
		tokens := newTokens(func(context.Context) (*oauth2.Token, error) {
			if fetched++; fetched > 1 {
				return nil, down
			}
			return &oauth2.Token{AccessToken: "token-1", Expiry: time.Now().Add(time.Hour)}, nil
		})
		tokens.logger = newTextLogger(&log)
		tokens.get(t.Context())
		time.Sleep(59 * time.Minute)
		for range 100 {
			if token, err := tokens.get(t.Context()); err != nil || token.AccessToken != "token-1" {
				t.Fatalf("got %v, %v", token, err)
			}
		}
		if fetched != 2 || !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), down.Error()) {
			t.Errorf("fetched %d times; logged %s", fetched, &log)
		}
		time.Sleep(30 * time.Second)
		if tokens.get(t.Context()); fetched != 3 {
			t.Errorf("fetched %d times at half the time that was left", fetched)
		}
		time.Sleep(30 * time.Second)
		if _, err := tokens.get(t.Context()); !errors.Is(err, down) {
			t.Errorf("after its end: %v", err)
		}
	})
}

// A renewal that nobody waited for has not failed: the next one to ask renews.
func TestTokenRenewalIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		var fetched atomic.Int32
		tokens := newTokens(countingFetch(&fetched, time.Hour))
		tokens.logger = newTextLogger(&log)
		tokens.get(t.Context())
		time.Sleep(59 * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := tokens.get(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("left with %v", err)
		}
		if token, err := tokens.get(t.Context()); err != nil || token.AccessToken != "token-3" || log.Len() > 0 {
			t.Errorf("the next one got %v, %v; logged %s", token, err, &log)
		}
	})
}

func TestTokenSourceGivesNothing(t *testing.T) {
	for _, token := range []*oauth2.Token{nil, {}, {AccessToken: "a\n"}, {AccessToken: "a b"}, {AccessToken: "ä"}} {
		tokens := newTokens(func(context.Context) (*oauth2.Token, error) { return token, nil })
		if got, err := tokens.get(t.Context()); err == nil || got != nil {
			t.Errorf("%v passes for a token", token)
		}
	}
}

func TestTokenSourceFails(t *testing.T) {
	failure := errors.New("vault is sealed")
	tokens := Credentials{Source: tokenSource(func() (*oauth2.Token, error) { return nil, failure })}.tokens(nil, discardLog)
	if _, err := tokens.get(t.Context()); !errors.Is(err, failure) || !strings.Contains(err.Error(), "token source") {
		t.Errorf("got %v", err)
	}
}

func TestTokenLayer(t *testing.T) {
	next := func(fetched *int) *tokenCache {
		return newTokens(func(context.Context) (*oauth2.Token, error) {
			*fetched++
			return &oauth2.Token{AccessToken: fmt.Sprint("token-", *fetched)}, nil
		})
	}
	same := func(fetched *int) *tokenCache {
		return newTokens(func(context.Context) (*oauth2.Token, error) {
			*fetched++
			return &oauth2.Token{AccessToken: "token-1"}, nil
		})
	}
	static := func(*int) *tokenCache { return Credentials{AccessToken: "static"}.tokens(nil, discardLog) }
	for _, test := range []struct {
		name       string
		accepts    string // the token
		tokens     func(*int) *tokenCache
		wantStatus int
		wantSent   string
		took       time.Duration // at least: the first renewal is tried at once
	}{
		{"accepted", "token-1", next, 200, "token-1", 0},
		{"revoked", "token-2", next, 200, "token-1 token-2", 0},
		{"revoked twice", "token-3", next, 200, "token-1 token-2 token-3", 250 * time.Millisecond},
		{"refused", "none", next, 401, "token-1 token-2 token-3 token-4 token-5", 1750 * time.Millisecond},
		{"the same again", "none", same, 401, "token-1", 0},
		{"static", "none", static, 401, "static", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var sent []string
				fetched := 0
				transport := newRetry(&token{origin: origin, tokens: test.tokens(&fetched), base: roundTripper(func(request *http.Request) (*http.Response, error) {
					bearer, _ := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer ")
					sent = append(sent, bearer)
					if body, _ := io.ReadAll(request.Body); string(body) != theBody {
						t.Errorf("attempt %d sends %q", len(sent), body)
					}
					if bearer == test.accepts {
						return respond(request, 200, "{}"), nil
					}
					return respond(request, 401, ""), nil
				})})
				request := newRequest(t, http.MethodPost)
				response, err := transport.RoundTrip(request)
				if err != nil || response.StatusCode != test.wantStatus || strings.Join(sent, " ") != test.wantSent {
					t.Errorf("sent %q, got %v, %v", sent, response, err)
				}
				if took := time.Since(start); took < test.took || test.took == 0 && took > 0 {
					t.Errorf("took %v", took)
				}
				if request.Header.Get("Authorization") != "" || response.Request.Header.Get("Authorization") != "" {
					t.Error("the token is in the caller's request")
				}
			})
		})
	}
}

// A request that was refused with an old token does not throw the new one away.
func TestTokenThatIsNewerIsKept(t *testing.T) {
	fetched := 0
	tokens := newTokens(func(context.Context) (*oauth2.Token, error) {
		fetched++
		return &oauth2.Token{AccessToken: fmt.Sprint("token-", fetched)}, nil
	})
	old, _ := tokens.get(t.Context())
	for range 3 {
		if token, err := tokens.replace(t.Context(), old); err != nil || token.AccessToken != "token-2" {
			t.Errorf("got %v, %v", token, err)
		}
	}
	if fetched != 2 {
		t.Errorf("fetched %d times", fetched)
	}
}

// Without a token nothing is sent, and asking for it again is not tried by the
// request.
func TestTokenThatCannotBeHadEndsTheRequest(t *testing.T) {
	down := errors.New("down")
	fetched, sent := 0, 0
	closed := 0
	tokens := newTokens(func(context.Context) (*oauth2.Token, error) {
		if fetched++; fetched == 2 {
			return &oauth2.Token{AccessToken: "T"}, nil
		}
		return nil, down
	})
	transport := newRetry(&token{origin: origin, tokens: tokens, base: roundTripper(func(request *http.Request) (*http.Response, error) {
		sent++
		response := respond(request, 401, "")
		response.Body = &closeCounter{response.Body, &closed}
		return response, nil
	})})
	if _, err := transport.RoundTrip(newRequest(t, "GET")); !errors.Is(err, down) || fetched != 1 || sent != 0 {
		t.Errorf("%v: %d tokens asked for, %d requests sent", err, fetched, sent)
	}
	_, err := transport.RoundTrip(newRequest(t, "GET"))
	if !errors.Is(err, down) || !strings.Contains(err.Error(), "refused the token") || fetched != 3 || sent != 1 || closed != 1 {
		t.Errorf("after a 401: %v: %d tokens asked for, %d requests sent, %d answers closed", err, fetched, sent, closed)
	}
}

func TestTokenStaysWithItsHost(t *testing.T) {
	stack := &Stack{outermost: newRetry(&token{
		base: roundTripper(func(request *http.Request) (*http.Response, error) {
			t.Errorf("sent to %s", request.URL)
			return respond(request, 200, ""), nil
		}),
		tokens: Credentials{AccessToken: "static"}.tokens(nil, discardLog), origin: origin,
	})}
	for _, address := range []string{"https://elsewhere.example.com/", "http://api.example.com/", "https://api.example.com:8443/"} {
		request, _ := http.NewRequest("GET", address, nil)
		if _, err := stack.RoundTrip(request); err == nil || Transient(err) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A good old token is not kept back while renewing it takes long.
func TestTokenRenewalHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetched := 0
		tokens := newTokens(func(ctx context.Context) (*oauth2.Token, error) {
			if fetched++; fetched > 1 {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return &oauth2.Token{AccessToken: "token-1", Expiry: time.Now().Add(time.Hour)}, nil
		})
		tokens.get(t.Context())
		time.Sleep(59*time.Minute + time.Second)
		start := time.Now()
		for range 100 {
			if token, err := tokens.get(t.Context()); err != nil || token.AccessToken != "token-1" {
				t.Fatalf("got %v, %v", token, err)
			}
		}
		if took := time.Since(start); took != maxRenewing || fetched != 2 {
			t.Errorf("took %v, fetched %d times", took, fetched)
		}
	})
}

// No wait is begun that could not end before the deadline of whoever waits the longest.
func TestTokenFetchHasTheDeadlineOfThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []time.Duration
		start := time.Now()
		tokens := newTokens(func(ctx context.Context) (*oauth2.Token, error) {
			for range 3 {
				deadline, ok := ctx.Deadline()
				if !ok {
					deadline = start
				}
				seen = append(seen, deadline.Sub(start))
				time.Sleep(time.Second)
			}
			return nil, errors.New("down")
		})
		var all sync.WaitGroup
		for i, timeout := range []time.Duration{10 * time.Second, 20 * time.Second, 0} {
			time.Sleep(time.Duration(i) * 700 * time.Millisecond)
			all.Go(func() {
				ctx := t.Context()
				if timeout > 0 {
					deadline, cancel := context.WithDeadline(ctx, start.Add(timeout))
					defer cancel()
					ctx = deadline
				}
				tokens.get(ctx)
			})
		}
		all.Wait()
		if want := []time.Duration{10 * time.Second, 20 * time.Second, 20 * time.Second}; !slices.Equal(seen[:2], want[:2]) || len(seen) != 3 {
			t.Errorf("deadlines %v, want %v", seen, want)
		}
		if _, ok := (fetchContext{t.Context(), tokens, &fetching{forever: true}}).Deadline(); ok {
			t.Error("a deadline although one waits for ever")
		}
	})
}

// A source that was left behind and answers at last does not replace a newer token.
func TestTokenThatComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetched atomic.Int32
		late := make(chan struct{})
		tokens := Credentials{Source: tokenSource(func() (*oauth2.Token, error) {
			if fetched.Add(1) == 1 {
				<-late
				return &oauth2.Token{AccessToken: "old"}, nil
			}
			return &oauth2.Token{AccessToken: "new"}, nil
		})}.tokens(nil, discardLog)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := tokens.get(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		tokens.get(t.Context())
		close(late)
		synctest.Wait()
		if token, err := tokens.get(t.Context()); err != nil || token.AccessToken != "new" {
			t.Errorf("%v, %v", token, err)
		}
	})
}
