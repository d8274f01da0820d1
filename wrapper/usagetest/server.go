// Package usagetest is a Genesys Cloud of its own for tests and demonstrations:
// the token endpoint and the two usage operations, in this process, over real
// HTTP. It is to this module what net/http/httptest is to net/http:
//
//	server := usagetest.NewServer(usagetest.Config{})
//	defer server.Close()
//	client, err := wrapper.New(wrapper.USEast1, server.Options()...)
//
// Its organization is made up, but plausible: a few dozen OAuth clients that call
// a few hundred endpoints, day by day, the same for the same seed. Queries are
// checked and aggregated as the vendor's documents have it. Config gives it rows of your own,
// queries that take their time or fail, a rate limit, and faults of every kind.
//
// What it does follows the vendor's documents. Where they say nothing, such as
// whether the end of an interval is part of it, it chooses, and your program
// should not rely on the choice.
package usagetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
)

// Config is what a Server is to be like. The zero Config is a made-up
// organization whose queries complete on the first poll.
type Config struct {
	// Seed chooses the organization.
	Seed uint64
	// Rows, if not nil, answers queries in place of the made-up organization. It
	// is called once for each query that completes.
	Rows func(gen.APIUsageQuery) []gen.APIUsageRow

	// RunningPolls is how many polls of a query are answered with Running first,
	// QueryTime how long after its submit a query is running in any case.
	RunningPolls int
	QueryTime    time.Duration
	// Fail lets queries end with Failed in place of Complete.
	Fail bool

	// ClientID and ClientSecret are the credentials that get a token. The
	// defaults are in Server.Options.
	ClientID, ClientSecret string
	// TokenTTL is how long a token is good for. Default: 24 h, as the vendor's.
	// It is told in whole seconds, rounded up.
	TokenTTL time.Duration

	// RateLimit is how many API requests are allowed in each RateWindow. The
	// default is so many that no test meets it, a minute.
	RateLimit  int
	RateWindow time.Duration
	// Latency is how long each answer takes.
	Latency time.Duration
	// Fault, if not nil, chooses what goes wrong with a request. It is called
	// concurrently, and must not read the body.
	Fault func(*http.Request) Fault
}

// Format prints the configuration without its secret.
func (c Config) Format(f fmt.State, verb rune) {
	type plain Config // has no Format
	c.ClientSecret = "..."
	fmt.Fprintf(f, fmt.FormatString(f, verb), plain(c))
}

// A Server is a fake Genesys Cloud, listening on a loopback address. All its
// methods are safe for concurrent use.
type Server struct {
	// URL is the address of the API and of the token endpoint, without a slash at
	// its end.
	URL string

	config       Config
	organization *organization
	http         *httptest.Server
	closing      context.Context // done when Close is called
	closeNow     context.CancelFunc
	handlers     sync.WaitGroup

	mu         sync.Mutex
	random     *rand.Rand
	tokens     map[string]time.Time // when they expire
	executions map[string]*execution
	requests   []Request
	windowEnd  time.Time
	counted    int // requests in the window
}

// execution is a query that was submitted.
type execution struct {
	submitted time.Time
	polls     int
	rows      func() []gen.APIUsageRow
}

// A Request is one that the server got, as far as it is no secret.
type Request struct {
	Time         time.Time
	Method, Path string
	Header       http.Header // without Authorization
	Body         []byte      // empty for token requests
	Status       int         // of the answer; 0 if there was none
	Fault        string      // the name of the fault it met
}

// Format prints the address, and none of the tokens and secrets that the server
// holds.
func (s *Server) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "usagetest.Server(%s)", s.URL) }

// NewServer starts a server. The caller closes it.
func NewServer(config Config) *Server {
	if config.ClientID == "" {
		config.ClientID = "demo-client"
	}
	if config.ClientSecret == "" {
		config.ClientSecret = "demo-secret"
	}
	if config.TokenTTL == 0 {
		config.TokenTTL = 24 * time.Hour
	}
	if config.RateLimit == 0 {
		config.RateLimit = 1_000_000
	}
	if config.RateWindow == 0 {
		config.RateWindow = time.Minute
	}
	s := &Server{
		config:       config,
		organization: newOrganization(config.Seed),
		random:       rand.New(rand.NewPCG(config.Seed, 4)),
		tokens:       map[string]time.Time{},
		executions:   map[string]*execution{},
	}
	s.closing, s.closeNow = context.WithCancel(context.Background())
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
	return s
}

// Close ends the server, and the connections and answers under way with it.
func (s *Server) Close() {
	s.closeNow()
	s.http.CloseClientConnections()
	s.http.Close()
	s.handlers.Wait()
}

// Options returns what points a client at this server: its addresses and
// credentials, and waits so short that tests are quick. Options after them
// change that.
func (s *Server) Options() []wrapper.Option {
	return []wrapper.Option{
		wrapper.WithBaseURL(s.URL),
		wrapper.WithLoginURL(s.URL),
		wrapper.WithClientCredentials(s.config.ClientID, s.config.ClientSecret),
		wrapper.WithPolling(wrapper.Polling{Initial: time.Millisecond, Max: 50 * time.Millisecond}),
		wrapper.WithRetry(wrapper.Retry{Initial: time.Millisecond, Max: 50 * time.Millisecond, Stall: 5 * time.Second}),
	}
}

// Requests returns the requests so far, in the order that they were answered in.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// RevokeTokens revokes all tokens: the API answers them with 401, although they
// have not expired.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}
