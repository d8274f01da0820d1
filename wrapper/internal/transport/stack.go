// Package transport is what every request goes through: layers, each an
// http.RoundTripper in a file of its own, stacked by New. They know HTTP and
// OAuth, and nothing of usage.
package transport

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
)

// CorrelationHeader carries the id under which the vendor's support finds a
// request.
const CorrelationHeader = "ININ-Correlation-Id"

// Config is what a Stack is made of. All fields but Base are set.
type Config struct {
	Base        http.RoundTripper // what sends requests; nil means http.DefaultTransport
	Origin      *url.URL          // the API: the only place that gets to see a token
	Credentials Credentials
	Retry       Retry
	UserAgent   string
	Logger      *slog.Logger
}

// A Stack sends requests to one API: with a token, within its rate limit, and
// again where that may help. It is safe for concurrent use.
type Stack struct{ outermost, base http.RoundTripper }

// New stacks the layers: from the outside in, retry, token, rate limit, log,
// stall, base. Requests for tokens go through the same layers but the token's,
// with attempts of their own.
func New(c Config) *Stack {
	base := c.Base
	if base == nil {
		base = http.DefaultTransport
	}
	stack := &Stack{base: base}
	base = &stall{base: base, after: c.Retry.Stall}
	base = &logging{base: base, logger: c.Logger}
	base = &rateLimit{base: base, logger: c.Logger}

	login := &retry{base: base, Retry: c.Retry, userAgent: c.UserAgent, logger: c.Logger}
	tokens := c.Credentials.tokens(login, c.Logger)

	base = &token{base: base, tokens: tokens, origin: c.Origin}
	stack.outermost = &retry{base: base, Retry: c.Retry, userAgent: c.UserAgent, logger: c.Logger}
	return stack
}

// CloseIdleConnections closes those of the base, where it has any.
func (s *Stack) CloseIdleConnections() {
	if base, ok := s.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

// RoundTrip sends a request, and again what does no harm when it arrives twice:
// what has a Reader, and methods that are idempotent. Anything else is sent again
// only where it was refused unseen. Redirects are answers like others.
func (s *Stack) RoundTrip(request *http.Request) (*http.Response, error) {
	return s.outermost.RoundTrip(request)
}

// Do is RoundTrip for a client that reads: it takes every POST for a query, which
// may arrive twice, and whose answer is JSON. It is what a generated client takes
// in place of an http.Client, which would follow redirects.
func (s *Stack) Do(request *http.Request) (*http.Response, error) {
	if request.Method == http.MethodPost && readerOf(request) == nil {
		request = request.WithContext(WithReader(request.Context(), readJSON))
	}
	return s.outermost.RoundTrip(request)
}

// attempt is what the layers tell each other of one sending of a request.
type attempt struct {
	number  int  // from 1 on
	renewed bool // the API refused the token, and there is another now
}

type attemptKey struct{}

func attemptOf(ctx context.Context) *attempt {
	if a, ok := ctx.Value(attemptKey{}).(*attempt); ok {
		return a
	}
	return new(attempt) // a layer alone, in its test
}
