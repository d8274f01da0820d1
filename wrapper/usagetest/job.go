package usagetest

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
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
	want, err := newAggregation(
		query.Interval, s.config.EndTimeExclusive, query.Granularity, query.GroupBy, query.Metrics)
	if err = cmp.Or(err, checkJobQuery(query)); err != nil {
		return nil, err
	}
	if len(query.GroupBy) == 0 { // not aggregated
		want.granularity, want.groupBy = "Day", jobDimensions
	}
	want.includes = func(a *activity) bool {
		return matches(query.TemplateURIs, a.template) && matches(query.HTTPMethods, gen.JobHTTPMethod(a.method)) &&
			matches(query.Platforms, a.platform) && matches(query.UserIDs, a.userID) &&
			matches(query.OAuthClientIDs, a.clientID)
	}
	rows := sync.OnceValue(func() []gen.UsageJobRow {
		if s.config.JobRows != nil {
			return s.config.JobRows(query)
		}
		rows := jobRows(s.organization.totals(want))
		sortJobRows(rows, query.SortBy)
		return rows
	})
	id := newID(rand.Uint64)
	path := jobPath + "/" + id
	s.submit(path, &execution{first: string(gen.JobStatusQueued), last: string(gen.JobStatusSucceeded),
		results: func(x *exchange, status string) (*response, error) { return jobResults(x, id, status, rows) }})
	return jsonResponse(http.StatusAccepted, gen.UsageJob{ID: id, ResultsURI: path, SelfURI: path}), nil
}

// jobDimensions are what the rows of a job without a groupBy are broken down by.
var jobDimensions = []string{"OauthClientId", "OauthClientName", "UserId", "TemplateUri", "HttpMethod", "Platform"}

// sortFields are what the rows of a job can be sorted by.
var sortFields = map[string]func(a, b *gen.UsageJobRow) int{
	"date":            func(a, b *gen.UsageJobRow) int { return a.Date.Compare(b.Date.Time) },
	"platform":        func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.Platform, b.Platform) },
	"httpMethod":      func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.HTTPMethod, b.HTTPMethod) },
	"templateUri":     func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.TemplateURI, b.TemplateURI) },
	"userId":          func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.User.ID, b.User.ID) },
	"oauthClientId":   func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.OAuthClient.ID, b.OAuthClient.ID) },
	"oauthClientName": func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.OAuthClient.Name, b.OAuthClient.Name) },
	"requestCount":    func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.RequestCount, b.RequestCount) },
	"status200":       func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.Status200, b.Status200) },
	"status300":       func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.Status300, b.Status300) },
	"status400":       func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.Status400, b.Status400) },
	"status429":       func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.Status429, b.Status429) },
	"status500":       func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.Status500, b.Status500) },
}

func checkJobQuery(query gen.UsageJobQuery) error {
	period, _ := interval.Parse(query.Interval)
	switch {
	case period.Start.Before(interval.Day(time.Now()).AddDate(-1, 0, 0)):
		return errors.New("the interval starts more than a year ago")
	case period.End.Sub(period.Start) > 90*24*time.Hour:
		return errors.New("the interval ends more than 90 days after it starts")
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
		decoded, _ := base64.StdEncoding.DecodeString(after)
		number, _, _ := strings.Cut(string(decoded), "?")
		if offset, err = strconv.Atoi(number); err != nil || after != cursor(id, offset) {
			return 0, 0, errors.New("after is not a cursor of this job")
		}
	}
	return size, offset, nil
}

// cursor returns the cursor of the page that begins at an offset. It has characters
// that must be escaped in a URL.
func cursor(id string, offset int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%d?>~%.8s", offset, id))
}

func jobRows(totals []total) []gen.UsageJobRow {
	rows := make([]gen.UsageJobRow, len(totals))
	for i, t := range totals {
		rows[i] = gen.UsageJobRow{
			Date: types.Date{Time: t.date}, Platform: t.platform, HTTPMethod: gen.JobHTTPMethod(t.method),
			TemplateURI: t.template, RequestCount: t.requests, Status200: t.status200, Status300: t.status300,
			Status400: t.status400, Status429: t.status429, Status500: t.status500,
			OAuthClient: gen.DomainEntityRef{ID: t.clientID, Name: t.clientName},
		}
		if t.clientID != "" {
			rows[i].OAuthClient.SelfURI = "/api/v2/oauth/clients/" + t.clientID
		}
		if t.userID != "" {
			rows[i].User = gen.UserReference{ID: t.userID, SelfURI: "/api/v2/users/" + t.userID}
		}
	}
	return rows
}

func sortJobRows(rows []gen.UsageJobRow, sortBy []gen.UsageQuerySortBy) {
	slices.SortStableFunc(rows, func(a, b gen.UsageJobRow) int {
		for _, by := range sortBy {
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
