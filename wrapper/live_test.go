//go:build live

package wrapper_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// TestLive finds out from a real organization what the vendor's documents leave open, and
// what this module relies on. It reads, and sends maxLive requests at most. It finds region
// and credentials where NewFromEnv does, and prints a table to be sent in; what
// contradicts an assumption fails.
//
//	go test -tags live -run 'TestLive$' -v ./wrapper
func TestLive(t *testing.T) {
	transport := &limitedTransport{}
	client, err := wrapper.NewFromEnv(append(transport.options(),
		wrapper.WithPolling(wrapper.Polling{Initial: 5 * time.Second, Max: time.Minute, Timeout: 10 * time.Minute}))...)
	if err != nil {
		t.Fatal(err)
	}
	findings := findOut(t.Context(), client)
	fmt.Printf("%s\n%d requests\n", table(findings), transport.sent.Load())
	for _, f := range findings {
		if f.verdict == contradicted {
			t.Errorf("%s: assumed %s, seen %s", f.what, f.assumed, f.seen)
		}
	}
}

// The fake is what is assumed.
func TestLiveOnTheFake(t *testing.T) {
	findings, sent := findOutOfFake(t, usagetest.Config{RunningPolls: 1})
	for _, f := range findings {
		want := confirmed
		if f.assumed == "" {
			want = settled
		}
		if f.verdict != want {
			t.Errorf("%s: got %s, want %s: %s", f.what, f.verdict, want, f.seen)
		}
	}
	if sent > maxLive-5 {
		t.Errorf("requests: got %d, want %d at most, since a real organization may take more", sent, maxLive-5)
	}
	t.Log("\n" + table(findings))
}

// A vendor that is other than assumed is found out.
func TestLiveFindsOut(t *testing.T) {
	n := 0
	findings, _ := findOutOfFake(t, usagetest.Config{Fault: func(request *http.Request) usagetest.Fault {
		if !strings.HasSuffix(request.URL.Path, "/results") {
			return usagetest.Fault{}
		}
		n++
		const result = `{"results":[{"requests":%d,"date":"%sT05:00:00Z"}],"queryStatus":"Complete"}`
		return usagetest.Fault{Header: http.Header{"Inin-Ratelimit-Count": {"1"}},
			Body: fmt.Appendf(nil, result, n, daysAgo(0))}
	}})
	for _, what := range []string{whatEndDate, whatZone, whatAge, whatBytes, whatHeaders} {
		if !slices.ContainsFunc(findings, func(f finding) bool { return f.what == what && f.verdict == contradicted }) {
			t.Errorf("%s: not contradicted\n%s", what, table(findings))
		}
	}
}

// findOutOfFake returns what a fake does, and how many requests that took.
func findOutOfFake(t *testing.T, config usagetest.Config) ([]finding, int32) {
	t.Helper()
	server := usagetest.NewServer(config)
	defer server.Close()
	transport := &limitedTransport{}
	client, err := wrapper.New("", append(server.Options(), transport.options()...)...)
	if err != nil {
		t.Fatal(err)
	}
	return findOut(t.Context(), client), transport.sent.Load()
}

// maxLive is how many requests a run sends.
const maxLive = 30

// limitedTransport sends maxLive requests and no more.
type limitedTransport struct{ sent atomic.Int32 }

func (l *limitedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if l.sent.Add(1) > maxLive {
		return nil, fmt.Errorf("the %d requests of this test are used up", maxLive)
	}
	return http.DefaultTransport.RoundTrip(request)
}

func (l *limitedTransport) options() []wrapper.Option {
	return []wrapper.Option{wrapper.WithHTTPClient(&http.Client{Transport: l}),
		wrapper.WithRetry(wrapper.Retry{MaxAttempts: 2})}
}

// A fact is something that is assumed of an organization or, if assumed is "", not known.
type fact struct {
	what, assumed string
	see           func(*organization) (seen string, right bool, err error)
}

// A finding is what was seen of a fact.
type finding struct {
	fact
	seen, verdict string
}

const (
	confirmed    = "confirmed"
	contradicted = "CONTRADICTED"
	settled      = "settled" // it was not known
	notSeen      = "not seen"
)

