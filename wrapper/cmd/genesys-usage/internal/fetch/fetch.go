// Package fetch asks either of the vendor's two usage APIs, and returns rows of reports.
package fetch

import (
	"context"
	"iter"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
)

// Operation is a query that was submitted.
type Operation struct {
	ID string // what Resume takes
	// Rows waits for the query and yields its rows, then the error if there is one. The row
	// is the same each time, with other values.
	Rows func(context.Context) iter.Seq2[*report.Row, error]
}

// Submit submits a query.
func Submit(ctx context.Context, client *wrapper.Client, q *report.Query) (*Operation, error) {
	if q.Jobs {
		job, err := client.SubmitJob(ctx, jobQuery(q))
		if err != nil {
			return nil, err
		}
		return newOperation(q, job, jobRow), nil
	}
	execution, err := client.Submit(ctx, usageQuery(q))
	if err != nil {
		return nil, err
	}
	return newOperation(q, execution, usageRow), nil
}

// Resume returns the operation of a query that was submitted before. It sends nothing.
func Resume(client *wrapper.Client, q *report.Query, id string) *Operation {
	if q.Jobs {
		return newOperation(q, client.Job(id), jobRow)
	}
	return newOperation(q, client.Execution(id), usageRow)
}

// newOperation returns the operation of either API.
func newOperation[Result, Row any](
	q *report.Query, submitted *wrapper.Operation[Result, Row], convert func(*report.Row, *Row),
) *Operation {
	rows := func(ctx context.Context) iter.Seq2[*report.Row, error] {
		return func(yield func(*report.Row, error) bool) {
			var row report.Row
			for r, err := range submitted.Rows(ctx) {
				convert(&row, &r)
				if q.Granularity == report.NoSteps {
					row.Date = time.Time{} // a job may date rows that have no step
				}
				if !yield(&row, err) {
					return
				}
			}
		}
	}
	return &Operation{submitted.ID(), rows}
}

func usageRow(row *report.Row, r *gen.APIUsageRow) {
	*row = report.Row{
		Date: interval.Day(r.Date), ClientName: r.ClientName,
		Names: report.Names{
			report.Client: r.ClientID, report.User: r.UserID, report.Endpoint: r.TemplateURI,
			report.Method: r.HTTPMethod, report.Organization: r.OrganizationID,
		},
		Counts: report.Counts{r.Requests, r.Status200, r.Status300, r.Status400, r.Status429, r.Status500},
	}
}

func jobRow(row *report.Row, r *gen.UsageJobRow) {
	*row = report.Row{
		Date: interval.Day(r.Date.Time), ClientName: r.OAuthClient.Name,
		Names: report.Names{
			report.Client: r.OAuthClient.ID, report.User: r.User.ID, report.Endpoint: r.TemplateURI,
			report.Method: string(r.HTTPMethod), report.Platform: r.Platform,
		},
		Counts: report.Counts{r.RequestCount, r.Status200, r.Status300, r.Status400, r.Status429, r.Status500},
	}
}

var groupBy = map[report.Dimension]gen.GroupBy{
	report.Client: gen.GroupByOAuthClientID, report.User: gen.GroupByUserID, report.Endpoint: gen.GroupByTemplateURI,
	report.Method: gen.GroupByHTTPMethod, report.Organization: gen.GroupByOrganizationID,
}

var jobGroupBy = map[report.Dimension][]gen.JobGroupBy{
	report.Client: {gen.JobGroupByOAuthClientID, gen.JobGroupByOAuthClientName}, report.User: {gen.JobGroupByUserID},
	report.Endpoint: {gen.JobGroupByTemplateURI}, report.Method: {gen.JobGroupByHTTPMethod},
	report.Platform: {gen.JobGroupByPlatform},
}

// usageQuery is a query in the words of the queries API.
func usageQuery(q *report.Query) gen.APIUsageQuery {
	query := gen.APIUsageQuery{Interval: q.Interval, Granularity: gen.Granularity(q.Granularity)}
	for _, d := range q.GroupBy {
		query.GroupBy = append(query.GroupBy, groupBy[d])
	}
	return query
}

// jobQuery is a query in the words of the jobs API.
func jobQuery(q *report.Query) gen.UsageJobQuery {
	query := gen.UsageJobQuery{Interval: q.Interval, Granularity: gen.JobGranularity(q.Granularity)}
	for _, d := range q.GroupBy {
		query.GroupBy = append(query.GroupBy, jobGroupBy[d]...)
	}
	return query
}
