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
)

var january = gen.APIUsageQuery{Interval: "2026-01-01/2026-01-31"}

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
		rows[i] = gen.APIUsageRow{
			ClientID: query.Interval, ClientName: fmt.Sprint("Demo ", i), Requests: start.Unix() + int64(i),
		}
	}
	return rows
}

// patient are the time constants of a client that is to survive, scaled down, but
// not so far that a busy machine passes for a stalled server.
func patient(server *usagetest.Server) []wrapper.Option {
	return append(server.Options(),
		wrapper.WithRetry(wrapper.Retry{
			MaxAttempts: 20, Initial: time.Millisecond, Max: 20 * time.Millisecond, Stall: time.Second,
		}),
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

// Each fifth request meets a transient fault, and each query has its own rows in the
// end. Replay a failure with -args -chaos-seed.
func TestChaos(t *testing.T) {
	type clients [2]*wrapper.Client
	for _, test := range []struct {
		name string
		read func(context.Context, clients, gen.APIUsageQuery) ([]gen.APIUsageRow, error)
	}{
		{"Query", func(ctx context.Context, c clients, query gen.APIUsageQuery) ([]gen.APIUsageRow, error) {
			return c[0].Query(ctx, query)
		}},
		{"QueryRows", func(ctx context.Context, c clients, query gen.APIUsageQuery) ([]gen.APIUsageRow, error) {
			rows := []gen.APIUsageRow{}
			for row, err := range c[0].QueryRows(ctx, query) {
				if err != nil {
					return nil, err
				}
				rows = append(rows, row)
			}
			return rows, nil
		}},
		{"the process dies", func(ctx context.Context, c clients, query gen.APIUsageQuery) ([]gen.APIUsageRow, error) {
			execution, err := c[0].Submit(ctx, query)
			if err != nil {
				return nil, err
			}
			dying, die := context.WithCancel(ctx)
			die()
			_, err = execution.Wait(dying)
			interrupted, ok := errors.AsType[*wrapper.ExecutionError](err)
			if !ok {
				return nil, fmt.Errorf("died with %w, want an *ExecutionError", err)
			}
			return c[1].Execution(interrupted.ExecutionID).Wait(ctx)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			faults := newFaults(test.name == "QueryRows")
			server := newUsageServer(t, usagetest.Config{Rows: rowsOf, RunningPolls: 1, Fault: faults.choose})
			clients := clients{mustNew(t, patient(server)...), mustNew(t, patient(server)...)}
			queries := 60
			if wrapper.Soak {
				queries = 500
			}
			inParallel(queries, 50, func(i int) {
				query := queryNumber(i)
				got, err := test.read(t.Context(), clients, query)
				if err != nil {
					t.Errorf("query %d: %v", i, err)
				} else if want := rowsOf(query); !reflect.DeepEqual(got, want) {
					t.Errorf("query %d has %d rows, want %d, or other ones", i, len(got), len(want))
				}
			})
			for name, n := range faults.met {
				if wrapper.Soak && n.Load() == 0 {
					t.Errorf("no request met the fault %q", name)
				}
			}
		})
	}
}

// faults are those that requests of a test meet, and how often.
type faults struct {
	random   func(*http.Request) usagetest.Fault
	requests atomic.Int32
	met      map[string]*atomic.Int32
}

func newFaults(streaming bool) *faults {
	all := usagetest.TransientFaults()
	if streaming { // rows that were yielded cannot be taken back when their query is not complete
		all = slices.DeleteFunc(all, func(fault usagetest.Fault) bool { return fault.QueryStatus != "" })
	}
	f := &faults{random: usagetest.RandomFaults(*chaosSeed, 0.2, all...), met: map[string]*atomic.Int32{}}
	for _, fault := range append(all, afterOneSecond, afterADate()) {
		f.met[fault.Name] = new(atomic.Int32)
	}
	return f
}

// A Retry-After makes all wait for a second at least, so there are few.
var afterOneSecond = usagetest.Fault{Name: "429, 1 s", Status: 429, Header: http.Header{"Retry-After": {"1"}}}

func afterADate() usagetest.Fault {
	date := time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat)
	return usagetest.Fault{Name: "429, date", Status: 429, Header: http.Header{"Retry-After": {date}}}
}

func (f *faults) choose(request *http.Request) (fault usagetest.Fault) {
	switch f.requests.Add(1) {
	case 100:
		fault = afterOneSecond
	case 300:
		fault = afterADate()
	default:
		fault = f.random(request)
	}
	if fault.Name != "" {
		f.met[fault.Name].Add(1)
	}
	return fault
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
