package usagetest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
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

const january = "2026-01-01/2026-02-01"

func total(rows []gen.APIUsageRow) (sum gen.APIUsageRow) {
	for _, row := range rows {
		sum.Status200 += row.Status200
		sum.Status300 += row.Status300
		sum.Status400 += row.Status400
		sum.Status500 += row.Status500
		sum.Status429 += row.Status429
		sum.Requests += row.Requests
	}
	return sum
}

func TestOrganizationAddsUp(t *testing.T) {
	server := newServer(t, usagetest.Config{})
	byClient := query(t, server, gen.APIUsageQuery{Interval: january})
	if len(byClient) < 24 {
		t.Errorf("%d OAuth clients, want a few dozen", len(byClient))
	}
	want := total(byClient)
	if want.Status200 == 0 || want.Status300 == 0 || want.Status400 == 0 || want.Status500 == 0 || want.Status429 == 0 {
		t.Errorf("a month has %+v: some counter is zero", want)
	}
	all := []gen.GroupBy{gen.GroupByOAuthClientID, gen.GroupByOrganizationID, gen.GroupByUserID, gen.GroupByTemplateURI, gen.GroupByHTTPMethod}
	for _, by := range append([][]gen.GroupBy{nil, all}, all[:1], all[1:2], all[2:3], all[3:4], all[4:5]) {
		for _, granularity := range []gen.Granularity{"", gen.GranularityDay, gen.GranularityWeek, gen.GranularityMonth} {
			rows := query(t, server, gen.APIUsageQuery{Interval: january, Granularity: granularity, GroupBy: by})
			if got := total(rows); got != want {
				t.Errorf("by %v and %q: %+v, want %+v", by, granularity, got, want)
			}
			if len(by) == 0 {
				by = all[:1]
			}
			seen := map[gen.APIUsageRow]bool{}
			for _, row := range rows {
				if row.Requests != row.Status200+row.Status300+row.Status400+row.Status500 || row.Status429 > row.Status400 {
					t.Fatalf("%+v does not add up", row)
				}
				for dimension, value := range map[gen.GroupBy]string{
					gen.GroupByOrganizationID: row.OrganizationID, gen.GroupByTemplateURI: row.TemplateURI,
					gen.GroupByHTTPMethod: row.HTTPMethod, gen.GroupByOAuthClientID: row.ClientID,
				} {
					if slices.Contains(by, dimension) != (value != "") {
						t.Fatalf("by %v: %+v", by, row)
					}
				}
				if (row.ClientID == "") != (row.ClientName == "") || row.UserID != "" && !slices.Contains(by, gen.GroupByUserID) {
					t.Fatalf("by %v: %+v", by, row)
				}
				if strings.HasPrefix(row.TemplateURI, "/") {
					t.Fatalf("a template has a leading slash: %+v", row)
				}
				checkBucket(t, granularity, row.Date)
				key := gen.APIUsageRow{ClientID: row.ClientID, UserID: row.UserID, TemplateURI: row.TemplateURI, HTTPMethod: row.HTTPMethod, Date: row.Date}
				if seen[key] {
					t.Fatalf("two rows for %+v", key)
				}
				seen[key] = true
			}
		}
	}
	templates := query(t, server, gen.APIUsageQuery{Interval: january, GroupBy: []gen.GroupBy{gen.GroupByTemplateURI}})
	if len(templates) < 150 {
		t.Errorf("%d endpoint templates, want a few hundred", len(templates))
	}
}

func checkBucket(t *testing.T, granularity gen.Granularity, date time.Time) {
	t.Helper()
	ok := date.Equal(date.Truncate(24 * time.Hour))
	switch granularity {
	case "":
		ok = date.IsZero()
	case gen.GranularityWeek:
		ok = ok && date.Weekday() == time.Monday
	case gen.GranularityMonth:
		ok = ok && date.Day() == 1
	}
	if !ok {
		t.Fatalf("%v is no start of a %s", date, granularity)
	}
}

