package wrapper_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"golang.org/x/oauth2"
)

var chaosSeed = flag.Uint64("chaos-seed", 1, "which requests meet which faults")

// queryNumber is a query that no other has, and rowsOf are its rows.
func queryNumber(i int) gen.APIUsageQuery {
	day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i)
	return gen.APIUsageQuery{Interval: wrapper.Days(day, day)}
}

func rowsOf(query gen.APIUsageQuery) []gen.APIUsageRow {
	day, _, _ := strings.Cut(query.Interval, "/")
	start, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	rows := make([]gen.APIUsageRow, start.Unix()/86400%97)
	for i := range rows {
		rows[i] = gen.APIUsageRow{ClientID: query.Interval, ClientName: fmt.Sprint("Demo ", i), Requests: start.Unix() + int64(i)}
	}
	return rows
}

// patient are the time constants of a client that is to survive, scaled down, but
// not so far that a busy machine passes for a stalled server.
func patient(server *usagetest.Server) []wrapper.Option {
	return append(server.Options(),
		wrapper.WithRetry(wrapper.Retry{MaxAttempts: 20, Initial: time.Millisecond, Max: 20 * time.Millisecond, Stall: time.Second}),
		wrapper.WithPolling(wrapper.Polling{Initial: time.Millisecond, Max: 10 * time.Millisecond}),
		wrapper.WithHTTPClient(&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}))
}

func mustNew(t *testing.T, options ...wrapper.Option) *wrapper.Client {
	t.Helper()
	client, err := wrapper.New("", options...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// inParallel runs n calls in a number of goroutines.
func inParallel(n, goroutines int, call func(i int)) {
	var next atomic.Int32
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				call(i)
			}
		})
	}
	all.Wait()
}

// Each fifth request meets a transient fault, and each query has
// its own rows in the end. Replay a failure with -args -chaos-seed.
func TestChaos(t *testing.T) {
	for _, test := range []struct {
		name string
		read func(t *testing.T, clients [2]*wrapper.Client, query gen.APIUsageQuery) ([]gen.APIUsageRow, error)
	}{
		{"Query", func(t *testing.T, clients [2]*wrapper.Client, query gen.APIUsageQuery) ([]gen.APIUsageRow, error) {
			return clients[0].Query(t.Context(), query)
		}},
		{"the process dies", func(t *testing.T, clients [2]*wrapper.Client, query gen.APIUsageQuery) ([]gen.APIUsageRow, error) {
			execution, err := clients[0].Submit(t.Context(), query)
			if err != nil {
				return nil, err
			}
			ctx, die := context.WithCancel(t.Context())
			die()
			_, err = execution.Wait(ctx)
			var interrupted *wrapper.ExecutionError
			if !errors.As(err, &interrupted) || !errors.Is(err, context.Canceled) {
				return nil, fmt.Errorf("died with %w", err)
			}
			return clients[1].Execution(interrupted.ExecutionID).Wait(t.Context())
		}},
		{"QueryRows", func(t *testing.T, clients [2]*wrapper.Client, query gen.APIUsageQuery) ([]gen.APIUsageRow, error) {
			rows := []gen.APIUsageRow{}
			for row, err := range clients[0].QueryRows(t.Context(), query) {
				if err != nil {
					return nil, err
				}
				rows = append(rows, row)
			}
			return rows, nil
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			faults := usagetest.TransientFaults()
			if test.name == "QueryRows" {
				// Rows that were handed on make an answer that is not complete another one.
				faults = slices.DeleteFunc(faults, func(fault usagetest.Fault) bool { return fault.QueryStatus != "" })
			}
			met := map[string]*atomic.Int32{"429, 1 s": new(atomic.Int32), "429, date": new(atomic.Int32)}
			for _, fault := range faults {
				met[fault.Name] = new(atomic.Int32)
			}
			random := usagetest.RandomFaults(*chaosSeed, 0.2, faults...)
			// A Retry-After makes all wait for a second at least, so there are few.
			var requests atomic.Int32
			choose := func(request *http.Request) usagetest.Fault {
				switch requests.Add(1) {
				case 100:
					return usagetest.Fault{Name: "429, 1 s", Status: 429, Header: http.Header{"Retry-After": {"1"}}}
				case 300:
					date := time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat)
					return usagetest.Fault{Name: "429, date", Status: 429, Header: http.Header{"Retry-After": {date}}}
				}
				return random(request)
			}
			server := newUsageServer(t, usagetest.Config{Rows: rowsOf, RunningPolls: 1, Fault: func(request *http.Request) usagetest.Fault {
				fault := choose(request)
				if fault.Name != "" {
					met[fault.Name].Add(1)
				}
				return fault
			}})
			clients := [2]*wrapper.Client{mustNew(t, patient(server)...), mustNew(t, patient(server)...)}
			queries := 60
			if wrapper.Soak {
				queries = 500
			}
			inParallel(queries, 50, func(i int) {
				query := queryNumber(i)
				got, err := test.read(t, clients, query)
				if err != nil {
					t.Errorf("query %d: %v", i, err)
				} else if want := rowsOf(query); !reflect.DeepEqual(got, want) {
					t.Errorf("query %d has %d rows, want %d, or others", i, len(got), len(want))
				}
			})
			for name, n := range met {
				if n.Load() == 0 && wrapper.Soak {
					t.Errorf("no request met the fault %q", name)
				}
			}
		})
	}
}

