package usagetest

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

// A Fault is what goes wrong with one request. The zero Fault is none; fields can
// be combined. Config.Fault returns one for each request: chosen by its path, say,
// or by RandomFaults.
type Fault struct {
	// Name is for logs and test output.
	Name string

	// Delay is added before the response, after Config.Latency.
	Delay time.Duration
	// RevokeTokens revokes all tokens before the request is handled.
	RevokeTokens bool

	// Status is the status of the response. The request has no effect, and the body
	// is Body, or if that is nil, the vendor's error body for the status. After 101,
	// with the Connection and Upgrade that it takes in Header, the client waits for a
	// protocol that does not begin.
	Status int
	// Header is set in the response. A key without values is removed:
	// http.Header{"Retry-After": nil}.
	Header http.Header
	// Body, if not nil, is the body of the response.
	Body []byte
	// QueryStatus is the status of the query or job in a response with results.
	QueryStatus gen.QueryStatus
	// TokenTTL is the lifetime of the token in the response. A negative one has
	// expired.
	TokenTTL time.Duration

	// Connection is what happens to the connection.
	Connection ConnectionFault
}

// A ConnectionFault is what happens to the connection of a request.
type ConnectionFault int

const (
	// Refuse resets the connection before the response. The request has no effect.
	Refuse ConnectionFault = iota + 1
	// ResetBefore resets it before the response. The request has its effect.
	ResetBefore
	// ResetDuring resets it in the middle of the body.
	ResetDuring
	// ResetAfter resets it after the body.
	ResetAfter
	// Cut closes it in the middle of the body, without a reset.
	Cut
	// Stall sends half the body, and then nothing until the client closes the
	// connection.
	Stall
	// Endless sends the body without its last byte, and then blanks until the client
	// closes the connection.
	Endless
)

// TransientFaults returns a fault of each kind that a retry can fix, for
// RandomFaults. A stall lasts until the client gives up, after wrapper.Retry.Stall.
// If a large share of the requests meet a fault, a client needs more attempts than
// the default of wrapper.Retry.
func TransientFaults() []Fault {
	html := http.Header{"Content-Type": {"text/html"}}
	page := []byte("<html><body><h1>Bad Gateway</h1></body></html>")
	return []Fault{
		{Name: "refused", Connection: Refuse},
		{Name: "reset before", Connection: ResetBefore},
		{Name: "reset during", Connection: ResetDuring},
		{Name: "reset after", Connection: ResetAfter},
		{Name: "cut", Connection: Cut},
		{Name: "stalled", Connection: Stall},
		{Name: "slow", Delay: 20 * time.Millisecond},
		{Name: "revoked token", RevokeTokens: true},
		{Name: "408", Status: http.StatusRequestTimeout},
		{Name: "429", Status: http.StatusTooManyRequests},
		{Name: "429, date in the past", Status: http.StatusTooManyRequests,
			Header: http.Header{"Retry-After": {"Thu, 01 Jan 1970 00:00:00 GMT"}}},
		{Name: "429, nonsense", Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"-1"}}},
		{Name: "500", Status: http.StatusInternalServerError},
		{Name: "502", Status: http.StatusBadGateway, Header: html, Body: page},
		{Name: "503", Status: http.StatusServiceUnavailable},
		{Name: "504", Status: http.StatusGatewayTimeout},
		{Name: "empty", Body: []byte{}},
		{Name: "not JSON", Header: html, Body: page},
		{Name: "wrong Content-Type", Header: http.Header{"Content-Type": {"text/plain"}}},
		{Name: "unknown status", QueryStatus: "Reticulating"},
		{Name: "expired token", TokenTTL: -time.Hour},
	}
}

// RandomFaults returns a function for Config.Fault that returns one of the faults
// for a share of the requests, from 0 to 1. The same seed gives the same sequence
// of faults, in the order of the requests. It is safe for concurrent use.
func RandomFaults(seed uint64, share float64, faults ...Fault) func(*http.Request) Fault {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 3))
	return func(*http.Request) Fault {
		mu.Lock()
		defer mu.Unlock()
		if random.Float64() >= share || len(faults) == 0 {
			return Fault{}
		}
		return faults[random.IntN(len(faults))]
	}
}
