package usagetest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
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
func (s *Server) submitJob(body []byte, id string) *answer {
	var query gen.UsageJobQuery
	if err := json.Unmarshal(body, &query); err != nil {
		return errorAnswer(http.StatusBadRequest, id, "The request could not be understood by the server due to malformed syntax.")
	}
	today := interval.Day(time.Now())
	asked, err := s.days(query.Interval)
	if err == nil {
		err = checkJobQuery(query, today)
	}
	if err != nil {
		return errorAnswer(http.StatusBadRequest, id, err.Error())
	}
	job := submit(s, s.jobs, func() []gen.UsageJobRow {
		if s.config.JobRows != nil {
			return s.config.JobRows(query)
		}
		return s.organization.jobRows(query, asked, today)
	})
	uri := jobPath + "/" + job
	return jsonAnswer(http.StatusAccepted, gen.UsageJob{ID: job, ResultsURI: uri, SelfURI: uri})
}

// sortFields are what the rows of a job can be sorted by.
var sortFields = map[string]func(a, b *gen.UsageJobRow) int{
	"date":            func(a, b *gen.UsageJobRow) int { return a.Date.Compare(b.Date.Time) },
	"platform":        func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.Platform, b.Platform) },
	"httpMethod":      func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.HTTPMethod, b.HTTPMethod) },
	"templateUri":     func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.TemplateURI, b.TemplateURI) },
	"userId":          func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.User.ID, b.User.ID) },
	"oauthClientId":   func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.OauthClient.ID, b.OauthClient.ID) },
	"oauthClientName": func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.OauthClient.Name, b.OauthClient.Name) },
	"requestCount":    func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.RequestCount, b.RequestCount) },
	"status200":       func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.Status200, b.Status200) },
	"status300":       func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.Status300, b.Status300) },
	"status400":       func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.Status400, b.Status400) },
	"status429":       func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.Status429, b.Status429) },
	"status500":       func(a, b *gen.UsageJobRow) int { return cmp.Compare(a.Status500, b.Status500) },
}

func checkJobQuery(query gen.UsageJobQuery, today time.Time) error {
	asked, _ := interval.Parse(query.Interval)
	switch {
	case asked.Start.Before(today.AddDate(-1, 0, 0)):
		return errors.New("the interval starts more than a year ago")
	case asked.End.Sub(asked.Start) > 90*24*time.Hour:
		return errors.New("the interval ends more than 90 days after it starts")
	}
	for _, method := range query.HTTPMethods {
		if !method.Valid() {
			return fmt.Errorf("httpMethod %q is not known", method)
		}
	}
	for _, by := range query.SortBy {
		if sortFields[by.FieldName] == nil || by.Order != "" && !by.Order.Valid() {
			return fmt.Errorf("cannot sort by %q, %q", by.FieldName, by.Order)
		}
	}
	return checkEnums(query.Granularity, query.GroupBy, query.Metrics)
}

// jobResults answers a poll of a job, or a request for a page.
func (s *Server) jobResults(id, correlation string, parameters url.Values, fault *Fault) *answer {
	size, offset, err := page(parameters, id)
	if err != nil {
		return errorAnswer(http.StatusBadRequest, correlation, err.Error())
	}
	job, polls := poll(s, s.jobs, id)
	status := gen.JobStatusSucceeded
	switch {
	case job == nil:
		return errorAnswer(http.StatusNotFound, correlation, "The requested job was not found.")
	case fault.QueryStatus != "":
		status = gen.JobStatus(fault.QueryStatus)
	case s.running(job.submitted, polls) && polls == 1:
		status = gen.JobStatusQueued
	case s.running(job.submitted, polls):
		status = gen.JobStatusRunning
	case s.config.Fail:
		status = gen.JobStatusFailed
	}
	if status != gen.JobStatusSucceeded {
		result := map[string]any{"queryStatus": status, "selfUri": jobPath + "/" + id}
		if status == gen.JobStatusFailed {
			result["errorBody"] = newErrorBody(http.StatusInternalServerError, correlation, "The query could not be run.")
		}
		return jsonAnswer(http.StatusOK, result)
	}
	return newAnswer(http.StatusOK, func(w io.Writer) error {
		rows := job.rows()
		first, last := min(offset, len(rows)), min(offset+size, len(rows))
		if err := writeRows(w, `{"entities":`, nil, rows[first:last]); err != nil {
			return err
		}
		if last < len(rows) {
			if _, err := fmt.Fprintf(w, `,"nextUri":"%s/%s?pageSize=%d&after=%s"`, jobPath, id, size, url.QueryEscape(cursor(id, last))); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintf(w, `,"queryStatus":%q,"selfUri":"%s/%s"}`, status, jobPath, id)
		return err
	})
}

// page returns which rows the parameters of a request ask for.
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
			return 0, 0, errors.New("after is no cursor of this job")
		}
	}
	return size, offset, nil
}

