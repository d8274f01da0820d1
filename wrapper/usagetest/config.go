package usagetest

import (
	"net/http"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

// Config configures a Server. The zero Config is a made-up organization whose
// queries complete on the first poll. All functions are called concurrently.
type Config struct {
	// Seed selects the numbers of requests of the made-up organization.
	Seed uint64
	// Activity, if not nil, returns what happened on a UTC day, in place of the made-up
	// organization. Queries and jobs filter it, group it and add it up.
	Activity func(day time.Time) []Activity
	// Rows, if not nil, returns the rows of a query. They are sent as they are. It is
	// called once for each query that completes, after the query was checked.
	Rows func(gen.APIUsageQuery) []gen.APIUsageRow
	// JobRows is the same for jobs. It returns the rows of all pages.
	JobRows func(gen.UsageJobQuery) []gen.UsageJobRow

	// RunningPolls is the number of polls of a query that find it Running. The first
	// poll of a job finds it Queued.
	RunningPolls int
	// QueryTime is how long a query or job is running at least.
	QueryTime time.Duration
	// Fail makes queries and jobs end with Failed.
	Fail bool

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
	// Fault, if not nil, returns what goes wrong with a request. [Once] returns such a
	// function. It must not read the body.
	Fault func(*http.Request) Fault
}
