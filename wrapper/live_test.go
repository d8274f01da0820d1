//go:build live

package wrapper_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
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
	"golang.org/x/oauth2"
)

// TestLive finds out from a real organization what the vendor's documents leave open, and
// what this module relies on. It reads, and sends maxLive requests at most. It finds region
// and credentials where NewFromEnv does, and prints a table to be sent in; what
// contradicts an assumption fails.
//
//	go test -tags live -run 'TestLive$' -v ./wrapper
func TestLive(t *testing.T) {
	transport := &limitedTransport{}
	client, err := wrapper.NewFromEnv(append(liveOptions(transport),
		wrapper.WithPolling(wrapper.Polling{Initial: 5 * time.Second, Max: time.Minute, Timeout: 10 * time.Minute}))...)
	if err != nil {
		t.Fatal(err)
	}
	findings := settle(t.Context(), client, time.Now())
	fmt.Print(table(findings))
	fmt.Printf("\n%d requests\n", transport.sent.Load())
	for _, f := range findings {
		if f.verdict == contradicted {
			t.Errorf("%s: assumed %s, seen %s", f.what, f.assumed, f.seen)
		}
	}
}

// The fake is what is assumed.
func TestLiveOnTheFake(t *testing.T) {
	server := usagetest.NewServer(usagetest.Config{RunningPolls: 1})
	defer server.Close()
	transport := &limitedTransport{}
	findings := settle(t.Context(), newLiveClient(t, server, transport), time.Now())
	if n := transport.sent.Load(); n > maxLive-5 {
		t.Errorf("%d requests: a real organization may take more", n)
	}
	unknown := []string{whatEndTime, whatJobEndTime, whatJobDates, whatPermission, whatPlatforms}
	for _, f := range findings {
		want := confirmed
		if slices.Contains(unknown, f.what) {
			want = settled
		}
		if f.verdict != want {
			t.Errorf("%+v, want %s", f, want)
		}
	}
	t.Log("\n" + table(findings))
}

// A vendor that is other than assumed is found out.
func TestLiveFindsOut(t *testing.T) {
	n := 0
	server := usagetest.NewServer(usagetest.Config{Fault: func(request *http.Request) usagetest.Fault {
		if !strings.HasSuffix(request.URL.Path, "/results") {
			return usagetest.Fault{}
		}
		n++
		return usagetest.Fault{Header: http.Header{"Inin-Ratelimit-Count": {"1"}},
			Body: fmt.Appendf(nil, `{"results":[{"requests":%d,"date":"%sT05:00:00Z"}],"queryStatus":"Complete"}`, n,
				day(time.Now().UTC(), 0))}
	}})
	defer server.Close()
	findings := settle(t.Context(), newLiveClient(t, server, &limitedTransport{}), time.Now())
	for _, what := range []string{whatBytes, whatZone, whatAge, whatHeaders, whatEndDate} {
		if !slices.ContainsFunc(findings, func(f finding) bool { return f.what == what && f.verdict == contradicted }) {
			t.Errorf("%s: not contradicted\n%s", what, table(findings))
		}
	}
}

// maxLive is how many requests a run sends.
const maxLive = 30

func liveOptions(transport http.RoundTripper) []wrapper.Option {
	return []wrapper.Option{wrapper.WithHTTPClient(&http.Client{Transport: transport}),
		wrapper.WithRetry(wrapper.Retry{MaxAttempts: 2})}
}

