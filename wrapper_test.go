package usage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"golang.org/x/oauth2"
)

const january = "2026-01-01/2026-01-31"

var query = gen.APIUsageQuery{Interval: january}

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

// eachQuery is a query for each value of each option.
func eachQuery() []gen.APIUsageQuery {
	queries := []gen.APIUsageQuery{
		{Interval: january},
		{Interval: "2020-01/2020-06"},
		{Interval: wrapper.Days(time.Unix(0, 0), time.Unix(86400, 0))},
	}
	for _, granularity := range []gen.Granularity{gen.GranularityDay, gen.GranularityWeek, gen.GranularityMonth} {
		queries = append(queries, gen.APIUsageQuery{Interval: january, Granularity: granularity})
	}
	groups := []gen.GroupBy{
		gen.GroupByOAuthClientID, gen.GroupByOrganizationID, gen.GroupByUserID, gen.GroupByTemplateURI, gen.GroupByHTTPMethod,
	}
	for _, by := range append(slices.Collect(slices.Chunk(groups, 1)), groups) {
		queries = append(queries, gen.APIUsageQuery{Interval: january, GroupBy: by})
	}
	metrics := []gen.Metric{
		gen.MetricStatus200, gen.MetricStatus300, gen.MetricStatus400, gen.MetricStatus500, gen.MetricStatus429,
		gen.MetricRequests,
	}
	for _, of := range append(slices.Collect(slices.Chunk(metrics, 1)), metrics) {
		queries = append(queries, gen.APIUsageQuery{Interval: january, Metrics: of})
	}
	return queries
}

// Each option of a query arrives as it was given, and both ways to read the rows have
// those of the server.
func TestEachOptionOfAQuery(t *testing.T) {
	var arrived gen.APIUsageQuery
	want := []gen.APIUsageRow{
		{
			ClientID: "c", ClientName: "Demo", OrganizationID: "o", UserID: "u", TemplateURI: "api/v2/users", HTTPMethod: "GET",
			Status200: 1, Status300: 2, Status400: 3, Status500: 4, Status429: 5, Requests: 6,
			Date: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
		},
		{Requests: 1},
	}
	server := newServer(t, usagetest.Config{Rows: func(query gen.APIUsageQuery) []gen.APIUsageRow {
		arrived = query
		return want
	}})
	client := newClient(t, server)
	for _, query := range eachQuery() {
		t.Run(fmt.Sprintf("%+v", query), func(t *testing.T) {
			got, err := client.Query(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(arrived, query) {
				t.Errorf("arrived as %+v, want %+v", arrived, query)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("Query: got %+v, want %+v", got, want)
			}
			var yielded []gen.APIUsageRow
			for row, err := range client.QueryRows(t.Context(), query) {
				if err != nil {
					t.Fatal(err)
				}
				yielded = append(yielded, row)
			}
			if !reflect.DeepEqual(yielded, want) {
				t.Errorf("QueryRows: got %+v, want %+v", yielded, want)
			}
		})
	}
	if tokens := count(server, "/oauth/token"); tokens != 1 {
		t.Errorf("%d tokens for all queries, want 1", tokens)
	}
}

// count returns how many requests a server got for a path.
func count(server *usagetest.Server, path string) (n int) {
	for _, request := range server.Requests() {
		if request.Path == path {
			n++
		}
	}
	return n
}

func TestRunningThenComplete(t *testing.T) {
	server := newServer(t, usagetest.Config{RunningPolls: 3})
	var statuses []string
	client := newClient(t, server,
		wrapper.WithProgress(func(p wrapper.Progress) { statuses = append(statuses, p.Status) }))
	rows, err := client.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 {
		t.Error("no rows")
	}
	if want := []string{"Running", "Running", "Running", "Complete"}; !slices.Equal(statuses, want) {
		t.Errorf("statuses %q, want %q", statuses, want)
	}
}

func TestFailed(t *testing.T) {
	server := newServer(t, usagetest.Config{RunningPolls: 1, Fail: true})
	_, err := newClient(t, server).Query(t.Context(), query)
	if !errors.Is(err, wrapper.ErrQueryFailed) {
		t.Errorf("error %v, want %v", err, wrapper.ErrQueryFailed)
	}
	operation, ok := errors.AsType[*wrapper.OperationError](err)
	if !ok || operation.ID == "" || !strings.Contains(err.Error(), operation.ID) {
		t.Errorf("error %v, want an *OperationError with the id in its text", err)
	}
}

// A job of several pages, waited for and then read by another client.
func TestJobs(t *testing.T) {
	want := make([]gen.UsageJobRow, 2500) // three pages
	for i := range want {
		want[i] = gen.UsageJobRow{Platform: "Demo", RequestCount: int64(i)}
	}
	server := newServer(t, usagetest.Config{
		RunningPolls: 2, JobRows: func(gen.UsageJobQuery) []gen.UsageJobRow { return want },
	})
	var statuses []string
	client := newClient(t, server,
		wrapper.WithProgress(func(p wrapper.Progress) { statuses = append(statuses, p.Status) }))
	day := time.Now().AddDate(0, 0, -2)
	job, err := client.SubmitJob(t.Context(), gen.UsageJobQuery{Interval: wrapper.Days(day, day)})
	if err != nil {
		t.Fatal(err)
	}
	waited, err := job.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(waited, want) {
		t.Errorf("Wait has %d rows, want %d, or other ones", len(waited), len(want))
	}
	if want := []string{"Queued", "Running", "Succeeded"}; !slices.Equal(statuses, want) {
		t.Errorf("statuses %q, want %q", statuses, want)
	}
	var yielded []gen.UsageJobRow
	for row, err := range newClient(t, server).Job(job.ID()).Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		yielded = append(yielded, row)
	}
	if !reflect.DeepEqual(yielded, want) {
		t.Errorf("Rows has %d rows, want %d, or other ones", len(yielded), len(want))
	}
}

