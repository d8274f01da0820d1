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

// Each option of a query arrives as it was given, and the rows of both ways to
// read them are what the server holds.
func TestEachOptionOfAQuery(t *testing.T) {
	var asked gen.APIUsageQuery
	want := []gen.APIUsageRow{
		{ClientID: "c", ClientName: "Demo", OrganizationID: "o", UserID: "u", TemplateURI: "api/v2/users", HTTPMethod: "GET",
			Status200: 1, Status300: 2, Status400: 3, Status500: 4, Status429: 5, Requests: 6, Date: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)},
		{Requests: 1},
	}
	server := newServer(t, usagetest.Config{Rows: func(query gen.APIUsageQuery) []gen.APIUsageRow {
		asked = query
		return want
	}})
	client := newClient(t, server)
	queries := []gen.APIUsageQuery{
		{Interval: january},
		{Interval: "2020-01/2020-06"},
		{Interval: wrapper.Days(time.Unix(0, 0), time.Unix(86400, 0))},
	}
	for _, granularity := range []gen.Granularity{gen.GranularityDay, gen.GranularityWeek, gen.GranularityMonth} {
		queries = append(queries, gen.APIUsageQuery{Interval: january, Granularity: granularity})
	}
	groups := []gen.GroupBy{gen.GroupByOAuthClientID, gen.GroupByOrganizationID, gen.GroupByUserID, gen.GroupByTemplateURI, gen.GroupByHTTPMethod}
	for _, by := range append(slices.Collect(slices.Chunk(groups, 1)), groups) {
		queries = append(queries, gen.APIUsageQuery{Interval: january, GroupBy: by})
	}
	metrics := []gen.Metric{gen.MetricStatus200, gen.MetricStatus300, gen.MetricStatus400, gen.MetricStatus500, gen.MetricStatus429, gen.MetricRequests}
	for _, of := range append(slices.Collect(slices.Chunk(metrics, 1)), metrics) {
		queries = append(queries, gen.APIUsageQuery{Interval: january, Metrics: of})
	}
	for _, query := range queries {
		got, err := client.Query(t.Context(), query)
		if err != nil || !reflect.DeepEqual(got, want) || !reflect.DeepEqual(asked, query) {
			t.Errorf("asked %+v, arrived as %+v, got %+v, %v", query, asked, got, err)
		}
		var streamed []gen.APIUsageRow
		for row, err := range client.QueryRows(t.Context(), query) {
			if err != nil {
				t.Fatal(err)
			}
			streamed = append(streamed, row)
		}
		if !reflect.DeepEqual(streamed, want) {
			t.Errorf("%+v: streamed %+v", query, streamed)
		}
	}
	tokens := 0
	for _, request := range server.Requests() {
		if request.Path == "/oauth/token" {
			tokens++
		}
	}
	if tokens != 1 {
		t.Errorf("%d tokens for %d queries, want 1", tokens, 2*len(queries))
	}
}

func TestRunningThenComplete(t *testing.T) {
	server := newServer(t, usagetest.Config{RunningPolls: 3})
	var updates []wrapper.Progress
	client := newClient(t, server, wrapper.WithProgress(func(p wrapper.Progress) { updates = append(updates, p) }))
	rows, err := client.Query(t.Context(), gen.APIUsageQuery{Interval: january})
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	var got []string
	for i, p := range updates {
		got = append(got, string(p.Status))
		if p.Polls != i+1 || p.ExecutionID == "" || (p.NextPoll > 0) != (p.Status == gen.QueryStatusRunning) || i > 0 && p.Elapsed < updates[i-1].Elapsed {
			t.Errorf("update %d: %+v", i, p)
		}
	}
	if strings.Join(got, " ") != "Running Running Running Complete" {
		t.Errorf("statuses %q", got)
	}
}

func TestCompleteWithNoRows(t *testing.T) {
	server := newServer(t, usagetest.Config{Rows: func(gen.APIUsageQuery) []gen.APIUsageRow { return nil }})
	rows, err := newClient(t, server).Query(t.Context(), gen.APIUsageQuery{Interval: january})
	if err != nil || rows == nil || len(rows) != 0 {
		t.Errorf("%v, %v", rows, err)
	}
	for row, err := range newClient(t, server).QueryRows(t.Context(), gen.APIUsageQuery{Interval: january}) {
		t.Errorf("%v, %v", row, err)
	}
}

func TestFailed(t *testing.T) {
	server := newServer(t, usagetest.Config{RunningPolls: 1, Fail: true})
	client := newClient(t, server)
	_, err := client.Query(t.Context(), gen.APIUsageQuery{Interval: january})
	checkFailed := func(err error) {
		t.Helper()
		var execution *wrapper.ExecutionError
		if !errors.Is(err, wrapper.ErrQueryFailed) || !errors.As(err, &execution) || execution.ExecutionID == "" || !strings.Contains(err.Error(), execution.ExecutionID) {
			t.Errorf("error %v", err)
		}
	}
	checkFailed(err)
	n := 0
	for _, err := range client.QueryRows(t.Context(), gen.APIUsageQuery{Interval: january}) {
		checkFailed(err)
		n++
	}
	if n != 1 {
		t.Errorf("%d errors", n)
	}
}

