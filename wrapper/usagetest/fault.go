package usagetest

import (
	"net/http"
	"sync/atomic"
	"time"
)

// A Fault is what goes wrong with one request. The zero Fault is none; fields can
// be combined.
type Fault struct {
	// Delay is added before the response, after Config.Latency.
	Delay time.Duration
	// Status is the status of the response. The request has no effect, and the body
	// is Body, or if that is nil, the vendor's error body for the status.
	Status int
	// Header is set in the response. A key without values is removed:
	// http.Header{"Retry-After": nil}.
	Header http.Header
	// Body, if not nil, is the body of the response.
	Body []byte
	// Connection is what happens to the connection.
	Connection ConnectionFault
}

// A ConnectionFault is what happens to the connection of a request. The request has
// its effect.
type ConnectionFault int

const (
	// Drop closes the connection without a response.
	Drop ConnectionFault = iota + 1
	// Cut closes it in the middle of the body.
	Cut
	// Stall sends half the body, and then nothing until the client closes the
	// connection.
	Stall
)

// A RequestKind is what a request is for, of a query or a job.
type RequestKind int

const (
	// Token is a request for an access token.
	Token RequestKind = iota
	// Submit is a request that submits a query or job.
	Submit
	// Results is a request for the status and the rows of a query or job: a poll, or
	// the next page. It includes requests to all other paths.
	Results
)

func kindOf(request *http.Request) RequestKind {
	switch request.URL.Path {
	case tokenPath:
		return Token
	case queryPath, jobPath:
		return Submit
	}
	return Results
}

// Once returns a function for Config.Fault: the first request of a kind meets the
// first fault, the second request the second fault, and so on. All later requests,
// and those of other kinds, meet none.
func Once(kind RequestKind, faults ...Fault) func(*http.Request) Fault {
	var requests atomic.Int64
	return func(request *http.Request) Fault {
		if kindOf(request) == kind {
			if n := requests.Add(1); n <= int64(len(faults)) {
				return faults[n-1]
			}
		}
		return Fault{}
	}
}
