package wrapper

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
	"github.com/genesyscloud-go/usage/wrapper/internal/transport"
)

const defaultUserAgent = "genesyscloud-go-usage (+https://github.com/genesyscloud-go/usage)"

// A Client asks one organization for its API usage. Make it with New or
// NewFromEnv, and use it for as long as you like: it is safe for concurrent use,
// shares tokens and the rate limit between all that use it, and needs no Close.
type Client struct {
	api      *gen.ClientWithResponses
	stack    *transport.Stack
	logger   *slog.Logger
	polling  Polling
	progress func(Progress)
}

// New makes a client for the organization in a region. Exactly one credential
// is needed: WithClientCredentials, WithAccessToken or WithTokenSource. The
// region may be left empty where WithBaseURL, and WithLoginURL for client
// credentials, say all that it would. New sends nothing.
func New(region Region, opts ...Option) (*Client, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	return c.client(region)
}

// The environment variables that NewFromEnv reads: those of the vendor's own
// command line and Terraform provider.
const (
	envRegion       = "GENESYSCLOUD_REGION"
	envClientID     = "GENESYSCLOUD_OAUTHCLIENT_ID"
	envClientSecret = "GENESYSCLOUD_OAUTHCLIENT_SECRET"
	envAccessToken  = "GENESYSCLOUD_ACCESS_TOKEN"
)

// NewFromEnv is New with the region and the credential from the environment, as
// the vendor's own tools read them: GENESYSCLOUD_REGION (an AWS name or a
// domain), and GENESYSCLOUD_ACCESS_TOKEN or both of GENESYSCLOUD_OAUTHCLIENT_ID
// and GENESYSCLOUD_OAUTHCLIENT_SECRET. An access token is preferred. What an
// option says holds whatever the environment does. The error names all variables
// that are missing.
func NewFromEnv(opts ...Option) (*Client, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	var missing []string
	if c.given == 0 {
		id, secret := os.Getenv(envClientID), os.Getenv(envClientSecret)
		switch token := os.Getenv(envAccessToken); {
		case token != "":
			if err := WithAccessToken(token)(c); err != nil {
				return nil, fmt.Errorf("%s: %w", envAccessToken, err)
			}
		case id != "" && secret != "":
			if err := WithClientCredentials(id, secret)(c); err != nil {
				return nil, err
			}
		case id != "":
			missing = append(missing, envClientSecret)
		case secret != "":
			missing = append(missing, envClientID)
		default:
			missing = append(missing, fmt.Sprintf("%s (or both %s and %s)", envAccessToken, envClientID, envClientSecret))
		}
	}
	var region Region
	if c.needsRegion() {
		if name := os.Getenv(envRegion); name == "" {
			missing = append([]string{envRegion}, missing...)
		} else if region, err = ParseRegion(name); err != nil {
			return nil, fmt.Errorf("%s: %w", envRegion, err)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("missing in the environment: %s", strings.Join(missing, ", "))
	}
	return c.client(region)
}

func newConfig(opts []Option) (*config, error) {
	c := &config{userAgent: defaultUserAgent, logger: slog.New(slog.DiscardHandler), progress: func(Progress) {}}
	c.polling, _ = Polling{}.withDefaults()
	c.retry, _ = Retry{}.withDefaults()
	for _, option := range opts {
		if option == nil {
			continue
		}
		if err := option(c); err != nil {
			return nil, err
		}
	}
	if c.given > 1 {
		return nil, errors.New("more than one credential: want exactly one of WithClientCredentials, WithAccessToken and WithTokenSource")
	}
	return c, nil
}

// needsRegion tells whether an address is left that a region has to say.
func (c *config) needsRegion() bool {
	return c.baseURL == "" || c.credentials.LoginURL == "" && c.credentials.AccessToken == "" && c.credentials.Source == nil
}

func (c *config) client(region Region) (*Client, error) {
	if c.given == 0 {
		return nil, errors.New("no credential: want one of WithClientCredentials, WithAccessToken and WithTokenSource")
	}
	if region != "" || c.needsRegion() {
		known, err := ParseRegion(string(region))
		if err != nil {
			return nil, err
		}
		if c.baseURL == "" {
			c.baseURL = known.APIURL()
		}
		if c.credentials.LoginURL == "" {
			c.credentials.LoginURL = known.LoginURL()
		}
	}
	origin, err := url.Parse(c.baseURL)
	if err != nil {
		return nil, err
	}
	stack := transport.New(transport.Config{
		Base: c.transport, Origin: origin, Credentials: c.credentials, Retry: transport.Retry(c.retry), UserAgent: c.userAgent, Logger: c.logger,
	})
	api, err := gen.NewClientWithResponses(c.baseURL, gen.WithHTTPClient(stack))
	if err != nil {
		return nil, err
	}
	return &Client{api: api, stack: stack, logger: c.logger, polling: c.polling, progress: c.progress}, nil
}

// API returns the generated client, for requests that this package has no method
// for. They go through the same layers: they get the token, wait for the rate
// limit and are tried again, its POSTs too, which are taken for queries. Its answers
// are as they came: the caller looks at their status and, with the methods of the
// embedded ClientInterface, closes their bodies.
func (c *Client) API() *gen.ClientWithResponses { return c.api }

// HTTPClient returns an http.Client for any other operation of the API, by an
// address such as that of Region.APIURL and a path. Its requests go through the
// same layers: they get the token, wait for the rate limit, and are tried again, if
// their method is idempotent or they were refused unseen (by a 429, or a 401 for a
// token that can be renewed), and their body, where there is one, has a GetBody. What
// is in an answer is not looked at. Sending a body is a part of waiting for the first
// byte of the answer, for which there is Retry.Stall. It follows no redirect, and
// sends nothing to another host than this API's. The caller closes the bodies.
func (c *Client) HTTPClient() *http.Client {
	return &http.Client{
		Transport:     c.stack,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// submit sends a query by a method of the generated client, and reads what is
// answered.
func submit(send func() (*http.Response, error), result any) error {
	response, err := send()
	if err != nil {
		return fromLogin(err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return newAPIError(response)
	}
	if err := rows.Decode(response.Body, result); err != nil {
		return fmt.Errorf("the answer, status %d%s, cannot be used: %w", response.StatusCode, correlation(response.Header.Get(transport.CorrelationHeader)), err)
	}
	return nil
}
