package wrapper

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// response is what an API answers with, in a table.
type response struct {
	status int
	body   string
	header http.Header
}

// submitError returns the error of a submit that is answered with a response.
func submitError(t *testing.T, r response) error {
	t.Helper()
	client := newBubbleClient(t, func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), r.header)
		w.WriteHeader(r.status)
		reply(w, r.body)
	}, WithRetry(Retry{MaxAttempts: 1}))
	_, err := client.Submit(t.Context(), someQuery)
	return err
}

func TestAPIError(t *testing.T) {
	const limited = "Rate limit exceeded the maximum. Retry the request in [42] seconds"
	correlated := http.Header{"Inin-Correlation-Id": {"abc"}, "Retry-After": {"42"}}
	for _, test := range []struct {
		name     string
		response response
		want     APIError // without Method, Path and Body
		limit    int64    // of the body, for what the other fields do not say
		text     string   // after "POST /api/v2/usage/query: "
	}{
		{
			"429 as documented", response{status: 429, header: correlated, body: `{"message":"` + limited + `",` +
				`"code":"too.many","status":429,"contextId":"xyz","limit":{"value":300},"errors":[]}`},
			APIError{StatusCode: 429, Code: "too.many", Message: limited, CorrelationID: "abc", RetryAfter: 42 * time.Second},
			300, "429 Too Many Requests: too.many: " + limited + " (correlation id abc); retry in 42s",
		},
		{
			"correlation id in the body", response{status: 400, body: `{"contextId":"xyz","details":{}}`},
			APIError{StatusCode: 400, CorrelationID: "xyz"}, 0, "400 Bad Request (correlation id xyz)",
		},
		{"HTML", response{status: 502, body: "<html>"}, APIError{StatusCode: 502}, 0, "502 Bad Gateway"},
		{"a POST to no operation", response{status: 404}, APIError{StatusCode: 404}, 0, "404 Not Found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			api := checkStatus(t, submitError(t, test.response), test.want.StatusCode)
			check(t, "text", api.Error(), "POST /api/v2/usage/query: "+test.text)
			check(t, "Body.Code", api.Body.Code, api.Code)
			check(t, "Body.Limit", api.Body.Limit.Value, test.limit)
			test.want.Method, test.want.Path, test.want.Body = "POST", "/api/v2/usage/query", api.Body
			if !reflect.DeepEqual(*api, test.want) {
				t.Errorf("got  %#v\nwant %#v", *api, test.want)
			}
		})
	}
}

// What to do about a status depends on the operation.
func TestAPIErrorAdvice(t *testing.T) {
	const query, job = "/api/v2/usage/query/id/results", "/api/v2/usage/aggregates/query/jobs/id"
	for _, test := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", query, 302, "redirects are not followed: check the region or base URL"},
		{"GET", query, 401, "check the credentials, and that they belong to this region"},
		{"GET", query, 403, "the OAuth client needs the permission oauth:client:view or usage:organization:view"},
		{"GET", job, 403, "the OAuth client needs the permission usage:organization:view"},
		{"GET", "/api/v2/users", 403, ""},
		{"GET", query, 404,
			"check the id, and that it belongs to this organization and region, or submit the query again"},
		{"GET", query, 407, "check the credentials of the proxy"},
		{"POST", "/oauth/token", 503, ""},
	} {
		err := &APIError{StatusCode: test.status, Method: test.method, Path: test.path}
		_, advice, _ := strings.Cut(err.Error(), "; ")
		check(t, fmt.Sprintf("advice about %d of %s %s", test.status, test.method, test.path), advice, test.want)
	}
}

