package usagetest_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// submit submits a query, and returns the path of its results.
func (f *fake) submit(query string) string {
	f.t.Helper()
	response, body := f.post(queryPath, query)
	var submitted gen.UsageExecutionResult
	if err := json.Unmarshal([]byte(body), &submitted); err != nil {
		f.t.Fatalf("%s: %v", body, err)
	}
	check(f.t, "status of the submit", response.StatusCode, 200)
	check(f.t, "resultsUri", submitted.ResultsURI, queryPath+"/"+submitted.ExecutionID+"/results")
	return submitted.ResultsURI
}

func TestQueryResponses(t *testing.T) {
	server := newFake(t, usagetest.Config{RunningPolls: 1})
	path := server.submit(`{"interval":"2026-01-05/2026-01-05","groupBy":["HttpMethod"]}`)
	response, body := server.get(path)
	check(t, "running", body, `{"queryStatus":"Running"}`)
	check(t, "has a correlation id", response.Header.Get("ININ-Correlation-Id") != "", true)
	_, body = server.get(path)
	check(t, "begins with rows", strings.HasPrefix(body, `{"results":[{`), true)
	check(t, "ends with the status", strings.HasSuffix(body, `],"queryStatus":"Complete"}`), true)
}

// testdata/response.json has the shape of the response that the vendor published,
// with its developer blog of 2021-01-04, to a query by day, client and template.
func TestResultsHaveTheVendorsShape(t *testing.T) {
	const query = `{"interval":"2026-02-01/2026-02-28","granularity":"Day","groupBy":["OAuthClientId","TemplateUri"]}`
	data, err := os.ReadFile("testdata/response.json")
	if err != nil {
		t.Fatal(err)
	}
	var published gen.APIUsageQueryResult
	if err := json.Unmarshal(data, &published); err != nil {
		t.Fatal(err)
	}
	want := members(t, string(data))
	keys := slices.Sorted(maps.Keys(want[0]))
	// Fields that a regeneration adds are in rows too.
	known := func(rows []map[string]any) []map[string]any {
		for _, row := range rows {
			maps.DeleteFunc(row, func(key string, _ any) bool { return !slices.Contains(keys, key) })
		}
		return rows
	}
	t.Run("rows of one's own", func(t *testing.T) {
		rows := func(gen.APIUsageQuery) []gen.APIUsageRow { return published.Results }
		server := newFake(t, usagetest.Config{Rows: rows})
		_, body := server.get(server.submit(query))
		check(t, "rows", known(members(t, body)), want)
	})
	t.Run("rows of the organization", func(t *testing.T) {
		server := newFake(t, usagetest.Config{})
		_, body := server.get(server.submit(query))
		days := map[any]bool{}
		for _, row := range known(members(t, body)) {
			check(t, "keys", slices.Sorted(maps.Keys(row)), keys)
			days[row["date"]] = true
		}
		check(t, "days", len(days), 28)
		check(t, "has the first day", days["2026-02-01T00:00:00Z"], true)
		check(t, "has the last day", days["2026-02-28T00:00:00Z"], true)
	})
	t.Run("without a granularity", func(t *testing.T) {
		server := newFake(t, usagetest.Config{})
		_, body := server.get(server.submit(`{"interval":"2026-02-01/2026-02-28"}`))
		for _, row := range known(members(t, body)) {
			without := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return key == "date" })
			check(t, "keys", slices.Sorted(maps.Keys(row)), without)
		}
	})
}

// members returns the rows of a body as they are.
func members(t *testing.T, body string) []map[string]any {
	t.Helper()
	var result struct{ Results []map[string]any }
	if err := json.Unmarshal([]byte(body), &result); err != nil {
		t.Fatalf("%.300s: %v", body, err)
	}
	if len(result.Results) == 0 {
		t.Fatalf("no rows: %.300s", body)
	}
	return result.Results
}

