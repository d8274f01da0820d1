package wrapper

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/internal/transport"
	"golang.org/x/oauth2"
)

// An Option changes what New makes. Where one is given twice, the later holds,
// but for credentials, of which there is exactly one.
type Option func(*config) error

// config is what the options say. It holds secrets and does not outlive New.
type config struct {
	baseURL   string
	userAgent string
	transport http.RoundTripper
	logger    *slog.Logger
	polling   Polling
	retry     Retry
	progress  func(Progress)

	credentials transport.Credentials
	given       int // credentials
}

// WithClientCredentials makes the client fetch its tokens by the OAuth client
// credentials grant: once for all requests, again a minute before they expire (or
// a tenth of their life, if that is less), and again when the API refuses one.
// They last 24 h unless the OAuth client says otherwise. It needs the permission
// oauth:client:view or usage:organization:view, and for jobs the latter. Where
// renewing fails, the old token is used while it lasts. A refused id or secret is an
// *oauth2.RetrieveError, of whatever call needed the token; a login host that is down
// or limits is an *APIError or what the network said.
func WithClientCredentials(id, secret string) Option {
	return func(c *config) error {
		if id == "" || secret == "" {
			return errors.New("WithClientCredentials: the id or the secret is empty")
		}
		c.given++
		c.credentials.ClientID, c.credentials.ClientSecret = id, secret
		return nil
	}
}

// WithAccessToken makes the client use a token from elsewhere. It cannot be
// renewed: once it has expired, requests fail with an *APIError of status 401.
func WithAccessToken(token string) Option {
	return func(c *config) error {
		if !transport.ValidToken(token) {
			return errors.New("WithAccessToken: the token is empty, or holds blanks or other characters that no token has")
		}
		c.given++
		c.credentials.AccessToken = token
		return nil
	}
}

// WithTokenSource makes the client use tokens from elsewhere. The source is asked
// once for all who wait, again before a token expires (see oauth2.Token.Expiry) and
// when the API refuses one. It has no context: when the last call that waits for it is
// cancelled while its Token method runs, that method is left behind, and the next call
// asks again.
func WithTokenSource(source oauth2.TokenSource) Option {
	return func(c *config) error {
		if source == nil {
			return errors.New("WithTokenSource: the source is nil")
		}
		c.given++
		c.credentials.Source = source
		return nil
	}
}

// WithBaseURL sets the address of the API in place of the region's: a proxy of
// your own, or a fake. It is https, or plain http to a loopback address.
func WithBaseURL(address string) Option {
	return func(c *config) (err error) {
		c.baseURL, err = checkURL("WithBaseURL", address)
		return err
	}
}

// WithLoginURL sets the address that client credentials are sent to in place of
// the region's, with the same conditions as WithBaseURL.
func WithLoginURL(address string) Option {
	return func(c *config) (err error) {
		c.credentials.LoginURL, err = checkURL("WithLoginURL", address)
		return err
	}
}

// WithHTTPClient makes the client send its requests by the Transport of an
// http.Client: through a proxy, with certificates of your own, or traced. Only
// the Transport is used; nil means http.DefaultTransport, as ever.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error {
		if client == nil {
			return errors.New("WithHTTPClient: the client is nil")
		}
		c.transport = client.Transport
		return nil
	}
}

// WithUserAgent sets the User-Agent header of all requests.
func WithUserAgent(userAgent string) Option {
	return func(c *config) error {
		if userAgent == "" || strings.ContainsFunc(userAgent, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
			return errors.New("WithUserAgent: empty, or with characters that a header cannot have")
		}
		c.userAgent = userAgent
		return nil
	}
}

// WithLogger sets where the client logs: each request at debug, retries at info,
// waits for the rate limit and unknown statuses at warn. Tokens and secrets are
// in no record. Default: nowhere.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		if logger == nil {
			return errors.New("WithLogger: the logger is nil")
		}
		c.logger = logger
		return nil
	}
}

// WithPolling sets when queries are polled.
func WithPolling(polling Polling) Option {
	return func(c *config) (err error) {
		c.polling, err = polling.withDefaults()
		return err
	}
}

// WithRetry sets how failed requests are tried again.
func WithRetry(retry Retry) Option {
	return func(c *config) (err error) {
		c.retry, err = retry.withDefaults()
		return err
	}
}

// WithProgress sets a function that is told of each poll of a query or job while
// it is waited for, but for one that ends the wait with an error. It runs in the goroutine that waits, so several may run at once
// if several queries do.
func WithProgress(progress func(Progress)) Option {
	return func(c *config) error {
		if progress == nil {
			return errors.New("WithProgress: the function is nil")
		}
		c.progress = progress
		return nil
	}
}

// checkURL returns an address without the slash at its end, or says why no
// secret should be sent there.
func checkURL(option, address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		// What url.Parse says quotes the address, with a password if it has one.
		return "", fmt.Errorf("%s: not a URL", option)
	}
	switch {
	case u.User != nil:
		return "", fmt.Errorf("%s: the address holds credentials; give them by an option of their own", option)
	case u.Host == "" || u.Hostname() == "":
		return "", fmt.Errorf("%s: %q names no host; want https://host", option, address)
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return "", fmt.Errorf("%s: %q is neither https nor http to a loopback address", option, address)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fmt.Errorf("%s: %q has a query or a fragment; want https://host", option, address)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