func TestOrganizationIsTheSameForASeed(t *testing.T) {
	ask := gen.APIUsageQuery{Interval: january, Granularity: gen.GranularityDay}
	one := query(t, newServer(t, usagetest.Config{Seed: 7}), ask)
	again := query(t, newServer(t, usagetest.Config{Seed: 7}), ask)
	other := query(t, newServer(t, usagetest.Config{Seed: 8}), ask)
	if !reflect.DeepEqual(one, again) || reflect.DeepEqual(one, other) {
		t.Error("not the same for one seed, or not another for another")
	}
	// A day is the same whatever the interval around it.
	day := query(t, newServer(t, usagetest.Config{Seed: 7}), gen.APIUsageQuery{Interval: "2026-01-10/2026-01-11", Granularity: gen.GranularityDay})
	for _, row := range day {
		if !slices.Contains(one, row) {
			t.Fatalf("%+v is not in the month", row)
		}
	}
}

func TestOrganizationIntervals(t *testing.T) {
	server := newServer(t, usagetest.Config{})
	days := func(interval string) int {
		return len(query(t, server, gen.APIUsageQuery{Interval: interval, Granularity: gen.GranularityDay, GroupBy: []gen.GroupBy{gen.GroupByOrganizationID}}))
	}
	today := time.Now().UTC().Truncate(24 * time.Hour)
	for interval, want := range map[string]int{
		january:                 31,
		"2026-01/2026-03":       59,
		"2026-01-01/2026-01-01": 0,
		"2026-01-01T06:00:00Z/2026-01-01T07:00:00Z":                            1,
		"2016-01-01/2018-01-03":                                                2, // history begins with 2018
		wrapper.Interval(today.AddDate(0, 0, -2), today.AddDate(0, 0, 2)):      2, // today is not in it yet
		wrapper.Interval(today.AddDate(1, 0, 0), today.AddDate(1, 1, 0)):       0,
		wrapper.Interval(today.AddDate(0, 0, -1), today.Add(-time.Nanosecond)): 1,
	} {
		if got := days(interval); got != want {
			t.Errorf("%s has %d days, want %d", interval, got, want)
		}
	}
}

