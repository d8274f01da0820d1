package usagetest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

func newServer(t *testing.T, config usagetest.Config) *usagetest.Server {
	t.Helper()
	server := usagetest.NewServer(config)
	t.Cleanup(server.Close)
	return server
}

func newClient(t *testing.T, server *usagetest.Server, options ...wrapper.Option) *wrapper.Client {
	t.Helper()
	client, err := wrapper.New("", append(server.Options(), options...)...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func query(t *testing.T, server *usagetest.Server, query gen.APIUsageQuery) []gen.APIUsageRow {
	t.Helper()
	rows, err := newClient(t, server).Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

const january = "2026-01-01/2026-01-31"

// call sends a request as any HTTP client would.
func call(t *testing.T, method, address, token, body string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(data)
}

func TestRateLimit(t *testing.T) {
	server := newServer(t, usagetest.Config{RateLimit: 3, RateWindow: time.Hour})
	token := getToken(t, server)
	for i := 1; i <= 3; i++ {
		response, _ := call(t, "GET", server.URL+"/api/v2/usage/query/x/results", token, "")
		if response.StatusCode != 404 {
			t.Errorf("request %d: %d", i, response.StatusCode)
		}
		for header := range response.Header {
			if strings.Contains(strings.ToLower(header), "limit") || header == "Retry-After" {
				t.Errorf("request %d: %s tells of the limit", i, header)
			}
		}
	}
	response, body := call(t, "GET", server.URL+"/api/v2/usage/query/x/results", token, "")
	if response.StatusCode != 429 || response.Header.Get("Retry-After") != "3600" ||
		!strings.Contains(body, `"message":"Rate limit exceeded the maximum. Retry the request in [3600] seconds"`) || !strings.Contains(body, `"code":"too.many.requests.retry.after"`) {
		t.Errorf("%d, Retry-After %s: %s", response.StatusCode, response.Header.Get("Retry-After"), body)
	}
}

func TestRequests(t *testing.T) {
	server := newServer(t, usagetest.Config{})
	query(t, server, gen.APIUsageQuery{Interval: january})
	requests := server.Requests()
	var got []string
	for _, r := range requests {
		got = append(got, fmt.Sprint(r.Method, " ", r.Path, " ", r.Status, " ", len(r.Body)))
		if r.Header.Get("Authorization") != "" || strings.Contains(fmt.Sprintf("%+v", r), "demo-secret") {
			t.Errorf("%+v holds a secret", r)
		}
	}
	if len(got) != 3 || got[0] != "POST /oauth/token 200 0" || !strings.HasPrefix(got[1], "POST /api/v2/usage/query 200 ") || !strings.HasSuffix(got[2], "/results 200 0") {
		t.Errorf("%q", got)
	}
}
