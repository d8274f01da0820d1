package usagetest

import (
	"math/rand/v2"
	"net/http"
	"sync"

	"github.com/genesyscloud-go/usage/gen"
)

const queryPath = "/api/v2/usage/query"

// submitQuery starts a query.
func (s *Server) submitQuery(x *exchange) (*response, error) {
	var query gen.APIUsageQuery
	if err := x.decode(&query); err != nil {
		return nil, err
	}
	want, err := newAggregation(
		query.Interval, s.config.EndTimeExclusive, query.Granularity, query.GroupBy, query.Metrics)
	if err != nil {
		return nil, err
	}
	if len(query.GroupBy) == 0 {
		want.groupBy = []string{string(gen.GroupByOAuthClientID)}
	}
	want.includes = func(a *activity) bool { return a.organizationID != vendorOrganization }
	rows := sync.OnceValue(func() []gen.APIUsageRow {
		if s.config.Rows != nil {
			return s.config.Rows(query)
		}
		return queryRows(s.organization.totals(want))
	})
	id := newID(rand.Uint64)
	path := queryPath + "/" + id + "/results"
	complete := string(gen.QueryStatusComplete)
	s.submit(path, &execution{first: string(gen.QueryStatusRunning), last: complete,
		results: func(_ *exchange, status string) (*response, error) {
			result := map[string]any{"queryStatus": status}
			if status != complete {
				return jsonResponse(http.StatusOK, result), nil
			}
			return rowsResponse("results", rows(), result), nil
		}})
	return jsonResponse(http.StatusOK, gen.UsageExecutionResult{ExecutionID: id, ResultsURI: path}), nil
}

func queryRows(totals []total) []gen.APIUsageRow {
	rows := make([]gen.APIUsageRow, len(totals))
	for i, t := range totals {
		rows[i] = gen.APIUsageRow{
			ClientID: t.clientID, ClientName: t.clientName, OrganizationID: t.organizationID,
			UserID: t.userID, TemplateURI: t.template, HTTPMethod: t.method, Date: t.date,
			Status200: t.status200, Status300: t.status300, Status400: t.status400,
			Status429: t.status429, Status500: t.status500, Requests: t.requests,
		}
	}
	return rows
}
