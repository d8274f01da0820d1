package usagetest

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// exchange is a request, and what its response depends on.
type exchange struct {
	*http.Request
	body          []byte
	fault         Fault
	correlationID string
}

// ServeHTTP responds to a request as the vendor would, or as Config.Fault has it,
// so that a server of your own can be in front: one with TLS, say.
func (s *Server) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	x := &exchange{Request: request, correlationID: rand.Text()}
	if s.config.Fault != nil {
		x.fault = s.config.Fault(request)
	}
	record := Request{
		Time: time.Now(), Method: request.Method, Path: request.URL.EscapedPath(), Query: request.URL.RawQuery,
		Header: request.Header.Clone(),
	}
	record.Header.Del("Authorization")
	var err error
	if x.body, err = io.ReadAll(request.Body); err != nil {
		panic(http.ErrAbortHandler) // closes the connection, without a response
	}
	select {
	case <-time.After(s.config.Latency + x.fault.Delay):
	case <-request.Context().Done():
		panic(http.ErrAbortHandler)
	}
	if kindOf(request) != Token {
		record.Body = x.body
	}
	response := s.respond(x)
	if x.fault.Connection != Drop {
		record.Status = response.status
	}
	s.mu.Lock()
	s.requests = append(s.requests, record)
	s.mu.Unlock()
	response.send(w, request, x.fault.Connection)
}

// respond returns the response to a request, as its fault changes it.
func (s *Server) respond(x *exchange) *response {
	var r *response
	switch {
	case x.fault.Status != 0:
		r = x.errorResponse(x.fault.Status, http.StatusText(x.fault.Status))
	case kindOf(x.Request) == Token:
		r = s.respondToken(x)
	default:
		r = s.respondAPI(x)
	}
	r.header.Set("ININ-Correlation-Id", x.correlationID)
	for key, values := range x.fault.Header {
		r.header[http.CanonicalHeaderKey(key)] = values
	}
	if x.fault.Body != nil {
		r.body = writes(x.fault.Body)
	}
	return r
}

// respondAPI returns the response to a request to the API.
func (s *Server) respondAPI(x *exchange) *response {
	token, _ := strings.CutPrefix(x.Header.Get("Authorization"), "Bearer ")
	if !s.authorized(token) {
		return x.errorResponse(http.StatusUnauthorized,
			"No authentication bearer token specified in authorization header, or an invalid one.")
	}
	if retryAfter := s.limit(); retryAfter > 0 {
		r := x.errorResponse(http.StatusTooManyRequests,
			fmt.Sprintf("Rate limit exceeded the maximum. Retry the request in [%d] seconds", retryAfter))
		r.header.Set("Retry-After", strconv.FormatInt(retryAfter, 10))
		return r
	}
	var r *response
	var err error
	switch x.Method + " " + x.URL.Path {
	case "POST " + queryPath:
		r, err = s.submitQuery(x)
	case "POST " + jobPath:
		r, err = s.submitJob(x)
	default:
		r, err = s.results(x)
	}
	if err != nil {
		return x.errorResponse(http.StatusBadRequest, err.Error())
	}
	return r
}

// decode reads the JSON body of a request into a value.
func (x *exchange) decode(value any) error {
	if json.Unmarshal(x.body, value) != nil {
		return errors.New("the request could not be understood by the server due to malformed syntax")
	}
	return nil
}

// limit counts a request, or returns after how many seconds to send it again. No
// other response reveals the limit.
func (s *Server) limit() (retryAfter int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !now.Before(s.windowEnd) {
		s.windowEnd, s.windowCount = now.Add(s.config.RateWindow), 0
	}
	if s.windowCount >= s.config.RateLimit {
		return seconds(s.windowEnd.Sub(now))
	}
	s.windowCount++
	return 0
}
