package transport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// These tests are about a Transport of somebody else's that breaks the contract of
// http.RoundTripper, and about responses that nobody expects.

// credentialsOf are those for the API, and those that log in first.
var credentialsOf = map[string]Credentials{"API": static, "login": clientCredentials}

// A server that switches protocols, and then says nothing, is no server of the API.
func TestSwitchingProtocols(t *testing.T) {
	for name, credentials := range credentialsOf {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			address, sent := serveSwitchingProtocols(t)
			base := &http.Transport{}
			defer base.CloseIdleConnections()
			config := newConfig(base, credentials)
			config.Origin = &url.URL{Scheme: "http", Host: address}
			if config.Credentials.LoginURL != "" {
				config.Credentials.LoginURL = "http://" + address
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // for a failing test to end
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, "GET", "/api/v2/usage/query", nil)
			if err != nil {
				t.Fatal(err)
			}
			err = New(config).Read(request, readNothing)
			status, ok := errors.AsType[*statusError](err)
			if !ok {
				t.Fatalf("error: got %v, want a statusError", err)
			}
			check(t, "status", status.status, 101)
			check(t, "permanent", failure.IsPermanent(err), true)
			check(t, "requests", <-sent, 1)
		})
	}
}

// serveSwitchingProtocols starts a server that answers each request with a 101, and
// then waits for the client to close the connection. When its first connection is
// closed, it sends the number of requests.
func serveSwitchingProtocols(t *testing.T) (address string, sent <-chan int) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	requests := make(chan int, 1)
	go func() {
		defer close(requests)
		defer listener.Close()
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		reader := bufio.NewReader(connection)
		for n := 0; ; n++ {
			if _, err := http.ReadRequest(reader); err != nil {
				requests <- n
				return
			}
			io.WriteString(connection, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		}
	}()
	return listener.Addr().String(), requests
}

// A 101 of a Transport of the caller's has a body that cannot be read.
func TestSwitchingProtocolsHasNoBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := newOutcomes(t, outcome{status: 101, body: "raw"})
		response, err := newStack(base, static).RoundTrip(newRequest(t, "GET"))
		if err != nil {
			t.Fatal(err)
		}
		check(t, "open bodies", base.open, 0)
		check(t, "status", response.StatusCode, 101)
		body, err := io.ReadAll(response.Body)
		checkError(t, "reading the body", err, nil)
		check(t, "body", string(body), "")
		check(t, "error of closing", response.Body.Close(), nil)
	})
}

// misbehavior is how a Transport ignores its context.
type misbehavior struct {
	headers     bool // hang before they are there
	status      int
	body        string // read before the body hangs
	read, close bool   // hang there
}

// hanging is a Transport that hangs until it is released.
type hanging struct {
	misbehavior
	late     *http.Response // returned after the release; nil: another one
	released chan struct{}

	responses, reads, closed atomic.Int32
}

func newHanging(m misbehavior) *hanging {
	return &hanging{misbehavior: m, released: make(chan struct{})}
}

func (h *hanging) RoundTrip(request *http.Request) (*http.Response, error) {
	h.responses.Add(1)
	if h.headers {
		<-h.released
	}
	if h.late != nil {
		return h.late, nil
	}
	response := newResponse(request, h.status, "")
	response.Body = &hangingBody{h, strings.NewReader(h.body)}
	return response, nil
}

type hangingBody struct {
	*hanging
	unread *strings.Reader
}

func (b *hangingBody) Read(p []byte) (int, error) {
	b.reads.Add(1)
	if n, _ := b.unread.Read(p); n > 0 {
		return n, nil
	}
	if b.read {
		<-b.released
	}
	return 0, io.EOF
}

func (b *hangingBody) Close() error {
	if b.close {
		<-b.released
	}
	b.closed.Add(1)
	return nil
}

