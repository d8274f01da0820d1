// Package fetch asks either of the vendor's two usage APIs, and returns rows of reports.
package fetch

import (
	"context"
	"iter"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

// Operation is a query that was submitted: an execution or a job.
type Operation struct {
	ID string // what Resume takes

	execution *wrapper.Execution
	job       *wrapper.Job
	undated   bool
}

// Submit submits a query.
func Submit(ctx context.Context, client *wrapper.Client, q *report.Query) (*Operation, error) {
	undated := q.Granularity == report.NoSteps
	if q.Jobs {
		job, err := client.SubmitJob(ctx, jobQuery(q))
		if err != nil {
			return nil, err
		}
		return &Operation{ID: job.ID(), job: job, undated: undated}, nil
	}
	execution, err := client.Submit(ctx, usageQuery(q))
	if err != nil {
		return nil, err
	}
	return &Operation{ID: execution.ID(), execution: execution, undated: undated}, nil
}

// Resume returns the operation of a query that was submitted before. It sends nothing.
func Resume(client *wrapper.Client, q *report.Query, id string) *Operation {
	o := &Operation{ID: id, undated: q.Granularity == report.NoSteps}
	if q.Jobs {
		o.job = client.Job(id)
	} else {
		o.execution = client.Execution(id)
	}
	return o
}

// Rows waits for the query and yields its rows, then the error if there is one. The row
// is the same each time, with other values.
func (o *Operation) Rows(ctx context.Context) iter.Seq2[*report.Row, error] {
	return func(yield func(*report.Row, error) bool) {
		var row report.Row
		next := func(err error) bool {
			if err != nil {
				return yield(nil, err)
			}
			if o.undated {
				row.Date = time.Time{} // a job may date rows that have no step
			}
			return yield(&row, nil)
		}
		if o.job != nil {
			for r, err := range o.job.Rows(ctx) {
				if jobRow(&row, &r); !next(err) {
					return
				}
			}
			return
		}
		for r, err := range o.execution.Rows(ctx) {
			if usageRow(&row, &r); !next(err) {
				return
			}
		}
	}
}

func usageRow(row *report.Row, r *gen.APIUsageRow) {
	row.Date, row.ClientName = day(r.Date), r.ClientName
	row.Names = report.Names{
		report.Client: r.ClientID, report.User: r.UserID, report.Endpoint: r.TemplateURI,
		report.Method: r.HTTPMethod, report.Organization: r.OrganizationID,
	}
	row.Counts = report.Counts{
		report.Requests: r.Requests, report.Status200: r.Status200, report.Status300: r.Status300,
		report.Status400: r.Status400, report.Status429: r.Status429, report.Status500: r.Status500,
	}
}

func jobRow(row *report.Row, r *gen.UsageJobRow) {
	row.Date, row.ClientName = day(r.Date.Time), r.OauthClient.Name
	row.Names = report.Names{
		report.Client: r.OauthClient.ID, report.User: r.User.ID, report.Endpoint: r.TemplateURI,
		report.Method: string(r.HTTPMethod), report.Platform: r.Platform,
	}
	row.Counts = report.Counts{
		report.Requests: r.RequestCount, report.Status200: r.Status200, report.Status300: r.Status300,
		report.Status400: r.Status400, report.Status429: r.Status429, report.Status500: r.Status500,
	}
}

// usageQuery is a query in the words of the queries API.
func usageQuery(q *report.Query) gen.APIUsageQuery {
	groupBy := map[report.Dimension]gen.GroupBy{
		report.Client: gen.GroupByOAuthClientID, report.User: gen.GroupByUserID, report.Endpoint: gen.GroupByTemplateURI,
		report.Method: gen.GroupByHTTPMethod, report.Organization: gen.GroupByOrganizationID,
	}
	metrics := map[report.Metric]gen.Metric{
		report.Requests: gen.MetricRequests, report.Status200: gen.MetricStatus200, report.Status300: gen.MetricStatus300,
		report.Status400: gen.MetricStatus400, report.Status429: gen.MetricStatus429, report.Status500: gen.MetricStatus500,
	}
	query := gen.APIUsageQuery{Interval: q.Interval, Granularity: map[report.Granularity]gen.Granularity{
		report.Day: gen.GranularityDay, report.Week: gen.GranularityWeek, report.Month: gen.GranularityMonth,
	}[q.Granularity]}
	for _, d := range q.GroupBy {
		query.GroupBy = append(query.GroupBy, groupBy[d])
	}
	for _, m := range q.Metrics {
		query.Metrics = append(query.Metrics, metrics[m])
	}
	return query
}

// jobQuery is a query in the words of the jobs API.
func jobQuery(q *report.Query) gen.UsageJobQuery {
	groupBy := map[report.Dimension][]gen.JobGroupBy{
		report.Client: {gen.JobGroupByOauthClientID, gen.JobGroupByOauthClientName},
		report.User:   {gen.JobGroupByUserID}, report.Endpoint: {gen.JobGroupByTemplateURI},
		report.Method: {gen.JobGroupByHTTPMethod}, report.Platform: {gen.JobGroupByPlatform},
	}
	metrics := map[report.Metric]gen.JobMetric{
		report.Requests: gen.JobMetricRequests, report.Status200: gen.JobMetricStatus200, report.Status300: gen.JobMetricStatus300,
		report.Status400: gen.JobMetricStatus400, report.Status429: gen.JobMetricStatus429, report.Status500: gen.JobMetricStatus500,
	}
	query := gen.UsageJobQuery{Interval: q.Interval, Granularity: map[report.Granularity]gen.JobGranularity{
		report.Day: gen.JobGranularityDay, report.Week: gen.JobGranularityWeek, report.Month: gen.JobGranularityMonth,
	}[q.Granularity]}
	for _, d := range q.GroupBy {
		query.GroupBy = append(query.GroupBy, groupBy[d]...)
	}
	for _, m := range q.Metrics {
		query.Metrics = append(query.Metrics, metrics[m])
	}
	return query
}
