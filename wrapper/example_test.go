package wrapper_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"golang.org/x/oauth2"
)

// demo is the client of a made-up organization, in place of one from the
// environment. A program would not close anything.
func demo(options ...wrapper.Option) (client *wrapper.Client, end func()) {
	server := usagetest.NewServer(usagetest.Config{Rows: demoRows, JobRows: demoJobRows, RunningPolls: 1})
	client, err := wrapper.New(wrapper.USEast1, append(server.Options(), options...)...)
	if err != nil {
		panic(err)
	}
	return client, server.Close
}

func demoRows(query gen.APIUsageQuery) []gen.APIUsageRow {
	day := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	switch {
	case query.Granularity == gen.GranularityDay:
		return []gen.APIUsageRow{
			{Date: day, TemplateURI: "api/v2/users", Status200: 120, Requests: 120},
			{Date: day, TemplateURI: "api/v2/routing/queues", Status200: 40, Requests: 40},
			{Date: day.AddDate(0, 0, 1), TemplateURI: "api/v2/users", Status200: 90, Requests: 90},
		}
	default:
		return []gen.APIUsageRow{
			{ClientID: "1", ClientName: "Demo Dialer", Status200: 900, Status400: 100, Status429: 80, Requests: 1000},
			{ClientID: "2", ClientName: "Demo Wallboard", Status200: 250, Requests: 250},
		}
	}
}

func demoJobRows(gen.UsageJobQuery) []gen.UsageJobRow {
	return []gen.UsageJobRow{
		{Platform: "Demo Web", HTTPMethod: gen.JobHTTPMethodGET, Status200: 900, RequestCount: 900},
		{Platform: "Demo Mobile", HTTPMethod: gen.JobHTTPMethodPOST, Status200: 250, RequestCount: 250},
	}
}

var (
	ctx     = context.Background()
	october = gen.APIUsageQuery{Interval: wrapper.Month(2026, time.October)}
)

// demoExecution is a query of that organization that was submitted.
func demoExecution() (execution *wrapper.Execution, end func()) {
	client, end := demo()
	execution, err := client.Submit(ctx, october)
	if err != nil {
		panic(err)
	}
	return execution, end
}