// A call ends within 100 ms of its context whatever the Transport does, and leaves
// nothing when that lets go: the bubble fails if a goroutine is left.
func TestTransportIgnoresItsContext(t *testing.T) {
	const deadline = 10 * time.Second
	for _, test := range []struct {
		name      string
		transport misbehavior
		status    int // of the error; 0: it is the context's
	}{
		{"headers", misbehavior{headers: true, status: 200}, 0},
		{"body", misbehavior{read: true, status: 200}, 0},
		{"body and close", misbehavior{read: true, close: true, status: 200}, 0},
		{"body after some of it", misbehavior{read: true, close: true, status: 200, body: `{"a"`}, 0},
		{"body and close of a 503", misbehavior{read: true, close: true, status: 503}, 0},
		{"body and close of a 404", misbehavior{read: true, close: true, status: 404}, 0},
		{"body and close of a 101", misbehavior{read: true, close: true, status: 101}, 101},
	} {
		for name, credentials := range credentialsOf {
			bubble(t, name+"/"+test.name, func(t *testing.T) {
				transport := newHanging(test.transport)
				cause := errors.New("the cause")
				ctx, cancel := context.WithTimeoutCause(t.Context(), deadline, cause)
				defer cancel()
				config := newConfig(transport, credentials)
				config.Retry.MaxAttempts = 2
				start := time.Now()
				err := New(config).Read(newRequest(t, "POST").WithContext(ctx), readJSON)
				if took := time.Since(start); took > deadline+100*time.Millisecond {
					t.Errorf("duration: got %v, want %v and 100ms at most", took, deadline)
				}
				check(t, "succeeds", err == nil, false)
				status, ok := errors.AsType[*statusError](err)
				if check(t, "a status", ok, test.status != 0); ok {
					check(t, "status", status.status, test.status)
				} else {
					checkError(t, "request", err, cause)
				}
				check(t, "permanent", failure.IsPermanent(err), true)
				close(transport.released)
				synctest.Wait()
				check(t, "bodies closed", transport.closed.Load(), transport.responses.Load())
			})
		}
	}
}

// Whoever reads a body that ignores its context gets the cause of its end.
func TestBodyIgnoresItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("the cause")
		ctx, cancel := context.WithCancelCause(t.Context())
		transport := newHanging(misbehavior{read: true, status: 200, body: "some"})
		response, err := newStack(transport, static).RoundTrip(newRequest(t, "GET").WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() { cancel(cause) })
		start := time.Now()
		body, err := io.ReadAll(response.Body)
		check(t, "body", string(body), "some")
		checkError(t, "reading the body", err, cause)
		check(t, "permanent", failure.IsPermanent(err), true)
		check(t, "duration", time.Since(start), time.Second+grace)
		reads := transport.reads.Load()
		_, err = response.Body.Read(make([]byte, 1))
		checkError(t, "reading the body once more", err, cause)
		check(t, "reads of the body that hangs", transport.reads.Load(), reads)
		response.Body.Close()
		close(transport.released)
	})
}

// trickle is a body that sends a byte at a time, or nothing at all, without an end.
type trickle struct {
	interval time.Duration
	bytes    int
}

func (b trickle) Read([]byte) (int, error) {
	time.Sleep(b.interval)
	return b.bytes, nil
}

func (trickle) Close() error { return nil }

// A body that never ends, however quickly it comes, ends with its context.
func TestBodyWithoutEnd(t *testing.T) {
	for _, test := range []struct {
		name string
		body trickle
	}{
		{"a byte a millisecond", trickle{time.Millisecond, 1}},
		{"no byte", trickle{time.Millisecond, 0}},
		{"a byte in each grace", trickle{grace, 1}},
	} {
		bubble(t, test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			transport := roundTripper(func(request *http.Request) (*http.Response, error) {
				response := newResponse(request, 200, "")
				response.Body = test.body
				return response, nil
			})
			start := time.Now()
			err := newStack(transport, static).Read(newRequest(t, "GET").WithContext(ctx), readJSON)
			checkError(t, "read", err, context.DeadlineExceeded)
			if took := time.Since(start); took < time.Second || took > time.Second+2*grace {
				t.Errorf("duration: got %v, want %v and %v at most", took, time.Second, 2*grace)
			}
		})
	}
}

