// Package usagetest is a Genesys Cloud of its own for tests and demonstrations:
// the token endpoint and the usage operations, those of today and their successor,
// in this process, over real HTTP. It is to this module what net/http/httptest is to net/http:
//
//	server := usagetest.NewServer(usagetest.Config{})
//	defer server.Close()
//	client, err := wrapper.New(wrapper.USEast1, server.Options()...)
//
// Its organization is made up, but plausible: a few dozen OAuth clients that call
// a few hundred endpoints, day by day, the same for the same seed. Queries are
// checked and aggregated as the vendor's documents have it. Config gives it rows
// of your own, queries that take their time or fail, a rate limit, and faults of
// every kind.
//
// Both generations of the operations have the same organization and days. Only in the
// successor are the vendor's own OAuth clients, so that its totals are higher. At the
// vendor they also differ in the permission that they need, oauth:client:view or
// usage:organization:view for the older ones and the latter alone for the successor;
// here, every token has both.
//
// As the vendor does, it counts by whole UTC days, the last day of an interval in
// it, today not yet, and nothing before 2018. Where the vendor's documents say
// nothing it chooses, and your program should not rely on the choice. How an end
// with a time of day is read is one of these: Config.EndTimeExclusive has the
// other reading.
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

	mu        sync.Mutex
	random    *rand.Rand
	tokens    map[string]time.Time // when they expire
	queries   map[string]*execution[gen.APIUsageRow]
	jobs      map[string]*execution[gen.UsageJobRow]
	requests  []Request
	windowEnd time.Time
	counted   int // requests in the window
}

// A Request is one that the server got, as far as it is no secret.
type Request struct {
	Time         time.Time
	Method, Path string
	Query        string      // of the address, as it was sent
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
		queries:      map[string]*execution[gen.APIUsageRow]{},
		jobs:         map[string]*execution[gen.UsageJobRow]{},
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
