package wrapper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
	"github.com/genesyscloud-go/usage/wrapper/internal/transport"
)

// response is what an API answers with, in a table.
type response struct {
	status int
	body   string
	reader io.Reader // in place of body
	header http.Header
}

// submitError returns the error of a submit that is answered with a response.
func submitError(t *testing.T, r response) error {
	t.Helper()
	client := newTransportClient(t, func(*http.Request) (*http.Response, error) {
		body := r.reader
		if body == nil {
			body = strings.NewReader(r.body)
		}
		header := r.header
		if header == nil {
			header = http.Header{}
		}
		return &http.Response{StatusCode: r.status, Header: header, Body: io.NopCloser(body)}, nil
	}, WithRetry(Retry{MaxAttempts: 1}))
	_, err := client.Submit(t.Context(), someQuery)
	return err
}

// The vendor's error body of a 429, with a limit.
const limitedBody = `{"message":"Rate limit exceeded the maximum. Retry the request in [42] seconds",` +
	`"code":"too.many.requests.retry.after","status":429,"contextId":"abc","limit":{"value":300},"errors":[]}`

func TestAPIError(t *testing.T) {
	const limited = "Rate limit exceeded the maximum. Retry the request in [42] seconds"
	correlated := func(more ...string) http.Header {
		header := http.Header{}
		header.Set(transport.CorrelationHeader, "abc")
		for i := 0; i < len(more); i += 2 {
			header.Set(more[i], more[i+1])
		}
		return header
	}
	for _, test := range []struct {
		name     string
		response response
		want     APIError // without Method, Path and Body
		text     string   // after "POST /api/v2/usage/query: "
	}{
		{
			"429 as documented", response{status: 429, header: correlated("Retry-After", "42"), body: limitedBody},
			APIError{StatusCode: 429, Code: "too.many.requests.retry.after", Message: limited, CorrelationID: "abc",
				RetryAfter: 42 * time.Second},
			"429 Too Many Requests: too.many.requests.retry.after: " + limited + " (correlation id abc); retry in 42s",
		},
		{
			"Retry-After is a date, by the clock of the server", response{status: 503, header: correlated(
				"Date", "Thu, 01 Oct 2020 10:00:00 GMT", "Retry-After", "Thu, 01 Oct 2020 10:00:42 GMT")},
			APIError{StatusCode: 503, CorrelationID: "abc", RetryAfter: 42 * time.Second},
			"503 Service Unavailable (correlation id abc); retry in 42s",
		},
		{
			"correlation id in the body", response{status: 403,
				body: `{"message":"m","code":"missing","contextId":"xyz","x":{"a":[1]}}`},
			APIError{StatusCode: 403, Code: "missing", Message: "m", CorrelationID: "xyz"},
			"403 Forbidden: missing: m (correlation id xyz); " +
				"the OAuth client needs the permission oauth:client:view or usage:organization:view",
		},
		{
			"two correlation ids", response{status: 400, header: correlated(), body: `{"contextId":"xyz"}`},
			APIError{StatusCode: 400, CorrelationID: "abc"}, "400 Bad Request (correlation id abc)",
		},
		{"HTML", response{status: 502, body: "<html>Bad Gateway</html>"}, APIError{StatusCode: 502}, "502 Bad Gateway"},
		{"a POST to no operation", response{status: 404}, APIError{StatusCode: 404}, "404 Not Found"},
		{
			"redirect", response{status: 302, header: http.Header{"Location": {"https://elsewhere.example.com"}}},
			APIError{StatusCode: 302}, "302 Found; redirects are not followed: check the region or base URL",
		},
		{
			"truncated", response{status: 401,
				reader: io.MultiReader(strings.NewReader(`{"code":`), iotest.ErrReader(io.ErrUnexpectedEOF))},
			APIError{StatusCode: 401}, "401 Unauthorized; check the credentials, and that they belong to this region",
		},
		{"of a proxy", response{status: 407}, APIError{StatusCode: 407},
			"407 Proxy Authentication Required; check the credentials of the proxy"},
		{"details are an object", response{status: 400, body: `{"details":{},"code":"c","message":"m","contextId":"x"}`},
			APIError{StatusCode: 400, Code: "c", Message: "m", CorrelationID: "x"}, "400 Bad Request: c: m (correlation id x)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := submitError(t, test.response)
			api, ok := errors.AsType[*APIError](err)
			if !ok {
				t.Fatalf("error %v, want an *APIError", err)
			}
			check(t, "text", api.Error(), "POST /api/v2/usage/query: "+test.text)
			test.want.Method, test.want.Path, test.want.Body = "POST", "/api/v2/usage/query", api.Body
			if !reflect.DeepEqual(*api, test.want) {
				t.Errorf("got  %#v\nwant %#v", *api, test.want)
			}
			check(t, "Body.Code", api.Body.Code, api.Code)
		})
	}
}

