package usagetest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
)

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
	return newAnswer(status, func(w io.Writer) error {
		body, err := json.Marshal(value)
		if err == nil {
			_, err = w.Write(body)
		}
		return err
	})
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

func (a *answer) bytes() []byte {
	var buffer bytes.Buffer
	if a.body != nil {
		_ = a.body(&buffer) // a buffer takes everything
	}
	return buffer.Bytes()
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

func newErrorBody(status int, id, message string) errorBody {
	return errorBody{Message: message, Code: codes[status], Status: status, ContextID: id, Details: []any{}, Errors: []any{}}
}

func errorAnswer(status int, id, message string) *answer {
	return jsonAnswer(status, newErrorBody(status, id, message))
}
