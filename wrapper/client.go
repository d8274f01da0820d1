package wrapper

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
	"github.com/genesyscloud-go/usage/wrapper/internal/transport"
)

const defaultUserAgent = "genesyscloud-go-usage (+https://github.com/genesyscloud-go/usage)"

// A Client queries the API usage of one organization. Create it with New or NewFromEnv;
// the zero Client is not usable. It is safe for concurrent use, shares its token and the
// rate limit between all calls, and needs no Close.
type Client struct {
	baseURL  string // with a slash at its end, or the generated code drops the last part of its path
	stack    *transport.Stack
	api      *gen.ClientWithResponses
	logger   *slog.Logger
	polling  Polling
	progress func(Progress)
}

// New returns a client for the organization in a region, which may be anything that
// ParseRegion takes. It needs a credential: WithClientCredentials, WithAccessToken or
// WithTokenSource. The region may be "" if WithBaseURL is given and, for client
// credentials, WithLoginURL too. New sends nothing.
func New(region Region, opts ...Option) (*Client, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	return c.newClient(region)
}

// The environment variables that NewFromEnv reads: those of the vendor's own
// command line and Terraform provider.
const (
	envRegion       = "GENESYSCLOUD_REGION"
	envClientID     = "GENESYSCLOUD_OAUTHCLIENT_ID"
	envClientSecret = "GENESYSCLOUD_OAUTHCLIENT_SECRET"
	envAccessToken  = "GENESYSCLOUD_ACCESS_TOKEN"
)

// NewFromEnv is New with the region and the credential from the environment variables
// that the vendor's own tools read: GENESYSCLOUD_REGION (an AWS name or a domain), and
// GENESYSCLOUD_ACCESS_TOKEN, or else both GENESYSCLOUD_OAUTHCLIENT_ID and
// GENESYSCLOUD_OAUTHCLIENT_SECRET. Options take precedence over the environment, and what
// they give is not needed there. The error names all variables that are missing.
func NewFromEnv(opts ...Option) (*Client, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	var missing []string
	variable := func(name string) string {
		value := os.Getenv(name)
		if value == "" {
			missing = append(missing, name)
		}
		return value
	}
	hasCredential := c.Credentials != (transport.Credentials{})
	if token := os.Getenv(envAccessToken); !hasCredential && token != "" {
		if err := c.setAccessToken(envAccessToken, token); err != nil {
			return nil, failure.Permanent(err)
		}
		hasCredential = true
	}
	var region Region
	if c.needsRegion() {
		region = Region(variable(envRegion))
	}
	switch {
	case hasCredential:
	case os.Getenv(envClientID)+os.Getenv(envClientSecret) == "":
		missing = append(missing, envAccessToken+" (or both "+envClientID+" and "+envClientSecret+")")
	default:
		err = c.setClientCredentials(envClientID, variable(envClientID), envClientSecret, variable(envClientSecret))
	}
	switch {
	case len(missing) > 0:
		err = fmt.Errorf("missing environment variables: %s", strings.Join(missing, ", "))
	case err == nil && region != "":
		if region, err = ParseRegion(string(region)); err != nil {
			err = fmt.Errorf("%s: %w", envRegion, err)
		}
	}
	if err != nil {
		return nil, failure.Permanent(err)
	}
	return c.newClient(region)
}

func newConfig(opts []Option) (*config, error) {
	c := &config{}
	defaults := []Option{WithUserAgent(defaultUserAgent), WithPolling(Polling{}), WithRetry(Retry{})}
	for _, option := range append(defaults, opts...) {
		if err := option(c); err != nil {
			return nil, failure.Permanent(err)
		}
	}
	return c, nil
}

// needsRegion reports whether an address of the API or, for client credentials, of the
// login host comes from the region.
func (c *config) needsRegion() bool {
	return c.baseURL == "" || c.LoginURL == "" && c.Credentials.AccessToken == "" && c.Credentials.Source == nil
}

func (c *config) newClient(region Region) (*Client, error) {
	if c.Credentials == (transport.Credentials{}) {
		return nil, failure.Permanentf("no credential: use WithClientCredentials, WithAccessToken or WithTokenSource")
	}
	if region == "" && c.needsRegion() {
		return nil, failure.Permanentf("no region, nor WithBaseURL and, for client credentials, WithLoginURL in its place")
	}
	if region != "" {
		region, err := ParseRegion(string(region))
		if err != nil {
			return nil, err
		}
		c.baseURL = cmp.Or(c.baseURL, region.APIURL())
		c.LoginURL = cmp.Or(c.LoginURL, region.LoginURL())
	}
	origin, err := url.Parse(c.baseURL)
	if err != nil {
		return nil, err
	}
	c.Origin, c.StatusError = origin, newAPIError
	c.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler))
	if c.progress == nil {
		c.progress = func(Progress) {}
	}
	stack := transport.New(c.Config)
	api, err := gen.NewClientWithResponses(c.baseURL, gen.WithHTTPClient(stack))
	if err != nil {
		return nil, err
	}
	return &Client{c.baseURL + "/", stack, api, c.Logger, c.polling, c.progress}, nil
}

// API returns the generated client, for requests that this package has no method for.
// Its requests get the token, wait for the rate limit and are retried. POST requests are
// assumed to be queries, which may arrive twice: they are retried too. Responses are left
// to the caller, who checks their status and, with the methods of the embedded
// ClientInterface, closes their bodies. Errors are not *OperationError. It is safe for
// concurrent use.
func (c *Client) API() *gen.ClientWithResponses { return c.api }

// HTTPClient returns a new http.Client for any other operation of the API. URLs are absolute
// or paths such as "/api/v2/organizations/me". Requests get the token and the User-Agent,
// and wait for the rate limit. They are retried if the method is idempotent or the
// request was rejected before processing (429, or a 401 where the token can be renewed),
// provided that a body has a GetBody. Retry.Stall bounds the upload of a body too.
//
// A response without a 2xx status is not an error, and the content of a response is not
// checked. Redirects are not followed, and requests to other hosts than the API's are
// refused. The caller closes the bodies. It is safe for concurrent use.
func (c *Client) HTTPClient() *http.Client {
	return &http.Client{
		Transport:     c.stack,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