// A Close that hangs costs a moment, though no context ends.
func TestCloseHangs(t *testing.T) {
	for _, test := range []struct {
		name      string
		transport misbehavior
		err       string // "": none
		permanent bool
	}{
		{"200", misbehavior{status: 200, body: "{}"}, "", false},
		{"200 that cannot be used", misbehavior{status: 200, body: "<html>"}, "not JSON", false},
		{"503", misbehavior{status: 503}, "503 Service Unavailable", false},
		{"101", misbehavior{status: 101}, "101 Switching Protocols", true},
	} {
		bubble(t, test.name, func(t *testing.T) {
			transport := newHanging(test.transport)
			transport.close = true
			config := newConfig(transport, static)
			config.Retry.MaxAttempts = 1
			start := time.Now()
			err := New(config).Read(newRequest(t, "POST"), readJSON)
			check(t, "succeeds", err == nil, test.err == "")
			checkContains(t, "error", errorText(err), test.err)
			check(t, "permanent", failure.IsPermanent(err), test.permanent)
			if took := time.Since(start); took > 100*time.Millisecond {
				t.Errorf("duration: got %v, want 100ms at most", took)
			}
			close(transport.released)
		})
	}
}

// A caller's source has no context: who waits for it leaves when his own ends.
func TestSourceIgnoresTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		released := make(chan struct{})
		source := tokenSource(func() (*oauth2.Token, error) {
			<-released
			return &oauth2.Token{AccessToken: "late"}, nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		base := newOutcomes(t, good)
		_, err := newStack(base, Credentials{Source: source}).RoundTrip(newRequest(t, "POST").WithContext(ctx))
		checkError(t, "request", err, context.DeadlineExceeded)
		check(t, "requests sent", len(base.sent), 0)
		if took := time.Since(start); took > time.Second+100*time.Millisecond {
			t.Errorf("duration: got %v, want 1s and 100ms at most", took)
		}
		close(released)
	})
}

// A Transport that ignores its context stalls like any other.
func TestStallOfATransportThatIgnoresItsContext(t *testing.T) {
	for _, test := range []struct {
		name      string
		transport misbehavior
	}{
		{"headers", misbehavior{headers: true, status: 200}},
		{"body", misbehavior{read: true, status: 200}},
	} {
		bubble(t, test.name, func(t *testing.T) {
			transport := newHanging(test.transport)
			config := newConfig(transport, static)
			config.Retry.MaxAttempts = 2
			err := New(config).Read(newRequest(t, "POST"), readJSON)
			checkContains(t, "error", errorText(err), "stalled")
			check(t, "permanent", failure.IsPermanent(err), false)
			check(t, "attempts", transport.responses.Load(), 2)
			close(transport.released)
		})
	}
}

// A result that comes after its context has ended is discarded, whatever it is.
func TestLateResults(t *testing.T) {
	for _, test := range []struct {
		name string
		late *http.Response
	}{
		{"no body", &http.Response{StatusCode: 200}},
		{"a body whose Close panics", &http.Response{StatusCode: 200, Body: &panickingBody{onClose: true}}},
	} {
		bubble(t, test.name, func(t *testing.T) {
			transport := newHanging(misbehavior{headers: true})
			transport.late = test.late
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := newStack(transport, static).RoundTrip(newRequest(t, "GET").WithContext(ctx))
			checkError(t, "request", err, context.DeadlineExceeded)
			close(transport.released)
		})
	}
	bubble(t, "a panic", func(t *testing.T) {
		released := make(chan struct{})
		stack := newStack(roundTripper(func(*http.Request) (*http.Response, error) {
			<-released
			panic("late")
		}), static)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := stack.RoundTrip(newRequest(t, "GET").WithContext(ctx))
		checkError(t, "request", err, context.DeadlineExceeded)
		close(released)
	})
}

