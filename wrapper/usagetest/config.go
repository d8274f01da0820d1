package usagetest

import (
	"fmt"
	"net/http"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

// Config is what a Server is to be like. The zero Config is a made-up
// organization whose queries complete on the first poll.
type Config struct {
	// Seed chooses the organization.
	Seed uint64
	// Rows, if not nil, answers queries in place of the made-up organization. It
	// is called once for each query that completes.
	Rows func(gen.APIUsageQuery) []gen.APIUsageRow
	// JobRows is the same for jobs, the successor. It is called once for each job that
	// succeeds; its rows are handed out page by page.
	JobRows func(gen.UsageJobQuery) []gen.UsageJobRow

	// RunningPolls is how many polls of a query are answered with Running first (of a
	// job the first of them with Queued), QueryTime how long after its submit a query is
	// running in any case.
	RunningPolls int
	QueryTime    time.Duration
	// Fail lets queries and jobs end with Failed.
	Fail bool
	// EndTimeExclusive ends an interval whose end has a time of day before that
	// instant: .../2026-11-01T00:00:00Z leaves 1 November out. Otherwise the day
	// that the end lies in is part of it, as it always is where the end is a date.
	// Which of the two the vendor does is not documented.
	EndTimeExclusive bool

	// ClientID and ClientSecret are the credentials that get a token. The
	// defaults are in Server.Options.
	ClientID, ClientSecret string
	// TokenTTL is how long a token is good for. Default: 24 h, as the vendor's.
	// It is told in whole seconds, rounded up.
	TokenTTL time.Duration

	// RateLimit is how many API requests are allowed in each RateWindow. A client
	// learns of it as it does of the vendor's: by a 429 with a Retry-After. The
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