func newUsageServer(t *testing.T, config usagetest.Config) *usagetest.Server {
	t.Helper()
	server := usagetest.NewServer(config)
	t.Cleanup(server.Close)
	return server
}

// on chooses a fault for requests to a path.
func on(suffix string, fault usagetest.Fault) func(*http.Request) usagetest.Fault {
	return func(request *http.Request) usagetest.Fault {
		if strings.HasSuffix(request.URL.Path, suffix) {
			return fault
		}
		return usagetest.Fault{}
	}
}

const (
	tokenPath  = "/oauth/token"
	submitPath = "/usage/query"
	resultPath = "/results"
)

// Faults that are not transient end in the error that says so, at once.
func TestLastingFaults(t *testing.T) {
	elsewhere := newUsageServer(t, usagetest.Config{})
	redirect := func(status int) usagetest.Fault {
		return usagetest.Fault{Status: status, Header: http.Header{"Location": {elsewhere.URL + "/api/v2/usage/query"}}}
	}
	type check func(error) bool
	status := func(want int) check {
		return func(err error) bool {
			var api *wrapper.APIError
			return errors.As(err, &api) && api.StatusCode == want && api.CorrelationID != "" && strings.Contains(err.Error(), api.CorrelationID)
		}
	}
	refused := func(err error) bool {
		var retrieve *oauth2.RetrieveError
		return errors.As(err, &retrieve)
	}
	down := func(want int) check {
		return func(err error) bool {
			var api *wrapper.APIError
			return errors.As(err, &api) && api.StatusCode == want && api.Path == tokenPath && api.CorrelationID != "" && !refused(err) && !strings.Contains(err.Error(), "secret")
		}
	}
	says := func(text string) check { return func(err error) bool { return strings.Contains(err.Error(), text) } }
	is := func(target error) check { return func(err error) bool { return errors.Is(err, target) } }
	for _, test := range []struct {
		name  string
		path  string
		fault usagetest.Fault
		check check
	}{
		{"400", submitPath, usagetest.Fault{Status: 400}, status(400)},
		{"403", submitPath, usagetest.Fault{Status: 403}, status(403)},
		{"404", resultPath, usagetest.Fault{Status: 404}, status(404)},
		{"409", resultPath, usagetest.Fault{Status: 409}, status(409)},
		{"413", submitPath, usagetest.Fault{Status: 413}, status(413)},
		{"401 for ever", submitPath, usagetest.Fault{Status: 401}, status(401)},
		{"429 for too long", submitPath, usagetest.Fault{Status: 429, Header: http.Header{"Retry-After": {"3600"}}}, status(429)},
		{"429 for ever", resultPath, usagetest.Fault{Status: 429, Header: http.Header{"Retry-After": {"99999999999999999999"}}}, status(429)},
		{"429 until a date", resultPath, usagetest.Fault{Status: 429, Header: http.Header{"Retry-After": {"Fri, 31 Dec 9999 23:59:59 GMT"}}}, status(429)},
		{"503 for ever", resultPath, usagetest.Fault{Status: 503}, status(503)},
		{"301", resultPath, redirect(301), status(301)},
		{"302", submitPath, redirect(302), status(302)},
		{"303", submitPath, redirect(303), status(303)},
		{"307 with a body", submitPath, redirect(307), status(307)},
		{"308 with a body", submitPath, redirect(308), status(308)},
		{"307 on the same host", submitPath, usagetest.Fault{Status: 307, Header: http.Header{"Location": {"/api/v2/usage/query"}}}, status(307)},
		{"endless error", submitPath, usagetest.Fault{Status: 400, Connection: usagetest.Endless}, status(400)},
		{"endless submit answer", submitPath, usagetest.Fault{Connection: usagetest.Endless}, says("larger than")},
		{"endless results", resultPath, usagetest.Fault{Connection: usagetest.Endless}, says("larger than")},
		{"never JSON", submitPath, usagetest.Fault{Body: []byte("<html>")}, says("not JSON")},
		{"results never JSON", resultPath, usagetest.Fault{Body: []byte("<html>")}, says("invalid character '<'")},
		{"always empty", resultPath, usagetest.Fault{Body: []byte{}}, says("empty")},
		{"no execution id", submitPath, usagetest.Fault{Body: []byte("{}")}, says("execution id is empty")},
		{"an execution id of another type", submitPath, usagetest.Fault{Body: []byte(`{"executionId":1}`)}, says("correlation id ")},
		{"a row of another type", resultPath, usagetest.Fault{Body: []byte(`{"results":[{"requests":"many"}],"queryStatus":"Complete"}`)}, says("row 1")},
		{"failed", resultPath, usagetest.Fault{QueryStatus: gen.QueryStatusFailed}, is(wrapper.ErrQueryFailed)},
		{"always reset", resultPath, usagetest.Fault{Connection: usagetest.ResetBefore}, says("")}, // each system has its own words
		{"token: 400", tokenPath, usagetest.Fault{Status: 400}, refused},
		{"token: 403 HTML", tokenPath, usagetest.Fault{Status: 403, Body: []byte("<html>")}, refused},
		{"token: 307", tokenPath, redirect(307), down(307)},
		{"token: 308", tokenPath, redirect(308), down(308)},
		{"token: 302", tokenPath, redirect(302), down(302)},
		{"token: 503 for ever", tokenPath, usagetest.Fault{Status: 503}, down(503)},
		{"token: 429 for too long", tokenPath, usagetest.Fault{Status: 429, Header: http.Header{"Retry-After": {"3600"}}}, down(429)},
		{"token: endless", tokenPath, usagetest.Fault{Connection: usagetest.Endless}, says("larger than")},
		{"token: endless refusal", tokenPath, usagetest.Fault{Status: 400, Connection: usagetest.Endless}, refused},
		{"token: error with status 200", tokenPath, usagetest.Fault{Body: []byte(`{"error":"invalid_client"}`)}, refused},
		{"token: none in the answer", tokenPath, usagetest.Fault{Body: []byte(`{"token_type":"bearer"}`)}, says("missing access_token")},
		{"token: never JSON", tokenPath, usagetest.Fault{Body: []byte("<html>")}, says("not JSON")},
		{"token: always expired", tokenPath, usagetest.Fault{TokenTTL: -time.Hour}, status(401)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newUsageServer(t, usagetest.Config{Fault: on(test.path, test.fault)})
			// An outage of the results is waited out, for so long.
			client := mustNew(t, append(patient(server), wrapper.WithRetry(wrapper.Retry{MaxAttempts: 3, Initial: 1, Max: time.Millisecond}),
				wrapper.WithPolling(wrapper.Polling{Initial: 1, Max: time.Millisecond, Timeout: 50 * time.Millisecond}))...)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := client.Query(ctx, gen.APIUsageQuery{Interval: "2026-01-01/2026-01-31"})
			if err == nil || ctx.Err() != nil || !test.check(err) {
				t.Errorf("%v", err)
			}
			var execution *wrapper.ExecutionError
			if errors.As(err, &execution) != (test.path == resultPath) {
				t.Errorf("names an execution: %v: %v", test.path != resultPath, err)
			}
		})
	}
	t.Cleanup(func() {
		if n := len(elsewhere.Requests()); n > 0 {
			t.Errorf("%d redirects were followed", n)
		}
	})
}