// What a Transport leaves out of a response.
func TestIncompleteResponses(t *testing.T) {
	closed := 0
	body := func() io.ReadCloser { return &closeFunc{strings.NewReader("{}"), func() { closed++ }} }
	broken := errors.New("broken")
	for _, test := range []struct {
		name      string
		respond   func() (*http.Response, error)
		err       string // "": none
		permanent bool
		closed    int
		sent      int
	}{
		{"no response and no error", func() (*http.Response, error) { return nil, nil },
			"the Transport returned neither a response nor an error", true, 0, 1},
		{"response and error", func() (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: body()}, broken
		}, "broken", false, 2, 2},
		{"no header", func() (*http.Response, error) { return &http.Response{StatusCode: 200, Body: body()}, nil },
			"", false, 1, 1},
		{"no body", func() (*http.Response, error) { return &http.Response{StatusCode: 204}, nil }, "", false, 0, 1},
		{"no body where one is needed", func() (*http.Response, error) { return &http.Response{StatusCode: 200}, nil },
			"empty response", false, 0, 2},
		{"401 without a header", func() (*http.Response, error) { return &http.Response{StatusCode: 401}, nil },
			"401 Unauthorized", true, 0, 1},
		{"429 without a header", func() (*http.Response, error) { return &http.Response{StatusCode: 429}, nil },
			"429 Too Many Requests", false, 0, 2},
		{"no status", func() (*http.Response, error) { return &http.Response{Body: body()}, nil },
			"GET /api/v2/usage/query: 0 ", true, 1, 1},
	} {
		bubble(t, test.name, func(t *testing.T) {
			closed = 0
			sent := 0
			config := newConfig(roundTripper(func(*http.Request) (*http.Response, error) {
				sent++
				return test.respond()
			}), static)
			config.Retry.MaxAttempts = 2
			err := New(config).Read(newRequest(t, "GET"), readJSON)
			check(t, "succeeds", err == nil, test.err == "")
			checkContains(t, "error", errorText(err), test.err)
			check(t, "permanent", failure.IsPermanent(err), test.permanent)
			check(t, "bodies closed", closed, test.closed)
			check(t, "requests sent", sent, test.sent)
		})
	}
}

// Login is no different.
func TestIncompleteResponsesToLogin(t *testing.T) {
	for _, test := range []struct {
		name     string
		response *http.Response
		want     string
	}{
		{"no response and no error", nil, "the Transport returned neither a response nor an error"},
		{"no header and no body", &http.Response{StatusCode: 200}, "empty response"},
		{"refused without header and body", &http.Response{StatusCode: 401}, "check the client id and secret"},
	} {
		bubble(t, test.name, func(t *testing.T) {
			stack := newStack(roundTripper(func(*http.Request) (*http.Response, error) {
				if test.response == nil {
					return nil, nil
				}
				response := *test.response
				return &response, nil
			}), clientCredentials)
			err := stack.Read(newRequest(t, "GET"), readNothing)
			checkContains(t, "error", errorText(err), test.want)
		})
	}
}

// panickingBody is a body that panics.
type panickingBody struct{ onClose bool }

func (b *panickingBody) Read([]byte) (int, error) {
	if b.onClose {
		return 0, io.EOF
	}
	panic("read")
}

func (b *panickingBody) Close() error {
	if b.onClose {
		panic("close")
	}
	return nil
}

// A panic of a Transport is raised in the goroutine of the caller, who may recover from
// it, and the stack works on.
func TestTransportPanics(t *testing.T) {
	withBody := func(body io.ReadCloser) roundTripper {
		return func(request *http.Request) (*http.Response, error) {
			response := newResponse(request, 200, "")
			response.Body = body
			return response, nil
		}
	}
	for _, test := range []struct {
		name string
		base roundTripper
		want any
	}{
		{"RoundTrip", func(*http.Request) (*http.Response, error) { panic("base") }, "base"},
		{"Read", withBody(&panickingBody{}), "read"},
		{"Close", withBody(&panickingBody{onClose: true}), "close"},
	} {
		for name, credentials := range credentialsOf {
			bubble(t, name+"/"+test.name, func(t *testing.T) {
				base := test.base
				stack := newStack(roundTripper(func(request *http.Request) (*http.Response, error) {
					return base(request)
				}), credentials)
				send := func() error { return stack.Read(newRequest(t, "GET"), readJSON) }
				for range 2 * maxInFlight { // none of which keeps its slot
					check(t, "panic", panicOf(func() { send() }), test.want)
				}
				base = func(request *http.Request) (*http.Response, error) {
					return newResponse(request, 200, `{"access_token":"T"}`), nil
				}
				checkError(t, "request after a panic", send(), nil)
			})
		}
	}
}

// A panic of a caller's source is the panic of one request; the others ask it anew.
func TestSourcePanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		stack := newStack(newOutcomes(t, good), Credentials{Source: tokenSource(func() (*oauth2.Token, error) {
			if calls++; calls == 1 {
				panic("source")
			}
			return &oauth2.Token{AccessToken: fmt.Sprint("token-", calls)}, nil
		})})
		send := func() error { return stack.Read(newRequest(t, "GET"), readNothing) }
		check(t, "panic", panicOf(func() { send() }), any("source"))
		checkError(t, "request after a panic", send(), nil)
		check(t, "calls", calls, 2)
	})
}