func TestUnknownStatusKeepsWaiting(t *testing.T) {
	polls := 0
	server := newServer(t, usagetest.Config{Fault: func(request *http.Request) usagetest.Fault {
		if strings.HasSuffix(request.URL.Path, "/results") {
			if polls++; polls <= 3 {
				return usagetest.Fault{QueryStatus: "Reticulating"}
			}
		}
		return usagetest.Fault{}
	}})
	rows, err := newClient(t, server).Query(t.Context(), gen.APIUsageQuery{Interval: january})
	if err != nil || len(rows) == 0 || polls != 4 {
		t.Errorf("%d rows after %d polls, %v", len(rows), polls, err)
	}
}

func TestResumeFromASecondClient(t *testing.T) {
	server := newServer(t, usagetest.Config{RunningPolls: 5})
	ctx, cancel := context.WithCancel(t.Context())
	client := newClient(t, server, wrapper.WithProgress(func(p wrapper.Progress) {
		if p.Polls == 2 {
			cancel()
		}
	}))
	_, err := client.Query(ctx, gen.APIUsageQuery{Interval: january})
	var interrupted *wrapper.ExecutionError
	if !errors.As(err, &interrupted) || !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	resumed := newClient(t, server).Execution(interrupted.ExecutionID)
	rows, err := resumed.Wait(t.Context())
	if err != nil || resumed.ID() != interrupted.ExecutionID {
		t.Fatal(err)
	}
	again, err := resumed.Wait(t.Context()) // a complete one can be read again
	if err != nil || len(rows) == 0 || !reflect.DeepEqual(rows, again) {
		t.Errorf("%d rows, and %d again, %v", len(rows), len(again), err)
	}
	submits := 0
	for _, request := range server.Requests() {
		if request.Path == "/api/v2/usage/query" {
			submits++
		}
	}
	if submits != 1 {
		t.Errorf("submitted %d times", submits)
	}
}

// A cancelled context ends each phase of a query within 100 ms. On a machine that
// is busy with other things a single measurement says little, so that the best of
// several has to do.
func TestCancelIsPrompt(t *testing.T) {
	hold := func(suffix string) usagetest.Config {
		return usagetest.Config{Fault: func(request *http.Request) usagetest.Fault {
			if strings.HasSuffix(request.URL.Path, suffix) {
				return usagetest.Fault{Name: "held", Delay: time.Hour}
			}
			return usagetest.Fault{}
		}}
	}
	for _, test := range []struct {
		name      string
		config    usagetest.Config
		options   []wrapper.Option
		execution bool // the error names it
	}{
		{"token fetch", hold("/oauth/token"), nil, false},
		{"submit", hold("/usage/query"), nil, false},
		{"poll", hold("/results"), nil, true},
		{"poll sleep", usagetest.Config{RunningPolls: 1 << 30}, []wrapper.Option{wrapper.WithPolling(wrapper.Polling{Initial: time.Hour})}, true},
		{"retry sleep", usagetest.Config{Fault: func(*http.Request) usagetest.Fault { return usagetest.Fault{Status: 503} }},
			[]wrapper.Option{wrapper.WithRetry(wrapper.Retry{Initial: time.Hour})}, false},
		{"rate limit", usagetest.Config{RateLimit: 1, RateWindow: 2 * time.Minute}, nil, true},
		{"download", usagetest.Config{Fault: func(request *http.Request) usagetest.Fault {
			if strings.HasSuffix(request.URL.Path, "/results") {
				return usagetest.Fault{Connection: usagetest.Stall}
			}
			return usagetest.Fault{}
		}}, nil, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, test.config)
			var best time.Duration
			for range 5 {
				client := newClient(t, server, test.options...)
				ctx, cancel := context.WithCancel(t.Context())
				cancelled := make(chan time.Time, 1)
				time.AfterFunc(30*time.Millisecond, func() { // long enough to get there
					cancelled <- time.Now()
					cancel()
				})
				_, err := client.Query(ctx, gen.APIUsageQuery{Interval: january})
				took := time.Since(<-cancelled)
				if !errors.Is(err, context.Canceled) {
					t.Fatalf("error %v", err)
				}
				var execution *wrapper.ExecutionError
				if errors.As(err, &execution) != test.execution {
					t.Errorf("error %v", err)
				}
				if best == 0 || took < best {
					best = took
				}
				if best < 100*time.Millisecond {
					return
				}
			}
			t.Errorf("took %v at best", best)
		})
	}
}

