package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// issuer issues token-1, token-2 and so on; each takes a moment, as long as its context
// lasts.
type issuer struct {
	life time.Duration // 0: no expiry

	mu      sync.Mutex
	fetches int
	running int
	failure func(fetch int) error // nil: none
}

func (i *issuer) fetch(ctx context.Context) (*oauth2.Token, error) {
	i.mu.Lock()
	i.fetches++
	i.running++
	n := i.fetches
	i.mu.Unlock()
	defer func() {
		i.mu.Lock()
		i.running--
		i.mu.Unlock()
	}()
	select {
	case <-time.After(100 * time.Millisecond):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if i.failure != nil {
		if err := i.failure(n); err != nil {
			return nil, err
		}
	}
	token := &oauth2.Token{AccessToken: fmt.Sprint("token-", n)}
	if i.life != 0 {
		token.Expiry = time.Now().Add(i.life)
	}
	return token, nil
}

func newTokens(fetch func(context.Context) (*oauth2.Token, error)) *tokenCache {
	return &tokenCache{fetch: fetch, logger: discardLog}
}

// checkToken checks the token that a cache returns.
func checkToken(t *testing.T, what string, tokens *tokenCache, want string) {
	t.Helper()
	token, err := tokens.get(t.Context())
	checkError(t, what, err, nil)
	if token != nil {
		check(t, what, token.AccessToken, want)
	}
}

// sourceTokens returns the tokens of a caller's source.
func sourceTokens(source tokenSource) *tokenCache {
	return newTokens(fetchFrom(source))
}

func TestTokenIsFetchedOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := &issuer{life: time.Hour}
		tokens := newTokens(issuer.fetch)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { checkToken(t, "token", tokens, "token-1") })
		}
		all.Wait()
		checkToken(t, "token after all", tokens, "token-1")
		check(t, "fetches", issuer.fetches, 1)
	})
}

// Whoever waits for somebody else's fetch can leave, which goes on.
func TestTokenWaitersCanLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := &issuer{life: time.Hour}
		tokens := newTokens(issuer.fetch)
		var all sync.WaitGroup
		all.Go(func() { checkToken(t, "token of the leader", tokens, "token-1") })
		synctest.Wait()
		cause := errors.New("the cause")
		ctx, cancel := context.WithCancelCause(t.Context())
		for range 10 {
			all.Go(func() {
				_, err := tokens.get(ctx)
				checkError(t, "one who left", err, cause)
				check(t, "permanent", failure.IsPermanent(err), true)
			})
			all.Go(func() { checkToken(t, "token of one who stayed", tokens, "token-1") })
		}
		synctest.Wait()
		start := time.Now()
		cancel(cause)
		synctest.Wait()
		check(t, "time to leave", time.Since(start), 0)
		all.Wait()
		check(t, "fetches", issuer.fetches, 1)
	})
}

// The fetch of a leader who leaves ends, and the next one who waits fetches anew: one for
// all that are left.
func TestTokenLeaderCanLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := &issuer{life: time.Hour}
		tokens := newTokens(issuer.fetch)
		cause := errors.New("the cause")
		ctx, cancel := context.WithCancelCause(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			_, err := tokens.get(ctx)
			checkError(t, "leader", err, cause)
			check(t, "text", errorText(err), "the cause")
		})
		synctest.Wait()
		for range 10 {
			all.Go(func() { checkToken(t, "token of one who stayed", tokens, "token-2") })
		}
		synctest.Wait()
		cancel(cause)
		synctest.Wait()
		issuer.mu.Lock()
		check(t, "fetches in progress", issuer.running, 1)
		issuer.mu.Unlock()
		all.Wait()
		check(t, "fetches", issuer.fetches, 2)
	})
}