func TestMetrics(t *testing.T) {
	server := newServer(t, usagetest.Config{})
	all := total(query(t, server, gen.APIUsageQuery{Interval: january}))
	got := total(query(t, server, gen.APIUsageQuery{Interval: january, Metrics: []gen.Metric{gen.MetricStatus429, gen.MetricRequests}}))
	if want := (gen.APIUsageRow{Status429: all.Status429, Requests: all.Requests}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

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

func getToken(t *testing.T, server *usagetest.Server) string {
	t.Helper()
	response, body := tokenRequest(t, server, "demo-client", "demo-secret", "client_credentials")
	var token struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(body), &token); err != nil || response.StatusCode != 200 || token.TokenType != "bearer" || token.ExpiresIn != 86400 {
		t.Fatalf("%d %s, %v", response.StatusCode, body, err)
	}
	return token.AccessToken
}

func tokenRequest(t *testing.T, server *usagetest.Server, id, secret, grant string) (*http.Response, string) {
	t.Helper()
	request, _ := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/oauth/token", strings.NewReader(url.Values{"grant_type": {grant}}.Encode()))
	request.SetBasicAuth(id, secret)
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, _ := io.ReadAll(response.Body)
	return response, string(data)
}

func TestTokenRequests(t *testing.T) {
	server := newServer(t, usagetest.Config{})
	for _, test := range []struct{ id, secret, grant, want string }{
		{"demo-client", "wrong", "client_credentials", "invalid_client"},
		{"wrong", "demo-secret", "client_credentials", "invalid_client"},
		{"demo-client", "demo-secret", "password", "unsupported_grant_type"},
	} {
		response, body := tokenRequest(t, server, test.id, test.secret, test.grant)
		if response.StatusCode/100 != 4 || !strings.Contains(body, test.want) || !strings.Contains(body, `"error_description"`) {
			t.Errorf("%+v: %d %s", test, response.StatusCode, body)
		}
	}
	getToken(t, server)
}

func TestAnswersAreTheVendors(t *testing.T) {
	server := newServer(t, usagetest.Config{RunningPolls: 1})
	token := getToken(t, server)
	response, body := call(t, "POST", server.URL+"/api/v2/usage/query", token, `{"interval":"2026-01-05/2026-01-06","groupBy":["HttpMethod"]}`)
	var started gen.UsageExecutionResult
	if err := json.Unmarshal([]byte(body), &started); err != nil || response.StatusCode != 200 || started.ResultsURI != "/api/v2/usage/query/"+started.ExecutionID+"/results" {
		t.Fatalf("%d %s, %v", response.StatusCode, body, err)
	}
	for header, want := range map[string]string{"inin-ratelimit-count": "1", "inin-ratelimit-allowed": "1000000", "inin-ratelimit-reset": "60"} {
		if got := response.Header.Get(header); got != want {
			t.Errorf("%s: %s, want %s", header, got, want)
		}
	}
	if response.Header.Get("ININ-Correlation-Id") == "" {
		t.Error("no correlation id")
	}
	if _, body = call(t, "GET", server.URL+started.ResultsURI, token, ""); body != `{"queryStatus":"Running"}` {
		t.Errorf("running: %s", body)
	}
	_, body = call(t, "GET", server.URL+started.ResultsURI, token, "")
	if body = strings.TrimSpace(body); !strings.HasPrefix(body, `{"results":[{`) || !strings.HasSuffix(body, `],"queryStatus":"Complete"}`) {
		t.Errorf("complete: %s", body)
	}
	for _, want := range []string{`"clientId":""`, `"clientName":""`, `"organizationId":""`, `"userId":""`, `"templateUri":""`, `"status300":0`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not written out", want)
		}
	}
	if strings.Contains(body, `"date"`) {
		t.Error("a date without a granularity")
	}
}

func TestRefusals(t *testing.T) {
	server := newServer(t, usagetest.Config{})
	token := getToken(t, server)
	const path = "/api/v2/usage/query"
	for _, test := range []struct {
		name, method, path, token, body string
		status                          int
		code                            string
	}{
		{"no token", "POST", path, "", `{"interval":"2026-01-01/2026-02-01"}`, 401, "authentication.required"},
		{"wrong token", "POST", path, "wrong", `{"interval":"2026-01-01/2026-02-01"}`, 401, "authentication.required"},
		{"no JSON", "POST", path, token, `interval`, 400, "bad.request"},
		{"no interval", "POST", path, token, `{}`, 400, "bad.request"},
		{"an interval that does not parse", "POST", path, token, `{"interval":"last month"}`, 400, "bad.request"},
		{"an interval that ends before it starts", "POST", path, token, `{"interval":"2026-02-01/2026-01-01"}`, 400, "bad.request"},
		{"unknown granularity", "POST", path, token, `{"interval":"2026-01-01/2026-02-01","granularity":"Hour"}`, 400, "bad.request"},
		{"unknown groupBy", "POST", path, token, `{"interval":"2026-01-01/2026-02-01","groupBy":["Moon"]}`, 400, "bad.request"},
		{"unknown metric", "POST", path, token, `{"interval":"2026-01-01/2026-02-01","metrics":["Status418"]}`, 400, "bad.request"},
		{"unknown execution", "GET", path + "/unknown/results", token, "", 404, "not.found"},
		{"unknown path", "GET", "/api/v2/users", token, "", 404, "not.found"},
		{"wrong method", "GET", path, token, "", 404, "not.found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, body := call(t, test.method, server.URL+test.path, test.token, test.body)
			var e gen.ErrorBody
			if err := json.Unmarshal([]byte(body), &e); err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			if response.StatusCode != test.status || int(e.Status) != test.status || e.Code != test.code || e.Message == "" || e.ContextID != response.Header.Get("ININ-Correlation-Id") {
				t.Errorf("%d %s", response.StatusCode, body)
			}
			if !strings.Contains(body, `"details":[]`) || !strings.Contains(body, `"errors":[]`) {
				t.Errorf("empty lists are not written out: %s", body)
			}
		})
	}
}

