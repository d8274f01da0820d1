package transport

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

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
			config.LoginURL = "http://" + address
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // for a failing test to end
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, "GET", "/api/v2/usage/query", nil)
			if err != nil {
				t.Fatal(err)
			}
			err = New(config).Read(request, readNothing)
			checkContains(t, "error", errorText(err), "unexpected status 101 Switching Protocols")
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

// What a Transport must not leave out of a response, as in net/http's own client.
func TestIncompleteResponses(t *testing.T) {
	body := io.NopCloser(strings.NewReader("{}"))
	for name, response := range map[string]*http.Response{
		"no response": nil,
		"no header":   {StatusCode: 200, Body: body},
		"no body":     {StatusCode: 200, Header: http.Header{}},
	} {
		for who, credentials := range credentialsOf {
			bubble(t, name+", "+who, func(t *testing.T) {
				sent := 0
				stack := newStack(roundTripper(func(*http.Request) (*http.Response, error) {
					sent++
					return response, nil
				}), credentials)
				err := stack.Read(newRequest(t, "GET"), readNothing)
				checkContains(t, "error", errorText(err), "the Transport returned no response, or one without Header or Body")
				check(t, "permanent", failure.IsPermanent(err), true)
				check(t, "requests sent", sent, 1)
			})
		}
	}
}
