package usagetest

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const maxBody = 1 << 20

// ServeHTTP answers a request as the vendor would, or as its fault wants it.
func (s *Server) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	s.handlers.Add(1)
	defer s.handlers.Done()

	var fault Fault
	if s.config.Fault != nil {
		fault = s.config.Fault(request)
	}
	record := Request{Time: time.Now(), Method: request.Method, Path: request.URL.EscapedPath(), Query: request.URL.RawQuery, Header: request.Header.Clone(), Fault: fault.Name}
	record.Header.Del("Authorization")
	body, err := io.ReadAll(io.LimitReader(request.Body, maxBody))
	if err != nil {
		return // the client is gone
	}
	if request.URL.Path != tokenPath {
		record.Body = body
	}
	if !s.pause(request, s.config.Latency+fault.Delay) {
		return
	}
	answer := s.answer(request, body, &fault)
	record.Status = answer.status
	if fault.Connection == Refuse || fault.Connection == ResetBefore {
		record.Status = 0
	}
	s.mu.Lock()
	s.requests = append(s.requests, record)
	s.mu.Unlock()
	s.send(w, request, answer, fault.Connection)
}

// pause waits, and tells whether there is still somebody to answer.
func (s *Server) pause(request *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-request.Context().Done():
	case <-s.closing.Done():
	}
	return false
}

// answer finds the answer and what the fault makes of it.
func (s *Server) answer(request *http.Request, body []byte, fault *Fault) *answer {
	if fault.RevokeTokens {
		s.RevokeTokens()
	}
	id := rand.Text()
	var a *answer
	switch {
	case fault.Connection == Refuse:
		a = newAnswer(0, nil)
	case fault.Status != 0:
		a = errorAnswer(fault.Status, id, http.StatusText(fault.Status))
	case request.URL.Path == tokenPath:
		a = s.token(request, body, fault)
	default:
		a = s.api(request, body, id, fault)
	}
	a.header.Set("ININ-Correlation-Id", id)
	for key, values := range fault.Header {
		a.header[http.CanonicalHeaderKey(key)] = values
	}
	if fault.Body != nil {
		a.body = func(w io.Writer) error { _, err := w.Write(fault.Body); return err }
	}
	return a
}

// api answers a request to the API.
func (s *Server) api(request *http.Request, body []byte, id string, fault *Fault) *answer {
	token, _ := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer ")
	if !s.authorized(token) {
		return errorAnswer(http.StatusUnauthorized, id, "No authentication bearer token specified in authorization header, or an invalid one.")
	}
	if retryAfter := s.count(); retryAfter > 0 {
		a := errorAnswer(http.StatusTooManyRequests, id, fmt.Sprintf("Rate limit exceeded the maximum. Retry the request in [%d] seconds", retryAfter))
		a.header.Set("Retry-After", strconv.FormatInt(retryAfter, 10))
		return a
	}
	execution, isResults := strings.CutPrefix(request.URL.Path, queryPath+"/")
	execution, isResults2 := strings.CutSuffix(execution, "/results")
	job, isJob := strings.CutPrefix(request.URL.Path, jobPath+"/")
	switch {
	case request.URL.Path == queryPath && request.Method == http.MethodPost:
		return s.submitQuery(body, id)
	case isResults && isResults2 && request.Method == http.MethodGet:
		return s.queryResults(execution, id, fault)
	case request.URL.Path == jobPath && request.Method == http.MethodPost:
		return s.submitJob(body, id)
	case isJob && request.Method == http.MethodGet:
		return s.jobResults(job, id, request.URL.Query(), fault)
	}
	return errorAnswer(http.StatusNotFound, id, "The requested resource was not found.")
}

// count counts a request, or says in how many seconds to come back. Nothing else
// tells of the limit.
func (s *Server) count() (retryAfter int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !now.Before(s.windowEnd) {
		s.windowEnd, s.counted = now.Add(s.config.RateWindow), 0
	}
	if s.counted >= s.config.RateLimit {
		return seconds(s.windowEnd.Sub(now))
	}
	s.counted++
	return 0
}