// newLiveClient returns a client of a fake.
func newLiveClient(t *testing.T, server *usagetest.Server, transport http.RoundTripper) *wrapper.Client {
	t.Helper()
	client, err := wrapper.New("", append(server.Options(), liveOptions(transport)...)...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// limitedTransport sends maxLive requests and no more.
type limitedTransport struct{ sent atomic.Int32 }

func (l *limitedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if l.sent.Add(1) > maxLive {
		return nil, fmt.Errorf("the %d requests of this test are used up", maxLive)
	}
	return http.DefaultTransport.RoundTrip(request)
}

// finding is what was seen of something that is assumed or not known.
type finding struct {
	what, assumed, seen string
	verdict             string
}

const (
	confirmed    = "confirmed"
	contradicted = "CONTRADICTED"
	settled      = "settled" // it was not known
	notSeen      = "not seen"

	seenIn, seenOut = "in it", "not in it"

	whatPermission = "the permission that serves"
	whatEndDate    = "an end that is a date"
	whatEndTime    = "an end with a time of day"
	whatZone       = "the time zone of days"
	whatBytes      = "the same results requested twice"
	whatGzip       = "compression of results"
	whatHeaders    = "headers of responses"
	whatUnknown    = "an execution that is not known"
	whatAge        = "how old the data is"
	whatJobs       = "the last day of a job"
	whatJobDates   = "jobs and an interval of dates"
	whatJobEndTime = "jobs and an end with a time of day"
	whatPlatforms  = "platforms of jobs"
	whatPages      = "pages of jobs"
)

// settler collects findings.
type settler struct {
	client   *wrapper.Client
	findings []finding
}

func (s *settler) found(what, assumed, seen, verdict string) {
	s.findings = append(s.findings, finding{what, assumed, seen, verdict})
}

// check is found for what can be right or wrong.
func (s *settler) check(what, assumed, seen string, right bool) {
	verdict := confirmed
	if !right {
		verdict = contradicted
	}
	s.found(what, assumed, seen, verdict)
}

// settle checks everything that is assumed or not known.
func settle(ctx context.Context, client *wrapper.Client, now time.Time) []finding {
	s := &settler{client: client}
	s.queries(ctx, now.UTC())
	s.jobs(ctx, now.UTC())
	return s.findings
}

func day(now time.Time, ago int) string { return now.AddDate(0, 0, -ago).Format(time.DateOnly) }

// days are the dates of rows, each once, and whether all are at midnight in UTC.
func days[R any](rows []R, date func(R) time.Time) (dates []string, midnight bool) {
	midnight = true
	for _, row := range rows {
		d := date(row)
		midnight = midnight && d.Equal(d.UTC().Truncate(24*time.Hour))
		dates = append(dates, d.UTC().Format(time.DateOnly))
	}
	slices.Sort(dates)
	return slices.Compact(dates), midnight
}

// lastDay finds whether the last of three days has rows, where those before it have.
func (s *settler) lastDay(what, assumed string, dates []string, last string) {
	seen := seenOut
	if slices.Contains(dates, last) {
		seen = seenIn
	}
	switch {
	case len(dates) == 0:
		s.found(what, assumed, "no requests on any of the days", notSeen)
	case assumed != seenIn:
		s.found(what, assumed, seen, settled)
	default:
		s.check(what, assumed, seen, seen == assumed)
	}
}

// reason is why something was not seen.
func reason(err error) string {
	if api, ok := errors.AsType[*wrapper.APIError](err); ok {
		return fmt.Sprintf("%d %s: %s", api.StatusCode, api.Code, api.Message)
	}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return "no token: " + refused.ErrorCode
	}
	return err.Error()
}

func (s *settler) queries(ctx context.Context, now time.Time) {
	ask := func(interval string) gen.APIUsageQuery {
		return gen.APIUsageQuery{Interval: interval, Granularity: gen.GranularityDay,
			GroupBy: []gen.GroupBy{gen.GroupByHTTPMethod}}
	}
	date := func(r gen.APIUsageRow) time.Time { return r.Date }
	execution, err := s.client.Submit(ctx, ask(day(now, 5)+"/"+day(now, 3)))
	if err != nil {
		s.found(whatPermission, "oauth:client:view or usage:organization:view", reason(err), notSeen)
		return
	}
	s.found(whatPermission, "oauth:client:view or usage:organization:view",
		"this OAuth client's, whichever it has of the two: please add it", settled)
	rows, err := execution.Wait(ctx)
	if err != nil {
		s.found(whatEndDate, seenIn, reason(err), notSeen)
		return
	}
	dates, midnight := days(rows, date)
	s.lastDay(whatEndDate, seenIn, dates, day(now, 3))
	if len(dates) > 0 {
		s.check(whatZone, "UTC: dates are at 00:00:00Z", fmt.Sprintf("all dates are at 00:00:00Z: %v", midnight), midnight)
	}
	s.twice(ctx, execution.ID())

	if rows, err := s.client.Query(ctx, ask(day(now, 5)+"T00:00:00Z/"+day(now, 3)+"T00:00:00Z")); err != nil {
		s.found(whatEndTime, "not known", reason(err), notSeen)
	} else {
		dates, _ := days(rows, date)
		s.lastDay(whatEndTime, "not known", dates, day(now, 3))
	}

	const aDay = "a day: none of today"
	if rows, err := s.client.Query(ctx, ask(day(now, 4)+"/"+day(now, 0))); err != nil {
		s.found(whatAge, aDay, reason(err), notSeen)
	} else if dates, _ := days(rows, date); len(dates) > 0 {
		newest := dates[len(dates)-1]
		s.check(whatAge, aDay, "the newest is of "+newest+", at "+now.Format(time.RFC3339), newest < day(now, 0))
	} else {
		s.found(whatAge, aDay, "no requests on any of the days", notSeen)
	}

	_, err = s.client.Execution("00000000-0000-4000-8000-000000000000").Poll(ctx)
	api, ok := errors.AsType[*wrapper.APIError](err)
	seen := "no error"
	if err != nil {
		seen = reason(err)
	}
	s.check(whatUnknown, "404, or another 4xx", seen, ok && api.StatusCode/100 == 4)
}

// twice requests results two times: as they come, and compressed.
func (s *settler) twice(ctx context.Context, id string) {
	get := func(encoding string) (header http.Header, body []byte, err error) {
		response, err := s.client.API().GetUsageQueryExecutionIDResults(ctx, id,
			func(_ context.Context, request *http.Request) error {
				request.Header.Set("Accept-Encoding", encoding) // the transport leaves the response as it is
				return nil
			})
		if err != nil {
			return nil, nil, err
		}
		defer response.Body.Close()
		var reader io.Reader = response.Body
		if response.Header.Get("Content-Encoding") == "gzip" {
			if reader, err = gzip.NewReader(reader); err != nil {
				return nil, nil, err
			}
		}
		body, err = io.ReadAll(reader)
		return response.Header, body, err
	}
	const theSame = "the same bytes, which Rows relies on"
	_, plain, err1 := get("identity")
	header, compressed, err2 := get("gzip")
	if err := errors.Join(err1, err2); err != nil {
		s.found(whatBytes, theSame, reason(err), notSeen)
		return
	}
	seen := fmt.Sprintf("%d and %d bytes", len(plain), len(compressed))
	if bytes.Equal(plain, compressed) {
		seen = fmt.Sprintf("the same %d bytes", len(plain))
	}
	s.check(whatBytes, theSame, seen, bytes.Equal(plain, compressed))
	s.check(whatGzip, "gzip where it is accepted", fmt.Sprintf("Content-Encoding %q", header.Get("Content-Encoding")),
		header.Get("Content-Encoding") == "gzip")
	var names []string
	limits := false
	for name := range header {
		names = append(names, name)
		limits = limits || strings.HasPrefix(strings.ToLower(name), "inin-ratelimit")
	}
	slices.Sort(names)
	s.check(whatHeaders, "a correlation id, nothing of a rate limit", strings.Join(names, " "),
		header.Get("ININ-Correlation-Id") != "" && !limits)
}

func (s *settler) jobs(ctx context.Context, now time.Time) {
	ask := func(interval string) gen.UsageJobQuery {
		return gen.UsageJobQuery{Interval: interval, Granularity: gen.JobGranularityDay,
			GroupBy: []gen.JobGroupBy{gen.JobGroupByPlatform, gen.JobGroupByHTTPMethod, gen.JobGroupByTemplateURI}}
	}
	date := func(r gen.UsageJobRow) time.Time { return r.Date.Time }
	job, err := s.client.SubmitJob(ctx, ask(day(now, 5)+"/"+day(now, 3)))
	if err != nil {
		s.found(whatJobs, "with usage:organization:view", reason(err), notSeen)
		return
	}
	rows, err := job.Wait(ctx)
	if err != nil {
		s.found(whatJobs, "with usage:organization:view", reason(err), notSeen)
		return
	}
	dates, _ := days(rows, date)
	s.lastDay(whatJobs, seenIn, dates, day(now, 3))
	platforms := map[string]bool{}
	for _, row := range rows {
		platforms[row.Platform] = true
	}
	var names []string
	for name := range platforms {
		names = append(names, fmt.Sprintf("%q", name))
	}
	slices.Sort(names)
	s.found(whatPlatforms, "not known", strings.Join(names, " "), settled)
	s.pages(ctx, job.ID(), rows)

	// As the caller writes it, and not in the form that SubmitJob sends.
	response, err := s.client.API().PostUsageAggregatesQueryJobs(ctx, ask(day(now, 5)+"/"+day(now, 3)))
	if err != nil {
		s.found(whatJobDates, "not known", reason(err), notSeen)
	} else {
		response.Body.Close()
		s.found(whatJobDates, "not known", fmt.Sprint("status ", response.StatusCode), settled)
	}
	rows, err = s.client.QueryJob(ctx, ask(day(now, 5)+"T00:00:00/"+day(now, 3)+"T00:00:00"))
	if err != nil {
		s.found(whatJobEndTime, "not known", reason(err), notSeen)
		return
	}
	dates, _ = days(rows, date)
	s.lastDay(whatJobEndTime, "not known", dates, day(now, 3))
}

// pages requests the first rows once more, in two pages of 10.
func (s *settler) pages(ctx context.Context, id string, rows []gen.UsageJobRow) {
	const tenEach = "10 rows each, the same as in one page"
	if len(rows) <= 20 {
		s.found(whatPages, tenEach, fmt.Sprintf("%d rows are too few", len(rows)), notSeen)
		return
	}
	size := int32(10)
	first, err := s.client.API().GetUsageAggregatesQueryJobWithResponse(ctx, id,
		&gen.GetUsageAggregatesQueryJobParams{PageSize: &size})
	if err != nil || first.JSON200 == nil {
		s.found(whatPages, tenEach, fmt.Sprint("no first page: ", err), notSeen)
		return
	}
	_, after, _ := strings.Cut(first.JSON200.NextURI, "after=")
	after, _, _ = strings.Cut(after, "&")
	second, err := s.client.API().GetUsageAggregatesQueryJobWithResponse(ctx, id,
		&gen.GetUsageAggregatesQueryJobParams{PageSize: &size}, func(_ context.Context, request *http.Request) error {
			request.URL.RawQuery += "&after=" + after
			return nil
		})
	if err != nil || second.JSON200 == nil {
		s.found(whatPages, tenEach, fmt.Sprint("no second page: ", err), notSeen)
		return
	}
	got := append(first.JSON200.Entities, second.JSON200.Entities...)
	s.check(whatPages, tenEach, fmt.Sprintf("%d and %d, the next by %q", len(first.JSON200.Entities),
		len(second.JSON200.Entities), first.JSON200.NextURI),
		len(first.JSON200.Entities) == 10 && reflect.DeepEqual(got, rows[:len(got)]))
}

func table(findings []finding) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "WHAT\tWE ASSUME\tSEEN\t")
	for _, f := range findings {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.what, f.assumed, f.seen, f.verdict)
	}
	w.Flush()
	return b.String()
}
