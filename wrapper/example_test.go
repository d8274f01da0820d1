package wrapper_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
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
	if query.Granularity == "" {
		return []gen.APIUsageRow{
			{ClientID: "1", ClientName: "Demo Dialer", Status200: 900, Status400: 100, Status429: 80, Requests: 1000},
			{ClientID: "2", ClientName: "Demo Wallboard", Status200: 250, Requests: 250},
		}
	}
	day := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	return []gen.APIUsageRow{
		{Date: day, TemplateURI: "api/v2/users", Status200: 120, Requests: 120},
		{Date: day, TemplateURI: "api/v2/routing/queues", Status200: 40, Requests: 40},
		{Date: day.AddDate(0, 0, 1), TemplateURI: "api/v2/users", Status200: 90, Requests: 90},
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

// Day by day and endpoint by endpoint may be many rows, so they are read one at a time.
func ExampleClient_QueryRows() {
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

// A program may end after the submit, and resume the query by its id.
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

// What to do about an error.
func Example_errors() {
	client, end := demo()
	defer end()
	ended, cancel := context.WithTimeout(ctx, 0) // some deadline
	defer cancel()

	_, invalid := client.Query(ctx, gen.APIUsageQuery{})
	_, interrupted := client.Execution("9f32b7cf").Wait(ended)
	_, unknown := client.Execution("unknown").Wait(ctx)
	for _, err := range []error{invalid, interrupted, unknown} {
		var operation *wrapper.OperationError
		var api *wrapper.APIError
		switch {
		case errors.Is(err, wrapper.ErrInvalidQuery):
			fmt.Println("correct the query:", err)
		case errors.Is(err, wrapper.ErrQueryFailed):
			fmt.Println("submit the query again")
		case errors.As(err, &operation) && operation.Resumable():
			fmt.Println("resume later:", operation.ID)
		case wrapper.Retryable(err):
			fmt.Println("call again later")
		case errors.As(err, &api) && api.CorrelationID != "":
			fmt.Println("quote the correlation id to support:", api.StatusCode, api.Code)
		}
	}
	// Output:
	// correct the query: submitting a usage query: invalid query: no interval; see Days and Month
	// resume later: 9f32b7cf
	// quote the correlation id to support: 404 not.found
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

// A scheduler of your own polls when it suits.
func ExampleOperation_Poll() {
	client, end := demo()
	defer end()

	execution, err := client.Submit(ctx, october)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
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

func ExampleNewFromEnv() {
	os.Setenv("GENESYSCLOUD_REGION", "mypurecloud.ie")
	os.Setenv("GENESYSCLOUD_OAUTHCLIENT_ID", "id")
	os.Setenv("GENESYSCLOUD_OAUTHCLIENT_SECRET", "secret")
	client, err := wrapper.NewFromEnv()
	fmt.Println(client != nil, err)
	// Output: true <nil>
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

// Addresses in place of a region's.
func ExampleWithBaseURL() {
	client, err := wrapper.New("",
		wrapper.WithBaseURL("https://gateway.example.com/genesys-api"),
		wrapper.WithLoginURL("https://gateway.example.com/genesys-login"),
		wrapper.WithClientCredentials("id", "secret"))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

func ExampleDays() {
	first := time.Date(2026, time.October, 5, 0, 0, 0, 0, time.UTC)
	fmt.Println(wrapper.Days(first, first.AddDate(0, 0, 6))) // a week
	fmt.Println(wrapper.Month(2026, time.February))
	// Output:
	// 2026-10-05/2026-10-11
	// 2026-02-01/2026-02-28
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