// A fetch has the deadline of the leader, unless others wait who may wait longer.
func TestTokenFetchDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		var deadlines []bool
		tokens := newTokens(func(ctx context.Context) (*oauth2.Token, error) {
			check(t, "value of the context", ctx.Value(key{}), any("value"))
			for range 3 {
				_, ok := ctx.Deadline()
				deadlines = append(deadlines, ok)
				time.Sleep(10 * time.Second)
			}
			return &oauth2.Token{AccessToken: "T"}, nil
		})
		var all sync.WaitGroup
		get := func(after, timeout time.Duration, want error) {
			all.Go(func() {
				time.Sleep(after)
				ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "value"), timeout)
				defer cancel()
				_, err := tokens.get(ctx)
				checkError(t, "token", err, want)
			})
		}
		get(0, time.Minute, nil)
		get(5*time.Second, 10*time.Second, context.DeadlineExceeded)
		all.Wait()
		check(t, "has a deadline before, while and after one waits", fmt.Sprint(deadlines), "[true false true]")
	})
}

// A source that hangs does not hold up whoever comes next, and what it returns in the
// end, a token or an error, changes nothing.
func TestSourceReturnsLate(t *testing.T) {
	for _, test := range []struct {
		name  string
		token *oauth2.Token
		err   error
	}{
		{"token", &oauth2.Token{AccessToken: "late"}, nil},
		{"error", nil, errors.New("late")},
	} {
		bubble(t, test.name, func(t *testing.T) {
			released := make(chan struct{})
			var mu sync.Mutex
			calls := 0
			tokens := sourceTokens(func() (*oauth2.Token, error) {
				mu.Lock()
				calls++
				n := calls
				mu.Unlock()
				if n == 1 {
					<-released
					return test.token, test.err
				}
				time.Sleep(time.Second)
				return &oauth2.Token{AccessToken: "new"}, nil
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := tokens.get(ctx)
			checkError(t, "first token", err, context.DeadlineExceeded)
			var all sync.WaitGroup
			all.Go(func() { checkToken(t, "token of the next one", tokens, "new") })
			synctest.Wait()
			close(released)
			synctest.Wait()
			all.Go(func() { checkToken(t, "token after the late one", tokens, "new") })
			all.Wait()
			check(t, "calls", calls, 2)
		})
	}
}

// A panic is for the leader; the others fetch anew.
func TestTokenFetchPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := &issuer{failure: func(fetch int) error {
			if fetch == 1 {
				panic("fetch")
			}
			return nil
		}}
		tokens := newTokens(issuer.fetch)
		var all sync.WaitGroup
		all.Go(func() {
			check(t, "panic of the leader", panicOf(func() { tokens.get(t.Context()) }), any("fetch"))
		})
		synctest.Wait()
		for range 5 {
			all.Go(func() { checkToken(t, "token of another one", tokens, "token-2") })
		}
		all.Wait()
		check(t, "fetches", issuer.fetches, 2)
	})
}

// panickingHandler is a slog.Handler that panics.
type panickingHandler struct{ slog.Handler }

func (panickingHandler) Handle(context.Context, slog.Record) error { panic("handler") }

// A handler that panics while a renewal fails panics in the goroutine of the request
// that renewed the token; the others use the old one.
func TestLoggerPanicsWhileARenewalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := &issuer{life: time.Hour, failure: failAfter(1, errors.New("down"))}
		tokens := newTokens(issuer.fetch)
		tokens.logger = slog.New(panickingHandler{newTextLogger(io.Discard).Handler()})
		checkToken(t, "token", tokens, "token-1")
		time.Sleep(59 * time.Minute)
		var all sync.WaitGroup
		all.Go(func() {
			check(t, "panic of the request that renews", panicOf(func() { tokens.get(t.Context()) }), any("handler"))
		})
		synctest.Wait()
		all.Go(func() { checkToken(t, "token of another one", tokens, "token-1") })
		all.Wait()
		checkToken(t, "token after the panic", tokens, "token-1")
	})
}

// failAfter makes the fetches after the n-th fail.
func failAfter(n int, err error) func(int) error {
	return func(fetch int) error {
		if fetch > n {
			return err
		}
		return nil
	}
}

func TestTokenErrorIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("down")
		issuer := &issuer{failure: failAfter(0, down)}
		tokens := newTokens(issuer.fetch)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				token, err := tokens.get(t.Context())
				check(t, "error", err, down)
				check(t, "token", token, nil)
			})
		}
		all.Wait()
		check(t, "fetches", issuer.fetches, 1)
		tokens.get(t.Context())
		check(t, "fetches with one who comes later", issuer.fetches, 2)
	})
}