func TestCredentials(t *testing.T) {
	server := newServer(t, usagetest.Config{ClientID: "an+id", ClientSecret: "s%cret+:/ä"})
	submit := func(options ...wrapper.Option) error {
		_, err := newClient(t, server, options...).Submit(t.Context(), query)
		return err
	}
	unauthorized := func(err error) bool {
		api, ok := errors.AsType[*wrapper.APIError](err)
		return ok && api.StatusCode == http.StatusUnauthorized && api.Code == "authentication.required"
	}
	refused := func(err error) bool {
		retrieve, ok := errors.AsType[*oauth2.RetrieveError](err)
		return ok && retrieve.ErrorCode == "invalid_client"
	}
	token := &oauth2.Token{AccessToken: server.Token()}
	for _, test := range []struct {
		name   string
		option wrapper.Option // after Server.Options: the last credential holds
		want   func(error) bool
	}{
		{"client credentials", wrapper.WithClientCredentials("an+id", "s%cret+:/ä"), nil},
		{"token", wrapper.WithAccessToken(server.Token()), nil},
		{"token source", wrapper.WithTokenSource(oauth2.StaticTokenSource(token)), nil},
		{"another secret", wrapper.WithClientCredentials("an+id", "WRONG"), refused},
		{"another token", wrapper.WithAccessToken("WRONG"), unauthorized},
		{"another token of a source",
			wrapper.WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "WRONG"})), unauthorized},
	} {
		t.Run(test.name, func(t *testing.T) {
			switch err := submit(test.option); {
			case test.want == nil && err != nil:
				t.Errorf("error %v, want none", err)
			case test.want != nil && err == nil:
				t.Error("no error")
			case test.want != nil && !test.want(err):
				t.Errorf("error %v, want that of the credentials", err)
			case test.want != nil && strings.Contains(err.Error(), "WRONG"):
				t.Errorf("the secret is in the error: %v", err)
			}
		})
	}
}

