package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// issuer issues token-1, token-2 and so on.
type issuer struct {
	life  time.Duration // 0: no expiry
	takes time.Duration // as long as the context lasts
	fails func(fetch int) error

	fetches  int
	deadline bool // the context of the last fetch had one
}

func (i *issuer) fetch(ctx context.Context) (*oauth2.Token, error) {
	i.fetches++ // no two at once, which the race detector watches
	_, i.deadline = ctx.Deadline()
	token := &oauth2.Token{AccessToken: fmt.Sprint("token-", i.fetches)}
	if err := sleep(ctx, max(i.takes, 100*time.Millisecond)); err != nil {
		return nil, err
	}
	if i.fails != nil {
		if err := i.fails(i.fetches); err != nil {
			return nil, err
		}
	}
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

// An error of a fetch is for all who wait for it. Who comes later fetches anew.
func TestTokenErrorIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := &issuer{fails: failAfter(0, io.EOF)}
		tokens := newTokens(issuer.fetch)
		for fetches := range 2 {
			var all sync.WaitGroup
			for range 10 {
				all.Go(func() {
					token, err := tokens.get(t.Context())
					check(t, "error", err, io.EOF)
					check(t, "token", token, nil)
				})
			}
			all.Wait()
			check(t, "fetches", issuer.fetches, fetches+1)
		}
	})
}

// Whoever waits for a fetch can leave at once, also the call that began it. It goes on for those
// who are left, without a deadline of anybody's, and ends with the last one.
func TestTokenLeaving(t *testing.T) {
	for _, test := range []struct {
		name    string
		leaves  []bool // who waits, in order
		fetches int
	}{
		{"others", []bool{false, true, true, false}, 1},
		{"the first one", []bool{true, false, false}, 1},
		{"all", []bool{true, true, true}, 2},
	} {
		bubble(t, test.name, func(t *testing.T) {
			issuer := &issuer{}
			tokens := newTokens(issuer.fetch)
			caller, stop := context.WithTimeout(t.Context(), time.Hour)
			defer stop()
			ctx, cancel := context.WithCancelCause(caller)
			var start time.Time
			var all sync.WaitGroup
			for i, leaves := range test.leaves {
				all.Go(func() {
					if !leaves {
						checkToken(t, fmt.Sprint("token of ", i), tokens, "token-1")
						return
					}
					_, err := tokens.get(ctx)
					checkFailure(t, err, "the cause", failure.ErrBlocked)
					check(t, fmt.Sprint("time to leave of ", i), time.Since(start), 0)
				})
				synctest.Wait()
			}
			check(t, "the fetch has a deadline", issuer.deadline, false)
			start = time.Now()
			cancel(errCause)
			all.Wait()
			checkToken(t, "token of one who comes later", tokens, fmt.Sprint("token-", test.fetches))
			check(t, "fetches", issuer.fetches, test.fetches)
		})
	}
}

// Who comes after the last one has left, and before the fetch has ended, fetches anew.
func TestTokenJoinedTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetches := 0
		tokens := newTokens(func(ctx context.Context) (*oauth2.Token, error) {
			if fetches++; fetches > 1 {
				return &oauth2.Token{AccessToken: "token-2"}, nil
			}
			<-ctx.Done()
			time.Sleep(time.Millisecond)
			return nil, context.Cause(ctx)
		})
		ctx, cancel := context.WithCancelCause(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			_, err := tokens.get(ctx)
			checkError(t, "token of the one who leaves", err, errCause)
		})
		synctest.Wait()
		cancel(errCause)
		synctest.Wait()
		checkToken(t, "token of the one who comes", tokens, "token-2")
		all.Wait()
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

func TestTokenRenewal(t *testing.T) {
	for _, test := range []struct {
		name           string
		life, renewsAt time.Duration // of the token
	}{
		{"a day", 24 * time.Hour, 24*time.Hour - time.Minute},
		{"ten minutes", 10 * time.Minute, 9 * time.Minute},
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
	// An expiry that is not in the future is unknown, by a clock that is ahead for example.
	for name, life := range map[string]time.Duration{"no expiry": 0, "expired": -time.Hour} {
		bubble(t, name, func(t *testing.T) {
			tokens := newTokens((&issuer{life: life}).fetch)
			checkToken(t, "token", tokens, "token-1")
			time.Sleep(10_000 * time.Hour)
			checkToken(t, "token after a year", tokens, "token-1")
		})
	}
}

// A token that the API rejects while it is renewed does not come back if that takes too long:
// the next fetch takes as long as it takes.
func TestTokenIsRejectedDuringItsRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := newTokens((&issuer{life: time.Hour, takes: maxRenewal + time.Second}).fetch)
		old, err := tokens.get(t.Context())
		checkError(t, "token", err, nil)
		time.Sleep(time.Hour - time.Minute)
		time.AfterFunc(time.Second, func() { tokens.reject(old) })
		checkToken(t, "token, rejected meanwhile", tokens, "token-3")
	})
}

