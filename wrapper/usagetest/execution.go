package usagetest

import (
	"io"
	"sync"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
)

// execution is a query or job that was submitted, and its rows.
type execution[R any] struct {
	submitted time.Time
	polls     int
	rows      func() []R
}

// submit starts an execution, whose rows are made when they are asked for, once.
func submit[R any](s *Server, executions map[string]*execution[R], rows func() []R) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id = newID(s.random)
	executions[id] = &execution[R]{submitted: time.Now(), rows: sync.OnceValue(rows)}
	return id
}

// poll counts a poll of an execution, and returns the execution, or nil if there
// is none.
func poll[R any](s *Server, executions map[string]*execution[R], id string) (e *execution[R], polls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e = executions[id]; e == nil {
		return nil, 0
	}
	e.polls++
	return e, e.polls
}

// running tells whether a poll finds an execution running yet.
func (s *Server) running(submitted time.Time, polls int) bool {
	return polls <= s.config.RunningPolls || time.Since(submitted) < s.config.QueryTime
}

// writeRows writes what comes before an array of rows, and the array.
func writeRows[R any](w io.Writer, before string, keys []string, array []R) error {
	const flush = 32 << 10
	encoder := rows.NewEncoder[R](keys...)
	buffer := append(make([]byte, 0, flush+1<<10), before...)
	buffer = append(buffer, '[')
	var err error
	for i := range array {
		if i > 0 {
			buffer = append(buffer, ',')
		}
		if buffer, err = encoder.Append(buffer, &array[i]); err != nil {
			return err
		}
		if len(buffer) >= flush {
			if _, err := w.Write(buffer); err != nil {
				return err
			}
			buffer = buffer[:0]
		}
	}
	_, err = w.Write(append(buffer, ']'))
	return err
}
