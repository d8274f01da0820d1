package usagetest

import (
	"fmt"
	"net/http"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

// Config configures a Server. The zero Config is a made-up organization whose
// queries complete on the first poll.
type Config struct {
	// Seed selects the organization.
	Seed uint64
	// Rows, if not nil, returns the rows of a query in place of the made-up
	// organization. It is called once for each query that completes, after the
	// query was checked.
	Rows func(gen.APIUsageQuery) []gen.APIUsageRow
	// JobRows is the same for jobs. It returns the rows of all pages.
	JobRows func(gen.UsageJobQuery) []gen.UsageJobRow

	// RunningPolls is the number of polls of an execution that find it Running. The
	// first poll of a job finds it Queued.
	RunningPolls int
	// QueryTime is how long an execution is running at least.
	QueryTime time.Duration
	// Fail makes queries and jobs end with Failed.
	Fail bool
	// EndTimeExclusive excludes the end of an interval, if it has a time of day:
	// .../2026-11-01T00:00:00Z does not include 1 November. Otherwise the day of the
	// end is included, as it always is if the end is a date. The vendor does not
	// document which is right.
	EndTimeExclusive bool

	// ClientID and ClientSecret are the credentials that get a token. Defaults:
	// demo-client, demo-secret.
	ClientID, ClientSecret string
	// TokenTTL is the lifetime of a token. The token response rounds it up to
	// seconds. Default: 24 h, as the vendor's.
	TokenTTL time.Duration

	// RateLimit is the number of API requests allowed in each RateWindow. As the
	// vendor's API, the server reveals it only by a 429 with a Retry-After. Defaults:
	// 1,000,000 and a minute.
	RateLimit  int
	RateWindow time.Duration
	// Latency is added before each response.
	Latency time.Duration
	// Fault, if not nil, returns what goes wrong with a request. It is called
	// concurrently, and must not read the body.
	Fault func(*http.Request) Fault
}

// Format prints the configuration without its secret.
func (c Config) Format(f fmt.State, verb rune) {
	type plain Config // has no Format
	c.ClientSecret = "..."
	fmt.Fprintf(f, fmt.FormatString(f, verb), plain(c))
}