// Where renewing fails or hangs, the old token is used until it expires: by the request
// that renews it after a moment, and by the others at once. After half of the time that was
// left it is renewed again; once it has expired, a fetch takes as long as it takes.
func TestTokenRenewalFails(t *testing.T) {
	for _, test := range []struct {
		name              string
		left, takes, took time.Duration
	}{
		{"fails", time.Minute, 100 * time.Millisecond, 100 * time.Millisecond},
		{"hangs", time.Minute, time.Hour, 5 * time.Second},
		{"hangs with six seconds left", 6 * time.Second, time.Hour, 3 * time.Second},
	} {
		bubble(t, test.name, func(t *testing.T) {
			var log strings.Builder
			down := errors.New("the login host is down")
			issuer := &issuer{life: time.Hour, takes: test.takes, fails: failAfter(1, down)}
			tokens := newTokens(issuer.fetch)
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
			checkToken(t, "token of another one", tokens, "token-1")
			check(t, "time for the old token", time.Since(start), 0)
			all.Wait()
			checkContains(t, "log", log.String(), "level=WARN", "renewing the token failed", "left="+test.left.String(), "error=")

			time.Sleep((test.left-test.took)/2 - 1)
			checkToken(t, "old token", tokens, "token-1")
			check(t, "fetches until then", issuer.fetches, 2)
			time.Sleep(time.Nanosecond)
			checkToken(t, "old token", tokens, "token-1")
			check(t, "fetches at half the time that was left", issuer.fetches, 3)
			time.Sleep(test.left)
			start = time.Now()
			_, err := tokens.get(t.Context())
			checkError(t, "token after its expiry", err, down)
			check(t, "time of a fetch", time.Since(start), test.takes)
		})
	}
}

// A renewal whose leader left has not failed: the next one renews.
func TestTokenRenewalIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := newTokens((&issuer{life: time.Hour}).fetch)
		checkToken(t, "token", tokens, "token-1")
		time.Sleep(59 * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := tokens.get(ctx)
		checkError(t, "one who left", err, context.DeadlineExceeded)
		checkToken(t, "token of the next one", tokens, "token-3")
	})
}

// A call of a source that hangs is abandoned when the context ends. It does not hold up
// whoever comes next, and what it returns in the end changes nothing.
func TestSourceReturnsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		tokens := newTokens(fetchFrom(tokenSource(func() (*oauth2.Token, error) {
			n := calls.Add(1)
			if n == 1 {
				time.Sleep(time.Hour)
			}
			return &oauth2.Token{AccessToken: fmt.Sprint("token-", n)}, nil
		})))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := tokens.get(ctx)
		checkError(t, "first token", err, context.DeadlineExceeded)
		check(t, "blocked", errors.Is(err, failure.ErrBlocked), true)
		check(t, "time to leave", time.Since(start), time.Second)
		checkToken(t, "token of the next one", tokens, "token-2")
		time.Sleep(2 * time.Hour)
		checkToken(t, "token after the late one", tokens, "token-2")
	})
}

// A token that cannot be sent is not kept.
func TestUnusableTokens(t *testing.T) {
	const malformed, noBearer = "the token is empty or malformed", "the token is not of type Bearer"
	for _, test := range []struct {
		name, want string
		token      *oauth2.Token
	}{
		{"none", malformed, nil},
		{"empty", malformed, &oauth2.Token{}},
		{"line break", malformed, &oauth2.Token{AccessToken: "a\n"}},
		{"blank", malformed, &oauth2.Token{AccessToken: "a b"}},
		{"DEL", malformed, &oauth2.Token{AccessToken: "a\x7f"}},
		{"from ! to ~", "", &oauth2.Token{AccessToken: "!~"}},
		{"bearer", "", &oauth2.Token{AccessToken: "a", TokenType: "bearer"}},
		{"BEARER", "", &oauth2.Token{AccessToken: "a", TokenType: "BEARER"}},
		{"Basic", noBearer, &oauth2.Token{AccessToken: "a", TokenType: "Basic"}},
		{"header", noBearer, &oauth2.Token{AccessToken: "a", TokenType: "Bearer a\r\nX: y"}},
	} {
		bubble(t, test.name, func(t *testing.T) {
			base := newOutcomes(t, good)
			stack := newStack(base, Credentials{Source: oauth2.StaticTokenSource(test.token)})
			err := stack.Read(newRequest(t, "GET"), readAll)
			check(t, "text", errorText(err), test.want)
			check(t, "blocked", errors.Is(err, failure.ErrBlocked), test.want != "")
			if test.want == "" {
				check(t, "Authorization", base.tokens[0], "Bearer "+test.token.AccessToken)
			}
			check(t, "token kept", stack.retry.tokens.token, map[bool]*oauth2.Token{true: test.token}[test.want == ""])
		})
	}
}

