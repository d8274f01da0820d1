package wrapper

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/wrapper/internal/transport"
)

// An Option configures the client that New returns. A later option overrides an earlier
// one of the same kind; the three for credentials are of one kind.
type Option func(*config) error

// config collects the options. It has secrets and does not outlive New.
type config struct {
	transport.Config
	baseURL  string
	polling  Polling
	progress func(Progress)
}

// WithClientCredentials makes the client fetch its tokens by the OAuth client
// credentials grant: one for all requests, renewed a minute before it expires (or a
// tenth of its life, if that is less), and when the API rejects it. Tokens last 24 h
// unless the OAuth client says otherwise. The OAuth client needs the permission
// oauth:client:view or usage:organization:view, for jobs the latter. If renewing fails,
// the current token is used until it expires. Whatever call needs the token returns an
// *oauth2.RetrieveError if id or secret are refused, and an *APIError, or the error of
// the network, if the login host is down or rate limits.
func WithClientCredentials(id, secret string) Option {
	return func(c *config) error {
		return c.setClientCredentials("WithClientCredentials: the id", id, "WithClientCredentials: the secret", secret)
	}
}

func (c *config) setClientCredentials(idName, id, secretName, secret string) error {
	if err := errors.Join(checkCredential(idName, id), checkCredential(secretName, secret)); err != nil {
		return err
	}
	c.Credentials = transport.Credentials{ClientID: id, ClientSecret: secret}
	return nil
}

// WithAccessToken makes the client use a token from elsewhere. It cannot be renewed:
// once it has expired, requests fail with an *APIError of status 401.
func WithAccessToken(token string) Option {
	return func(c *config) error { return c.setAccessToken("WithAccessToken: the token", token) }
}

func (c *config) setAccessToken(name, token string) error {
	if err := checkCredential(name, token); err != nil {
		return err
	}
	if !transport.ValidToken(token) {
		return fmt.Errorf("%s contains non-ASCII characters", name)
	}
	c.Credentials = transport.Credentials{AccessToken: token}
	return nil
}

// checkCredential returns an error for an id, secret or token that was pasted wrongly.
// It does not quote it.
func checkCredential(name, text string) error {
	switch {
	case text == "":
		return fmt.Errorf("%s is empty", name)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }):
		return fmt.Errorf("%s contains white space or control characters, perhaps a line break at its end", name)
	}
	return nil
}

// WithTokenSource makes the client use tokens from elsewhere. The source is called once
// for all requests that wait, before its token expires (see oauth2.Token.Expiry) and
// when the API rejects one. If Token returns after all of these have ended, or takes more than
// 5 s while the last token is still valid, its result is dropped, and a later request calls it
// again. Its errors are wrapped as they are: an *oauth2.RetrieveError of a source of package
// oauth2 still has the request with the credentials in its Response.
func WithTokenSource(source oauth2.TokenSource) Option {
	return func(c *config) error {
		c.Credentials = transport.Credentials{Source: source}
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
		c.LoginURL, err = checkURL("WithLoginURL", address)
		return err
	}
}

// WithHTTPClient makes the client send its requests through the Transport of an
// http.Client: by a proxy, with certificates of your own, or traced. Timeout, Jar and
// CheckRedirect are ignored. The Transport sees each attempt of a request, and the
// requests for tokens. It keeps the contract of http.RoundTripper: a request, and reading
// its response, end with the request's context.
//
// A nil Transport, like none, means a clone of http.DefaultTransport with two additions. For
// a Transport of your own they are yours to make: http.Transport.HTTP2 with a
// SendPingTimeout and a PingTimeout, so that a connection that died silently is given up
// after 30 s and not used for each attempt; and OnProxyConnectResponse with an error that
// says which proxy refused to connect, and why.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error {
		if client != nil {
			c.Base = client.Transport
		}
		return nil
	}
}

// WithUserAgent sets the User-Agent header of all requests.
func WithUserAgent(userAgent string) Option {
	return func(c *config) error {
		if userAgent == "" || strings.ContainsFunc(userAgent, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
			return errors.New("WithUserAgent: empty, or with characters that a header cannot have")
		}
		c.UserAgent = userAgent
		return nil
	}
}

// WithLogger sets the logger. Requests are logged at debug, retries at info, and waits
// for the rate limit, failed renewals of a token and unknown statuses at warn; never a
// token or a secret. Default, and nil: none.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		c.Logger = logger
		return nil
	}
}

// WithPolling sets when queries and jobs are polled. It replaces all fields of a Polling
// that was set before.
func WithPolling(polling Polling) Option {
	return func(c *config) (err error) {
		c.polling, err = polling.withDefaults()
		return err
	}
}

// WithRetry sets how failed requests are retried. It replaces all fields of a Retry that
// was set before.
func WithRetry(retry Retry) Option {
	return func(c *config) (err error) {
		retry, err = retry.withDefaults()
		c.Retry = transport.Retry(retry)
		return err
	}
}

// WithProgress sets a function that is called after each poll of a query or job, except
// one that ends the wait with an error. It is called in the goroutine that waits, and so
// concurrently if several do.
func WithProgress(progress func(Progress)) Option {
	return func(c *config) error {
		c.progress = progress
		return nil
	}
}

// checkURL returns an address without the slash at its end, or says why no secret should
// be sent there. It does not quote the address, which may have a password, in whichever
// odd place.
func checkURL(option, address string) (string, error) {
	u, err := url.Parse(address)
	var problem string
	switch {
	case err != nil || u.Hostname() == "":
		problem = "is not a URL with a host, such as https://host"
	case u.User != nil:
		problem = "contains credentials; use the options for these"
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		problem = "is neither https nor http to a loopback address"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		problem = "has a query or a fragment, which an address of the API cannot have"
	default:
		return strings.TrimRight(u.String(), "/"), nil
	}
	return "", fmt.Errorf("%s: the address %s", option, problem)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback() // net/http asks a proxy for "LOCALHOST"
}