// The last month, by OAuth client.
func Example() {
	client, end := demo() // or: client, err := wrapper.NewFromEnv()
	defer end()

	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) // or: time.Now().UTC()
	rows, err := client.Query(ctx, gen.APIUsageQuery{
		Interval: wrapper.Month(now.Year(), now.Month()-1),
		GroupBy:  []gen.GroupBy{gen.GroupByOAuthClientID},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range rows {
		fmt.Println(row.ClientName, row.Requests)
	}
	// Output:
	// Demo Dialer 1000
	// Demo Wallboard 250
}

// Day by day and endpoint by endpoint: this may be many rows, so they are read
// one at a time.
func Example_dailyByEndpoint() {
	client, end := demo()
	defer end()

	query := gen.APIUsageQuery{
		Interval:    "2026-10-01/2026-10-31",
		Granularity: gen.GranularityDay,
		GroupBy:     []gen.GroupBy{gen.GroupByTemplateURI},
	}
	for row, err := range client.QueryRows(ctx, query) {
		if err != nil {
			fmt.Println("the report is not complete:", err)
			return
		}
		fmt.Println(row.Date.Format(time.DateOnly), row.TemplateURI, row.Requests)
	}
	// Output:
	// 2026-10-01 api/v2/users 120
	// 2026-10-01 api/v2/routing/queues 40
	// 2026-10-02 api/v2/users 90
}

// Which clients were told to slow down, and how often.
func Example_whoWasRateLimited() {
	client, end := demo()
	defer end()

	rows, err := client.Query(ctx, gen.APIUsageQuery{
		Interval: "2026-10-01/2026-10-31",
		Metrics:  []gen.Metric{gen.MetricStatus429, gen.MetricRequests},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rows = slices.DeleteFunc(rows, func(row gen.APIUsageRow) bool { return row.Status429 == 0 })
	for _, row := range rows {
		fmt.Printf("%s: %d of %d requests\n", row.ClientName, row.Status429, row.Requests)
	}
	// Output: Demo Dialer: 80 of 1000 requests
}

// Several organizations at once, each with its own client.
func Example_severalOrganizations() {
	east, endEast := demo()
	defer endEast()
	ireland, endIreland := demo()
	defer endIreland()
	organizations := map[string]*wrapper.Client{"east": east, "ireland": ireland}

	var mu sync.Mutex
	requests := map[string]int64{}
	var all sync.WaitGroup
	for name, client := range organizations {
		all.Go(func() {
			rows, err := client.Query(ctx, october)
			if err != nil {
				fmt.Println(name, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for _, row := range rows {
				requests[name] += row.Requests
			}
		})
	}
	all.Wait()
	fmt.Println(requests)
	// Output: map[east:1250 ireland:1250]
}

// A program may end between the two and take the query up when it is back.
func ExampleClient_Execution() {
	client, end := demo()
	defer end()

	execution, err := client.Submit(ctx, october)
	if err != nil {
		fmt.Println(err)
		return
	}
	id := execution.ID() // keep this

	rows, err := client.Execution(id).Wait(ctx) // in this process or another
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(rows), "rows")
	// Output: 2 rows
}

// The error of a query that was interrupted names its execution.
func ExampleOperationError() {
	client, end := demo()
	defer end()
	ctx, cancel := context.WithTimeout(ctx, 0) // some deadline
	defer cancel()

	_, err := client.Execution("9f32b7cf").Wait(ctx)
	var interrupted *wrapper.OperationError
	if errors.As(err, &interrupted) && errors.Is(err, context.DeadlineExceeded) {
		fmt.Println("take up later:", interrupted.ID)
	}
	// Output: take up later: 9f32b7cf
}

func ExampleAPIError() {
	server := usagetest.NewServer(usagetest.Config{Fault: func(*http.Request) usagetest.Fault {
		return usagetest.Fault{Header: http.Header{"ININ-Correlation-Id": {"f3ac4404-283d-4d98-8b70-b75c4891d2ef"}}}
	}})
	defer server.Close()
	client, err := wrapper.New(wrapper.USEast1, server.Options()...)
	if err != nil {
		fmt.Println(err)
		return
	}

	_, err = client.Execution("unknown").Wait(ctx)
	var api *wrapper.APIError
	if errors.As(err, &api) && api.StatusCode == http.StatusNotFound {
		fmt.Println(api.Code, "- quote", api.CorrelationID, "to support")
	}
	// Output: not.found - quote f3ac4404-283d-4d98-8b70-b75c4891d2ef to support
}

// What to do about an error.
func ExampleRetryable() {
	client, end := demo()
	defer end()

	_, err := client.Query(ctx, gen.APIUsageQuery{})
	switch {
	case wrapper.Retryable(err):
		fmt.Println("try again later")
	case errors.Is(err, wrapper.ErrQueryFailed):
		fmt.Println("submit the query again")
	case errors.Is(err, wrapper.ErrInvalidQuery):
		fmt.Println("change the query:", err)
	}
	// Output: change the query: submitting a usage query: invalid query: no interval; see Days and Month
}

func ExampleClient_Query() {
	client, end := demo()
	defer end()

	rows, err := client.Query(ctx, october)
	switch {
	case errors.Is(err, wrapper.ErrQueryFailed):
		fmt.Println("submit it again")
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println(len(rows), "rows")
	}
	// Output: 2 rows
}

func ExampleClient_QueryRows() {
	client, end := demo()
	defer end()

	query := gen.APIUsageQuery{Interval: wrapper.Month(2026, time.October)}
	var requests int64
	for row, err := range client.QueryRows(ctx, query) {
		if err != nil {
			fmt.Println("the report is not complete:", err)
			return
		}
		requests += row.Requests
	}
	fmt.Println(requests)
	// Output: 1250
}

// The last 30 days by platform, of the successor.
func ExampleClient_QueryJob() {
	client, end := demo()
	defer end()

	now := time.Now()
	rows, err := client.QueryJob(ctx, gen.UsageJobQuery{
		Interval: wrapper.Days(now.AddDate(0, 0, -30), now.AddDate(0, 0, -1)),
		GroupBy:  []gen.JobGroupBy{gen.JobGroupByPlatform, gen.JobGroupByHTTPMethod},
		SortBy:   []gen.UsageQuerySortBy{{FieldName: "requestCount", Order: gen.UsageQuerySortByOrderDesc}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range rows {
		fmt.Println(row.Platform, row.HTTPMethod, row.RequestCount)
	}
	// Output:
	// Demo Web GET 900
	// Demo Mobile POST 250
}

func ExampleClient_QueryJobRows() {
	client, end := demo()
	defer end()

	now := time.Now()
	var requests int64
	for row, err := range client.QueryJobRows(ctx,
		gen.UsageJobQuery{Interval: wrapper.Days(now.AddDate(0, 0, -30), now)}) {
		if err != nil {
			fmt.Println("the report is not complete:", err)
			return
		}
		requests += row.RequestCount
	}
	fmt.Println(requests)
	// Output: 1150
}

// A job goes on at the vendor's side: its id is all that is needed to take it up.
func ExampleClient_Job() {
	client, end := demo()
	defer end()

	now := time.Now()
	job, err := client.SubmitJob(ctx, gen.UsageJobQuery{Interval: wrapper.Days(now.AddDate(0, 0, -30), now)})
	if err != nil {
		fmt.Println(err)
		return
	}
	id := job.ID() // keep this

	rows, err := client.Job(id).Wait(ctx) // in this process or another
	fmt.Println(len(rows), "rows", err)
	// Output: 2 rows <nil>
}

// Any other operation of the API, with the same tokens, retries and rate limit. The fake
// has no other.
func ExampleClient_HTTPClient() {
	client, end := demo()
	defer end()

	response, err := client.HTTPClient().Get("/api/v2/organizations/me")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	fmt.Println(response.Status)
	// Output: 404 Not Found
}

func ExampleClient_Submit() {
	client, end := demo()
	defer end()

	execution, err := client.Submit(ctx, october)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(execution.ID() != "")
	// Output: true
}

func ExampleClient_API() {
	client, end := demo()
	defer end()

	response, err := client.API().PostUsageQueryWithResponse(ctx, october)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.Status(), response.JSON200.ExecutionID != "")
	// Output: 200 OK true
}

func ExampleExecution_Poll() {
	execution, end := demoExecution() // by Client.Submit or Client.Execution
	defer end()

	for range 2 { // when it suits
		result, err := execution.Poll(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(result.QueryStatus, len(result.Results))
	}
	// Output:
	// Running 0
	// Complete 2
}

func ExampleExecution_Rows() {
	execution, end := demoExecution() // by Client.Submit or Client.Execution
	defer end()

	for row, err := range execution.Rows(ctx) {
		if err != nil {
			fmt.Println("the report is not complete:", err)
			return
		}
		fmt.Println(row.ClientName)
	}
	// Output:
	// Demo Dialer
	// Demo Wallboard
}

func ExampleNew() {
	client, err := wrapper.New(wrapper.EUWest1, wrapper.WithClientCredentials("id", "secret"))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

func ExampleNewFromEnv() {
	os.Setenv("GENESYSCLOUD_REGION", "mypurecloud.ie")
	os.Setenv("GENESYSCLOUD_OAUTHCLIENT_ID", "id")
	os.Setenv("GENESYSCLOUD_OAUTHCLIENT_SECRET", "secret")
	client, err := wrapper.NewFromEnv()
	fmt.Println(client != nil, err)

	os.Unsetenv("GENESYSCLOUD_OAUTHCLIENT_SECRET")
	_, err = wrapper.NewFromEnv()
	fmt.Println(err)
	// Output:
	// true <nil>
	// missing environment variables: GENESYSCLOUD_OAUTHCLIENT_SECRET
}

// A token from elsewhere, such as a vault that hands out short-lived ones.
func ExampleWithTokenSource() {
	source := tokenSource(func() (*oauth2.Token, error) {
		return &oauth2.Token{AccessToken: "from the vault", Expiry: time.Now().Add(time.Hour)}, nil
	})
	client, err := wrapper.New(wrapper.USEast1, wrapper.WithTokenSource(source))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

type tokenSource func() (*oauth2.Token, error)

func (f tokenSource) Token() (*oauth2.Token, error) { return f() }

// A token that another program fetched.
func ExampleWithAccessToken() {
	client, err := wrapper.New(wrapper.USEast1, wrapper.WithAccessToken("token"))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

// Through a corporate proxy, with certificates of one's own.
func ExampleWithHTTPClient() {
	proxy, err := url.Parse("http://proxy.example.com:3128")
	if err != nil {
		fmt.Println(err)
		return
	}
	authorities := x509.NewCertPool()      // AppendCertsFromPEM: who signs the proxy's certificates
	certificates := []tls.Certificate(nil) // tls.LoadX509KeyPair: who this program is
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = http.ProxyURL(proxy)
	transport.TLSClientConfig = &tls.Config{RootCAs: authorities, Certificates: certificates}

	client, err := wrapper.New(wrapper.USEast1,
		wrapper.WithAccessToken("token"),
		wrapper.WithHTTPClient(&http.Client{Transport: transport}))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

func ExampleWithLogger() {
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "delay" || a.Key == "error" {
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout,
		&slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: withoutTime}))
	server := usagetest.NewServer(usagetest.Config{Fault: onceBusy()})
	defer server.Close()
	client, err := wrapper.New(wrapper.USEast1, append(server.Options(), wrapper.WithLogger(logger))...)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := client.Submit(ctx, october); err != nil {
		fmt.Println(err)
	}
	// Output: level=INFO msg=retrying method=POST path=/api/v2/usage/query attempt=1
}

// onceBusy makes a server answer the first request of a query with 503.
func onceBusy() func(*http.Request) usagetest.Fault {
	var once sync.Once
	return func(request *http.Request) (fault usagetest.Fault) {
		if strings.HasSuffix(request.URL.Path, "/usage/query") {
			once.Do(func() { fault.Status = http.StatusServiceUnavailable })
		}
		return fault
	}
}

func ExampleWithProgress() {
	client, end := demo(wrapper.WithProgress(func(p wrapper.Progress) {
		fmt.Println(p.Status, "after", p.Polls)
	}))
	defer end()
	if _, err := client.Query(ctx, october); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Running after 1
	// Complete after 2
}

// A nightly job has time.
func ExampleWithPolling() {
	client, err := wrapper.New(wrapper.USEast1, wrapper.WithAccessToken("token"),
		wrapper.WithPolling(wrapper.Polling{Initial: 10 * time.Second, Max: 2 * time.Minute, Timeout: 4 * time.Hour}))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

func ExampleWithRetry() {
	client, err := wrapper.New(wrapper.USEast1, wrapper.WithAccessToken("token"),
		wrapper.WithRetry(wrapper.Retry{MaxAttempts: 10, Max: 5 * time.Minute}))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

func ExampleWithUserAgent() {
	client, err := wrapper.New(wrapper.USEast1, wrapper.WithAccessToken("token"),
		wrapper.WithUserAgent("usage-report/1.0"))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

// Addresses in place of a region's.
func ExampleWithBaseURL() {
	client, err := wrapper.New("",
		wrapper.WithBaseURL("https://gateway.example.com/genesys-api"),
		wrapper.WithLoginURL("https://gateway.example.com/genesys-login"),
		wrapper.WithClientCredentials("id", "secret"))
	fmt.Println(client != nil, err)

	_, err = wrapper.New("", wrapper.WithBaseURL("http://gateway.example.com"), wrapper.WithAccessToken("token"))
	fmt.Println(err)
	// Output:
	// true <nil>
	// WithBaseURL: the address is neither https nor http to a loopback address
}

func ExampleDays() {
	first := time.Date(2026, time.October, 5, 0, 0, 0, 0, time.UTC)
	fmt.Println(wrapper.Days(first, first.AddDate(0, 0, 6))) // a week
	// Output: 2026-10-05/2026-10-11
}

func ExampleMonth() {
	fmt.Println(wrapper.Month(2026, time.February))
	// Output: 2026-02-01/2026-02-28
}

func ExampleParseRegion() {
	for _, name := range []string{"eu-west-1", "mypurecloud.ie", "https://api.mypurecloud.ie/"} {
		region, err := wrapper.ParseRegion(name)
		fmt.Println(region, err)
	}
	// Output:
	// eu-west-1 <nil>
	// eu-west-1 <nil>
	// eu-west-1 <nil>
}

func ExampleRegions() {
	for _, region := range wrapper.Regions()[:2] {
		fmt.Println(region, region.APIURL(), region.LoginURL())
	}
	// Output:
	// ap-northeast-1 https://api.mypurecloud.jp https://login.mypurecloud.jp
	// ap-northeast-2 https://api.apne2.pure.cloud https://login.apne2.pure.cloud
}

func ExampleWithClientCredentials() {
	client, err := wrapper.New(wrapper.EUCentral1, wrapper.WithClientCredentials("id", "secret"))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

// Tokens from another place than the region's login host.
func ExampleWithLoginURL() {
	client, err := wrapper.New(wrapper.EUCentral1,
		wrapper.WithLoginURL("https://login.example.com"),
		wrapper.WithClientCredentials("id", "secret"))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

func ExampleExecution_Wait() {
	execution, end := demoExecution() // by Client.Submit or Client.Execution
	defer end()

	rows, err := execution.Wait(ctx)
	fmt.Println(len(rows), err)
	// Output: 2 <nil>
}

func ExampleRegion_APIURL() {
	fmt.Println(wrapper.APSoutheast2.APIURL())
	// Output: https://api.mypurecloud.com.au
}
