package usagetest

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/internal/rowjson"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
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
	record := Request{Time: time.Now(), Method: request.Method, Path: request.URL.EscapedPath(), Header: request.Header.Clone(), Fault: fault.Name}
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

// answer is what a request is answered with. Its body may be written row by row.
type answer struct {
	status int
	header http.Header
	body   func(io.Writer) error
}

func newAnswer(status int, body func(io.Writer) error) *answer {
	return &answer{status: status, body: body, header: http.Header{"Content-Type": {"application/json"}}}
}

func jsonAnswer(status int, value any) *answer {
	return newAnswer(status, func(w io.Writer) error { return json.MarshalWrite(w, value, json.Deterministic(true)) })
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
		a = errorAnswer(fault.Status, id, codes[fault.Status], http.StatusText(fault.Status))
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

// send writes an answer, unless something happens to its connection.
func (s *Server) send(w http.ResponseWriter, request *http.Request, a *answer, fault ConnectionFault) {
	if fault != 0 {
		s.sendFaulty(w, a, fault)
		return
	}
	maps.Copy(w.Header(), a.header)
	var out io.Writer = w
	// The vendor's edge compresses.
	if strings.Contains(request.Header.Get("Accept-Encoding"), "gzip") && request.Method == http.MethodGet {
		w.Header().Set("Content-Encoding", "gzip")
		compressed, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		defer compressed.Close()
		out = compressed
	}
	w.WriteHeader(a.status)
	_ = a.body(out) // it fails when the client has left
}

// codes are the codes of the vendor's error bodies, by status, as its document
// has them.
var codes = map[int]string{
	400: "bad.request", 401: "authentication.required", 403: "missing.permissions", 404: "not.found", 408: "request.timeout",
	409: "conflict", 413: "request.entity.too.large", 415: "unsupported.media.type", 429: "too.many.requests.retry.after",
	500: "internal.server.error", 503: "service.unavailable", 504: "authentication.request.timeout",
}

// errorBody is the vendor's error body, which gen.ErrorBody cannot be marshalled
// to: it leaves out what is empty.
type errorBody struct {
	Message   string `json:"message"`
	Code      string `json:"code"`
	Status    int    `json:"status"`
	ContextID string `json:"contextId"`
	Details   []any  `json:"details"`
	Errors    []any  `json:"errors"`
}

func errorAnswer(status int, id, code, message string) *answer {
	return jsonAnswer(status, errorBody{Message: message, Code: code, Status: status, ContextID: id, Details: []any{}, Errors: []any{}})
}

const tokenPath = "/oauth/token"

// token answers a request for a token.
func (s *Server) token(request *http.Request, body []byte, fault *Fault) *answer {
	if request.Method != http.MethodPost {
		return jsonAnswer(http.StatusMethodNotAllowed, map[string]string{"error": "invalid_request"})
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("grant_type") != "client_credentials" {
		return jsonAnswer(http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type", "description": "unknown grant_type", "error_description": "unknown grant_type"})
	}
	id, secret, _ := request.BasicAuth()
	id, err1 := url.QueryUnescape(id) // RFC 6749, 2.3.1
	secret, err2 := url.QueryUnescape(secret)
	if errors.Join(err1, err2) != nil || id != s.config.ClientID || secret != s.config.ClientSecret {
		return jsonAnswer(http.StatusBadRequest, map[string]string{"error": "invalid_client", "description": "client not found or wrong secret", "error_description": "client not found or wrong secret"})
	}
	life := s.config.TokenTTL
	if fault.TokenTTL != 0 {
		life = fault.TokenTTL
	}
	token := rand.Text()
	s.mu.Lock()
	s.tokens[token] = time.Now().Add(life)
	s.mu.Unlock()
	return jsonAnswer(http.StatusOK, map[string]any{"access_token": token, "token_type": "bearer", "expires_in": seconds(life)})
}

// seconds rounds up to whole seconds, which is how the vendor tells times.
func seconds(d time.Duration) int64 {
	if d < 0 {
		return int64(d / time.Second)
	}
	return int64((d + time.Second - 1) / time.Second)
}

// api answers a request to the API.
func (s *Server) api(request *http.Request, body []byte, id string, fault *Fault) *answer {
	token, _ := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer ")
	if !s.authorized(token) {
		return errorAnswer(http.StatusUnauthorized, id, codes[401], "No authentication bearer token specified in authorization header, or an invalid one.")
	}
	limits, retryAfter := s.count()
	if retryAfter > 0 {
		a := errorAnswer(http.StatusTooManyRequests, id, codes[429], fmt.Sprintf("Rate limit exceeded the maximum. Retry the request in [%d] seconds", retryAfter))
		a.header.Set("Retry-After", strconv.FormatInt(retryAfter, 10))
		return a
	}
	var a *answer
	const query = "/api/v2/usage/query"
	execution, isResults := strings.CutPrefix(request.URL.Path, query+"/")
	execution, isResults2 := strings.CutSuffix(execution, "/results")
	switch {
	case request.URL.Path == query && request.Method == http.MethodPost:
		a = s.submit(body, id)
	case isResults && isResults2 && request.Method == http.MethodGet:
		a = s.results(execution, id, fault)
	default:
		a = errorAnswer(http.StatusNotFound, id, codes[404], "The requested resource was not found.")
	}
	maps.Copy(a.header, limits)
	return a
}

func (s *Server) authorized(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	expiry, ok := s.tokens[token]
	return ok && time.Now().Before(expiry)
}

// count counts a request, or says in how many seconds to come back.
func (s *Server) count() (limits http.Header, retryAfter int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !now.Before(s.windowEnd) {
		s.windowEnd, s.counted = now.Add(s.config.RateWindow), 0
	}
	reset := seconds(s.windowEnd.Sub(now))
	if s.counted >= s.config.RateLimit {
		return nil, reset
	}
	s.counted++
	return http.Header{
		"Inin-Ratelimit-Count":   {strconv.Itoa(s.counted)},
		"Inin-Ratelimit-Allowed": {strconv.Itoa(s.config.RateLimit)},
		"Inin-Ratelimit-Reset":   {strconv.FormatInt(reset, 10)},
	}, 0
}

// submit starts a query.
func (s *Server) submit(body []byte, id string) *answer {
	var query gen.APIUsageQuery
	if err := json.Unmarshal(body, &query); err != nil {
		return errorAnswer(http.StatusBadRequest, id, codes[400], "The request could not be understood by the server due to malformed syntax.")
	}
	start, end, err := wrapper.ParseInterval(query.Interval)
	switch {
	case query.Interval == "":
		err = errors.New("interval is required")
	case err != nil:
	default:
		err = checkEnums(query)
	}
	if err != nil {
		return errorAnswer(http.StatusBadRequest, id, codes[400], err.Error())
	}
	now := time.Now()
	e := &execution{submitted: now}
	e.rows = sync.OnceValue(func() []gen.APIUsageRow {
		if s.config.Rows != nil {
			return s.config.Rows(query)
		}
		return s.organization.rows(query, start, end, now.UTC().Truncate(24*time.Hour))
	})
	s.mu.Lock()
	execution := newID(s.random)
	s.executions[execution] = e
	s.mu.Unlock()
	return jsonAnswer(http.StatusOK, gen.UsageExecutionResult{ExecutionID: execution, ResultsURI: "/api/v2/usage/query/" + execution + "/results"})
}

func checkEnums(query gen.APIUsageQuery) error {
	if query.Granularity != "" && !query.Granularity.Valid() {
		return fmt.Errorf("granularity %q is not known", query.Granularity)
	}
	for _, by := range query.GroupBy {
		if !by.Valid() {
			return fmt.Errorf("groupBy %q is not known", by)
		}
	}
	for _, metric := range query.Metrics {
		if !metric.Valid() {
			return fmt.Errorf("metric %q is not known", metric)
		}
	}
	return nil
}

// results answers a poll.
func (s *Server) results(execution, id string, fault *Fault) *answer {
	s.mu.Lock()
	e, ok := s.executions[execution]
	running := false
	if ok {
		e.polls++
		running = e.polls <= s.config.RunningPolls || time.Since(e.submitted) < s.config.QueryTime
	}
	s.mu.Unlock()
	status := gen.QueryStatusComplete
	switch {
	case !ok:
		return errorAnswer(http.StatusNotFound, id, codes[404], "The requested execution was not found.")
	case fault.QueryStatus != "":
		status = fault.QueryStatus
	case running:
		status = gen.QueryStatusRunning
	case s.config.Fail:
		status = gen.QueryStatusFailed
	}
	if status != gen.QueryStatusComplete {
		return jsonAnswer(http.StatusOK, gen.APIUsageQueryResult{QueryStatus: status})
	}
	return newAnswer(http.StatusOK, func(w io.Writer) error { return writeRows(w, e.rows()) })
}

// writeRows writes a complete result, in the vendor's order: results first.
func writeRows(w io.Writer, rows []gen.APIUsageRow) error {
	encoder := jsontext.NewEncoder(w, jsontext.AllowInvalidUTF8(true))
	for _, token := range []jsontext.Token{jsontext.BeginObject, jsontext.String("results"), jsontext.BeginArray} {
		if err := encoder.WriteToken(token); err != nil {
			return err
		}
	}
	for i := range rows {
		if err := rowjson.Encode(encoder, &rows[i]); err != nil {
			return err
		}
	}
	for _, token := range []jsontext.Token{jsontext.EndArray, jsontext.String("queryStatus"), jsontext.String(string(gen.QueryStatusComplete)), jsontext.EndObject} {
		if err := encoder.WriteToken(token); err != nil {
			return err
		}
	}
	return nil
}

func (a *answer) bytes() []byte {
	var buffer bytes.Buffer
	if a.body != nil {
		_ = a.body(&buffer) // a buffer takes everything
	}
	return buffer.Bytes()
}