func TestUserAgent(t *testing.T) {
	for _, test := range []struct {
		name    string
		options []wrapper.Option
		want    string
	}{
		{"default", nil, "genesyscloud-go-usage (+https://github.com/genesyscloud-go/usage)"},
		{"WithUserAgent", []wrapper.Option{wrapper.WithUserAgent("my-report/1.0")}, "my-report/1.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := newServer(t, usagetest.Config{})
			if _, err := newClient(t, server, test.options...).Query(t.Context(), query); err != nil {
				t.Fatal(err)
			}
			for _, request := range server.Requests() {
				if got := request.Header.Get("User-Agent"); got != test.want {
					t.Errorf("%s %s by %q, want %q", request.Method, request.Path, got, test.want)
				}
			}
		})
	}
}

// The generated client has our transport under it: tokens, retries and all.
func TestGeneratedClient(t *testing.T) {
	server := newServer(t, usagetest.Config{Fault: usagetest.Once(usagetest.Submit, usagetest.Fault{Status: 503})})
	api := newClient(t, server).API()
	submitted, err := api.PostUsageQueryWithResponse(t.Context(), query)
	if err != nil || submitted.JSON200 == nil {
		t.Fatalf("%v, %v", submitted, err)
	}
	results, err := api.GetUsageQueryExecutionIDResultsWithResponse(t.Context(), submitted.JSON200.ExecutionID)
	if err != nil || results.JSON200 == nil {
		t.Fatalf("%v, %v", results, err)
	}
	if got, want := results.JSON200.QueryStatus, gen.QueryStatusComplete; got != want {
		t.Errorf("status %q, want %q", got, want)
	}
	if len(results.JSON200.Results) == 0 {
		t.Error("no rows")
	}
	if results.HTTPResponse.Request.Header.Get("Authorization") != "" {
		t.Error("the token is in what the generated client hands out")
	}
}

func TestSelfSignedServer(t *testing.T) {
	fake := newServer(t, usagetest.Config{})
	server := httptest.NewUnstartedServer(fake)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshakes that fail
	server.StartTLS()
	defer server.Close()
	options := append(fake.Options(), wrapper.WithBaseURL(server.URL), wrapper.WithLoginURL(server.URL))
	client, err := wrapper.New("", options...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Query(t.Context(), query)
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("error %v, want that of the certificate", err)
	}
	if wrapper.Retryable(err) {
		t.Errorf("the error of a certificate is retryable: %v", err)
	}
	// server.Client trusts it, by RootCAs: the right way.
	client, err = wrapper.New("", append(options, wrapper.WithHTTPClient(server.Client()))...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Query(t.Context(), query); err != nil {
		t.Error(err)
	}
}

// The programs in the README compile, and its snippets are taken from tests.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, pattern := range []string{"*_test.go", "wrapper/*_test.go", "wrapper/usagetest/*_test.go"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(source)
		}
	}
	unindented := regexp.MustCompile(`(?m)^\t+`)
	known := unindented.ReplaceAllString(tests.String(), "")
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) == 0 {
		t.Fatal("no Go in the README")
	}
	for _, block := range blocks {
		code := block[1]
		if !strings.HasPrefix(code, "package ") {
			if !strings.Contains(known, unindented.ReplaceAllString(code, "")) {
				t.Errorf("in no test:\n%s", code)
			}
			continue
		}
		file := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(file, []byte(code), 0o644); err != nil {
			t.Fatal(err)
		}
		if output, err := exec.CommandContext(t.Context(), "go", "vet", file).CombinedOutput(); err != nil {
			t.Errorf("%v: %s\n%s", err, output, code)
		}
	}
}

func Example() {
	server := usagetest.NewServer(usagetest.Config{}) // in place of an organization
	defer server.Close()

	client, err := wrapper.New(wrapper.USEast1, server.Options()...)
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, err := client.Query(context.Background(), gen.APIUsageQuery{
		Interval: "2026-01-01/2026-01-31",
		GroupBy:  []gen.GroupBy{gen.GroupByHTTPMethod},
		Metrics:  []gen.Metric{gen.MetricRequests},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	slices.SortFunc(rows, func(a, b gen.APIUsageRow) int { return int(b.Requests - a.Requests) })
	for _, row := range rows {
		fmt.Println(row.HTTPMethod, row.Requests)
	}
	// Output:
	// POST 489933
	// GET 488481
	// PUT 244632
	// DELETE 237103
	// PATCH 234591
}
