package usagetest

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
	"github.com/google/uuid"
	"github.com/oapi-codegen/runtime/types"
)

const (
	jobPath = "/api/v2/usage/aggregates/query/jobs"

	defaultPageSize, maxPageSize = 100, 1000
)

// submitJob starts a job.
func (s *Server) submitJob(x *exchange) (*response, error) {
	var query gen.UsageJobQuery
	if err := x.decode(&query); err != nil {
		return nil, err
	}
	want, err := newAggregation(query.Interval, query.Granularity, query.GroupBy, query.Metrics)
	if err = cmp.Or(err, checkJobQuery(query)); err != nil {
		return nil, err
	}
	if len(query.GroupBy) == 0 { // not aggregated
		want.granularity, want.groupBy = "Day", jobDimensions
	}
	want.includes = func(a *Activity) bool {
		return matches(query.TemplateURIs, a.TemplateURI) && matches(query.HTTPMethods, gen.JobHTTPMethod(a.HTTPMethod)) &&
			matches(query.Platforms, a.Platform) && matches(query.UserIDs, a.UserID) &&
			matches(query.OAuthClientIDs, a.ClientID)
	}
	rows := sync.OnceValue(func() []gen.UsageJobRow {
		if s.config.JobRows != nil {
			return s.config.JobRows(query)
		}
		totals := s.totals(want)
		sortBy(totals, query.SortBy)
		return jobRows(totals)
	})
	id := uuid.NewString()
	path := jobPath + "/" + id
	s.submit(path, &execution{first: string(gen.JobStatusQueued), last: string(gen.JobStatusSucceeded),
		results: func(x *exchange, status string) (*response, error) { return jobResults(x, id, status, rows) }})
	return jsonResponse(http.StatusAccepted, gen.UsageJob{ID: id, ResultsURI: path, SelfURI: path}), nil
}

// jobDimensions are what the rows of a job without a groupBy are broken down by.
var jobDimensions = []string{"OauthClientId", "OauthClientName", "UserId", "TemplateUri", "HttpMethod", "Platform"}

// sortFields are what the rows of a job can be sorted by.
var sortFields = map[string]func(a, b *Activity) int{
	"date":            func(a, b *Activity) int { return a.Date.Compare(b.Date) },
	"platform":        func(a, b *Activity) int { return cmp.Compare(a.Platform, b.Platform) },
	"httpMethod":      func(a, b *Activity) int { return cmp.Compare(a.HTTPMethod, b.HTTPMethod) },
	"templateUri":     func(a, b *Activity) int { return cmp.Compare(a.TemplateURI, b.TemplateURI) },
	"userId":          func(a, b *Activity) int { return cmp.Compare(a.UserID, b.UserID) },
	"oauthClientId":   func(a, b *Activity) int { return cmp.Compare(a.ClientID, b.ClientID) },
	"oauthClientName": func(a, b *Activity) int { return cmp.Compare(a.ClientName, b.ClientName) },
	"requestCount":    func(a, b *Activity) int { return cmp.Compare(a.Requests, b.Requests) },
	"status200":       func(a, b *Activity) int { return cmp.Compare(a.Status200, b.Status200) },
	"status300":       func(a, b *Activity) int { return cmp.Compare(a.Status300, b.Status300) },
	"status400":       func(a, b *Activity) int { return cmp.Compare(a.Status400, b.Status400) },
	"status429":       func(a, b *Activity) int { return cmp.Compare(a.Status429, b.Status429) },
	"status500":       func(a, b *Activity) int { return cmp.Compare(a.Status500, b.Status500) },
}

func sortBy(totals []Activity, fields []gen.UsageQuerySortBy) {
	slices.SortStableFunc(totals, func(a, b Activity) int {
		for _, by := range fields {
			if c := sortFields[by.FieldName](&a, &b); c != 0 {
				if by.Order == gen.UsageQuerySortByOrderDesc {
					c = -c
				}
				return c
			}
		}
		return 0
	})
}

func checkJobQuery(query gen.UsageJobQuery) error {
	i, _ := interval.Parse(query.Interval)
	if err := i.CheckJob(time.Now()); err != nil {
		return fmt.Errorf("interval %q %w", query.Interval, err)
	}
	for _, by := range query.SortBy {
		if sortFields[by.FieldName] == nil || by.Order != "" && !by.Order.Valid() {
			return fmt.Errorf("cannot sort by %q, %q", by.FieldName, by.Order)
		}
	}
	return checkEnum("httpMethod", query.HTTPMethods...)
}

// jobResults returns the response to a poll of a job, or to a request for a page.
func jobResults(x *exchange, id, status string, rows func() []gen.UsageJobRow) (*response, error) {
	size, offset, err := page(x.URL.Query(), id)
	if err != nil {
		return nil, err
	}
	path := jobPath + "/" + id
	result := map[string]any{"queryStatus": status, "selfUri": path}
	switch gen.JobStatus(status) {
	case gen.JobStatusSucceeded:
		rows := rows()
		first, last := min(offset, len(rows)), min(offset+size, len(rows))
		if last < len(rows) {
			result["nextUri"] = fmt.Sprintf("%s?pageSize=%d&after=%s", path, size, url.QueryEscape(cursor(id, last)))
		}
		return rowsResponse("entities", rows[first:last], result), nil
	case gen.JobStatusFailed:
		result["errorBody"] = x.errorBody(http.StatusInternalServerError, "The query could not be run.")
	}
	return jsonResponse(http.StatusOK, result), nil
}

// page returns the size and the offset of the page that a request is for.
func page(parameters url.Values, id string) (size, offset int, err error) {
	size = defaultPageSize
	if parameters.Has("pageSize") {
		if size, err = strconv.Atoi(parameters.Get("pageSize")); err != nil || size < 1 || size > maxPageSize {
			return 0, 0, fmt.Errorf("pageSize is not a number from 1 to %d", maxPageSize)
		}
	}
	if parameters.Has("after") {
		after := parameters.Get("after")
		number, _, _ := strings.Cut(after, "+")
		if offset, err = strconv.Atoi(number); err != nil || after != cursor(id, offset) {
			return 0, 0, errors.New("after is not a cursor of this job")
		}
	}
	return size, offset, nil
}

// cursor returns the cursor of the page that begins at an offset. It has characters
// that must be escaped in a URL.
func cursor(id string, offset int) string { return fmt.Sprintf("%d+/&%.8s=", offset, id) }

func jobRows(totals []Activity) []gen.UsageJobRow {
	rows := make([]gen.UsageJobRow, len(totals))
	for i, t := range totals {
		rows[i] = gen.UsageJobRow{
			Date: types.Date{Time: t.Date}, Platform: t.Platform, HTTPMethod: gen.JobHTTPMethod(t.HTTPMethod),
			TemplateURI: t.TemplateURI, RequestCount: t.Requests, Status200: t.Status200, Status300: t.Status300,
			Status400: t.Status400, Status429: t.Status429, Status500: t.Status500,
			OAuthClient: gen.DomainEntityRef{ID: t.ClientID, Name: t.ClientName},
		}
		if t.ClientID != "" {
			rows[i].OAuthClient.SelfURI = "/api/v2/oauth/clients/" + t.ClientID
		}
		if t.UserID != "" {
			rows[i].User = gen.UserReference{ID: t.UserID, SelfURI: "/api/v2/users/" + t.UserID}
		}
	}
	return rows
}
