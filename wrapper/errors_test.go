package wrapper

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/genesyscloud-go/usage/gen"
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

// The vendor's error body of a 429, as its documents have it.
const limitedBody = `{"message":"Rate limit exceeded the maximum. Retry the request in [42] seconds",` +
	`"code":"too.many.requests.retry.after","status":429,"contextId":"abc","details":[],"errors":[]}`

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
		{"without end", response{status: 400, reader: newEndless()}, APIError{StatusCode: 400}, "400 Bad Request"},

		{"status is a string", response{status: 400, body: `{"status":"400","code":"c","message":"m","contextId":"x"}`},
			APIError{StatusCode: 400, Code: "c", Message: "m", CorrelationID: "x"}, "400 Bad Request: c: m (correlation id x)"},
		{"details are an object", response{status: 400, body: `{"details":{},"code":"c","message":"m","contextId":"x"}`},
			APIError{StatusCode: 400, Code: "c", Message: "m", CorrelationID: "x"}, "400 Bad Request: c: m (correlation id x)"},
		{"errors are a string", response{status: 400, body: `{"errors":"none","code":"c","message":"m","contextId":"x"}`},
			APIError{StatusCode: 400, Code: "c", Message: "m", CorrelationID: "x"}, "400 Bad Request: c: m (correlation id x)"},
		{"limit is a list", response{status: 400, body: `{"limit":[],"code":"c","message":"m","contextId":"x"}`},
			APIError{StatusCode: 400, Code: "c", Message: "m", CorrelationID: "x"}, "400 Bad Request: c: m (correlation id x)"},
		{"message is a number", response{status: 400, body: `{"message":1,"code":"c","contextId":"x"}`},
			APIError{StatusCode: 400, Code: "c", CorrelationID: "x"}, "400 Bad Request: c (correlation id x)"},
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
			check(t, "Body.Message", api.Body.Message, api.Message)
		})
	}
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
	const lines, n = `two\nlines \u2028\u202e `, 1 << 15
	long := strings.Repeat(lines, n)
	done := func(body string) func(*testing.T) error {
		return func(t *testing.T) error {
			client := newTestClient(t, submitted(func(w http.ResponseWriter, _ *http.Request) { reply(w, body) }))
			_, err := collect(t, client.QueryJobRows(t.Context(), someJobQuery))
			return err
		}
	}
	refused := func(body string) func(*testing.T) error {
		return func(t *testing.T) error { return submitError(t, response{status: 400, body: body}) }
	}
	for _, test := range []struct {
		name string
		err  func(*testing.T) error
	}{
		{"message", refused(`{"code":"c","message":"` + long + `"}`)},
		{"code", refused(`{"code":"` + long + `"}`)},
		{"correlation id", refused(`{"contextId":"` + long + `"}`)},
		{"HTML", refused("<html>" + long)},
		{"id", func(t *testing.T) error {
			return submitError(t, response{status: 200, body: `{"executionId":"` + long + `"}`})
		}},
		{"correlation id in the header", func(t *testing.T) error {
			return submitError(t, response{status: 400,
				header: http.Header{"Inin-Correlation-Id": {strings.Repeat("x", 1<<20)}}})
		}},
		{"correlation id of a response that cannot be used", func(t *testing.T) error {
			return submitError(t, response{status: 200, body: `{}x`,
				header: http.Header{"Inin-Correlation-Id": {strings.Repeat("x", 1<<20)}}})
		}},
		{"message of a job", done(`{"queryStatus":"Failed","errorBody":{"code":"c","message":"` + long + `"}}`)},
		{"code of a job", done(`{"queryStatus":"Failed","errorBody":{"code":"` + long + `"}}`)},
		{"cursor", done(`{"queryStatus":"Succeeded","entities":[{}],"nextUri":"?after=` + strings.Repeat("x", 1<<19) + `"}`)},
		{"next page", done(`{"queryStatus":"Succeeded","nextUri":"` + long + `"}`)},
		{"status with rows", done(`{"entities":[{}],"queryStatus":"` + long + `"}`)},
		{"date", done(`{"entities":[{"date":"` + long + `"}]}`)},
		{"refused secret", func(t *testing.T) error {
			half := strings.Repeat(lines, n/2)
			client := newBubbleClient(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusBadRequest)
				io.WriteString(w, `{"error":"`+half+`","error_description":"`+half+`"}`)
			}, WithClientCredentials("id", "secret"))
			_, err := client.Submit(t.Context(), someQuery)
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
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
	}
}

// The last status in the text of a timeout is short, too.
func TestErrorTextOfATimeoutIsShort(t *testing.T) {
	body := `{"queryStatus":"` + strings.Repeat("Paused ", 1<<16) + `"}`
	client := newTestClient(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, body) },
		WithPolling(Polling{Initial: 1, Max: time.Millisecond, Timeout: 20 * time.Millisecond}))
	_, err := client.Execution("id").Wait(t.Context())
	checkOperationError(t, err, "last status", true)
	if n := len(err.Error()); n > 5000 {
		t.Errorf("the text has %d bytes, want 5000 at most", n)
	}
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

// The body of an error is there for what Code and Message do not say.
func TestAPIErrorBody(t *testing.T) {
	const body = `{"code":"c","details":[{"errorCode":"e","fieldName":"interval"}],"limit":{"key":"k","value":300}}`
	api := checkStatus(t, submitError(t, response{status: 400, body: body}), 400)
	want := []gen.Detail{{ErrorCode: "e", FieldName: "interval"}}
	if !reflect.DeepEqual(api.Body.Details, want) {
		t.Errorf("details %+v, want %+v", api.Body.Details, want)
	}
	check(t, "limit", api.Body.Limit.Value, 300)
}
