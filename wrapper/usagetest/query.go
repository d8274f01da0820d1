package usagetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
)

const queryPath = "/api/v2/usage/query"

// submitQuery starts a query.
func (s *Server) submitQuery(body []byte, id string) *answer {
	var query gen.APIUsageQuery
	if err := json.Unmarshal(body, &query); err != nil {
		return errorAnswer(http.StatusBadRequest, id, "The request could not be understood by the server due to malformed syntax.")
	}
	asked, err := s.days(query.Interval)
	if err == nil {
		err = checkEnums(query.Granularity, query.GroupBy, query.Metrics)
	}
	if err != nil {
		return errorAnswer(http.StatusBadRequest, id, err.Error())
	}
	today := interval.Day(time.Now())
	execution := submit(s, s.queries, func() []gen.APIUsageRow {
		if s.config.Rows != nil {
			return s.config.Rows(query)
		}
		return s.organization.queryRows(query, asked, today)
	})
	return jsonAnswer(http.StatusOK, gen.UsageExecutionResult{ExecutionID: execution, ResultsURI: queryPath + "/" + execution + "/results"})
}

// days are whole UTC days, from the first to the last, both in it.
type days struct{ first, last time.Time }

// days returns the days that an interval touches, its last one in any case where its
// end is a date or a month.
func (s *Server) days(of string) (days, error) {
	if of == "" {
		return days{}, errors.New("interval is required")
	}
	i, ok := interval.Parse(of)
	switch {
	case !ok:
		return days{}, fmt.Errorf("interval %q is not of the form start/end, in months, dates or times, such as 2026-01-01/2026-01-31", of)
	case i.End.Before(i.Start):
		return days{}, fmt.Errorf("interval %q ends before it starts", of)
	case i.EndsInDay && s.config.EndTimeExclusive:
		i.End = i.End.Add(-1)
	}
	first, last := i.Days()
	return days{first, last}, nil
}

// checkEnums finds values that the document does not have.
func checkEnums[G, B, M interface {
	~string
	Valid() bool
}](granularity G, groupBy []B, metrics []M) error {
	if granularity != "" && !granularity.Valid() {
		return fmt.Errorf("granularity %q is not known", granularity)
	}
	for _, by := range groupBy {
		if !by.Valid() {
			return fmt.Errorf("groupBy %q is not known", by)
		}
	}
	for _, metric := range metrics {
		if !metric.Valid() {
			return fmt.Errorf("metric %q is not known", metric)
		}
	}
	return nil
}

// queryResults answers a poll of a query.
func (s *Server) queryResults(id, correlation string, fault *Fault) *answer {
	execution, polls := poll(s, s.queries, id)
	status := gen.QueryStatusComplete
	switch {
	case execution == nil:
		return errorAnswer(http.StatusNotFound, correlation, "The requested execution was not found.")
	case fault.QueryStatus != "":
		status = fault.QueryStatus
	case s.running(execution.submitted, polls):
		status = gen.QueryStatusRunning
	case s.config.Fail:
		status = gen.QueryStatusFailed
	}
	if status != gen.QueryStatusComplete {
		return jsonAnswer(http.StatusOK, gen.APIUsageQueryResult{QueryStatus: status})
	}
	return newAnswer(http.StatusOK, func(w io.Writer) error {
		// As the vendor's: the rows before the status.
		if err := writeRows(w, `{"results":`, queryRowKeys, execution.rows()); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, `,"queryStatus":%q}`, status)
		return err
	})
}

// queryRowKeys are the keys of a row, in the order of the vendor's.
var queryRowKeys = []string{
	"clientId", "clientName", "organizationId", "userId", "templateUri", "httpMethod",
	"status200", "status300", "status400", "status500", "status429", "requests", "date",
}

// queryRows answers a query that was found to be right.
func (o *organization) queryRows(query gen.APIUsageQuery, asked days, today time.Time) []gen.APIUsageRow {
	by := query.GroupBy
	if len(by) == 0 {
		by = []gen.GroupBy{gen.GroupByOAuthClientID}
	}
	totals := o.totals(asked, today, func(day time.Time, a *activity) (g group, ok bool) {
		g.date = bucket(day, query.Granularity)
		for _, dimension := range by {
			switch dimension {
			case gen.GroupByOAuthClientID:
				g.clientID, g.clientName = a.clientID, a.clientName
			case gen.GroupByOrganizationID:
				g.organizationID = a.organizationID
			case gen.GroupByUserID:
				g.userID = a.userID
			case gen.GroupByTemplateURI:
				g.template = a.template
			case gen.GroupByHTTPMethod:
				g.method = a.method
			}
		}
		return g, a.organizationID != vendorOrganization
	})
	rows := make([]gen.APIUsageRow, len(totals))
	for i, t := range totals {
		rows[i] = gen.APIUsageRow{
			ClientID: t.clientID, ClientName: t.clientName, OrganizationID: t.organizationID,
			UserID: t.userID, TemplateURI: t.template, HTTPMethod: t.method, Date: t.date,
			Status200: counted(query.Metrics, gen.MetricStatus200, t.status200),
			Status300: counted(query.Metrics, gen.MetricStatus300, t.status300),
			Status400: counted(query.Metrics, gen.MetricStatus400, t.status400),
			Status429: counted(query.Metrics, gen.MetricStatus429, t.status429),
			Status500: counted(query.Metrics, gen.MetricStatus500, t.status500),
			Requests:  counted(query.Metrics, gen.MetricRequests, t.requests),
		}
	}
	return rows
}
