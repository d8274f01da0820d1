package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/genesyscloud-go/usage/gen"
)

// Both generations call the steps of a report so.
const (
	day   = "Day"
	week  = "Week"
	month = "Month"
)

// question is what to ask, of either generation.
type question struct {
	interval    string
	granularity string // day, week, month or ""
	groupBy     []dimension
	metrics     []metric // all, if none
}

// query is the question in the words of the older generation.
func (q *question) query() gen.APIUsageQuery {
	query := gen.APIUsageQuery{Interval: q.interval, Granularity: gen.Granularity(q.granularity)}
	for _, d := range q.groupBy {
		query.GroupBy = append(query.GroupBy, d.query)
	}
	for _, m := range q.metrics {
		query.Metrics = append(query.Metrics, gen.Metric(m.api))
	}
	return query
}

// job is the question in the words of the successor.
func (q *question) job() gen.UsageJobQuery {
	query := gen.UsageJobQuery{Interval: q.interval, Granularity: gen.JobGranularity(q.granularity)}
	for _, d := range q.groupBy {
		query.GroupBy = append(query.GroupBy, d.job...)
	}
	for _, m := range q.metrics {
		query.Metrics = append(query.Metrics, gen.JobMetric(m.api))
	}
	return query
}

// has tells whether a counter was asked for.
func (q *question) has(api string) bool {
	return len(q.metrics) == 0 || slices.ContainsFunc(q.metrics, func(m metric) bool { return m.api == api })
}

// notAsked are the fields of rows, of either generation, that hold counters that were
// not asked for: a report that has them shows zeros for what is not known.
func (q *question) notAsked() []string {
	var fields []string
	for _, m := range metrics {
		if !q.has(m.api) {
			fields = append(fields, m.fields...)
		}
	}
	return fields
}

// dimension is something that rows are broken down by.
type dimension struct {
	name  string   // as -group-by takes it
	also  []string // the vendor's words for it, which are taken too
	query gen.GroupBy
	job   []gen.JobGroupBy
	of    func(*group) string
}

// dimensions are in the order of the table's columns.
var dimensions = []dimension{
	{
		"client", []string{"oauthclientid", "oauthclientname"},
		gen.GroupByOAuthClientID, []gen.JobGroupBy{gen.JobGroupByOauthClientID, gen.JobGroupByOauthClientName},
		func(g *group) string { return g.client },
	},
	{"organization", []string{"organizationid"}, gen.GroupByOrganizationID, nil, func(g *group) string { return g.organization }},
	{"user", []string{"userid"}, gen.GroupByUserID, []gen.JobGroupBy{gen.JobGroupByUserID}, func(g *group) string { return g.user }},
	{"platform", nil, "", []gen.JobGroupBy{gen.JobGroupByPlatform}, func(g *group) string { return g.platform }},
	{"method", []string{"httpmethod"}, gen.GroupByHTTPMethod, []gen.JobGroupBy{gen.JobGroupByHTTPMethod}, func(g *group) string { return g.method }},
	{"endpoint", []string{"templateuri"}, gen.GroupByTemplateURI, []gen.JobGroupBy{gen.JobGroupByTemplateURI}, func(g *group) string { return g.endpoint }},
}

// metric is a counter of a row.
type metric struct {
	name  string // as -metrics takes it
	api   string // as both generations call it
	title string
	words string
	of    func(*counts) int64
	// fields are those of rows, in JSON, in either generation.
	fields []string
}

// metrics are in the order of the table's columns.
var metrics = []metric{
	{"requests", "Requests", "REQUESTS", "requests", func(c *counts) int64 { return c.requests }, []string{"requests", "requestCount"}},
	{"status200", "Status200", "2XX", "requests answered with 2xx", func(c *counts) int64 { return c.status200 }, []string{"status200"}},
	{"status300", "Status300", "3XX", "requests answered with 3xx", func(c *counts) int64 { return c.status300 }, []string{"status300"}},
	{"status400", "Status400", "4XX", "requests answered with 4xx", func(c *counts) int64 { return c.status400 }, []string{"status400"}},
	{"status429", "Status429", "429", "refused requests (429)", func(c *counts) int64 { return c.status429 }, []string{"status429"}},
	{"status500", "Status500", "5XX", "requests answered with 5xx", func(c *counts) int64 { return c.status500 }, []string{"status500"}},
}

