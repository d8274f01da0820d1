package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

func TestNewBase(t *testing.T) {
	original := &http.Transport{HTTP2: &http.HTTP2Config{MaxReadFrameSize: 1 << 20}}
	base := newBase(original).(*http.Transport)
	check(t, "another field", base.HTTP2.MaxReadFrameSize, 1<<20)
	check(t, "time until a ping of the original", original.HTTP2.SendPingTimeout, 0)

	refused := errors.New("refused by the program's own check")
	original.OnProxyConnectResponse = func(context.Context, *url.URL, *http.Request, *http.Response) error { return refused }
	own := newBase(original).(*http.Transport).OnProxyConnectResponse(t.Context(), nil, nil, nil)
	checkError(t, "a check of proxies that the program has set", own, refused)

	traced := newOutcomes(t, good)
	check(t, "another Transport is used as it is", newBase(traced), http.RoundTripper(traced))
	check(t, "there is one for all", defaultBase(), defaultBase())
}

// silentConn is a connection that died: it takes all bytes and delivers none.
type silentConn struct {
	net.Conn
	dead *atomic.Bool
}

func (c *silentConn) Write(p []byte) (int, error) {
	if c.dead.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// A request on an HTTP/2 connection that died silently fails after 30 s, and the next
// attempt has a new connection.
func TestDeadConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := servePipes(t, "HTTP/2", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "{}")
		}))
		config := newConfig(newBase(&http.Transport{Protocols: server.protocols}), static)
		base := config.Base.(*http.Transport)
		defer base.CloseIdleConnections()
		var dead []*atomic.Bool
		base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			connection, err := server.dial(ctx, network, address)
			dead = append(dead, new(atomic.Bool))
			return &silentConn{connection, dead[len(dead)-1]}, err
		}
		config.Origin.Scheme = "http"
		config.Retry.Stall = time.Hour
		stack := New(config)
		request := newRequest(t, "GET")
		request.URL.Scheme = "http"
		checkError(t, "first request", stack.Read(request, readAll), nil)
		dead[0].Store(true)
		start := time.Now()
		checkError(t, "request on the dead connection", stack.Read(request, readAll), nil)
		checkBetween(t, "duration", time.Since(start), 30*time.Second, 31*time.Second)
	})
}

// A proxy that refuses to connect is named with its status, and without its password.
func TestProxyRefuses(t *testing.T) {
	for _, test := range []struct {
		status int
		want   string
		sent   int32 // 1: permanent
	}{
		{407, "407 Proxy Authentication Required; set user and password in its address, " +
			"as in HTTPS_PROXY=http://user:password@host", 1},
		{403, "403 Forbidden", 1},
		{401, "401 Unauthorized", 1},
		{429, "429 Too Many Requests", 5},
		{502, "502 Bad Gateway", 5},
		{200, "", 5}, // and then it closes the connection
	} {
		for name, credentials := range credentialsOf {
			t.Run(http.StatusText(test.status)+", "+name, func(t *testing.T) {
				var sent atomic.Int32
				proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
					sent.Add(1)
					check(t, "method", request.Method, http.MethodConnect)
					w.Header().Set("Connection", "close")
					w.WriteHeader(test.status)
				}))
				defer proxy.Close()
				address := strings.Replace(proxy.URL, "//", "//user:PASSWORD@", 1)
				config := newConfig(newBase(&http.Transport{Proxy: func(*http.Request) (*url.URL, error) {
					return url.Parse(address)
				}}), credentials)
				config.Retry.Initial = 1
				err := New(config).Read(newRequest(t, "GET"), readAll)
				want := "proxyconnect tcp: the proxy " + proxy.Listener.Addr().String() + " refused to connect: " + test.want
				check(t, "says so: "+errorText(err), strings.HasSuffix(errorText(err), want), test.want != "")
				checkOmits(t, "error", errorText(err), "PASSWORD")
				check(t, "blocked", errors.Is(err, failure.ErrBlocked), test.sent == 1)
				check(t, "requests", sent.Load(), test.sent)
			})
		}
	}
}
