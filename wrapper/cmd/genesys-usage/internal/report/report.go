package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// Spec is what a report is to be of.
type Spec struct {
	Made    time.Time
	Region  string // such as us-east-1
	Demo    bool   // the organization is made up
	Query   Query
	Period  Period
	Match   string  // only rows with it in a name are kept; "" for all rows
	Sort    Metric  // the counter that groups are ranked and compared by
	Stepped bool    // tables have a line for each step of a group
	Compare *Period // the period to compare with; nil without one
	Limit   int64   // the requests that the period includes; 0 if that is not asked
	Billing bool    // it is a billing period, and its end is an assumption
}

// Report is what came of a query.
type Report struct {
	Spec
	Rows      int64
	Outside   int64      // rows that are not counted: their dates are not in the period
	Total     Group      // of all rows
	Groups    []*Group   // ranked; none if rows were only counted
	Allowance *Allowance // nil without one

	inexact bool                // a count is negative, or a sum is too large
	days    map[time.Time]int64 // requests, by the date of rows
	labels  map[string]string   // of clients, by id
}

// DataDays returns the number of days of the period that have counts: up to the newest day
// that has rows if rows are by day, and otherwise up to the last day that can have data.
func (r *Report) DataDays() int {
	if r.Query.Granularity != Day {
		return r.Period.DataDays()
	}
	days := 0
	for date := range r.days {
		days = max(days, daysBetween(r.Period.First, date))
	}
	return days
}

// Name returns what a group is called in a dimension, as it is shown.
func (r *Report) Name(g *Group, d Dimension) string {
	name := g.names[d]
	if label, ok := r.labels[name]; ok && d == Client {
		name = label
	}
	return text.Name(name)
}

// Label returns what a group is called in all dimensions.
func (r *Report) Label(g *Group) string {
	names := make([]string, len(r.Query.GroupBy))
	for i, d := range r.Query.GroupBy {
		names[i] = r.Name(g, d)
	}
	return strings.Join(names, " ")
}

// HasRate reports whether the part that a counter is of all requests is shown.
func (r *Report) HasRate(m Metric) bool { return r.Total.Of(m) > 0 || m == r.Sort }

// Sum adds up groups: those that are not shown one by one, say.
func Sum(groups []*Group) Group {
	var all Group
	for _, g := range groups {
		all.Add(&g.Counts)
		all.Before.Add(&g.Before)
	}
	return all
}

// Subject names the period and the grouping, in a sentence.
func (r *Report) Subject() string {
	q := r.Query
	if !r.Stepped {
		q.Granularity = NoSteps
	}
	return r.Period.String() + ", " + q.Grouping() + "."
}

// Source says which requests are counted, in a sentence.
func (r *Report) Source() string {
	source := "Usage queries API: without the vendor's own OAuth clients."
	if r.Query.Jobs {
		source = "Usage jobs API: all requests, not only those that count for billing."
	}
	if r.Demo {
		source += " The organization is made up (-demo)."
	}
	return source
}

// Remarks are sentences on what makes the figures other than a reader may think.
func (r *Report) Remarks() []string {
	var remarks []string
	add := func(when bool, format string, args ...any) {
		if when {
			remarks = append(remarks, fmt.Sprintf(format, args...))
		}
	}
	add(r.Period.Warning != "", "Warning: %s.", r.Period.Warning)
	add(r.Outside > 0, "Warning: %s dated outside this period, and not counted.", text.Count(r.Outside, "row"))
	add(r.inexact, "Warning: some counts are negative or too large to add up; sums with them are not exact.")
	add(r.Sort != Requests, "Ranked by %s: shares and comparisons are of these.", r.Sort.Words())
	add(r.Match != "", "Only rows with %q in a name, id or endpoint; totals and shares are those of these rows.",
		text.Clean(r.Match))
	add(r.HasRate(Errors), "Errors are all 4xx and 5xx, 429 included.")
	if r.Compare != nil {
		now, before := r.Period.DataDays(), r.Compare.DataDays()
		add(true, "Before: %s.", r.Compare)
		add(now != before, "Warning: %s before, %s now.", text.Count(int64(before), "day"), text.Count(int64(now), "day"))
	}
	return remarks
}

// Empty says that there is nothing to show.
func (r *Report) Empty() string {
	if r.Match == "" {
		return "No requests in this period."
	}
	return "No " + text.Join(r.Query.GroupBy, "or") + " matches. To look at other names, add them to -group-by."
}

// Meaning says what the numbers mean, in the words of package wrapper's documentation.
func (r *Report) Meaning() []string {
	if r.Query.Jobs {
		return jobMeaning
	}
	return meaning
}

const (
	utcDays    = "Days are UTC days, and the last day of an interval is in it."
	localDates = "The vendor's API Usage view shows these days as dates in the viewer's time zone: west of UTC, a " +
		"figure stands a day earlier there."
)

var meaning = []string{
	utcDays,
	localDates,
	"The counts are about a day old: today is not in them, and they reach back to 2018.",
	"Requests answered with 429 are counted in status429 and, with all other 4xx, in status400.",
	"The vendor's own OAuth clients are not in the counts; the vendor leaves them out of its API Usage view too, which " +
		"it calls aligned with billing.",
}

var jobMeaning = []string{
	utcDays,
	localDates,
	"How fresh the counts of jobs are is not documented.",
	"All requests are counted, those of the vendor's own OAuth clients included, and not just the billable ones; the " +
		"vendor says not to determine bills by them.",
}
