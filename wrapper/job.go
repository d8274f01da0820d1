package wrapper

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
)

// QueryJob is Query for usage jobs, the successor of the usage query: it submits a job,
// waits until it has succeeded and returns its rows, in the order of SortBy. The rows
// count all requests, those of the vendor's own OAuth clients too, and not just the
// billable ones. The OAuth client needs the permission usage:organization:view.
//
// An interval has at most 90 days and begins at most a year ago, as the vendor's
// document says; any other is ErrInvalidQuery. One of whole days or months, as Days and
// Month return it, is sent in the only form that is documented for this operation, such as
// 2026-10-01T00:00:00/2026-10-31T23:59:59, and one that ends with a time of day as it is. Without
// GroupBy, rows are not aggregated. Whether rows grouped by the id of the OAuth client alone
// have its name is not documented: group by the name too if you need it. The errors are
// those of SubmitJob and, after that, those of Operation.Wait.
func (c *Client) QueryJob(ctx context.Context, query gen.UsageJobQuery) ([]gen.UsageJobRow, error) {
	job, err := c.SubmitJob(ctx, query)
	if err != nil {
		return nil, err
	}
	return job.Wait(ctx)
}

// QueryJobRows is QueryJob for reports that are better not held in memory; see
// QueryRows.
func (c *Client) QueryJobRows(ctx context.Context, query gen.UsageJobQuery) iter.Seq2[gen.UsageJobRow, error] {
	return submitRows(ctx, func() (*Job, error) { return c.SubmitJob(ctx, query) })
}

// SubmitJob starts a job and returns it without waiting for it. The errors are those of
// Submit.
func (c *Client) SubmitJob(ctx context.Context, query gen.UsageJobQuery) (*Job, error) {
	return submit(ctx, c, &jobs, func() (*http.Request, error) {
		if err := checkJobQuery(query); err != nil {
			return nil, err
		}
		query.Interval = jobInterval(query.Interval)
		return gen.NewPostUsageAggregatesQueryJobsRequest(c.baseURL, query)
	}, func(response *gen.UsageJob) string { return response.ID })
}

// checkJobQuery returns an error for a query that the API would refuse.
func checkJobQuery(query gen.UsageJobQuery) error {
	var orders []gen.UsageQuerySortByOrder
	for _, by := range query.SortBy {
		orders = append(orders, optional(by.Order)...)
	}
	return cmp.Or(
		checkInterval(query.Interval, func(i interval.Interval) error { return i.CheckJob(time.Now()) }),
		checkEnum("granularity", optional(query.Granularity)...),
		checkEnum("dimension to group by", query.GroupBy...),
		checkEnum("metric", query.Metrics...),
		checkEnum("HTTP method", query.HTTPMethods...),
		checkEnum("order", orders...),
	)
}

// jobInterval returns an interval of whole days in the documented form. It ends with the
// last second, which is right whichever way the API reads an end with a time of day.
func jobInterval(text string) string {
	i, known := interval.Parse(text)
	if !known || i.EndIsInstant {
		return text
	}
	const layout = "2006-01-02T15:04:05"
	return i.Start.UTC().Format(layout) + "/" + i.End.UTC().Format(layout)
}

// A Job is a usage job that was submitted.
type Job = Operation[gen.UsageJobResult, gen.UsageJobRow]

// Job resumes a job that was submitted before, by its id, as Client.Execution does a
// query. How long the vendor keeps a job is not documented.
func (c *Client) Job(id string) *Job { return &Job{client: c, kind: &jobs, id: id} }

var jobs = kind[gen.UsageJobResult, gen.UsageJobRow]{
	name:    "job",
	request: newJobPageRequest,
	inspect: inspectJob,
	fields:  rows.Lenient(func(*gen.ErrorBody) {}), // a job that failed has failed, whatever it says
}

// pageSize is the largest number of rows that a page can have.
const pageSize int32 = 1000

func newJobPageRequest(baseURL, id, cursor string) (*http.Request, error) {
	size := pageSize
	request, err := gen.NewGetUsageAggregatesQueryJobRequest(baseURL, id,
		&gen.GetUsageAggregatesQueryJobParams{PageSize: &size})
	if err == nil && cursor != "" {
		request.URL.RawQuery += "&after=" + cursor // escaped by the server, which may read "+" in its own way
	}
	return request, err
}

// inspectJob returns the state of a job.
func inspectJob(result *gen.UsageJobResult) state {
	s := state{status: failure.Quote(string(result.QueryStatus))}
	switch {
	case isStatus(s.status, gen.JobStatusSucceeded):
		s.phase = complete
		s.next, s.err = cursorOf(result.NextURI)
	case isStatus(s.status, gen.JobStatusFailed), isStatus(s.status, gen.JobStatusCancelled):
		body := result.ErrorBody
		s.phase = failed
		s.err = fmt.Errorf("status %q%s: %w", s.status, describe(body.Code, body.Message, body.ContextID), ErrQueryFailed)
	case isStatus(s.status, gen.JobStatusQueued), isStatus(s.status, gen.JobStatusRunning):
		s.phase = running
	}
	return s
}

// cursorOf returns the parameter "after" of the address of the next page, escaped as it is
// there, or "" if there is no next page. Nothing else of the address is used: tokens go to
// the configured host only, and pages have the size that was requested.
func cursorOf(nextURI string) (string, error) {
	if nextURI == "" {
		return "", nil
	}
	next, err := url.Parse(nextURI)
	if err != nil {
		return "", failure.Permanentf("nextUri of the result is not a valid URL; the rows are incomplete")
	}
	for parameter := range strings.SplitSeq(next.RawQuery, "&") {
		cursor, ok := strings.CutPrefix(parameter, "after=")
		if ok && cursor != "" && !strings.ContainsFunc(cursor, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			return cursor, nil
		}
	}
	return "", failure.Permanentf("nextUri %q has no valid cursor; the rows are incomplete", failure.Quote(nextURI))
}