// findOut checks all facts.
func findOut(ctx context.Context, client *wrapper.Client) (all []finding) {
	o := newOrganization(ctx, client)
	for _, f := range facts {
		seen, right, err := f.see(o)
		switch {
		case err != nil:
			all = append(all, finding{f, err.Error(), notSeen})
		case f.assumed == "":
			all = append(all, finding{f, seen, settled})
		case right:
			all = append(all, finding{f, seen, confirmed})
		default:
			all = append(all, finding{f, seen, contradicted})
		}
	}
	return all
}

func table(findings []finding) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "WHAT\tWE ASSUME\tSEEN\t")
	for _, f := range findings {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.what, cmp.Or(f.assumed, "not known"), f.seen, f.verdict)
	}
	w.Flush()
	return b.String()
}

const (
	whatEndDate = "an end that is a date"
	whatZone    = "the time zone of days"
	whatAge     = "how old the data is"
	whatBytes   = "the same results requested twice"
	whatHeaders = "headers of responses"
)

var facts = []fact{
	{"the permission that serves", "", func(o *organization) (string, bool, error) {
		return "please add whether it is oauth:client:view or usage:organization:view", true, o.query.err
	}},
	{whatEndDate, "in it", func(o *organization) (string, bool, error) { return o.query.lastDay() }},
	{"an end with a time of day", "", func(o *organization) (string, bool, error) {
		return o.runQuery(daysAgo(5) + "T00:00:00Z/" + daysAgo(3) + "T00:00:00Z").lastDay()
	}},
	{whatZone, "UTC: dates are at 00:00:00Z", func(o *organization) (string, bool, error) {
		for _, date := range o.query.dates {
			if !date.Equal(date.Truncate(24 * time.Hour)) {
				return date.Format(time.RFC3339), false, nil
			}
		}
		return "all dates are", true, o.query.err
	}},
	{whatAge, "a day: none of today", func(o *organization) (string, bool, error) {
		r := o.runQuery(daysAgo(4) + "/" + daysAgo(0))
		if r.err != nil {
			return "", false, r.err
		}
		newest := slices.MaxFunc(r.dates, time.Time.Compare).UTC().Format(time.DateOnly)
		return "the newest is of " + newest + ", at " + time.Now().UTC().Format(time.RFC3339), newest < daysAgo(0), nil
	}},
	{whatBytes, "the same bytes, which Rows relies on", func(o *organization) (string, bool, error) {
		again, _, err := o.fetch()
		return fmt.Sprintf("%d and %d bytes", len(o.results), len(again)), bytes.Equal(o.results, again), err
	}},
	{whatHeaders, "a correlation id, nothing of a rate limit", func(o *organization) (string, bool, error) {
		names := strings.Join(slices.Sorted(maps.Keys(o.header)), " ")
		return names, strings.Contains(names, "Inin-Correlation-Id") && !strings.Contains(names, "Inin-Ratelimit"), o.fetchErr
	}},
	{"an execution that is not known", "404, or another 4xx", func(o *organization) (string, bool, error) {
		_, err := o.client.Execution("00000000-0000-4000-8000-000000000000").Poll(o.ctx)
		api, ok := errors.AsType[*wrapper.APIError](err)
		if !ok {
			return "", false, cmp.Or(err, errors.New("no error"))
		}
		return fmt.Sprint(api.StatusCode, " ", api.Code), api.StatusCode/100 == 4, nil
	}},

	{"the last day of a job", "in it", func(o *organization) (string, bool, error) { return o.job.lastDay() }},
	{"jobs and an interval of dates", "", func(o *organization) (string, bool, error) {
		// As the caller writes it, and not in the form that SubmitJob sends.
		response, err := o.client.API().PostUsageAggregatesQueryJobsWithResponse(o.ctx, jobQuery(threeDays()))
		if err != nil {
			return "", false, err
		}
		return response.Status(), true, nil
	}},
	{"jobs and an end with a time of day", "", func(o *organization) (string, bool, error) {
		return o.runJob(daysAgo(5) + "T00:00:00/" + daysAgo(3) + "T00:00:00").lastDay()
	}},
	{"platforms of jobs", "", func(o *organization) (string, bool, error) {
		platforms := map[string]bool{}
		for _, row := range o.job.rows {
			platforms[row.Platform] = true
		}
		return fmt.Sprintf("%q", slices.Sorted(maps.Keys(platforms))), true, o.job.err
	}},
	{"pages of jobs", "10 rows each, the same as in one page", (*organization).pages},
}

