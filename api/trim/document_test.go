package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestFetch(t *testing.T) {
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		code    int
		want    string
	}{
		{"a document", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, small) }, exitOK, "operationId: postUsageQuery"},
		{"503", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
			exitError, "request returned status code 503"},
		{"truncated", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "{")
		}, exitError, "/swagger: unexpected EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(test.handler)
			defer server.Close()
			code, spec, stderr := trimSmall(t, "", "-from", server.URL+"/swagger")
			equal(t, "exit code", code, test.code)
			contains(t, "output", spec+stderr, test.want)
		})
	}
}

func TestReadErrors(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	for _, from := range []string{server.URL, "missing.json"} {
		code, _, stderr := trimSmall(t, "", "-from", from)
		equal(t, from+": exit code", code, exitError)
		contains(t, "standard error", stderr, from)
	}
}

func TestIsSame(t *testing.T) {
	schema := object{"type": "integer", "minimum": 1, "description": "a"}
	equal(t, "another text, and a number of JSON", isSame(schema, object{"type": "integer", "minimum": 1.0}), true)
	equal(t, "another number", isSame(schema, object{"type": "integer", "minimum": 2.0}), false)
}