// A 401 is retried at once with another token. It is final where none can be had, and
// where it answers the token that came in the place of a rejected one.
func TestUnauthorized(t *testing.T) {
	static := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token-1"})
	for _, test := range []struct {
		name      string
		source    oauth2.TokenSource // nil: the token cannot be renewed
		statuses  []int
		max       int
		requests  int
		sent      string // the tokens
		status    int    // of the last error; 0: none
		permanent bool
	}{
		{"accepted", counter(), []int{200}, 5, 1, "1", 0, false},
		{"revoked", counter(), []int{401, 200}, 5, 1, "1 2", 0, false},
		{"rejected", counter(), []int{401, 401}, 5, 1, "1 2", 401, true},
		{"the same token again", static, []int{401, 401}, 5, 1, "1 1", 401, true},
		{"the only token", nil, []int{401}, 5, 1, "0", 401, true},
		{"accepted in between", counter(), []int{401, 404, 401, 200}, 5, 2, "1 2 2 3", 0, false},
		{"down in between", counter(), []int{401, 503, 401}, 5, 1, "1 2 2", 401, true},
		{"the last of the attempts", counter(), []int{503, 503, 401}, 3, 1, "1 1 1", 401, false},
		{"the only attempt", counter(), []int{401}, 1, 1, "1", 401, false},
	} {
		bubble(t, test.name, func(t *testing.T) {
			all := statuses(test.statuses...)
			base := newOutcomes(t, all...)
			credentials := Credentials{Source: test.source}
			if test.source == nil {
				credentials = Credentials{AccessToken: "token-0"}
			}
			config := newConfig(base, credentials)
			config.Retry.MaxAttempts = test.max
			stack := New(config)
			var err error
			requests := 0
			for ; len(base.sent) < len(all); requests++ {
				err = stack.Read(newRequest(t, "POST"), readAll)
			}
			check(t, "requests", requests, test.requests)
			check(t, "tokens sent", strings.ReplaceAll(strings.Join(base.tokens, " "), "Bearer token-", ""), test.sent)
			check(t, "succeeds", err == nil, test.status == 0)
			if status, ok := errors.AsType[*statusError](err); ok {
				check(t, "status", status.status, test.status)
			}
			check(t, "permanent", failure.IsPermanent(err), test.permanent)
			for i, wait := range base.waits() {
				check(t, fmt.Sprintf("attempt %d at once", i+2), wait == 0, all[i].status != 503)
			}
		})
	}
}

// A 401 of a request that may not arrive twice is retried, since it was rejected before
// processing; a failure after it is not.
func TestUnauthorizedThenDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := newOutcomes(t, outcome{status: 401}, down)
		response, err := newStack(base, Credentials{Source: counter()}).RoundTrip(newRequest(t, "POST"))
		if err != nil {
			t.Fatal(err)
		}
		check(t, "status", response.StatusCode, 503)
		check(t, "attempts", len(base.sent), 2)
		response.Body.Close()
	})
}

// A rejected token is dropped, though it has not expired; but the one that came in its
// place meanwhile is kept.
func TestRejectedTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("down")
		tokens := newTokens((&issuer{life: time.Hour, fails: failAfter(2, down)}).fetch)
		rejected, err := tokens.get(t.Context())
		checkError(t, "token", err, nil)
		for range 3 {
			check(t, "another one is worth trying", tokens.reject(rejected), true)
			checkToken(t, "token", tokens, "token-2")
		}
		rejected, err = tokens.get(t.Context())
		checkError(t, "token", err, nil)
		check(t, "another one is worth trying", tokens.reject(rejected), false)
		_, err = tokens.get(t.Context())
		checkError(t, "token after a rejection", err, down)
	})
}
