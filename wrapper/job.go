package wrapper

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
)

// QueryJob is Query for the successor of the usage query, which the vendor expects
// to deprecate: it submits a job, waits until it has succeeded and returns its rows.
// They count all requests, and not just the billable ones: those of the vendor's own
// clients too. The OAuth client needs the permission usage:organization:view. Once
// it was submitted, all errors are *ExecutionError; before that they are those of
// SubmitJob.
//
// An interval has 90 days at most and begins a year ago at most, as the vendor's
// document says. One of dates, as Days and Month make them, is sent in the only form
// that is documented for this operation, as 2026-10-01T00:00:00/2026-10-31T23:59:59;
// any other is sent as it is. Without GroupBy, rows are not aggregated.
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
	return func(yield func(gen.UsageJobRow, error) bool) {
		job, err := c.SubmitJob(ctx, query)
		if err != nil {
			yield(gen.UsageJobRow{}, err)
			return
		}
		job.Rows(ctx)(yield)
	}
}

// SubmitJob starts a job and returns it without waiting for it. The errors are those
// of Submit.
func (c *Client) SubmitJob(ctx context.Context, query gen.UsageJobQuery) (*Job, error) {
	var result gen.UsageJob
	err := checkJobQuery(query)
	if err == nil {
		query.Interval = jobInterval(query.Interval)
		err = submit(func() (*http.Response, error) { return c.api.PostUsageAggregatesQueryJobs(ctx, query) }, &result)
	}
	if err == nil {
		err = checkID(result.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("submitting a usage job: %w", err)
	}
	job := c.Job(result.ID)
	job.answered = true
	return job, nil
}

// maxJobTime is how much time a job can be about, by the vendor's document.
const maxJobTime = 90 * 24 * time.Hour

// checkJobQuery finds what the API would refuse.
func checkJobQuery(query gen.UsageJobQuery) error {
	if err := checkInterval(query.Interval); err != nil {
		return err
	}
	if i, known := interval.Parse(query.Interval); known && i.End.Sub(i.Start) > maxJobTime {
		return fmt.Errorf("interval %q: a job takes 90 days at most; submit one for each part", query.Interval)
	}
	for _, method := range query.HTTPMethods {
		if !method.Valid() {
			return fmt.Errorf("unknown HTTP method %q; see the constants of %T", method, method)
		}
	}
	for _, by := range query.SortBy {
		if by.Order != "" && !by.Order.Valid() {
			return fmt.Errorf("unknown order %q; see the constants of %T", by.Order, by.Order)
		}
	}
	return checkEnums(query.Granularity, query.GroupBy, query.Metrics)
}

// jobInterval writes whole days in the documented form. Its last second is in it
// whether or not the vendor takes an end with a time of day for part of an interval.
func jobInterval(days string) string {
	i, known := interval.Parse(days)
	if !known || i.EndsInDay {
		return days
	}
	const form = "2006-01-02T15:04:05"
	return i.Start.UTC().Format(form) + "/" + i.End.UTC().Format(form)
}

// A Job is a query of the successor that was submitted, here or in another process:
// SubmitJob and Client.Job give one. Its methods are safe for concurrent use, and
// may be called again. All their errors are *ExecutionError.
type Job struct {
	execution[gen.UsageJobResult, gen.UsageJobRow]
}

// pageSize is how many rows a page is asked for with: the most there are.
const pageSize int32 = 1000

// Job takes up a job that was submitted before, by its id. It sends nothing and
// checks nothing: the methods of the Job do. How long the vendor keeps a job is not
// documented.
func (c *Client) Job(id string) *Job {
	return &Job{execution[gen.UsageJobResult, gen.UsageJobRow]{
		client: c, id: id, kind: "job", again: "Client.Job", member: "entities",
		waiting: []string{string(gen.JobStatusQueued), string(gen.JobStatusRunning)}, complete: string(gen.JobStatusSucceeded),
		get: func(ctx context.Context, cursor string) (*http.Response, error) {
			size := pageSize
			return c.api.GetUsageAggregatesQueryJob(ctx, id, &gen.GetUsageAggregatesQueryJobParams{PageSize: &size},
				func(_ context.Context, request *http.Request) error {
					if cursor != "" { // as it was given: the generated client would write it anew
						request.URL.RawQuery += "&after=" + cursor
					}
					return nil
				})
		},
		status: func(result *gen.UsageJobResult) string { return string(result.QueryStatus) },
		failed: func(result *gen.UsageJobResult) error {
			status := string(result.QueryStatus)
			if !is(status, string(gen.JobStatusFailed)) && !is(status, string(gen.JobStatusCancelled)) {
				return nil
			}
			reason := slices.DeleteFunc([]string{fmt.Sprintf("status %q", status), result.ErrorBody.Code, result.ErrorBody.Message}, func(s string) bool { return s == "" })
			return fmt.Errorf("%s%s: %w", strings.Join(reason, ": "), correlation(result.ErrorBody.ContextID), ErrQueryFailed)
		},
		next: func(result *gen.UsageJobResult) (string, error) { return cursorOf(result.NextURI) },
	}}
}

// cursorOf returns the after of the address of a next page, as it is written there,
// and nothing else of it; "" where there is no address.
func cursorOf(nextURI string) (string, error) {
	if nextURI == "" {
		return "", nil
	}
	next, err := url.Parse(nextURI)
	if err != nil {
		return "", errors.New("the address of the next page is none")
	}
	for parameter := range strings.SplitSeq(next.RawQuery, "&") {
		cursor, ok := strings.CutPrefix(parameter, "after=")
		if !ok || cursor == "" {
			continue
		}
		if strings.ContainsFunc(cursor, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			return "", fmt.Errorf("the cursor %q of the next page cannot be sent", cursor)
		}
		return cursor, nil
	}
	return "", fmt.Errorf("the address of the next page, %q, has no cursor: the rows are not the whole report", nextURI)
}

// ID returns the job id, with which Client.Job takes the job up again. It is opaque.
func (j *Job) ID() string { return j.id }

// Poll asks once how far the job is, and returns the answer whatever its status:
// check QueryStatus for Failed and Cancelled. When the job has succeeded, the answer
// holds its first page, of 1,000 rows at most; NextURI is there if there are more.
func (j *Job) Poll(ctx context.Context) (*gen.UsageJobResult, error) {
	result, rows, err := j.poll(ctx)
	if err != nil {
		return nil, err
	}
	result.Entities = rows
	return result, nil
}

// Wait waits until the job has succeeded and returns its rows, of all pages, and none
// if it found nothing. It holds all of them in memory. It ends with ErrQueryFailed if
// the job fails or is cancelled, when the context does, and after Polling.Timeout.
func (j *Job) Wait(ctx context.Context) ([]gen.UsageJobRow, error) { return j.wait(ctx) }

// Rows waits like Wait, and then hands on each row as it arrives, page by page, in
// the order that SortBy asked for; see Execution.Rows.
func (j *Job) Rows(ctx context.Context) iter.Seq2[gen.UsageJobRow, error] { return j.rows(ctx) }
