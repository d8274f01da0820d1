package main

import (
	"cmp"
	"context"
	"iter"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
)

// generation is one of the vendor's two usage APIs, with rows of type R.
type generation[R any] struct {
	submit func(context.Context, *question) (submitted[R], error)
	resume func(id string) submitted[R]
	read   func(*R) row
}

// submitted is a query that the vendor works at: an execution or a job.
type submitted[R any] interface {
	ID() string
	Rows(context.Context) iter.Seq2[R, error]
}

func queries(client *wrapper.Client) generation[gen.APIUsageRow] {
	return generation[gen.APIUsageRow]{
		submit: func(ctx context.Context, q *question) (submitted[gen.APIUsageRow], error) {
			return client.Submit(ctx, q.query())
		},
		resume: func(id string) submitted[gen.APIUsageRow] { return client.Execution(id) },
		read: func(r *gen.APIUsageRow) row {
			return row{
				group: group{
					client: cmp.Or(r.ClientID, r.ClientName), organization: r.OrganizationID, user: r.UserID,
					method: r.HTTPMethod, endpoint: r.TemplateURI,
				},
				counts:     counts{r.Requests, r.Status200, r.Status300, r.Status400, r.Status500, r.Status429},
				clientName: r.ClientName, date: r.Date,
			}
		},
	}
}

func jobs(client *wrapper.Client) generation[gen.UsageJobRow] {
	return generation[gen.UsageJobRow]{
		submit: func(ctx context.Context, q *question) (submitted[gen.UsageJobRow], error) {
			return client.SubmitJob(ctx, q.job())
		},
		resume: func(id string) submitted[gen.UsageJobRow] { return client.Job(id) },
		read: func(r *gen.UsageJobRow) row {
			return row{
				group: group{
					client: cmp.Or(r.OauthClient.ID, r.OauthClient.Name), user: r.User.ID, platform: r.Platform,
					method: string(r.HTTPMethod), endpoint: r.TemplateURI,
				},
				counts:     counts{r.RequestCount, r.Status200, r.Status300, r.Status400, r.Status500, r.Status429},
				clientName: r.OauthClient.Name, date: r.Date.Time,
			}
		},
	}
}