// An organization has what several facts are seen in.
type organization struct {
	ctx    context.Context
	client *wrapper.Client
	query  report[gen.APIUsageRow] // of threeDays
	job    report[gen.UsageJobRow] // of threeDays

	results  []byte // of the query, as the API sends them
	header   http.Header
	fetchErr error
}

func newOrganization(ctx context.Context, client *wrapper.Client) *organization {
	o := &organization{ctx: ctx, client: client}
	o.query, o.job = o.runQuery(threeDays()), o.runJob(threeDays())
	o.results, o.header, o.fetchErr = o.fetch()
	return o
}

// fetch requests the results of the query.
func (o *organization) fetch() (body []byte, header http.Header, err error) {
	if o.query.err != nil {
		return nil, nil, o.query.err
	}
	response, err := o.client.API().GetUsageQueryExecutionIDResultsWithResponse(o.ctx, o.query.id)
	if err != nil || response.JSON200 == nil {
		return nil, nil, cmp.Or(err, errors.New("no results"))
	}
	return response.Body, response.HTTPResponse.Header, nil
}

func daysAgo(n int) string { return time.Now().UTC().AddDate(0, 0, -n).Format(time.DateOnly) }

func threeDays() string { return daysAgo(5) + "/" + daysAgo(3) }

func jobQuery(interval string) gen.UsageJobQuery {
	return gen.UsageJobQuery{Interval: interval, Granularity: gen.JobGranularityDay,
		GroupBy: []gen.JobGroupBy{gen.JobGroupByPlatform, gen.JobGroupByHTTPMethod, gen.JobGroupByTemplateURI}}
}

func (o *organization) runQuery(interval string) report[gen.APIUsageRow] {
	query := gen.APIUsageQuery{Interval: interval, Granularity: gen.GranularityDay,
		GroupBy: []gen.GroupBy{gen.GroupByHTTPMethod}}
	return run(o.ctx, o.client.Submit, query, func(row gen.APIUsageRow) time.Time { return row.Date })
}

func (o *organization) runJob(interval string) report[gen.UsageJobRow] {
	return run(o.ctx, o.client.SubmitJob, jobQuery(interval), func(row gen.UsageJobRow) time.Time { return row.Date.Time })
}

// A report has the rows of an operation, of which there is one at least, or an error.
type report[Row any] struct {
	id    string
	rows  []Row
	dates []time.Time // of the rows
	err   error
}

func run[Query, Result, Row any](
	ctx context.Context, submit func(context.Context, Query) (*wrapper.Operation[Result, Row], error),
	query Query, date func(Row) time.Time,
) (r report[Row]) {
	operation, err := submit(ctx, query)
	if err == nil {
		r.id = operation.ID()
		r.rows, err = operation.Wait(ctx)
	}
	for _, row := range r.rows {
		r.dates = append(r.dates, date(row))
	}
	if err == nil && len(r.rows) == 0 {
		err = errors.New("no requests on any of the days")
	}
	r.err = err
	return r
}

// lastDay finds out whether rows are of the last of threeDays.
func (r report[Row]) lastDay() (seen string, right bool, err error) {
	for _, date := range r.dates {
		if date.UTC().Format(time.DateOnly) == daysAgo(3) {
			return "in it", true, r.err
		}
	}
	return "not in it", false, r.err
}

// pages requests the first rows of the job once more, in two pages of 10.
func (o *organization) pages() (seen string, right bool, err error) {
	if o.job.err != nil || len(o.job.rows) < 20 {
		return "", false, cmp.Or(o.job.err, fmt.Errorf("%d rows are too few", len(o.job.rows)))
	}
	var got []gen.UsageJobRow
	parameters := "pageSize=10"
	for range 2 {
		page, err := o.client.API().GetUsageAggregatesQueryJobWithResponse(o.ctx, o.job.id, nil,
			func(_ context.Context, request *http.Request) error {
				request.URL.RawQuery = parameters
				return nil
			})
		if err != nil || page.JSON200 == nil {
			return "", false, cmp.Or(err, errors.New("a page is not there"))
		}
		got = append(got, page.JSON200.Entities...)
		_, parameters, _ = strings.Cut(page.JSON200.NextURI, "?")
	}
	seen = fmt.Sprintf("%d rows in two pages, then %q", len(got), parameters)
	return seen, reflect.DeepEqual(got, o.job.rows[:20]), nil
}
