package usagetest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// response is an HTTP response. Its body may be written row by row.
type response struct {
	status int
	header http.Header
	body   func(io.Writer) error
}

func newResponse(status int, body func(io.Writer) error) *response {
	return &response{status: status, body: body, header: http.Header{"Content-Type": {"application/json"}}}
}

func jsonResponse(status int, value any) *response {
	body, _ := json.Marshal(value)
	return newResponse(status, writes(body))
}

func writes(body []byte) func(io.Writer) error {
	return func(w io.Writer) error { _, err := w.Write(body); return err }
}

// send writes a response, as far as the fault of its connection lets it.
func (r *response) send(w http.ResponseWriter, request *http.Request, fault ConnectionFault) {
	maps.Copy(w.Header(), r.header)
	if fault != 0 {
		r.sendHalf(w, request, fault)
	}
	var out io.Writer = w
	// The vendor's edge compresses.
	if strings.Contains(request.Header.Get("Accept-Encoding"), "gzip") && request.Method == http.MethodGet {
		w.Header().Set("Content-Encoding", "gzip")
		compressed, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		defer compressed.Close()
		out = compressed
	}
	w.WriteHeader(r.status)
	_ = r.body(out) // it fails if the client has left
}

// sendHalf writes half the body, or nothing, and closes the connection by a panic.
func (r *response) sendHalf(w http.ResponseWriter, request *http.Request, fault ConnectionFault) {
	if fault != Drop {
		var body bytes.Buffer
		_ = r.body(&body)
		w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
		w.WriteHeader(r.status)
		_, _ = w.Write(body.Next(body.Len() / 2))
		_ = http.NewResponseController(w).Flush()
	}
	if fault == Stall {
		<-request.Context().Done()
	}
	panic(http.ErrAbortHandler)
}

// codes are the codes of the vendor's error bodies, by status, as its document
// has them.
var codes = map[int]string{
	400: "bad.request", 401: "authentication.required", 403: "missing.permissions", 404: "not.found",
	408: "request.timeout", 409: "conflict", 413: "request.entity.too.large", 415: "unsupported.media.type",
	429: "too.many.requests.retry.after", 500: "internal.server.error", 503: "service.unavailable",
	504: "authentication.request.timeout",
}

// errorBody returns an error body in the vendor's form, with its empty lists.
func (x *exchange) errorBody(status int, message string) map[string]any {
	return map[string]any{
		"message": message, "code": codes[status], "status": status, "contextId": x.correlationID,
		"details": []any{}, "errors": []any{},
	}
}

func (x *exchange) errorResponse(status int, message string) *response {
	return jsonResponse(status, x.errorBody(status, message))
}
