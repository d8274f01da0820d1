package usagetest

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

// A Fault is what goes wrong with one request. The zero Fault is nothing; fields
// can be combined. Give Config.Fault a function that chooses one for each
// request, by its path say, or RandomFaults.
type Fault struct {
	// Name is for logs and test output.
	Name string

	// Delay is how long the answer is held back, in addition to Config.Latency.
	Delay time.Duration
	// RevokeTokens revokes all tokens before the request is looked at.
	RevokeTokens bool

	// Status answers with this HTTP status in place of the real answer, with
	// Body, or where that is nil, the vendor's error body for the status.
	Status int
	// Header is set on the answer, whichever it is. A key without values is taken
	// off it: http.Header{"Retry-After": nil}.
	Header http.Header
	// Body, where it is not nil, is the body of the answer, whichever it is.
	Body []byte
	// QueryStatus is the status that results are answered with; of jobs too.
	QueryStatus gen.QueryStatus
	// TokenTTL is the life of a token that is asked for; negative: it has expired.
	TokenTTL time.Duration

	// Connection is what happens to the connection.
	Connection ConnectionFault
}

// A ConnectionFault is what happens to the connection of a request.
type ConnectionFault int

const (
	// Refuse resets the connection before the answer. The request has no effect.
	Refuse ConnectionFault = iota + 1
	// ResetBefore resets it before the answer, but the request has its effect.
	ResetBefore
	// ResetDuring resets it in the middle of the body.
	ResetDuring
	// ResetAfter resets it after the body.
	ResetAfter
	// Cut closes it properly, but in the middle of the body.
	Cut
	// Stall sends half the body and then nothing, for as long as the client waits.
	Stall
	// Endless sends all of the body but its last byte, and then blanks, for as
	// long as the client reads.
	Endless
)

// TransientFaults returns a fault of each kind that another attempt may not meet, for
// RandomFaults. All but one are over at once: a stall lasts until the client gives
// the response up, after wrapper.Retry.Stall. Where many requests meet a fault,
// more attempts than the default of wrapper.Retry are needed to survive them all.
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
		{Name: "429, date in the past", Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"Thu, 01 Jan 1970 00:00:00 GMT"}}},
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

// RandomFaults returns a function for Config.Fault that lets a share of the
// requests, from 0 to 1, meet one of the faults. The same seed gives the same
// sequence of choices; which request meets which also depends on the order that
// requests arrive in. It is safe for concurrent use.
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