func TestTokenRenewal(t *testing.T) {
	for _, test := range []struct {
		name           string
		life, renewsAt time.Duration // of the token
	}{
		{"a day", 24 * time.Hour, 24*time.Hour - time.Minute},
		{"ten minutes", 10 * time.Minute, 9 * time.Minute},
		{"a minute", time.Minute, 54 * time.Second},
		{"ten seconds", 10 * time.Second, 9 * time.Second},
	} {
		bubble(t, test.name, func(t *testing.T) {
			tokens := newTokens((&issuer{life: test.life}).fetch)
			checkToken(t, "token", tokens, "token-1")
			time.Sleep(test.renewsAt - 1)
			checkToken(t, "token just before", tokens, "token-1")
			time.Sleep(time.Nanosecond)
			checkToken(t, "token just then", tokens, "token-2")
		})
	}
	bubble(t, "no expiry", func(t *testing.T) {
		tokens := newTokens((&issuer{}).fetch)
		checkToken(t, "token", tokens, "token-1")
		time.Sleep(10_000 * time.Hour)
		checkToken(t, "token after a year", tokens, "token-1")
	})
}

// Where renewing fails, the old token is used until it expires, and renewing it is not
// tried by each request.
func TestTokenRenewalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		down := errors.New("the login host is down")
		issuer := &issuer{life: time.Hour, failure: failAfter(1, down)}
		tokens := newTokens(issuer.fetch)
		tokens.logger = newTextLogger(&log)
		checkToken(t, "token", tokens, "token-1")
		time.Sleep(59 * time.Minute)
		for range 100 {
			checkToken(t, "old token", tokens, "token-1")
		}
		check(t, "fetches", issuer.fetches, 2)
		checkContains(t, "log", log.String(), "level=WARN", down.Error(), "left=1m0s")
		time.Sleep(30 * time.Second) // half of what was left
		checkToken(t, "old token", tokens, "token-1")
		check(t, "fetches at half the time that was left", issuer.fetches, 3)
		time.Sleep(30 * time.Second)
		_, err := tokens.get(t.Context())
		checkError(t, "token after its expiry", err, down)
	})
}

// A renewal that hangs keeps one request for a moment, and no other, as long as the
// current token is valid.
func TestTokenRenewalHangs(t *testing.T) {
	for _, test := range []struct {
		name string
		left time.Duration // of the life of the token
		took time.Duration
	}{
		{"a minute left", time.Minute, 5 * time.Second},
		{"ten seconds left", 10 * time.Second, 5 * time.Second},
		{"six seconds left", 6 * time.Second, 3 * time.Second},
	} {
		bubble(t, test.name, func(t *testing.T) {
			var log strings.Builder
			fetches := 0
			tokens := newTokens(func(ctx context.Context) (*oauth2.Token, error) {
				if fetches++; fetches > 1 {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return &oauth2.Token{AccessToken: "token-1", Expiry: time.Now().Add(time.Hour)}, nil
			})
			tokens.logger = newTextLogger(&log)
			checkToken(t, "token", tokens, "token-1")
			time.Sleep(time.Hour - test.left)
			start := time.Now()
			var all sync.WaitGroup
			all.Go(func() {
				checkToken(t, "token of the one that renews", tokens, "token-1")
				check(t, "time to renew", time.Since(start), test.took)
			})
			synctest.Wait()
			for range 100 {
				checkToken(t, "token of another one", tokens, "token-1")
			}
			check(t, "time for the old token", time.Since(start), 0)
			all.Wait()
			check(t, "fetches", fetches, 2)
			checkContains(t, "log", log.String(), "level=WARN", "left="+test.left.String())
		})
	}
}

// Once the token has expired, a fetch takes as long as it takes.
func TestTokenFetchHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := newTokens(func(ctx context.Context) (*oauth2.Token, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		tokens.store(&oauth2.Token{AccessToken: "old", Expiry: time.Now()}, time.Now())
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				_, err := tokens.get(ctx)
				checkError(t, "token", err, context.DeadlineExceeded)
				check(t, "duration", time.Since(start), time.Hour)
			})
		}
		all.Wait()
	})
}

