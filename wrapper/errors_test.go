package wrapper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/poll"
	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
	"github.com/genesyscloud-go/usage/wrapper/internal/transport"
)

func TestAPIError(t *testing.T) {
	for _, test := range []struct {
		name    string
		method  string
		outcome outcome
		want    APIError // without Body
		message string
	}{
		{
			name: "429 as documented", method: "GET",
			outcome: outcome{status: 429, headers: []string{transport.CorrelationHeader, "abc", "Retry-After", "42"},
				body: `{"message":"Rate limit exceeded the maximum. Retry the request in [42] seconds","code":"too.many.requests.retry.after","status":429,"contextId":"abc","details":[],"errors":[]}`},
			want:    APIError{StatusCode: 429, Code: "too.many.requests.retry.after", Message: "Rate limit exceeded the maximum. Retry the request in [42] seconds", CorrelationID: "abc", RetryAfter: 42 * time.Second},
			message: "GET /api/v2/usage/query: 429 Too Many Requests: too.many.requests.retry.after: Rate limit exceeded the maximum. Retry the request in [42] seconds (correlation id abc); try again in 42s",
		},
		{
			name: "id in the body", method: "POST",
			outcome: outcome{status: 403, body: `{"message":"m","code":"missing.permissions","contextId":"xyz","unknown":{"a":[1]}}`},
			want:    APIError{StatusCode: 403, Code: "missing.permissions", Message: "m", CorrelationID: "xyz"},
			message: "POST /api/v2/usage/query: 403 Forbidden: missing.permissions: m (correlation id xyz); the OAuth client needs the permission oauth:client:view or usage:organization:view",
		},
		{
			name: "HTML", method: "GET",
			outcome: outcome{status: 502, body: "<html>Bad Gateway</html>"},
			want:    APIError{StatusCode: 502},
			message: "GET /api/v2/usage/query: 502 Bad Gateway",
		},
		{
			name: "empty", method: "GET",
			outcome: outcome{status: 404},
			want:    APIError{StatusCode: 404},
			message: "GET /api/v2/usage/query: 404 Not Found; check the id, and that it belongs to this organization and region; if in doubt submit the query again",
		},
		{
			name: "redirect", method: "GET",
			outcome: outcome{status: 302, headers: []string{"Location", "https://elsewhere.example.com"}},
			want:    APIError{StatusCode: 302},
			message: "GET /api/v2/usage/query: 302 Found; redirects are not followed: check the region or base URL",
		},
		{
			name: "cut", method: "GET",
			outcome: outcome{status: 401, reader: io.MultiReader(strings.NewReader(`{"code":`), iotest.ErrReader(io.ErrUnexpectedEOF))},
			want:    APIError{StatusCode: 401},
			message: "GET /api/v2/usage/query: 401 Unauthorized; check the credentials, and that they belong to this region",
		},
		{
			name: "endless", method: "GET",
			outcome: outcome{status: 400, reader: newEndless()},
			want:    APIError{StatusCode: 400},
			message: "GET /api/v2/usage/query: 400 Bad Request",
		},
		{
			name: "wrong types", method: "GET",
			outcome: outcome{status: 400, body: `{"code":"c","contextId":"x","message":1}`},
			want:    APIError{StatusCode: 400},
			message: "GET /api/v2/usage/query: 400 Bad Request",
		},
		{
			name: "no such operation", method: "POST",
			outcome: outcome{status: 404},
			want:    APIError{StatusCode: 404},
			message: "POST /api/v2/usage/query: 404 Not Found",
		},
		{
			name: "two ids", method: "GET",
			outcome: outcome{status: 400, headers: []string{transport.CorrelationHeader, "abc"}, body: `{"contextId":"xyz"}`},
			want:    APIError{StatusCode: 400, CorrelationID: "abc"},
			message: "GET /api/v2/usage/query: 400 Bad Request (correlation id abc)",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			response := test.outcome.respond(newRequest(t, test.method))
			got := newAPIError(response)
			if got.Error() != test.message {
				t.Errorf("says  %s\nwants %s", got, test.message)
			}
			test.want.Method, test.want.Path, test.want.Body = test.method, "/api/v2/usage/query", got.Body
			if fmt.Sprintf("%#v", *got) != fmt.Sprintf("%#v", test.want) {
				t.Errorf("is    %#v\nwants %#v", *got, test.want)
			}
			if got.Body.Code != got.Code || got.Body.Message != got.Message {
				t.Errorf("body %+v", got.Body)
			}
		})
	}
}

func FuzzAPIErrorBody(f *testing.F) {
	f.Add([]byte(`{"message":"m","code":"c","status":400,"contextId":"x","details":[{"errorCode":"e"}],"errors":[{"errors":[]}],"limit":{"value":1},"messageParams":{"a":"b"}}`))
	f.Add([]byte(`{"message":null,"errors":[null]}`))
	f.Add([]byte("<html>"))
	f.Add([]byte(""))
	f.Add([]byte("{\"message\":\"\xff\"}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		e := newAPIError(respond(newRequest(t, "GET"), 500, string(body)))
		if e.StatusCode != 500 || !strings.HasPrefix(e.Error(), "GET /api/v2/usage/query: 500 Internal Server Error") {
			t.Fatalf("%v", e)
		}
	})
}

func TestExecutionErrorSaysHowToGoOn(t *testing.T) {
	client, err := New(USEast1, WithAccessToken("T"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		err    error
		resume bool
	}{
		{context.Canceled, true},
		{&poll.TimeoutError{After: time.Hour}, true},
		{io.ErrUnexpectedEOF, true},
		{rows.ErrChanged, true},
		{&APIError{StatusCode: 503}, true},
		{&APIError{StatusCode: 429, RetryAfter: time.Hour}, true},
		{&APIError{StatusCode: 401}, true},
		{&APIError{StatusCode: 403}, true},
		{&APIError{StatusCode: 404}, false},
		{&APIError{StatusCode: 400}, false},
		{ErrQueryFailed, false},
		{&answerError{io.EOF, true}, false},
		{&answerError{io.EOF, false}, true},
	} {
		err := client.Execution("the-id").fail(fmt.Errorf("wrapped: %w", test.err))
		var execution *ExecutionError
		if !errors.Is(err, test.err) || !errors.As(err, &execution) || execution.ExecutionID != "the-id" || !strings.Contains(err.Error(), "the-id") || !strings.Contains(err.Error(), test.err.Error()) {
			t.Errorf("%v", err)
		}
		if got := strings.HasSuffix(err.Error(), "; Client.Execution takes it up again with this id"); got != test.resume {
			t.Errorf("%v: says how to go on: %v", err, got)
		}
	}
}
