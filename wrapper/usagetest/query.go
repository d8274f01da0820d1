package usagetest

import (
	"net/http"
	"sync"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/google/uuid"
)

const queryPath = "/api/v2/usage/query"

// submitQuery starts a query.
func (s *Server) submitQuery(x *exchange) (*response, error) {
	var query gen.APIUsageQuery
	if err := x.decode(&query); err != nil {
		return nil, err
	}
	want, err := newAggregation(query.Interval, query.Granularity, query.GroupBy, query.Metrics)
	if err != nil {
		return nil, err
	}
	if len(query.GroupBy) == 0 {
		want.groupBy = []string{string(gen.GroupByOAuthClientID)}
	}
	want.includes = func(a *Activity) bool { return !a.isVendors() }
	rows := sync.OnceValue(func() []gen.APIUsageRow {
		if s.config.Rows != nil {
			return s.config.Rows(query)
		}
		var rows []gen.APIUsageRow
		for _, total := range s.totals(want) {
			rows = append(rows, total.APIUsageRow)
		}
		return rows
	})
	id := uuid.NewString()
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
