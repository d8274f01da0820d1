package wrapper

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

// newTestClient returns a client of a server of its own, with short waits.
func newTestClient(t testing.TB, handler http.HandlerFunc, options ...Option) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := New("", append([]Option{
		WithBaseURL(server.URL), WithAccessToken("T"),
		WithPolling(Polling{Initial: 1, Max: time.Millisecond}),
		WithRetry(Retry{MaxAttempts: 3, Initial: 1, Max: time.Millisecond}),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// newBubbleClient returns a client with the default waits whose requests a handler
// answers without a network, for the time of package synctest.
func newBubbleClient(t testing.TB, handler http.HandlerFunc, options ...Option) *Client {
	t.Helper()
	transport := roundTripper(func(request *http.Request) (*http.Response, error) {
		served := request.Clone(request.Context())
		if served.Body == nil {
			served.Body = http.NoBody
		}
		recorder := httptest.NewRecorder()
		handler(recorder, served)
		response := recorder.Result()
		if length, err := strconv.Atoi(response.Header.Get("Content-Length")); err == nil && length > recorder.Body.Len() {
			response.Body = io.NopCloser(io.MultiReader(response.Body, iotest.ErrReader(io.ErrUnexpectedEOF)))
		}
		return response, nil
	})
	client, err := New(USEast1, append([]Option{
		WithAccessToken("T"), WithHTTPClient(&http.Client{Transport: transport}),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// roundTripper is a Transport that is a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// Bodies of responses.
const (
	submittedBody = `{"executionId":"id","id":"id"}` // of either API
	runningBody   = `{"queryStatus":"Running"}`
	completeBody  = `{"results":[{"requests":1},{"requests":2}],"queryStatus":"Complete"}`
	failedBody    = `{"queryStatus":"Failed"}`
	succeededBody = `{"entities":[{"requestCount":1},{"requestCount":2}],"queryStatus":"Succeeded"}`
	tokenBody     = `{"access_token":"T","token_type":"bearer","expires_in":3600}`
)

// A body may be a status in place of one, or end with truncated.
const (
	down      = "503"
	notFound  = "404"
	truncated = "TRUNCATED" // the response ends before its Content-Length
)

// reply writes a response.
func reply(w http.ResponseWriter, body string) {
	if status, err := strconv.Atoi(body); err == nil {
		w.WriteHeader(status)
		return
	}
	if cut, ok := strings.CutSuffix(body, truncated); ok {
		w.Header().Set("Content-Length", fmt.Sprint(len(cut)+1))
		body = cut
	}
	io.WriteString(w, body)
}

// script answers a submit, and each poll with the next body, or the last one.
type script struct {
	bodies []string
	polls  atomic.Int32
}

func (s *script) serve(w http.ResponseWriter, request *http.Request) {
	if request.Method == http.MethodPost {
		reply(w, submittedBody)
		return
	}
	n := int(s.polls.Add(1))
	reply(w, s.bodies[min(n, len(s.bodies))-1])
}

// Queries that are as good as any.
var (
	someQuery    = gen.APIUsageQuery{Interval: "2026-10-01/2026-10-31"}
	someJobQuery = gen.UsageJobQuery{Interval: Days(time.Now().AddDate(0, 0, -30), time.Now().AddDate(0, 0, -1))}
)

// collect returns the rows of a sequence, and its error, which has to come last and
// with a zero row.
func collect[R any](t *testing.T, rows iter.Seq2[R, error]) (all []R, err error) {
	t.Helper()
	for row, rowErr := range rows {
		if err != nil {
			t.Errorf("the error is not the last of the sequence: %v", err)
		}
		if err = rowErr; err == nil {
			all = append(all, row)
		} else if !reflect.ValueOf(row).IsZero() {
			t.Errorf("the error comes with the row %+v, want a zero one", row)
		}
	}
	return all, err
}

// checkNumbers wants rows to be numbered from 1 to n, by their requests.
func checkNumbers[R any](t *testing.T, rows []R, n int) {
	t.Helper()
	var got []int64
	for _, row := range rows {
		switch row := any(row).(type) {
		case gen.APIUsageRow:
			got = append(got, row.Requests)
		case gen.UsageJobRow:
			got = append(got, row.RequestCount)
		}
	}
	for i, number := range got {
		if number != int64(i+1) {
			t.Errorf("rows %v, want 1 to %d", got, n)
			return
		}
	}
	check(t, "rows", len(got), n)
}

// check wants something to be as expected.
func check[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// checkError wants an error with a text in it, or none.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("error %v, want none", err)
	case want != "" && err == nil:
		t.Errorf("no error, want one with %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("error %q, want %q in it", err, want)
	}
}

// checkOperationError wants the error of the operation "id" with a text in it, which can
// be resumed, or not.
func checkOperationError(t *testing.T, err error, want string, resume bool) {
	t.Helper()
	checkError(t, err, want)
	operation, ok := errors.AsType[*OperationError](err)
	if !ok {
		t.Errorf("error %v, want an *OperationError", err)
		return
	}
	check(t, "ID", operation.ID, "id")
	check(t, "Resumable", operation.Resumable(), resume)
}

// checkIs wants errors.Is to find a target in an error, or not.
func checkIs(t *testing.T, err, target error, want bool) {
	t.Helper()
	if got := errors.Is(err, target); got != want {
		t.Errorf("errors.Is(%v) is %v, want %v: %v", target, got, want, err)
	}
}

// checkStatus wants an *APIError with a status, and returns it.
func checkStatus(t *testing.T, err error, want int) *APIError {
	t.Helper()
	api, ok := errors.AsType[*APIError](err)
	if !ok {
		t.Errorf("error %v, want an *APIError with status %d", err, want)
		return &APIError{}
	}
	check(t, "StatusCode", api.StatusCode, want)
	return api
}