// cursor is what the page that begins at an offset is asked for with. It has
// characters that an address has to escape.
func cursor(id string, offset int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%d?>~%.8s", offset, id))
}

// jobRows answers a query that checkJobQuery found nothing wrong with.
func (o *organization) jobRows(query gen.UsageJobQuery, asked days, today time.Time) []gen.UsageJobRow {
	totals := o.totals(asked, today, func(day time.Time, a *activity) (group, bool) {
		wanted := wants(query.TemplateURIs, a.template) && wants(query.HTTPMethods, gen.JobHTTPMethod(a.method)) &&
			wants(query.Platforms, a.platform) && wants(query.UserIDs, a.userID) && wants(query.OauthClientIDs, a.clientID)
		if len(query.GroupBy) == 0 { // not aggregated
			return group{clientID: a.clientID, clientName: a.clientName, userID: a.userID, template: a.template, method: a.method, platform: a.platform, date: day}, wanted
		}
		g := group{date: bucket(day, query.Granularity)}
		for _, dimension := range query.GroupBy {
			switch dimension {
			case gen.JobGroupByOauthClientID:
				g.clientID = a.clientID
			case gen.JobGroupByOauthClientName:
				g.clientName = a.clientName
			case gen.JobGroupByUserID:
				g.userID = a.userID
			case gen.JobGroupByTemplateURI:
				g.template = a.template
			case gen.JobGroupByHTTPMethod:
				g.method = a.method
			case gen.JobGroupByPlatform:
				g.platform = a.platform
			}
		}
		return g, wanted
	})
	rows := make([]gen.UsageJobRow, len(totals))
	for i, t := range totals {
		row := gen.UsageJobRow{
			Date: types.Date{Time: t.date}, Platform: t.platform, HTTPMethod: gen.JobHTTPMethod(t.method), TemplateURI: t.template,
			RequestCount: counted(query.Metrics, gen.JobMetricRequests, t.requests),
			Status200:    counted(query.Metrics, gen.JobMetricStatus200, t.status200),
			Status300:    counted(query.Metrics, gen.JobMetricStatus300, t.status300),
			Status400:    counted(query.Metrics, gen.JobMetricStatus400, t.status400),
			Status429:    counted(query.Metrics, gen.JobMetricStatus429, t.status429),
			Status500:    counted(query.Metrics, gen.JobMetricStatus500, t.status500),
			OauthClient:  gen.DomainEntityRef{ID: t.clientID, Name: t.clientName},
		}
		if t.clientID != "" {
			row.OauthClient.SelfURI = "/api/v2/oauth/clients/" + t.clientID
		}
		if t.userID != "" {
			row.User = gen.UserReference{ID: t.userID, SelfURI: "/api/v2/users/" + t.userID}
		}
		rows[i] = row
	}
	slices.SortStableFunc(rows, func(a, b gen.UsageJobRow) int {
		for _, by := range query.SortBy {
			if c := sortFields[by.FieldName](&a, &b); c != 0 {
				if by.Order == gen.UsageQuerySortByOrderDesc {
					c = -c
				}
				return c
			}
		}
		return 0
	})
	return rows
}

// wants tells whether a list, where there is one, has a value.
func wants[T comparable](list []T, value T) bool {
	return len(list) == 0 || slices.Contains(list, value)
}

// counted is a count where its metric was asked for, and 0 where it was not.
func counted[M comparable](asked []M, metric M, n int64) int64 {
	if wants(asked, metric) {
		return n
	}
	return 0
}