// A token that has expired when it arrives, by a clock that is ahead, is for all who
// waited for it.
func TestTokenThatHasExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := &issuer{life: -time.Hour}
		tokens := newTokens(issuer.fetch)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { checkToken(t, "token", tokens, "token-1") })
		}
		all.Wait()
		check(t, "fetches", issuer.fetches, 1)
	})
}

// A renewal whose leader left has not failed: the next one renews.
func TestTokenRenewalIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		tokens := newTokens((&issuer{life: time.Hour}).fetch)
		tokens.logger = newTextLogger(&log)
		checkToken(t, "token", tokens, "token-1")
		time.Sleep(59 * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := tokens.get(ctx)
		checkError(t, "one who left", err, context.DeadlineExceeded)
		checkToken(t, "token of the next one", tokens, "token-3")
		check(t, "log", log.String(), "")
	})
}

func TestTokenIsMalformed(t *testing.T) {
	for name, token := range map[string]*oauth2.Token{
		"none": nil, "empty": {}, "line break": {AccessToken: "a\n"}, "blank": {AccessToken: "a b"},
		"not ASCII": {AccessToken: "ä"}, "DEL": {AccessToken: "a\x7f"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sourceTokens(func() (*oauth2.Token, error) { return token, nil }).get(t.Context())
			checkContains(t, "error", errorText(err), "the token is empty or malformed")
			check(t, "permanent", failure.IsPermanent(err), true)
		})
	}
	check(t, "a token of all characters from ! to ~", ValidToken("!~"), true)
}

// A 401 whose token can be replaced is a failed attempt, and the first one is retried at
// once.
func TestUnauthorized(t *testing.T) {
	counting := func(calls int) (*oauth2.Token, error) {
		return &oauth2.Token{AccessToken: fmt.Sprint("token-", calls)}, nil
	}
	same := func(int) (*oauth2.Token, error) { return &oauth2.Token{AccessToken: "token-1"}, nil }
	for _, test := range []struct {
		name    string
		accepts string // the token
		source  func(calls int) (*oauth2.Token, error)
		max     int
		status  int
		sent    string
		least   time.Duration // that it takes
		most    time.Duration
	}{
		{"accepted", "token-1", counting, 5, 200, "token-1", 0, 0},
		{"revoked", "token-2", counting, 5, 200, "token-1 token-2", 0, 0},
		{"revoked twice", "token-3", counting, 5, 401, "token-1 token-2", 0, 0},
		{"one attempt", "none", counting, 1, 401, "token-1", 0, 0},
		{"the same token", "none", same, 5, 401, "token-1 token-1", 0, 0},
		{"the only token", "none", nil, 5, 401, "static", 0, 0},
	} {
		bubble(t, test.name, func(t *testing.T) {
			var sent []string
			calls, open := 0, 0
			credentials := static
			if test.source != nil {
				credentials = Credentials{Source: tokenSource(func() (*oauth2.Token, error) {
					calls++
					return test.source(calls)
				})}
			}
			config := newConfig(roundTripper(func(request *http.Request) (*http.Response, error) {
				token, _ := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer ")
				sent = append(sent, token)
				body, err := io.ReadAll(request.Body)
				checkError(t, "reading the body", err, nil)
				check(t, "body", string(body), requestBody)
				response := newResponse(request, 401, "")
				if token == test.accepts {
					response = newResponse(request, 200, "{}")
				}
				open++
				response.Body = &closeFunc{response.Body, func() { open-- }}
				return response, nil
			}), credentials)
			config.Retry.MaxAttempts = test.max
			start := time.Now()
			request := newRequest(t, http.MethodPost)
			response, err := New(config).RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			check(t, "status", response.StatusCode, test.status)
			check(t, "tokens sent", strings.Join(sent, " "), test.sent)
			check(t, "open bodies", open, 0)
			if took := time.Since(start); took < test.least || took > test.most {
				t.Errorf("duration: got %v, want %v to %v", took, test.least, test.most)
			}
			check(t, "token in the caller's request", request.Header.Get("Authorization"), "")
			check(t, "token in the request of the response", response.Request.Header.Get("Authorization"), "")
		})
	}
}

