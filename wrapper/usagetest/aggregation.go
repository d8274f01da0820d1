package usagetest

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
)

// aggregation is what a query or job asks for.
type aggregation struct {
	first, last      time.Time // UTC days, both included
	granularity      string
	groupBy, metrics []string
	includes         func(*activity) bool
}

// enum is a type of the generated client with a fixed set of values.
type enum interface {
	~string
	Valid() bool
}

// newAggregation returns an error for an interval or a value that the vendor's
// document does not have. The days of the interval are limited to those that have
// data today.
func newAggregation[G, B, M enum](
	text string, endTimeExclusive bool, granularity G, groupBy []B, metrics []M,
) (aggregation, error) {
	first, last, err := days(text, endTimeExclusive)
	if err == nil && granularity != "" {
		err = checkEnum("granularity", granularity)
	}
	err = cmp.Or(err, checkEnum("groupBy", groupBy...), checkEnum("metric", metrics...))
	if first.Before(firstDay) {
		first = firstDay
	}
	if today := interval.Day(time.Now()); !last.Before(today) {
		last = today.AddDate(0, 0, -1)
	}
	return aggregation{
		first: first, last: last, granularity: string(granularity),
		groupBy: toStrings(groupBy), metrics: toStrings(metrics),
	}, err
}

// firstDay is how far back the vendor's own data reaches.
var firstDay = time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)

// days returns the first and the last day of an interval. A day that it contains a
// part of counts, as does an end that is a date or a month.
func days(text string, endTimeExclusive bool) (first, last time.Time, err error) {
	if text == "" {
		return first, last, errors.New("interval is required")
	}
	i, ok := interval.Parse(text)
	switch {
	case !ok:
		return first, last, fmt.Errorf("interval %q is not of the form start/end, in months, dates or times,"+
			" such as 2026-01-01/2026-01-31", text)
	case i.End.Before(i.Start):
		return first, last, fmt.Errorf("interval %q ends before it starts", text)
	case endTimeExclusive:
		i.End = i.End.Add(-1) // stays in the day of an end that is a date
	}
	first, last = i.Days()
	return first, last, nil
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

// total is a row of a report, of either API.
type total struct {
	group
	counts
}

// group is what the rows of a report are broken down by.
type group struct {
	clientID, clientName, organizationID, userID, template, method, platform string

	date time.Time
}

// by returns a group with the given dimensions alone.
func (g *group) by(dimensions []string) (reduced group) {
	for _, dimension := range dimensions {
		switch dimension {
		case "OAuthClientId": // of queries
			reduced.clientID, reduced.clientName = g.clientID, g.clientName
		case "OauthClientId": // of jobs
			reduced.clientID = g.clientID
		case "OauthClientName":
			reduced.clientName = g.clientName
		case "OrganizationId":
			reduced.organizationID = g.organizationID
		case "UserId":
			reduced.userID = g.userID
		case "TemplateUri":
			reduced.template = g.template
		case "HttpMethod":
			reduced.method = g.method
		case "Platform":
			reduced.platform = g.platform
		}
	}
	return reduced
}

// counts are numbers of requests.
type counts struct {
	requests, status200, status300, status400, status500, status429 int64 // 429s are in status400 too
}

func (c *counts) add(d counts) {
	c.requests += d.requests
	c.status200 += d.status200
	c.status300 += d.status300
	c.status400 += d.status400
	c.status500 += d.status500
	c.status429 += d.status429
}

// keep sets all counts but those of the given metrics to zero, if any are given.
func (c *counts) keep(metrics []string) {
	for metric, count := range map[string]*int64{
		"Requests": &c.requests, "Status200": &c.status200, "Status300": &c.status300,
		"Status400": &c.status400, "Status500": &c.status500, "Status429": &c.status429,
	} {
		if !matches(metrics, metric) {
			*count = 0
		}
	}
}

// matches reports whether a list is empty or contains a value.
func matches[T comparable](list []T, value T) bool {
	return len(list) == 0 || slices.Contains(list, value)
}

// totals adds up what happened, by group.
func (o *organization) totals(want aggregation) []total {
	var totals []total
	index := map[group]int{}
	for day := want.first; !day.After(want.last); day = day.AddDate(0, 0, 1) {
		random := rand.New(rand.NewPCG(o.seed, uint64(day.Unix())))
		for i := range o.activities {
			a := &o.activities[i]
			c := a.on(day, random) // of every activity, so that a day is the same in each report
			if c.requests == 0 || !want.includes(a) {
				continue
			}
			g := a.by(want.groupBy)
			g.date = bucket(day, want.granularity)
			if _, ok := index[g]; !ok {
				index[g] = len(totals)
				totals = append(totals, total{group: g})
			}
			totals[index[g]].add(c)
		}
	}
	for i := range totals {
		totals[i].keep(want.metrics)
	}
	// The vendor's rows are in no order; these are in the same one each time.
	rand.New(rand.NewPCG(o.seed, 2)).Shuffle(len(totals), func(i, j int) {
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