// Texts of a server are short in an error, and on one line.
func TestErrorTextsAreShort(t *testing.T) {
	long := strings.Repeat(`two\nlines \u2028\u202e `, 1<<15)
	header := http.Header{"Inin-Correlation-Id": {strings.Repeat("x", 1<<20)}}
	job := func(body string) func(*testing.T) error {
		return func(t *testing.T) error {
			client := newBubbleClient(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, body) })
			_, err := collect(t, client.Job("id").Rows(t.Context()))
			return err
		}
	}
	query := func(r response) func(*testing.T) error {
		return func(t *testing.T) error { return submitError(t, r) }
	}
	for _, test := range []struct {
		name string
		err  func(*testing.T) error
	}{
		{"message", query(response{status: 400, body: `{"code":"c","message":"` + long + `"}`})},
		{"code", query(response{status: 400, body: `{"code":"` + long + `"}`})},
		{"correlation id", query(response{status: 400, body: `{"contextId":"` + long + `"}`})},
		{"id", query(response{status: 200, body: `{"executionId":"` + long + `"}`})},
		{"correlation id in the header", query(response{status: 400, header: header})},
		{"correlation id of a response that cannot be used", query(response{status: 200, body: `{}x`, header: header})},
		{"code of a job", job(`{"queryStatus":"Failed","errorBody":{"code":"` + long + `"}}`)},
		{"cursor", job(`{"queryStatus":"Succeeded","entities":[{}],"nextUri":"?after=` + strings.Repeat("x", 1<<19) + `"}`)},
		{"next page", job(`{"queryStatus":"Succeeded","nextUri":"` + long + `"}`)},
		{"status with rows", job(`{"entities":[{}],"queryStatus":"` + long + `"}`)},
		{"last status", job(`{"queryStatus":"` + long + `"}`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := test.err(t)
				if err == nil {
					t.Fatal("no error")
				}
				text := err.Error()
				if len(text) > 5000 {
					t.Errorf("the text has %d bytes, want 5000 at most: %.300q", len(text), text)
				}
				if i := strings.IndexAny(text, "\n\r\u2028\u202e"); i >= 0 {
					t.Errorf("the text is not one plain line: %.300q", text[max(0, i-50):])
				}
			})
		})
	}
}

// What to do next, of errors made by hand: in an OperationError, and alone.
func TestRetryableAndResumable(t *testing.T) {
	ended, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	status := func(status int) error { return &APIError{StatusCode: status} }
	for _, test := range []struct {
		name                        string
		err                         error
		alone, retryable, resumable bool
	}{
		{"foreign", io.EOF, false, true, true},
		{"Polling.Timeout", context.DeadlineExceeded, false, true, true},
		{"of a request", failure.Transient(io.EOF), true, true, true},
		{"of a request, permanent", failure.Transient(failure.Permanent(io.EOF)), false, false, false},
		{"of a request, blocked", failure.Transient(failure.Blocked(io.EOF)), false, false, true},
		{"a context of the caller's", failure.Context(ended), false, false, true},
		{"the query failed", ErrQueryFailed, false, false, false},
		{"invalid query", ErrInvalidQuery, false, false, false},
		{"401, and the token was renewed", failure.Transient(status(401)), true, true, true},
		{"101", status(101), false, false, false},
		{"302", status(302), false, false, false},
		{"400", status(400), false, false, false},
		{"401", status(401), false, false, true},
		{"403", status(403), false, false, true},
		{"407", status(407), false, false, true},
		{"404", status(404), false, false, false},
		{"408", status(408), true, true, true},
		{"429", &APIError{StatusCode: 429, RetryAfter: time.Hour}, true, true, true},
		{"500", status(500), true, true, true},
		{"501", status(501), false, false, false},
		{"505", status(505), false, false, false},
		{"522", status(522), true, true, true},
	} {
		wrapped := fmt.Errorf("wrapped: %w", test.err)
		operation := &OperationError{Kind: "query", ID: "a/b", Err: wrapped}
		check(t, "Retryable of "+test.name, Retryable(wrapped), test.alone)
		check(t, "Retryable of an operation: "+test.name, Retryable(operation), test.retryable)
		check(t, "Resumable: "+test.name, operation.Resumable(), test.resumable)
		want := `usage query "a/b": ` + wrapped.Error()
		if test.resumable {
			want += "; the query may still complete, resume it by this id"
		}
		check(t, "text of "+test.name, operation.Error(), want)
		checkIs(t, operation, test.err, true)
	}
	check(t, "Retryable of nil", Retryable(nil), false)
}

func FuzzAPIErrorBody(f *testing.F) {
	f.Add([]byte(`{"message":"m","code":"c","status":400,"contextId":"x","details":[{"errorCode":"e"}],` +
		`"errors":[{"errors":[]}],"limit":{"value":1},"messageParams":{"a":"b"}}`))
	f.Add([]byte(`{"message":null,"errors":[null]}`))
	f.Add([]byte("<html>"))
	f.Add([]byte(""))
	f.Add([]byte("{\"message\":\"\xff\"}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		request := httptest.NewRequest("GET", "/", nil)
		err := newAPIError(&http.Response{StatusCode: 500, Request: request}, body)
		if text := err.Error(); !strings.HasPrefix(text, "GET /: 500 Internal Server Error") {
			t.Errorf("text %q", text)
		}
	})
}
