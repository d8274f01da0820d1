// Package transport sends requests through a stack of layers, each in a file of its own.
// New puts them together. They know HTTP and OAuth, and nothing of usage.
package transport

import (
	"log/slog"
	"net/http"
	"net/url"

	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// CorrelationHeader has the id under which the vendor's support finds a request.
const CorrelationHeader = "ININ-Correlation-Id"

// Config is what New needs. All fields but Base and LoginURL are set.
type Config struct {
	Base        http.RoundTripper // nil means a clone of http.DefaultTransport
	Origin      *url.URL          // the API: the only host that a token is sent to
	LoginURL    string            // of the login host, for client credentials
	Credentials Credentials
	Retry       Retry
	StatusError NewStatusError // of the API and of the login host
	UserAgent   string
	Logger      *slog.Logger
}

// A Stack sends requests to one API: with a token, within its rate limit, and with
// retries. It is safe for concurrent use.
type Stack struct {
	retry  *retrier
	origin *url.URL
}

// New stacks the layers. From the outside in, they are
//
//   - retry, which adds the token to each attempt,
//   - rate limit,
//   - log,
//   - stall,
//   - base, the Transport.
//
// Requests for tokens go to another host with another rate limit, and so through layers
// of their own, without a token.
func New(c Config) *Stack {
	base := c.Base
	if base == nil {
		base = defaultBase()
	}
	layers := func(secret bool, statusError NewStatusError) *retrier {
		var layer http.RoundTripper = newStall(base, c.Retry.Stall, secret)
		layer = &logging{base: layer, logger: c.Logger}
		layer = newRateLimit(layer, c.Logger)
		return &retrier{base: layer, Retry: c.Retry, statusError: statusError, userAgent: c.UserAgent, logger: c.Logger}
	}
	api := layers(false, c.StatusError)
	api.tokens = &tokenCache{logger: c.Logger}
	switch credentials := c.Credentials; {
	case credentials.AccessToken != "":
		api.tokens.token = &oauth2.Token{AccessToken: credentials.AccessToken}
	case credentials.Source != nil:
		api.tokens.fetch = fetchFrom(credentials.Source)
	default:
		host := layers(true, loginError(c.StatusError))
		api.tokens.fetch = (&login{host, c.LoginURL + "/oauth/token", credentials}).fetch
	}
	return &Stack{api, c.Origin.JoinPath("/")} // so that a path joined to it is absolute
}

// RoundTrip sends a request to the API, and retries it if its method is idempotent or
// the request was rejected before processing. A URL without a host is relative to the
// origin. Redirects are returned like other responses.
func (s *Stack) RoundTrip(request *http.Request) (*http.Response, error) {
	return s.send(request, nil, isIdempotent(request))
}

// Do is RoundTrip for a generated client. It assumes that every POST is a query, which
// may arrive twice.
func (s *Stack) Do(request *http.Request) (*http.Response, error) {
	return s.send(request, nil, isIdempotent(request) || request.Method == http.MethodPost)
}

// Read sends a request that may arrive twice, and reads the 2xx response as a part of
// each attempt. Any other status is an error.
func (s *Stack) Read(request *http.Request, read Reader) error {
	_, err := s.send(request, read, true) //nolint:bodyclose // there is none beside a Reader
	return err
}

func (s *Stack) send(request *http.Request, read Reader, idempotent bool) (*http.Response, error) {
	address := request.URL
	switch {
	case address.Scheme == "" && address.Host == "":
		request = request.Clone(request.Context())
		request.URL = s.origin.JoinPath(address.EscapedPath())
		request.URL.RawQuery = address.RawQuery
	case address.Scheme != s.origin.Scheme || address.Host != s.origin.Host:
		closeBody(request)
		return nil, failure.Permanentf("refusing to send the token to %s://%s, which is not the API at %s://%s",
			address.Scheme, address.Host, s.origin.Scheme, s.origin.Host)
	}
	response, err := s.retry.send(request, read, idempotent)
	if err != nil {
		return nil, failure.Transient(err)
	}
	return response, nil
}

// closeBody closes the body of a request that is not sent.
func closeBody(request *http.Request) {
	if request.Body != nil {
		request.Body.Close()
	}
}