// A 401 of a request that may not arrive twice is retried, since it was rejected before
// processing; what follows is not.
func TestUnauthorizedThenDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		base := newOutcomes(t, outcome{status: 401}, outcome{status: 503})
		response, err := newStack(base, Credentials{Source: tokenSource(func() (*oauth2.Token, error) {
			calls++
			return &oauth2.Token{AccessToken: fmt.Sprint("token-", calls)}, nil
		})}).RoundTrip(newRequest(t, http.MethodPost))
		if err != nil {
			t.Fatal(err)
		}
		check(t, "status", response.StatusCode, 503)
		check(t, "attempts", len(base.sent), 2)
	})
}

// A request that was rejected with an old token does not drop the new one.
func TestNewerTokenIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := &issuer{}
		tokens := newTokens(issuer.fetch)
		old, err := tokens.get(t.Context())
		checkError(t, "token", err, nil)
		for range 3 {
			check(t, "another one is worth trying", tokens.reject(old), true)
			checkToken(t, "token", tokens, "token-2")
		}
		checkToken(t, "token", tokens, "token-2")
		check(t, "fetches", issuer.fetches, 2)
	})
}

// A rejected token is not used while its renewal fails, though it has not expired.
func TestRejectedTokenIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("down")
		tokens := newTokens((&issuer{life: time.Hour, failure: failAfter(1, down)}).fetch)
		rejected, err := tokens.get(t.Context())
		checkError(t, "token", err, nil)
		check(t, "another one is worth trying", tokens.reject(rejected), true)
		_, err = tokens.get(t.Context())
		checkError(t, "token after a rejection", err, down)
	})
}

// A token that cannot be obtained ends the request: its attempts do not multiply those
// of fetching it.
func TestNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("down")
		calls := 0
		base := newOutcomes(t, outcome{status: 401})
		stack := newStack(base, Credentials{Source: tokenSource(func() (*oauth2.Token, error) {
			if calls++; calls == 2 {
				return &oauth2.Token{AccessToken: "T"}, nil
			}
			return nil, down
		})})
		_, err := stack.RoundTrip(newRequest(t, "GET"))
		checkError(t, "request without a token", err, down)
		check(t, "calls", calls, 1)
		check(t, "requests sent", len(base.sent), 0)

		_, err = stack.RoundTrip(newRequest(t, "GET"))
		checkError(t, "request whose token is rejected", err, down)
		check(t, "permanent", failure.IsPermanent(err), false)
		check(t, "calls in all", calls, 3)
		check(t, "requests sent in all", len(base.sent), 1)
		check(t, "open bodies", base.open, 0)
	})
}

// A request whose context ends while its token is fetched, or replaced, has the error of
// the context.
func TestContextEndsWhileATokenIsFetched(t *testing.T) {
	for _, test := range []struct {
		name  string
		first []outcome // before the login hangs
	}{
		{"fetched", nil},
		{"replaced", []outcome{{status: 200, body: `{"access_token":"T"}`}, {status: 401}}},
	} {
		bubble(t, test.name, func(t *testing.T) {
			cause := errors.New("the cause")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(cause) })
			sent := 0
			stack := newStack(roundTripper(func(request *http.Request) (*http.Response, error) {
				if sent++; sent <= len(test.first) {
					return test.first[sent-1].respond(request), nil
				}
				check(t, "host that hangs", request.URL.Host, "login.example.com")
				<-request.Context().Done()
				return nil, request.Context().Err()
			}), clientCredentials)
			start := time.Now()
			err := stack.Read(newRequest(t, "GET").WithContext(ctx), readNothing)
			checkError(t, "request", err, cause)
			check(t, "permanent", failure.IsPermanent(err), true)
			check(t, "duration", time.Since(start), time.Second)
		})
	}
}
