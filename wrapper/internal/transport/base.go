package transport

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// pingTimeout is how long an HTTP/2 connection may be silent before it is pinged, and how
// long a ping may take. A connection that died silently, because a firewall forgot it for
// example, would otherwise be used for each attempt of a request.
const pingTimeout = 15 * time.Second

// defaultBase returns the Transport of all clients that have none of their own.
var defaultBase = sync.OnceValue(func() http.RoundTripper { return newBase(http.DefaultTransport) })

// newBase returns a clone of http.DefaultTransport that pings, and that says what is wrong
// with a proxy unless the program does so. A Transport that the program put in its place, as
// for tracing, is used as it is.
func newBase(shared http.RoundTripper) http.RoundTripper {
	original, ok := shared.(*http.Transport)
	if !ok {
		return shared
	}
	base := original.Clone()
	if base.HTTP2 == nil {
		base.HTTP2 = &http.HTTP2Config{}
	}
	base.HTTP2.SendPingTimeout, base.HTTP2.PingTimeout = pingTimeout, pingTimeout
	if base.OnProxyConnectResponse == nil {
		base.OnProxyConnectResponse = checkProxy
	}
	return base
}

// checkProxy returns an error for a proxy that does not connect.
func checkProxy(_ context.Context, proxy *url.URL, _ *http.Request, response *http.Response) error {
	status := response.StatusCode
	if status == http.StatusOK {
		return nil
	}
	err := fmt.Errorf("the proxy %s refused to connect: %d %s", proxy.Host, status, http.StatusText(status))
	if status == http.StatusProxyAuthRequired {
		err = fmt.Errorf("%w; set user and password in its address, as in HTTPS_PROXY=http://user:password@host", err)
	}
	if !TransientStatus(status) {
		err = failure.Blocked(err)
	}
	return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: err}
}
