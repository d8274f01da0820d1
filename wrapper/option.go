package wrapper

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/gen"
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

// Polling says when a query is asked whether it is complete.
//
// The vendor advises not to poll aggressively: every minute or two is enough for
// many queries, and every 20 ms gets a client rate limited. Zero fields mean the
// defaults.
type Polling struct {
	// Initial is the wait between submitting a query and the first poll, Max the
	// longest between two polls. Each wait is Multiplier times the one before it,
	// less or more a little jitter; a Retry-After that is longer takes its place, up
	// to 3 minutes. Defaults: 500 ms, 10 s and 1.5.
	Initial, Max time.Duration
	Multiplier   float64
	// Timeout is how long after the first wait began a poll may still begin: then
	// the wait for a query that never ends is over, with an *ExecutionError that wraps
	// context.DeadlineExceeded and names the last status. A poll that is under way, or
	// the rows that it brings, are not cut short. Default: 1 h; negative: none.
	Timeout time.Duration
}

func (p Polling) withDefaults() (Polling, error) {
	if p.Initial < 0 || p.Max < 0 {
		return p, errors.New("WithPolling: a wait is negative")
	}
	if p.Initial == 0 {
		p.Initial = 500 * time.Millisecond
		if p.Max != 0 {
			p.Initial = min(p.Initial, p.Max)
		}
	}
	if p.Max == 0 {
		p.Max = max(10*time.Second, p.Initial)
	}
	if p.Multiplier == 0 {
		p.Multiplier = 1.5
	}
	if p.Timeout == 0 {
		p.Timeout = time.Hour
	}
	if p.Max < p.Initial {
		return p, errors.New("WithPolling: Max is less than Initial")
	}
	if !(p.Multiplier >= 1) {
		return p, errors.New("WithPolling: Multiplier is less than 1")
	}
	return p, nil
}

// Retry says how often and when a request is sent again that failed in a way that
// may be over the next time: a connection error (but no certificate that does not
// verify), a 408, 429, 500, 502, 503 or 504, a 401 where another token can be had,
// a response that stalls, or a 2xx whose body is cut, empty or not JSON. Submitting a
// query twice reads twice and changes nothing. Zero fields mean the defaults.
//
// A Retry-After takes the place of a wait, up to 3 minutes; where it is longer, the
// *APIError that tells it comes at once. A wait that could not end before the
// context's deadline is not begun either.
type Retry struct {
	// MaxAttempts is how often a request is sent at most, whatever went wrong with
	// it. Default: 5. 1 means no retries. Not counted is a 429 that says when to come
	// back, for up to 10 minutes of such waits, nor what net/http sends again by itself
	// when a connection that was kept turns out to be closed. Requests for tokens have
	// attempts of their own; those for results begin anew when Rows has gained rows.
	MaxAttempts int
	// Initial is the wait before the second attempt, doubled for each later one up
	// to Max, each less a jitter of up to half. Defaults: 500 ms and 30 s.
	Initial, Max time.Duration
	// Stall is how long a response may keep a reader waiting without a byte
	// before it is given up. Default: 60 s.
	Stall time.Duration
}

func (r Retry) withDefaults() (Retry, error) {
	if r.MaxAttempts < 0 || r.Initial < 0 || r.Max < 0 || r.Stall < 0 {
		return r, errors.New("WithRetry: a field is negative")
	}
	if r.MaxAttempts == 0 {
		r.MaxAttempts = 5
	}
	if r.Initial == 0 {
		r.Initial = 500 * time.Millisecond
		if r.Max != 0 {
			r.Initial = min(r.Initial, r.Max)
		}
	}
	if r.Max == 0 {
		r.Max = max(30*time.Second, r.Initial)
	}
	if r.Stall == 0 {
		r.Stall = 60 * time.Second
	}
	if r.Max < r.Initial {
		return r, errors.New("WithRetry: Max is less than Initial")
	}
	return r, nil
}

// Progress is what is known of a query after a poll.
type Progress struct {
	ExecutionID string
	Status      gen.QueryStatus // a job's is one of gen.JobStatus
	Polls       int             // polls so far
	Elapsed     time.Duration   // since the wait began
	NextPoll    time.Duration   // until the next poll; 0 if the query is done
	Err         error           // why this poll told nothing; the wait goes on
}
