package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// Report is what a query came to. The fields above the line are given to New; those below
// it are set by New.
type Report struct {
	Made       time.Time
	Region     string // such as us-east-1; "" if Demo
	Demo       bool   // the organization is made up
	Query      Query
	Period     Period
	Match      string      // only rows with it in a name were kept; "" for all rows
	Sort       Metric      // what groups are ranked by
	Comparison *Comparison // nil without one
	Allowance  *Allowance  // nil without one

	Rows   int64
	Total  Counts
	Groups []*Group // ranked; none if rows were only counted
	Dated  bool     // groups are shown by step: rows have dates, and are not compared

	labels map[string]string // of clients, by id
}

// Comparison sets a period beside the one before it.
type Comparison struct {
	Period Period
	Before int64 // requests, set by New
}

// New returns a report on rows that were added up.
func New(r Report, t *Totals) *Report {
	if r.Demo {
		r.Region = ""
	}
	r.Rows, r.Total, r.Dated, r.labels = t.rows, t.total, t.dated && r.Comparison == nil, t.labels()
	r.Groups = t.ranked(r.Sort)
	if r.Comparison != nil {
		r.Comparison.Before = t.before
	}
	if r.Allowance != nil {
		r.Allowance.set(&r)
	}
	return &r
}

// Name returns what a group is called in a dimension, as it is shown.
func (r *Report) Name(g *Group, d Dimension) string {
	name := g.name(d)
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

// Steps returns the total of each step, by date.
func (r *Report) Steps() []Step {
	var steps []Step
	for _, g := range r.Groups {
		for i := range g.Steps {
			steps = addStep(steps, g.Steps[i].Date, &g.Steps[i].Counts)
		}
	}
	return steps
}

// StepLabel names a step, with its part if not all of it is in the period.
func (r *Report) StepLabel(date time.Time) string {
	name, part := r.Period.Step(date, r.Query.Granularity)
	return strings.TrimSuffix(name+", "+part, ", ")
}

// HasRate reports whether the part that a counter is of all requests is shown.
func (r *Report) HasRate(m Metric) bool { return r.Total.Of(m) > 0 || m == r.Sort }

// Sum adds up groups: those that are not shown one by one, say.
func Sum(groups []*Group) Group {
	var all Group
	for _, g := range groups {
		all.Add(&g.Counts)
		all.Before = sum(all.Before, g.Before)
	}
	return all
}

// Subject names the period and the grouping, in a sentence.
func (r *Report) Subject() string {
	q := r.Query
	if !r.Dated {
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
	if r.Period.Warning != "" {
		remarks = append(remarks, "Warning: "+r.Period.Warning+".")
	}
	if r.Sort != Requests {
		remarks = append(remarks, "Ranked by "+r.Sort.Words()+"; the share is theirs.")
	}
	if r.Match != "" {
		remarks = append(remarks, fmt.Sprintf("Only rows with %q in a name; totals and shares are those of these rows.",
			text.Clean(r.Match)))
	}
	if r.HasRate(Errors) {
		remarks = append(remarks, "Errors are all 4xx and 5xx, 429 included.")
	}
	if c := r.Comparison; c != nil {
		remark := "Before: " + c.Period.String() + "."
		if now, before := r.Period.DataDays(), c.Period.DataDays(); now != before {
			remark += fmt.Sprintf(" Warning: %s before, %s now.", text.Count(int64(before), "day"),
				text.Count(int64(now), "day"))
		} else if !r.Period.Over() {
			remark += fmt.Sprintf(" As many days as there are of this period so far: %d.", now)
		}
		if now, before := r.Period.weekdays(), c.Period.weekdays(); now != before {
			remark += fmt.Sprintf(" Warning: %d weekdays (Monday to Friday) now, %d before.", now, before)
		}
		remarks = append(remarks, remark)
	}
	return remarks
}

// Empty says that there is nothing to show.
func (r *Report) Empty() string {
	if r.Match == "" {
		return "No requests in this period."
	}
	words := "No " + text.Join(r.Query.GroupBy, "or") + " matches."
	others := Dimensions(r.Query.Jobs)
	others = slices.DeleteFunc(others, func(d Dimension) bool { return slices.Contains(r.Query.GroupBy, d) })
	if len(others) > 0 {
		words += " To look at " + text.Join(others, "or") + " too, add it to -group-by."
	}
	return words
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