// The body is there for what the other fields do not say.
func TestAPIErrorBody(t *testing.T) {
	api := checkStatus(t, submitError(t, response{status: 429, body: limitedBody}), 429)
	check(t, "limit", api.Body.Limit.Value, 300)
}

// What to do about a status depends on the operation.
func TestAPIErrorAdvice(t *testing.T) {
	for _, test := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/api/v2/usage/query/id/results", 404,
			"check the id, and that it belongs to this organization and region, or submit the query again"},
		{"GET", "/api/v2/usage/query/id/results", 403,
			"the OAuth client needs the permission oauth:client:view or usage:organization:view"},
		{"GET", "/api/v2/usage/aggregates/query/jobs/id", 403,
			"the OAuth client needs the permission usage:organization:view"},
		{"GET", "/api/v2/users", 403, ""},
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

// What real errors after the submit say of the next step. The simulation draws more of them.
func TestOperationError(t *testing.T) {
	poll := func(ctx context.Context, c *Client) error { _, err := c.Execution("id").Poll(ctx); return err }
	ended := func(ctx context.Context, c *Client) error {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return waitQuery(ctx, c)
	}
	for _, test := range []struct {
		name                 string
		call                 func(context.Context, *Client) error
		bodies               []string
		want                 string
		retryable, resumable bool
	}{
		{"an outage", poll, []string{down}, "503 Service Unavailable", true, true},
		{"truncated", waitQuery, []string{`{"results":[{"requests":1},` + truncated}, "truncated", true, true},
		{"another content", rangeQuery, []string{`{"results":[{"requests":1},` + truncated, runningBody},
			"its content changed on retry; the rows received are incomplete", true, true},
		{"rows of a query that runs", rangeQuery, []string{`{"results":[{}],"queryStatus":"Running"}`},
			`rows arrived with status "Running"; they are incomplete`, true, true},
		{"Polling.Timeout", waitQuery, []string{runningBody}, `last status "Running"`, true, true},
		{"context", ended, []string{runningBody}, "context canceled", false, true},
		{"credentials", waitQuery, []string{"401"}, "401 Unauthorized", false, true},
		{"permissions", waitQuery, []string{"403"}, "403 Forbidden", false, true},
		{"unknown id", waitQuery, []string{notFound}, "404 Not Found", false, false},
		{"failed", waitQuery, []string{failedBody}, ErrQueryFailed.Error(), false, false},
		{"failed job", waitJob, []string{failedBody}, ErrQueryFailed.Error(), false, false},
		{"another type", waitQuery, []string{`{"queryStatus":1}`}, `"/queryStatus"`, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				script := script{bodies: test.bodies}
				err := test.call(t.Context(), newBubbleClient(t, script.serve))
				checkOperationError(t, err, test.want, test.resumable)
				check(t, "Retryable", Retryable(err), test.retryable)
			})
		})
	}
	t.Run("certificate", func(t *testing.T) {
		server := httptest.NewTLSServer(nil)
		server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // of the handshake
		defer server.Close()
		client, err := New("", WithBaseURL(server.URL), WithAccessToken("T"))
		checkError(t, err, "")
		err = waitQuery(t.Context(), client)
		checkOperationError(t, err, "certificate", true)
		check(t, "Retryable", Retryable(err), false)
	})
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
