package wrapper

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// calls are those that send requests.
var calls = []struct {
	name string
	call func(context.Context, *Client) error
}{
	{"Submit", func(ctx context.Context, c *Client) error { _, err := c.Submit(ctx, someQuery); return err }},
	{"Execution.Poll", func(ctx context.Context, c *Client) error { _, err := c.Execution("id").Poll(ctx); return err }},
	{"Execution.Wait", waitQuery},
	{"Execution.Rows", func(ctx context.Context, c *Client) (err error) {
		for _, err = range c.Execution("id").Rows(ctx) {
		}
		return err
	}},
	{"SubmitJob", func(ctx context.Context, c *Client) error { _, err := c.SubmitJob(ctx, someJobQuery); return err }},
	{"Job.Poll", func(ctx context.Context, c *Client) error { _, err := c.Job("id").Poll(ctx); return err }},
	{"Job.Wait", waitJob},
	{"Job.Rows", func(ctx context.Context, c *Client) (err error) {
		for _, err = range c.Job("id").Rows(ctx) {
		}
		return err
	}},
	{"API", func(ctx context.Context, c *Client) error {
		_, err := c.API().PostUsageQueryWithResponse(ctx, someQuery)
		return err
	}},
	{"HTTPClient", func(ctx context.Context, c *Client) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "/api/v2/users", nil)
		if err != nil {
			return err
		}
		response, err := c.HTTPClient().Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		_, err = io.ReadAll(response.Body)
		return err
	}},
}

// newFaultyClient returns a client of a Transport with a fault: of all requests, or of
// those for a token.
func newFaultyClient(t *testing.T, login bool, transport roundTripper, options ...Option) *Client {
	t.Helper()
	if login {
		options = append(options, WithClientCredentials("id", "secret"))
	}
	return newTransportClient(t, transport, options...)
}

// hanging is a body that takes no notice of the end of a context.
type hanging struct{ released <-chan struct{} }

func (b hanging) Read([]byte) (int, error) {
	<-b.released
	return 0, io.EOF
}

// A call ends within 100 ms of its context, whatever the Transport does.
func TestTransportThatIgnoresTheContext(t *testing.T) {
	const deadline, grace = 2 * time.Second, 100 * time.Millisecond
	for _, test := range []struct {
		name      string
		transport func(released <-chan struct{}) roundTripper
	}{
		{"no response", func(released <-chan struct{}) roundTripper {
			return func(*http.Request) (*http.Response, error) {
				<-released
				return nil, io.ErrUnexpectedEOF
			}
		}},
		{"a body", func(released <-chan struct{}) roundTripper {
			return func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: io.NopCloser(hanging{released})}, nil
			}
		}},
		{"a body, after its beginning", func(released <-chan struct{}) roundTripper {
			return func(*http.Request) (*http.Response, error) {
				body := io.MultiReader(strings.NewReader(`{"results":[{},`), hanging{released})
				return &http.Response{StatusCode: 200, Body: io.NopCloser(body)}, nil
			}
		}},
		{"the body of an error", func(released <-chan struct{}) roundTripper {
			return func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 503, Body: io.NopCloser(hanging{released})}, nil
			}
		}},
	} {
		for _, call := range calls {
			for _, login := range []bool{false, true} {
				name := test.name + "/" + call.name
				if login {
					name += ", login"
				}
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						released := make(chan struct{})
						defer close(released)
						client := newFaultyClient(t, login, test.transport(released))
						ctx, cancel := context.WithTimeout(t.Context(), deadline)
						defer cancel()
						start := time.Now()
						err := call.call(ctx, client)
						if err == nil {
							t.Error("no error")
						}
						if took := time.Since(start); took > deadline+grace {
							t.Errorf("it took %v, want %v and %v at most", took, deadline, grace)
						}
					})
				})
			}
		}
	}
}

