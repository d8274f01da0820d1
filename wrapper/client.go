package wrapper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/go-json-experiment/json"
)

const defaultUserAgent = "genesyscloud-go-usage (+https://github.com/genesyscloud-go/usage)"

// A Client asks one organization for its API usage. Make it with New or
// NewFromEnv, and use it for as long as you like: it is safe for concurrent use,
// shares tokens and the rate limit between all that use it, and needs no Close.
type Client struct {
	api      *gen.ClientWithResponses
	logger   *slog.Logger
	polling  Polling
	retry    Retry
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
	if c.credentials == 0 {
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
	if name := os.Getenv(envRegion); name != "" {
		if region, err = ParseRegion(name); err != nil {
			return nil, fmt.Errorf("%s: %w", envRegion, err)
		}
	} else if c.needsRegion() {
		missing = append([]string{envRegion}, missing...)
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("missing in the environment: %s", strings.Join(missing, ", "))
	}
	return c.client(region)
}

func newConfig(opts []Option) (*config, error) {
	c := &config{userAgent: defaultUserAgent, logger: slog.New(slog.DiscardHandler)}
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
	if c.credentials > 1 {
		return nil, errors.New("more than one credential: want exactly one of WithClientCredentials, WithAccessToken and WithTokenSource")
	}
	return c, nil
}

// needsRegion tells whether an address is left that a region has to say.
func (c *config) needsRegion() bool {
	return c.baseURL == "" || c.loginURL == "" && c.staticToken == "" && c.customSource == nil
}

func (c *config) client(region Region) (*Client, error) {
	if c.credentials == 0 {
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
		if c.loginURL == "" {
			c.loginURL = known.LoginURL()
		}
	}
	transport, err := newTransport(c)
	if err != nil {
		return nil, err
	}
	api, err := gen.NewClientWithResponses(c.baseURL, gen.WithHTTPClient(transport), gen.WithRequestEditorFn(headers(c.userAgent)))
	if err != nil {
		return nil, err
	}
	return &Client{api: api, logger: c.logger, polling: c.polling, retry: c.retry, progress: c.progress}, nil
}

func headers(userAgent string) gen.RequestEditorFn {
	return func(_ context.Context, request *http.Request) error {
		request.Header.Set("Accept", "application/json")
		request.Header.Set("User-Agent", userAgent)
		return nil
	}
}

// transport is the stack that all requests go through. It is what the generated
// client takes in place of an http.Client, which would follow redirects.
type transport struct{ http.RoundTripper }

func (t transport) Do(request *http.Request) (*http.Response, error) {
	return t.RoundTrip(request)
}

// newTransport stacks the layers: from the outside in, token, retry, rate limit,
// log, stall and base. Requests for tokens go through the same layers but the
// first.
func newTransport(c *config) (transport, error) {
	origin, err := url.Parse(c.baseURL)
	if err != nil {
		return transport{}, err
	}
	base := c.transport
	if base == nil {
		base = http.DefaultTransport
	}
	var stack http.RoundTripper = &stallTransport{base: base, stall: c.retry.Stall}
	stack = &logTransport{base: stack, logger: c.logger}
	stack = &rateLimitTransport{base: stack, logger: c.logger}
	stack = &retryTransport{base: stack, retry: c.retry, logger: c.logger}
	stack = &tokenTransport{base: stack, tokens: c.tokens(stack), origin: origin, retry: c.retry}
	return transport{stack}, nil
}

// API returns the generated client, for requests that this package has no method
// for. Its requests go through the same layers: they get the token, are tried
// again, and are kept within the rate limit. Its answers are as they came: the
// caller looks at their status and, with the methods of the embedded
// ClientInterface, closes their bodies.
func (c *Client) API() *gen.ClientWithResponses { return c.api }

// Submit starts a query and returns its execution, which does not wait for it.
// The errors are those of the query itself, which is checked before anything is
// sent, of fetching a token (*oauth2.RetrieveError), *APIError, and those of the
// network and the context.
func (c *Client) Submit(ctx context.Context, query gen.APIUsageQuery) (*Execution, error) {
	execution, err := c.submit(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("submitting a usage query: %w", withContext(ctx, err))
	}
	return execution, nil
}

func (c *Client) submit(ctx context.Context, query gen.APIUsageQuery) (*Execution, error) {
	if err := checkQuery(query); err != nil {
		return nil, err
	}
	response, err := c.api.PostUsageQuery(ctx, query)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return nil, newAPIError(response)
	}
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var result gen.UsageExecutionResult
	if err := json.Unmarshal(data, &result, lenient); err != nil {
		return nil, newAnswerError(response, err, false)
	}
	if err := checkExecutionID(result.ExecutionID); err != nil {
		return nil, newAnswerError(response, err, false)
	}
	return c.Execution(result.ExecutionID), nil
}

// checkQuery finds what the API would refuse.
func checkQuery(query gen.APIUsageQuery) error {
	if query.Interval == "" {
		return errors.New("the query has no interval; see Interval")
	}
	// ISO-8601 has more ways to write an instant, and the vendor may take them.
	if _, _, err := ParseInterval(query.Interval); err != nil && !errors.Is(err, errUnknownInstant) {
		return err
	}
	if query.Granularity != "" && !query.Granularity.Valid() {
		return fmt.Errorf("unknown granularity %q; see the constants of gen.Granularity", query.Granularity)
	}
	for _, group := range query.GroupBy {
		if !group.Valid() {
			return fmt.Errorf("cannot group by %q; see the constants of gen.GroupBy", group)
		}
	}
	for _, metric := range query.Metrics {
		if !metric.Valid() {
			return fmt.Errorf("unknown metric %q; see the constants of gen.Metric", metric)
		}
	}
	return nil
}

// Query submits a query, waits until it is complete and returns its rows, which
// are in no particular order. Once it was submitted, all errors are
// *ExecutionError; before that they are those of Submit.
func (c *Client) Query(ctx context.Context, query gen.APIUsageQuery) ([]gen.APIUsageRow, error) {
	execution, err := c.Submit(ctx, query)
	if err != nil {
		return nil, err
	}
	return execution.Wait(ctx)
}

// QueryRows is Query for reports that are better not held in memory: each row is
// handed on as it arrives. Ranging over the sequence submits the query; ranging
// over it again submits it again. An error comes last, with a zero row; see
// Execution.Rows.
func (c *Client) QueryRows(ctx context.Context, query gen.APIUsageQuery) iter.Seq2[gen.APIUsageRow, error] {
	return func(yield func(gen.APIUsageRow, error) bool) {
		execution, err := c.Submit(ctx, query)
		if err != nil {
			yield(gen.APIUsageRow{}, err)
			return
		}
		execution.Rows(ctx)(yield)
	}
}
