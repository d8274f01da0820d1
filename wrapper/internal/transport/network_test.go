package transport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// pipes is a network of net.Pipe, which a test's bubble knows.
type pipes struct {
	connections chan net.Conn
	protocols   *http.Protocols
}

// servePipes serves a protocol, "HTTP/1" or "HTTP/2", until the test ends.
func servePipes(t *testing.T, protocol string, handler http.Handler) *pipes {
	network := &pipes{make(chan net.Conn), new(http.Protocols)}
	network.protocols.SetHTTP1(protocol == "HTTP/1")
	network.protocols.SetUnencryptedHTTP2(protocol == "HTTP/2")
	server := &http.Server{Handler: handler, Protocols: network.protocols}
	go server.Serve(network)
	t.Cleanup(func() { server.Close() })
	return network
}

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p.connections <- server
	return client, nil
}

func (p *pipes) Accept() (net.Conn, error) {
	connection, ok := <-p.connections
	if !ok {
		return nil, net.ErrClosed
	}
	return connection, nil
}

func (p *pipes) Close() error {
	close(p.connections)
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{} }

// A call ends with its context, whatever the server does: in a bubble within 100 ms, and
// over a real network at all, however busy the machine is.
func TestContextEndsOverHTTP(t *testing.T) {
	for _, test := range []hangingServer{
		{name: "no headers", credentials: static},
		{name: "a body that trickles", credentials: static, trickles: true},
		{name: "an upload that is not read", credentials: static, upload: 64 << 20},
		{name: "a login without headers", credentials: clientCredentials},
		{name: "a login that trickles", credentials: clientCredentials, trickles: true},
	} {
		for _, protocol := range []string{"HTTP/1", "HTTP/2"} {
			bubble(t, test.name+", "+protocol, func(t *testing.T) {
				test.release = make(chan struct{})
				network := servePipes(t, protocol, &test)
				base := newBase(&http.Transport{DialContext: network.dial, Protocols: network.protocols})
				test.check(t, base, "http://"+apiHost, 100*time.Millisecond)
				time.Sleep(time.Second) // which net/http's server takes to close a connection
			})
			t.Run(test.name+", "+protocol+" over TLS", func(t *testing.T) {
				test.release = make(chan struct{})
				server := httptest.NewUnstartedServer(&test)
				server.EnableHTTP2 = protocol == "HTTP/2"
				server.StartTLS()
				defer server.Close()
				test.check(t, newBase(server.Client().Transport), server.URL, 20*time.Second)
				checkContains(t, "protocol", test.protocol, protocol)
			})
		}
	}
}

// A hangingServer never finishes a response, and ends the context of the call.
type hangingServer struct {
	name        string
	credentials Credentials
	trickles    bool // a byte a millisecond
	upload      int  // bytes

	cancel   context.CancelCauseFunc
	ended    time.Time
	protocol string
	release  chan struct{}
}

var errCause = errors.New("the cause")

func (h *hangingServer) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	h.protocol = request.Proto
	for tick := range 60_000 { // a minute, for a failing test to end
		select {
		case <-time.After(time.Millisecond):
		case <-h.release:
			return
		}
		if h.trickles {
			io.WriteString(w, " ")
			if http.NewResponseController(w).Flush() != nil {
				return
			}
		}
		if tick == 10 {
			h.ended = time.Now()
			h.cancel(errCause)
		}
	}
}

func (h *hangingServer) check(t *testing.T, base http.RoundTripper, origin string, limit time.Duration) {
	t.Helper()
	defer base.(*http.Transport).CloseIdleConnections()
	defer close(h.release)
	config := newConfig(base, h.credentials)
	config.Origin, _ = url.Parse(origin)
	config.LoginURL, config.Retry.Stall = origin, time.Hour
	ctx, cancel := context.WithCancelCause(t.Context())
	h.cancel = cancel
	request, err := http.NewRequestWithContext(ctx, "POST", "/api/v2/usage/query", bytes.NewReader(make([]byte, h.upload)))
	if err != nil {
		t.Fatal(err)
	}
	err = New(config).Read(request, readAll)
	if late := time.Since(h.ended); late > limit {
		t.Errorf("end of the call: got %v after its context, want %v at most", late, limit)
	}
	checkError(t, "call", err, errCause)
	check(t, "blocked", errors.Is(err, failure.ErrBlocked), true)
}

// Whatever a server sends in place of a response, the error says so. What the login host
// sends is in no error and no log, since it may be a token.
func TestMalformedResponses(t *testing.T) {
	for _, test := range []struct {
		name, response, want string
		permanent            bool
	}{
		{"another protocol", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
			"unexpected status 101 Switching Protocols", true},
		{"no status line", `{"access_token":"SECRET"}` + "\r\n\r\n", "the response is not valid HTTP", false},
		{"malformed header", "HTTP/1.1 200 OK\r\nSECRET TOKEN\r\n\r\n", "the response is not valid HTTP", false},
		{"malformed length", "HTTP/1.1 200 OK\r\nContent-Length: SECRET\r\n\r\n", "the response is not valid HTTP", false},
		{"malformed chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nSECRET\r\n",
			"truncated: the response is not valid HTTP", false},
		{"truncated", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nSECRET", "truncated: unexpected EOF", false},
	} {
		for name, credentials := range credentialsOf {
			bubble(t, test.name+", "+name, func(t *testing.T) {
				sent := 0
				base := newBase(&http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
					sent++
					return serveText(test.response), nil
				}})
				var log strings.Builder
				config := newConfig(base, credentials)
				config.Origin.Scheme, config.LoginURL, config.Logger = "http", "http://"+loginHost, newTextLogger(&log)
				request := newRequest(t, "GET")
				request.URL.Scheme = "http"
				err := New(config).Read(request, readAll)
				check(t, "permanent", failure.IsPermanent(err), test.permanent)
				check(t, "requests sent", sent, map[bool]int{true: 1, false: 5}[test.permanent])
				if name == "login" {
					checkContains(t, "error", errorText(err), test.want)
					checkOmits(t, "error and log", errorText(err)+log.String(), "SECRET")
				}
			})
		}
	}
}

// serveText returns a connection to a server that sends a text in response to a request,
// if that is truncated closes the connection, and otherwise waits for the client to do so.
func serveText(text string) net.Conn {
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		request, err := http.ReadRequest(bufio.NewReader(server))
		if err != nil {
			return
		}
		io.Copy(io.Discard, request.Body)
		io.WriteString(server, text)
		if !strings.Contains(text, "Content-Length: 100") {
			io.Copy(io.Discard, server)
		}
	}()
	return client
}