func TestRateLimit(t *testing.T) {
	server := newServer(t, usagetest.Config{RateLimit: 3, RateWindow: time.Hour})
	token := getToken(t, server)
	for i := 1; i <= 3; i++ {
		response, _ := call(t, "GET", server.URL+"/api/v2/usage/query/x/results", token, "")
		if got := response.Header.Get("inin-ratelimit-count"); response.StatusCode != 404 || got != fmt.Sprint(i) {
			t.Errorf("request %d: %d, count %s", i, response.StatusCode, got)
		}
	}
	response, body := call(t, "GET", server.URL+"/api/v2/usage/query/x/results", token, "")
	if response.StatusCode != 429 || response.Header.Get("Retry-After") != "3600" ||
		!strings.Contains(body, `"message":"Rate limit exceeded the maximum. Retry the request in [3600] seconds"`) || !strings.Contains(body, `"code":"too.many.requests.retry.after"`) {
		t.Errorf("%d, Retry-After %s: %s", response.StatusCode, response.Header.Get("Retry-After"), body)
	}
}

func TestTokensEnd(t *testing.T) {
	server := newServer(t, usagetest.Config{TokenTTL: time.Nanosecond})
	_, body := tokenRequest(t, server, "demo-client", "demo-secret", "client_credentials")
	if !strings.Contains(body, `"expires_in":1`) {
		t.Errorf("a token for a part of a second: %s", body)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	json.Unmarshal([]byte(body), &token)
	if response, _ := call(t, "GET", server.URL+"/api/v2/usage/query/x/results", token.AccessToken, ""); response.StatusCode != 401 {
		t.Errorf("an expired token: %d", response.StatusCode)
	}

	server = newServer(t, usagetest.Config{})
	revoked := getToken(t, server)
	server.RevokeTokens()
	if response, _ := call(t, "GET", server.URL+"/api/v2/usage/query/x/results", revoked, ""); response.StatusCode != 401 {
		t.Errorf("a revoked token: %d", response.StatusCode)
	}
}

func TestQueryTimeAndFail(t *testing.T) {
	server := newServer(t, usagetest.Config{QueryTime: time.Hour})
	execution, err := newClient(t, server).Submit(t.Context(), gen.APIUsageQuery{Interval: january})
	if err != nil {
		t.Fatal(err)
	}
	if result, err := execution.Poll(t.Context()); err != nil || result.QueryStatus != gen.QueryStatusRunning {
		t.Errorf("%+v, %v", result, err)
	}
	server = newServer(t, usagetest.Config{Fail: true})
	execution, err = newClient(t, server).Submit(t.Context(), gen.APIUsageQuery{Interval: january})
	if err != nil {
		t.Fatal(err)
	}
	if result, err := execution.Poll(t.Context()); err != nil || result.QueryStatus != gen.QueryStatusFailed {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestRowsOfYourOwn(t *testing.T) {
	want := []gen.APIUsageRow{
		{ClientID: "a", Requests: 9007199254740993, Date: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
		{ClientName: "Zürich 東京 \"x\" <&>\n", Status429: -1},
	}
	var asked gen.APIUsageQuery
	server := newServer(t, usagetest.Config{Rows: func(q gen.APIUsageQuery) []gen.APIUsageRow { asked = q; return want }})
	ask := gen.APIUsageQuery{Interval: january, Granularity: gen.GranularityDay}
	if got := query(t, server, ask); !reflect.DeepEqual(got, want) || !reflect.DeepEqual(asked, ask) {
		t.Errorf("asked %+v, got %+v", asked, got)
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