func TestRefusals(t *testing.T) {
	server := newFake(t, usagetest.Config{})
	token := server.Token()
	codes := map[int]string{400: "bad.request", 401: "authentication.required", 404: "not.found"}
	for _, test := range []struct {
		name, method, path, token, body string
		status                          int
	}{
		{"no token", "POST", queryPath, "", `{"interval":"2026-01/2026-01"}`, 401},
		{"wrong token", "POST", queryPath, "wrong", `{"interval":"2026-01/2026-01"}`, 401},
		{"no JSON", "POST", queryPath, token, `interval`, 400},
		{"no interval", "POST", queryPath, token, `{}`, 400},
		{"not an interval", "POST", queryPath, token, `{"interval":"last month"}`, 400},
		{"end before start", "POST", queryPath, token, `{"interval":"2026-02/2026-01"}`, 400},
		{"granularity", "POST", queryPath, token, `{"interval":"2026-01/2026-01","granularity":"Hour"}`, 400},
		{"groupBy", "POST", queryPath, token, `{"interval":"2026-01/2026-01","groupBy":["Moon"]}`, 400},
		{"metric", "POST", queryPath, token, `{"interval":"2026-01/2026-01","metrics":["Status418"]}`, 400},
		{"unknown execution", "GET", noResults, token, "", 404},
		{"unknown job", "GET", jobPath + "/unknown", token, "", 404},
		{"unknown path", "GET", "/api/v2/users", token, "", 404},
		{"wrong method", "GET", queryPath, token, "", 404},
		{"wrong method for results", "POST", server.submit(`{"interval":"2026-01/2026-01"}`), token, "", 404},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, body := server.send(test.method, test.path, test.token, test.body)
			check(t, "status", response.StatusCode, test.status)
			var e gen.ErrorBody
			if err := json.Unmarshal([]byte(body), &e); err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			check(t, "status in the body", int(e.Status), test.status)
			check(t, "code", e.Code, codes[test.status])
			check(t, "contextId", e.ContextID, response.Header.Get("ININ-Correlation-Id"))
			check(t, "has a message", e.Message != "", true)
			checkContains(t, "body", body, `"details":[]`, `"errors":[]`)
		})
	}
}

func TestStatuses(t *testing.T) {
	for _, test := range []struct {
		name       string
		config     usagetest.Config
		query, job []string // statuses of the first polls
	}{
		{"default", usagetest.Config{}, []string{"Complete", "Complete"}, []string{"Succeeded", "Succeeded"}},
		{"RunningPolls", usagetest.Config{RunningPolls: 2}, []string{"Running", "Running", "Complete"},
			[]string{"Queued", "Running", "Succeeded"}},
		{"QueryTime", usagetest.Config{QueryTime: time.Hour}, []string{"Running", "Running"},
			[]string{"Queued", "Running"}},
		{"Fail", usagetest.Config{Fail: true}, []string{"Failed"}, []string{"Failed"}},
		{"RunningPolls and Fail", usagetest.Config{RunningPolls: 1, Fail: true}, []string{"Running", "Failed"},
			[]string{"Queued", "Failed"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := newFake(t, test.config)
			check(t, "query", server.statuses(server.submit(`{"interval":"`+january+`"}`), len(test.query)), test.query)
			check(t, "job", server.statuses(server.submitJob(), len(test.job)), test.job)
		})
	}
}

func (f *fake) statuses(path string, polls int) (statuses []string) {
	f.t.Helper()
	for range polls {
		_, body := f.get(path)
		var result struct{ QueryStatus string }
		if err := json.Unmarshal([]byte(body), &result); err != nil {
			f.t.Fatalf("%.300s: %v", body, err)
		}
		statuses = append(statuses, result.QueryStatus)
	}
	return statuses
}

func TestRowsOfYourOwn(t *testing.T) {
	want := []gen.APIUsageRow{
		{ClientID: "a", Requests: 9007199254740993, Date: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
		{ClientName: "Zürich 東京 \"x\" <&>\n", Status429: -1},
	}
	var queries []gen.APIUsageQuery
	server := newFake(t, usagetest.Config{Rows: func(query gen.APIUsageQuery) []gen.APIUsageRow {
		queries = append(queries, query)
		return want
	}})
	query := gen.APIUsageQuery{Interval: january, Granularity: gen.GranularityDay}
	execution, err := server.client().Submit(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time, without another call of Rows
		rows, err := execution.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		check(t, "rows", rows, want)
	}
	check(t, "queries", queries, []gen.APIUsageQuery{query})
}
