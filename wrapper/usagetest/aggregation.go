package usagetest

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
)

// aggregation is what a query or job asks for.
type aggregation struct {
	first, last      time.Time // UTC days, both included
	granularity      string
	groupBy, metrics []string
	includes         func(*Activity) bool
}

// enum is a type of the generated client with a fixed set of values.
type enum interface {
	~string
	Valid() bool
}

// newAggregation returns an error for an interval or a value that the vendor's
// document does not have. The days of the interval are limited to those that have
// data today.
func newAggregation[G, B, M enum](text string, granularity G, groupBy []B, metrics []M) (aggregation, error) {
	i, err := parseInterval(text)
	if err == nil && granularity != "" {
		err = checkEnum("granularity", granularity)
	}
	err = cmp.Or(err, checkEnum("groupBy", groupBy...), checkEnum("metric", metrics...))
	first, last := i.Days()
	if first.Before(interval.Earliest) {
		first = interval.Earliest
	}
	if today := interval.Day(time.Now()); !last.Before(today) {
		last = today.AddDate(0, 0, -1)
	}
	return aggregation{
		first: first, last: last, granularity: string(granularity),
		groupBy: toStrings(groupBy), metrics: toStrings(metrics),
	}, err
}

func parseInterval(text string) (interval.Interval, error) {
	i, ok := interval.Parse(text)
	switch {
	case text == "":
		return i, errors.New("interval is required")
	case !ok:
		return i, fmt.Errorf("interval %q is not of the form start/end, in months, dates or times,"+
			" such as 2026-01-01/2026-01-31", text)
	}
	if err := i.Check(); err != nil {
		return i, fmt.Errorf("interval %q %w", text, err)
	}
	return i, nil
}

func checkEnum[E enum](name string, values ...E) error {
	for _, value := range values {
		if !value.Valid() {
			return fmt.Errorf("%s %q is not known", name, value)
		}
	}
	return nil
}

func toStrings[S ~string](list []S) []string {
	strings := make([]string, len(list))
	for i, s := range list {
		strings[i] = string(s)
	}
	return strings
}

// by returns an activity with the given dimensions alone, and no requests.
func (a *Activity) by(dimensions []string) (group Activity) {
	for _, dimension := range dimensions {
		switch dimension {
		case string(gen.GroupByOAuthClientID):
			group.ClientID, group.ClientName = a.ClientID, a.ClientName
		case string(gen.JobGroupByOAuthClientID):
			group.ClientID = a.ClientID
		case string(gen.JobGroupByOAuthClientName):
			group.ClientName = a.ClientName
		case string(gen.GroupByOrganizationID):
			group.OrganizationID = a.OrganizationID
		case string(gen.GroupByUserID):
			group.UserID = a.UserID
		case string(gen.GroupByTemplateURI):
			group.TemplateURI = a.TemplateURI
		case string(gen.GroupByHTTPMethod):
			group.HTTPMethod = a.HTTPMethod
		case string(gen.JobGroupByPlatform):
			group.Platform = a.Platform
		}
	}
	return group
}

// counts returns the counts of an activity, by metric.
func (a *Activity) counts() map[gen.Metric]*int64 {
	return map[gen.Metric]*int64{
		gen.MetricRequests: &a.Requests, gen.MetricStatus200: &a.Status200, gen.MetricStatus300: &a.Status300,
		gen.MetricStatus400: &a.Status400, gen.MetricStatus429: &a.Status429, gen.MetricStatus500: &a.Status500,
	}
}

// matches reports whether a list is empty or contains a value.
func matches[T comparable](list []T, value T) bool {
	return len(list) == 0 || slices.Contains(list, value)
}

// totals adds up what happened, by group.
func (s *Server) totals(want aggregation) []Activity {
	var totals []Activity
	index := map[[8]any]int{} // of each group's total
	for day := want.first; !day.After(want.last); day = day.AddDate(0, 0, 1) {
		for _, a := range s.config.Activity(day) {
			if !want.includes(&a) {
				continue
			}
			group := a.by(want.groupBy)
			group.Date = bucket(day, want.granularity)
			key := [8]any{group.ClientID, group.ClientName, group.OrganizationID, group.UserID, group.TemplateURI,
				group.HTTPMethod, group.Platform, group.Date}
			i, ok := index[key]
			if !ok {
				i = len(totals)
				index[key] = i
				totals = append(totals, group)
			}
			counts := a.counts()
			for metric, total := range totals[i].counts() {
				if matches(want.metrics, string(metric)) {
					*total += *counts[metric]
				}
			}
		}
	}
	// The vendor's rows are in no order; these are in the same one each time.
	rand.New(rand.NewPCG(s.config.Seed, 2)).Shuffle(len(totals), func(i, j int) {
		totals[i], totals[j] = totals[j], totals[i]
	})
	return totals
}

// bucket returns the start of the time bucket that a day falls into, or zero
// without a granularity. Weeks start on Monday, as ISO-8601 has it; what the
// vendor does is not documented.
func bucket(day time.Time, granularity string) time.Time {
	switch granularity {
	case "Day":
		return day
	case "Week":
		return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case "Month":
		return day.AddDate(0, 0, 1-day.Day())
	}
	return time.Time{}
}
