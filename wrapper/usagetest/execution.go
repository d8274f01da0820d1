package usagetest

import (
	"net/http"
	"time"
)

// execution is a query or job that was submitted.
type execution struct {
	first, last string // the status of its first poll, if it is not done then, and of its end
	submitted   time.Time
	polls       int
	results     func(x *exchange, status string) (*response, error)
}

// submit starts an execution, whose results are at a path.
func (s *Server) submit(path string, e *execution) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.submitted = time.Now()
	s.executions[path] = e
}

// results returns the response to a request for the results of an execution.
func (s *Server) results(x *exchange) (*response, error) {
	s.mu.Lock()
	e := s.executions[x.URL.Path]
	if e == nil || x.Method != http.MethodGet {
		s.mu.Unlock()
		return x.errorResponse(http.StatusNotFound, "The requested resource was not found."), nil
	}
	e.polls++
	status := s.status(e)
	s.mu.Unlock()
	return e.results(x, status)
}

// status returns what a poll finds.
func (s *Server) status(e *execution) string {
	running := e.polls <= s.config.RunningPolls || time.Since(e.submitted) < s.config.QueryTime
	switch {
	case running && e.polls == 1:
		return e.first
	case running:
		return "Running"
	case s.config.Fail:
		return "Failed"
	}
	return e.last
}
