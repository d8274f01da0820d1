// Package usagetest provides a fake Genesys Cloud server for tests and
// demonstrations: the token endpoint and the usage operations, queries and jobs,
// in this process, over real HTTP. It is to this module what net/http/httptest is
// to net/http:
//
//	server := usagetest.NewServer(usagetest.Config{})
//	defer server.Close()
//	client, err := wrapper.New(wrapper.USEast1, server.Options()...)
//
// Its organization is made up, and the same for the same seed: a few OAuth clients,
// one of them the vendor's own, and what they call day by day. Queries are checked
// and aggregated as the vendor documents it. [Config] gives the server an
// organization or rows of your own, queries that take their time or fail, a rate
// limit, and faults.
//
// Queries and jobs report on the same organization and days. Only jobs include the
// vendor's own OAuth clients, so that their totals are higher. The vendor's
// operations also differ in the permission that they require, oauth:client:view or
// usage:organization:view for queries, and the latter for jobs. Here, every token
// has both.
//
// As the vendor does, the server counts by UTC days. The last day of an interval is
// included, today is not yet, and no data is older than 2018. Where the vendor's
// documents leave something open the server makes a choice, which your program
// should not rely on. One is how an end with a time of day is read: its day is
// included.
package usagetest

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
)

// A Server is a fake Genesys Cloud server on a loopback address. All its methods
// are safe for concurrent use.
type Server struct {
	// URL is the address of the API and of the token endpoint, without a trailing
	// slash.
	URL string

	config Config
	http   *httptest.Server

	mu          sync.Mutex
	tokens      map[string]time.Time  // when they expire
	executions  map[string]*execution // by the path of their results
	requests    []Request
	windowEnd   time.Time
	windowCount int // requests in the window of the rate limit
}

// A Request is one that the server received, without its secrets.
type Request struct {
	Time         time.Time
	Method, Path string      // the path as it was sent, escaped
	Query        string      // the query of the URL, as it was sent
	Header       http.Header // without Authorization
	Body         []byte      // empty for token requests
	Status       int         // of the response; 0 if there was none
}

// NewServer starts a server. The caller closes it.
func NewServer(config Config) *Server {
	config.ClientID = cmp.Or(config.ClientID, "demo-client")
	config.ClientSecret = cmp.Or(config.ClientSecret, "demo-secret")
	config.TokenTTL = cmp.Or(config.TokenTTL, 24*time.Hour)
	config.RateLimit = cmp.Or(config.RateLimit, 1_000_000)
	config.RateWindow = cmp.Or(config.RateWindow, time.Minute)
	if config.Activity == nil {
		config.Activity = madeUp(config.Seed)
	}
	s := &Server{config: config, tokens: map[string]time.Time{}, executions: map[string]*execution{}}
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
	return s
}

// Close shuts the server down: it closes all connections, and blocks until the
// requests in flight have ended. A server of your own that uses this one as its
// handler is closed before it.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}

// Options returns options that direct a client to this server: its addresses and
// credentials, and waits that are short enough for tests. Options after them take
// precedence; WithPolling and WithRetry replace all of these waits.
func (s *Server) Options() []wrapper.Option {
	return []wrapper.Option{
		wrapper.WithBaseURL(s.URL),
		wrapper.WithLoginURL(s.URL),
		wrapper.WithClientCredentials(s.config.ClientID, s.config.ClientSecret),
		wrapper.WithPolling(wrapper.Polling{Initial: time.Millisecond, Max: 50 * time.Millisecond}),
		wrapper.WithRetry(wrapper.Retry{Initial: time.Millisecond, Max: 50 * time.Millisecond, Stall: 5 * time.Second}),
	}
}

// Requests returns the requests so far, in the order of their responses.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}
