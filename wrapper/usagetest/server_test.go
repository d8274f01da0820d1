package usagetest_test

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

const (
	january = "2026-01-01/2026-01-31"

	tokenPath = "/oauth/token"
	queryPath = "/api/v2/usage/query"
	jobPath   = "/api/v2/usage/aggregates/query/jobs"
	noResults = queryPath + "/unknown/results"
)

// fake is a server, and what tests do with it.
type fake struct {
	*usagetest.Server
	t *testing.T
}

func newFake(t *testing.T, config usagetest.Config) *fake {
	t.Helper()
	server := usagetest.NewServer(config)
	t.Cleanup(server.Close)
	return &fake{server, t}
}

func (f *fake) client(options ...wrapper.Option) *wrapper.Client {
	f.t.Helper()
	client, err := wrapper.New("", append(f.Options(), options...)...)
	if err != nil {
		f.t.Fatal(err)
	}
	return client
}

func (f *fake) query(query gen.APIUsageQuery) []gen.APIUsageRow {
	f.t.Helper()
	rows, err := f.client().Query(f.t.Context(), query)
	if err != nil {
		f.t.Fatalf("%+v: %v", query, err)
	}
	return rows
}

func (f *fake) queryJob(query gen.UsageJobQuery) []gen.UsageJobRow {
	f.t.Helper()
	rows, err := f.client().QueryJob(f.t.Context(), query)
	if err != nil {
		f.t.Fatalf("%+v: %v", query, err)
	}
	return rows
}

// get and post send requests as any HTTP client with a token would.
func (f *fake) get(path string) (response *http.Response, body string) {
	f.t.Helper()
	return f.send("GET", path, f.Token(), "")
}

func (f *fake) post(path, content string) (response *http.Response, body string) {
	f.t.Helper()
	return f.send("POST", path, f.Token(), content)
}

func (f *fake) send(method, path, token, content string) (response *http.Response, body string) {
	f.t.Helper()
	request := f.request(method, path, content)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return f.do(request)
}

func (f *fake) request(method, path, content string) *http.Request {
	f.t.Helper()
	request, err := http.NewRequestWithContext(f.t.Context(), method, f.URL+path, strings.NewReader(content))
	if err != nil {
		f.t.Fatal(err)
	}
	return request
}

func (f *fake) do(request *http.Request) (response *http.Response, body string) {
	f.t.Helper()
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return response, string(data)
}

func check[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

func checkContains(t *testing.T, what, got string, want ...string) {
	t.Helper()
	for _, part := range want {
		if !strings.Contains(got, part) {
			t.Errorf("%s: got %.300s, want %s in it", what, got, part)
		}
	}
}

func TestRateLimit(t *testing.T) {
	server := newFake(t, usagetest.Config{RateLimit: 3, RateWindow: time.Hour})
	for i := 1; i <= 3; i++ {
		response, _ := server.get(noResults)
		check(t, fmt.Sprint("status of request ", i), response.StatusCode, 404)
		for header := range response.Header {
			if strings.Contains(strings.ToLower(header), "limit") || header == "Retry-After" {
				t.Errorf("request %d: %s reveals the limit", i, header)
			}
		}
	}
	response, body := server.get(noResults)
	check(t, "status", response.StatusCode, 429)
	check(t, "Retry-After", response.Header.Get("Retry-After"), "3600")
	checkContains(t, "body", body, `"code":"too.many.requests.retry.after"`,
		`"message":"Rate limit exceeded the maximum. Retry the request in [3600] seconds"`)
}

func TestRequests(t *testing.T) {
	server := newFake(t, usagetest.Config{})
	server.client().Submit(t.Context(), gen.APIUsageQuery{Interval: january})
	server.get(queryPath + "/a%2Fb/results?c=d")
	var got []string
	for _, r := range server.Requests() {
		got = append(got, fmt.Sprintf("%s %s?%s %q %d", r.Method, r.Path, r.Query, r.Body, r.Status))
		check(t, "Authorization", r.Header.Values("Authorization"), nil)
		check(t, "time within a minute", time.Since(r.Time) < time.Minute, true)
	}
	check(t, "requests", got, []string{
		`POST /oauth/token? "" 200`,
		`POST /api/v2/usage/query? "{\"interval\":\"2026-01-01/2026-01-31\"}" 200`,
		`GET /api/v2/usage/query/a%2Fb/results?c=d "" 404`,
	})
}