var failures = metric{"errors", "", "ERRORS", "requests with an error (4xx, 5xx)", (*counts).errors, nil}

// measureOf returns what rows are ranked by: what -sort says, or else requests, or
// else the first counter that was asked for.
func (q *question) measureOf(sort string) (metric, error) {
	requests, refused := metrics[0], metrics[4]
	switch sort {
	case "":
		if q.has(requests.api) {
			return requests, nil
		}
		return q.metrics[0], nil
	case "requests":
		if !q.has(requests.api) {
			return metric{}, errors.New("-sort requests needs requests in -metrics")
		}
		return requests, nil
	case "429":
		if !q.has(refused.api) {
			return metric{}, errors.New("-sort 429 needs status429 in -metrics")
		}
		return refused, nil
	case "errors":
		if !q.hasErrors() {
			return metric{}, errors.New("-sort errors needs status400 and status500 in -metrics")
		}
		return failures, nil
	}
	return metric{}, fmt.Errorf("-sort %q: want requests, 429 or errors", sort)
}

func (q *question) hasErrors() bool { return q.has("Status400") && q.has("Status500") }

// grouping says in words what rows are for.
func (q *question) grouping() string {
	if len(q.groupBy) == 0 {
		return ""
	}
	names := make([]string, len(q.groupBy))
	for i, d := range q.groupBy {
		names[i] = d.name
	}
	words := "by " + listed(names, "and")
	switch q.granularity {
	case day:
		words += ", day by day"
	case week:
		words += ", week by week"
	case month:
		words += ", month by month"
	}
	return words
}

// parseGranularity reads the value of -granularity.
func (q *question) parseGranularity(value string) error {
	switch value = strings.ToLower(strings.TrimSpace(value)); value {
	case "":
	case "day", "week", "month":
		q.granularity = strings.ToUpper(value[:1]) + value[1:]
	default:
		return fmt.Errorf("-granularity %q: want day, week or month", value)
	}
	return nil
}

// parseGroupBy reads the value of -group-by.
func (q *question) parseGroupBy(list string, jobs bool) error {
	var takes []string
	for _, d := range dimensions {
		if jobs && d.job != nil || !jobs && d.query != "" {
			takes = append(takes, d.name)
		}
	}
	for name := range values(list) {
		i := slices.IndexFunc(dimensions, func(d dimension) bool { return name == d.name || slices.Contains(d.also, name) })
		switch {
		case i < 0 || !slices.Contains(takes, dimensions[i].name):
			with := ""
			if i >= 0 && jobs {
				with = " with -jobs"
			} else if i >= 0 {
				with = " without -jobs"
			}
			return fmt.Errorf("-group-by %q: want %s%s", name, listed(takes, "or"), with)
		case !slices.ContainsFunc(q.groupBy, func(d dimension) bool { return d.name == dimensions[i].name }):
			q.groupBy = append(q.groupBy, dimensions[i])
		}
	}
	if list != "" && len(q.groupBy) == 0 {
		return fmt.Errorf("-group-by %q names nothing", list)
	}
	return nil
}

// parseMetrics reads the value of -metrics.
func (q *question) parseMetrics(list string) error {
	for name := range values(list) {
		i := slices.IndexFunc(metrics, func(m metric) bool { return name == m.name })
		if i < 0 {
			names := make([]string, len(metrics))
			for i, m := range metrics {
				names[i] = m.name
			}
			return fmt.Errorf("-metrics %q: want %s", name, listed(names, "or"))
		}
		if !slices.ContainsFunc(q.metrics, func(m metric) bool { return m.name == name }) {
			q.metrics = append(q.metrics, metrics[i])
		}
	}
	if list != "" && len(q.metrics) == 0 {
		return fmt.Errorf("-metrics %q names none", list)
	}
	return nil
}

// values yields the values of a comma-separated list, in lower case.
func values(list string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for value := range strings.SplitSeq(list, ",") {
			if value = strings.ToLower(strings.TrimSpace(value)); value != "" && !yield(value) {
				return
			}
		}
	}
}
