package usagetest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

func TestMetrics(t *testing.T) {
	server := newServer(t, usagetest.Config{})
	all := total(query(t, server, gen.APIUsageQuery{Interval: january}))
	got := total(query(t, server, gen.APIUsageQuery{Interval: january, Metrics: []gen.Metric{gen.MetricStatus429, gen.MetricRequests}}))
	if want := (gen.APIUsageRow{Status429: all.Status429, Requests: all.Requests}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAnswersAreTheVendors(t *testing.T) {
	server := newServer(t, usagetest.Config{RunningPolls: 1})
	token := getToken(t, server)
	response, body := call(t, "POST", server.URL+"/api/v2/usage/query", token, `{"interval":"2026-01-05/2026-01-05","groupBy":["HttpMethod"]}`)
	var started gen.UsageExecutionResult
	if err := json.Unmarshal([]byte(body), &started); err != nil || response.StatusCode != 200 || started.ResultsURI != "/api/v2/usage/query/"+started.ExecutionID+"/results" {
		t.Fatalf("%d %s, %v", response.StatusCode, body, err)
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

// testdata/answer.json has the shape of the answer that the vendor published, with
// its developer blog of 2021-01-04, to a query by day, client and template.
func TestAnswersHaveTheVendorsShape(t *testing.T) {
	data, err := os.ReadFile("testdata/answer.json")
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Compact(&want, data); err != nil {
		t.Fatal(err)
	}
	var published gen.APIUsageQueryResult
	if err := json.Unmarshal(data, &published); err != nil {
		t.Fatal(err)
	}
	const ask = `{"interval":"2026-02-01/2026-02-28","granularity":"Day","groupBy":["OAuthClientId","TemplateUri"]}`
	server := newServer(t, usagetest.Config{Rows: func(gen.APIUsageQuery) []gen.APIUsageRow { return published.Results }})
	if got := asThen(answerTo(t, server, ask)); got != want.String() {
		t.Errorf("got  %s\nwant %s", got, &want)
	}

	got := answerTo(t, newServer(t, usagetest.Config{}), ask)
	if !strings.HasPrefix(got, `{"results":[`) || !strings.HasSuffix(got, `],"queryStatus":"Complete"}`) {
		t.Errorf("the organization's answer is not of that shape: %.100s", got)
	}
	shape, days := keys(rawRows(t, want.String())[0]), map[string]int{}
	for _, row := range rawRows(t, asThen(got)) {
		if got := keys(row); got != shape {
			t.Fatalf("a row has the keys %s, want %s", got, shape)
		}
		_, date, _ := strings.Cut(row, `"date":`)
		days[date]++
	}
	if len(days) != 28 || days[`"2026-02-01T00:00:00Z"}`] == 0 || days[`"2026-02-28T00:00:00Z"}`] == 0 {
		t.Errorf("the rows are of %v, want each day from the first to the last", days)
	}
}

// asThen is an answer without what rows may have besides the keys of the published one:
// fields that a regeneration adds come behind them.
func asThen(answer string) string {
	return regexp.MustCompile(`("date":"[^"]*")[^{}]*\}`).ReplaceAllString(answer, "$1}")
}

// rawRows returns the rows of an answer as they are.
func rawRows(t *testing.T, answer string) (rows []string) {
	t.Helper()
	var raw struct{ Results []json.RawMessage }
	if err := json.Unmarshal([]byte(answer), &raw); err != nil {
		t.Fatal(err)
	}
	for _, row := range raw.Results {
		rows = append(rows, string(row))
	}
	return rows
}

// keys returns a row without its values.
func keys(row string) string { return regexp.MustCompile(`:("[^"]*"|\d+)`).ReplaceAllString(row, "") }

// answerTo submits a query as it is, and returns the results as they are.
func answerTo(t *testing.T, server *usagetest.Server, query string) string {
	t.Helper()
	token := getToken(t, server)
	_, body := call(t, "POST", server.URL+"/api/v2/usage/query", token, query)
	var started gen.UsageExecutionResult
	if err := json.Unmarshal([]byte(body), &started); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	_, body = call(t, "GET", server.URL+started.ResultsURI, token, "")
	return body
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
		{"no token", "POST", path, "", `{"interval":"2026-01-01/2026-01-31"}`, 401, "authentication.required"},
		{"wrong token", "POST", path, "wrong", `{"interval":"2026-01-01/2026-01-31"}`, 401, "authentication.required"},
		{"no JSON", "POST", path, token, `interval`, 400, "bad.request"},
		{"no interval", "POST", path, token, `{}`, 400, "bad.request"},
		{"an interval that does not parse", "POST", path, token, `{"interval":"last month"}`, 400, "bad.request"},
		{"an interval that ends before it starts", "POST", path, token, `{"interval":"2026-02-02/2026-02-01"}`, 400, "bad.request"},
		{"unknown granularity", "POST", path, token, `{"interval":"2026-01-01/2026-01-31","granularity":"Hour"}`, 400, "bad.request"},
		{"unknown groupBy", "POST", path, token, `{"interval":"2026-01-01/2026-01-31","groupBy":["Moon"]}`, 400, "bad.request"},
		{"unknown metric", "POST", path, token, `{"interval":"2026-01-01/2026-01-31","metrics":["Status418"]}`, 400, "bad.request"},
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
