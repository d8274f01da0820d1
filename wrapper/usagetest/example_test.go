package usagetest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// busiestClient is a function of a program of yours, to be tested.
func busiestClient(ctx context.Context, client *wrapper.Client) (name string, err error) {
	rows, err := client.Query(ctx, gen.APIUsageQuery{Interval: "2026-10-01/2026-10-31"})
	var most int64 = -1
	for _, row := range rows {
		if row.Requests > most {
			name, most = row.ClientName, row.Requests
		}
	}
	return name, err
}

func TestBusiestClient(t *testing.T) {
	server := usagetest.NewServer(usagetest.Config{
		Rows: func(gen.APIUsageQuery) []gen.APIUsageRow {
			return []gen.APIUsageRow{{ClientName: "Wallboard", Requests: 3}, {ClientName: "Dialer", Requests: 5}}
		},
		RunningPolls: 2,
		Fault:        usagetest.Once(usagetest.Results, usagetest.Fault{Connection: usagetest.Cut}),
	})
	defer server.Close()
	client, err := wrapper.New(wrapper.USEast1, server.Options()...)
	if err != nil {
		t.Fatal(err)
	}
	name, err := busiestClient(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	if name != "Dialer" {
		t.Errorf("got %q, want Dialer", name)
	}
}

func ExampleNewServer() {
	server := usagetest.NewServer(usagetest.Config{})
	defer server.Close()

	client, err := wrapper.New(wrapper.USEast1, server.Options()...)
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, err := client.Query(context.Background(), gen.APIUsageQuery{Interval: "2026-10-01/2026-10-31"})
	fmt.Println(len(rows), "OAuth clients", err)
	// Output: 4 OAuth clients <nil>
}

// newClient returns a client of the server, for the examples below.
func newClient(server *usagetest.Server, options ...wrapper.Option) *wrapper.Client {
	client, err := wrapper.New(wrapper.USEast1, append(server.Options(), options...)...)
	if err != nil {
		panic(err)
	}
	return client
}

var october = gen.APIUsageQuery{Interval: "2026-10-01/2026-10-31"}

// The requests that a program sent can be examined afterwards.
func ExampleServer_Requests() {
	server := usagetest.NewServer(usagetest.Config{})
	defer server.Close()

	if _, err := newClient(server).Submit(context.Background(), october); err != nil {
		fmt.Println(err)
	}
	for _, request := range server.Requests() {
		fmt.Printf("%s %s %q: %d\n", request.Method, request.Path, request.Body, request.Status)
	}
	// Output:
	// POST /oauth/token "": 200
	// POST /api/v2/usage/query "{\"interval\":\"2026-10-01/2026-10-31\"}": 200
}

// A fault of one kind for requests of one kind.
func ExampleFault() {
	server := usagetest.NewServer(usagetest.Config{Fault: func(request *http.Request) usagetest.Fault {
		if request.Method == http.MethodGet {
			return usagetest.Fault{Status: http.StatusForbidden}
		}
		return usagetest.Fault{}
	}})
	defer server.Close()

	_, err := newClient(server).Query(context.Background(), october)
	if apiError, ok := errors.AsType[*wrapper.APIError](err); ok {
		fmt.Println(apiError.StatusCode, apiError.Code)
	}
	// Output: 403 missing.permissions
}

// One line says which request fails, and how: here, the first download of the rows is
// cut, and the second one is complete.
func ExampleOnce() {
	server := usagetest.NewServer(usagetest.Config{
		Fault: usagetest.Once(usagetest.Results, usagetest.Fault{Connection: usagetest.Cut}),
	})
	defer server.Close()

	rows, err := newClient(server).Query(context.Background(), october)
	fmt.Println(len(rows), "OAuth clients", err)
	for _, request := range server.Requests()[2:] {
		fmt.Println(request.Method, "results", request.Status)
	}
	// Output:
	// 4 OAuth clients <nil>
	// GET results 200
	// GET results 200
}

// What happened in an organization of your own: the server filters, groups and adds it
// up as the query says.
func ExampleActivity() {
	wallboard := gen.APIUsageRow{ClientName: "Wallboard", TemplateURI: "api/v2/users", Requests: 100}
	server := usagetest.NewServer(usagetest.Config{Activity: func(time.Time) []usagetest.Activity {
		return []usagetest.Activity{{APIUsageRow: wallboard}}
	}})
	defer server.Close()

	rows, err := newClient(server).Query(context.Background(), october)
	fmt.Println(rows[0].ClientName, rows[0].Requests, err)
	// Output: Wallboard 3100 <nil>
}

// A token of the server, for a request without this module's client.
func ExampleServer_Token() {
	server := usagetest.NewServer(usagetest.Config{})
	defer server.Close()

	request, err := http.NewRequest(http.MethodGet, server.URL+"/api/v2/usage/query/unknown/results", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	request.Header.Set("Authorization", "Bearer "+server.Token())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	fmt.Println(response.Status)
	// Output: 404 Not Found
}