func TestBadInputIsNotSent(t *testing.T) {
	server := newServer(t, usagetest.Config{})
	client := newClient(t, server)
	for _, test := range []struct {
		query gen.APIUsageQuery
		want  string
	}{
		{gen.APIUsageQuery{}, "no interval"},
		{gen.APIUsageQuery{Interval: "2026-01-01"}, "want two ends"},
		{gen.APIUsageQuery{Interval: "2026-02-02/2026-01-01"}, "ends before it starts"},
		{gen.APIUsageQuery{Interval: january, Granularity: "Hour"}, `"Hour"`},
		{gen.APIUsageQuery{Interval: january, GroupBy: []gen.GroupBy{"Moon"}}, `"Moon"`},
		{gen.APIUsageQuery{Interval: january, Metrics: []gen.Metric{"Status418"}}, `"Status418"`},
	} {
		_, err := client.Query(t.Context(), test.query)
		check := func(err error) {
			t.Helper()
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "submitting a usage query") {
				t.Errorf("%+v: %v", test.query, err)
			}
		}
		check(err)
		errs := 0
		for _, err := range client.QueryRows(t.Context(), test.query) {
			check(err)
			errs++
		}
		if errs != 1 {
			t.Errorf("%+v: %d errors of QueryRows", test.query, errs)
		}
	}
	patient := newClient(t, server, wrapper.WithPolling(wrapper.Polling{Initial: time.Hour}))
	if _, err := patient.Execution("").Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "id is empty") {
		t.Errorf("empty id: %v", err)
	}
	if n := len(server.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestCredentials(t *testing.T) {
	server := newServer(t, usagetest.Config{ClientID: "an id", ClientSecret: "s%cret+:/ä"})
	addresses := []wrapper.Option{wrapper.WithBaseURL(server.URL + "/"), wrapper.WithLoginURL(server.URL + "/"), wrapper.WithPolling(wrapper.Polling{Initial: 1})}
	query := func(options ...wrapper.Option) error {
		client, err := wrapper.New("", append(addresses, options...)...)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Query(t.Context(), gen.APIUsageQuery{Interval: january})
		return err
	}
	if err := query(wrapper.WithClientCredentials("an id", "s%cret+:/ä")); err != nil {
		t.Errorf("client credentials: %v", err)
	}
	err := query(wrapper.WithClientCredentials("an id", "WRONG"))
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.ErrorCode != "invalid_client" || strings.Contains(err.Error(), "WRONG") {
		t.Errorf("wrong secret: %v", err)
	}
	err = query(wrapper.WithAccessToken("wrong"))
	var api *wrapper.APIError
	if !errors.As(err, &api) || api.StatusCode != 401 || api.CorrelationID == "" || api.Code != "authentication.required" {
		t.Errorf("wrong token: %v", err)
	}

	// A revoked token is replaced, once; one of the caller's is not.
	client := newClient(t, server)
	for range 2 {
		if _, err := client.Query(t.Context(), gen.APIUsageQuery{Interval: january}); err != nil {
			t.Errorf("after tokens were revoked: %v", err)
		}
		server.RevokeTokens()
	}
}

func TestUserAgent(t *testing.T) {
	server := newServer(t, usagetest.Config{})
	for _, test := range []struct {
		options []wrapper.Option
		want    string
	}{
		{nil, "genesyscloud-go-usage (+https://github.com/genesyscloud-go/usage)"},
		{[]wrapper.Option{wrapper.WithUserAgent("my-report/1.0")}, "my-report/1.0"},
	} {
		before := len(server.Requests())
		if _, err := newClient(t, server, test.options...).Query(t.Context(), gen.APIUsageQuery{Interval: january}); err != nil {
			t.Fatal(err)
		}
		for _, request := range server.Requests()[before:] {
			if got := request.Header.Get("User-Agent"); got != test.want {
				t.Errorf("%s %s by %q, want %q", request.Method, request.Path, got, test.want)
			}
		}
	}
}

// The generated client has our transport under it: tokens, retries and all.
func TestGeneratedClient(t *testing.T) {
	first := true
	server := newServer(t, usagetest.Config{Fault: func(request *http.Request) usagetest.Fault {
		if first && request.URL.Path == "/api/v2/usage/query" {
			first = false
			return usagetest.Fault{Status: 503}
		}
		return usagetest.Fault{}
	}})
	api := newClient(t, server).API()
	submitted, err := api.PostUsageQueryWithResponse(t.Context(), gen.APIUsageQuery{Interval: january})
	if err != nil || submitted.JSON200 == nil {
		t.Fatalf("%v, %v", submitted, err)
	}
	results, err := api.GetUsageQueryExecutionIDResultsWithResponse(t.Context(), submitted.JSON200.ExecutionID)
	if err != nil || results.JSON200 == nil || results.JSON200.QueryStatus != gen.QueryStatusComplete || len(results.JSON200.Results) == 0 {
		t.Fatalf("%v, %v", results, err)
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
	if _, err := client.Query(t.Context(), gen.APIUsageQuery{Interval: january}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody vouches for: %v", err)
	}
	// server.Client trusts it, by RootCAs: the right way.
	client, err = wrapper.New("", append(options, wrapper.WithHTTPClient(server.Client()))...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Query(t.Context(), gen.APIUsageQuery{Interval: january}); err != nil {
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
	// GET 21249430
	// POST 12163436
	// PATCH 5451850
	// DELETE 4652903
	// PUT 3654374
}