// Nobody asked to switch protocols: a 101 is an error at once, although its body is a
// connection, which does not end.
func TestSwitchingProtocols(t *testing.T) {
	for _, call := range calls {
		for _, login := range []bool{false, true} {
			name := call.name
			if login {
				name += ", login"
			}
			if name == "HTTPClient" {
				continue // the caller's to judge
			}
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					released := make(chan struct{})
					defer close(released)
					client := newFaultyClient(t, login, func(*http.Request) (*http.Response, error) {
						return &http.Response{StatusCode: 101, Body: io.NopCloser(hanging{released})}, nil
					})
					start := time.Now()
					if err := call.call(t.Context(), client); err != nil {
						checkStatus(t, err, http.StatusSwitchingProtocols)
						check(t, "Retryable", Retryable(err), false)
					} else if call.name != "API" { // its caller looks at the status
						t.Error("no error")
					}
					if took := time.Since(start); took > time.Second {
						t.Errorf("it took %v, want it at once", took)
					}
				})
			})
		}
	}
}

// What a Transport leaves out of a response is no panic.
func TestIncompleteResponses(t *testing.T) {
	for _, test := range []struct {
		name     string
		response func() *http.Response
		want     string // of Submit; "": it succeeds
	}{
		{"no Header", func() *http.Response {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(submittedBody))}
		}, ""},
		{"no Body", func() *http.Response { return &http.Response{StatusCode: 200, Header: http.Header{}} },
			"empty response"},
		{"neither", func() *http.Response { return &http.Response{StatusCode: 503} }, "503 Service Unavailable"},
		{"no response", func() *http.Response { return nil }, "neither a response nor an error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := func(*http.Request) (*http.Response, error) { return test.response(), nil }
				_, err := newFaultyClient(t, false, transport).Submit(t.Context(), someQuery)
				checkError(t, err, test.want)
				for _, call := range calls {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					_ = call.call(ctx, newFaultyClient(t, false, transport))
					if err := call.call(ctx, newFaultyClient(t, true, transport)); err == nil {
						t.Errorf("%s: no error of the login host", call.name)
					}
					cancel()
				}
			})
		})
	}
}

// checkPanic wants a call to panic in its own goroutine.
func checkPanic(t *testing.T, want string, call func()) {
	t.Helper()
	defer func() { check(t, "recovered", recover(), any(want)) }()
	call()
}

// A panic of a Transport is one of the caller's goroutine.
func TestPanicsAreTheCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, call := range calls {
			for _, login := range []bool{false, true} {
				client := newFaultyClient(t, login, func(*http.Request) (*http.Response, error) { panic("Transport") })
				checkPanic(t, "Transport", func() { _ = call.call(t.Context(), client) })
			}
		}
	})
}

// panicking is a Handler of the log that panics at warnings.
type panicking struct{ slog.Handler }

func (panicking) Enabled(_ context.Context, level slog.Level) bool { return level == slog.LevelWarn }
func (panicking) Handle(context.Context, slog.Record) error        { panic("Handler") }

// A panic of a Handler of the log while a token is renewed is one of the caller's, too;
// calls after it have the token that is still valid, or the next one.
func TestPanicWhileATokenIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := 0
		client := newBubbleClient(t, func(w http.ResponseWriter, request *http.Request) {
			if request.URL.Path != "/oauth/token" {
				reply(w, submittedBody)
				return
			}
			if tokens++; tokens == 2 {
				reply(w, down)
				return
			}
			reply(w, tokenBody)
		}, WithClientCredentials("id", "secret"), WithRetry(Retry{MaxAttempts: 1}), WithLogger(slog.New(panicking{})))
		submit := func() error {
			_, err := client.Submit(t.Context(), someQuery)
			return err
		}
		checkError(t, submit(), "")
		time.Sleep(time.Hour - 30*time.Second) // it expires in 30 s
		checkPanic(t, "Handler", func() { _ = submit() })
		checkError(t, submit(), "")
		time.Sleep(20 * time.Second)
		checkError(t, submit(), "")
		check(t, "requests for a token", tokens, 3)
	})
}
