package main

import "fmt"

// headings say what a table shows: the period, the generation, the grouping, and
// whatever makes its figures other ones than somebody may think.
func (v *view) headings() []string {
	lines := []string{v.subject(), v.source()}
	if v.demo {
		lines = append(lines, "This is a made-up demo organization.")
	}
	if v.period.note != "" {
		lines = append(lines, "Mind: "+v.period.note+".")
	}
	lines = append(lines, v.remarks()...)
	if v.forecast != "" {
		lines = append(lines, "Allowance: "+v.forecast)
	}
	return lines
}

// subject names the period and the grouping.
func (v *view) subject() string {
	subject := v.period.words
	if subject == "" {
		subject = "An earlier query"
	}
	if grouping := v.question.grouping(); grouping != "" {
		subject += ", " + grouping
	}
	return subject + "."
}

// source names the generation.
func (v *view) source() string {
	if v.jobs {
		return "Usage jobs (the newer API): all requests, not only those that count for billing."
	}
	return "Usage queries (the older API), without the vendor's own OAuth clients."
}

// remarks say what was left out, and what rows are ranked by where that is not
// requests.
func (v *view) remarks() []string {
	var remarks []string
	if v.measure.name != "requests" {
		remarks = append(remarks, "Ranked by "+v.measure.words+"; the share is theirs.")
	}
	if v.match != "" {
		remarks = append(remarks, fmt.Sprintf("Only rows with %q in a name; totals and shares are those of these rows.", clean(v.match)))
	}
	if v.compare {
		remark := "Before: " + v.before.words + "."
		if v.before.asked > 0 && v.before.known() != v.period.known() {
			remark += fmt.Sprintf(" Mind: %s that can have data, against %s now.", dayCount(v.before.known()), dayCount(v.period.known()))
		}
		remarks = append(remarks, remark)
	}
	return remarks
}

// empty says that there is nothing to show.
func (v *view) empty() string {
	if v.match != "" {
		return fmt.Sprintf("No row has %q in a name. Rows are %s: what they are not grouped by has no name in them.", clean(v.match), v.question.grouping())
	}
	return "No requests in this interval."
}

// dayCount writes a number of days.
func dayCount(n int) string {
	if n == 1 {
		return "1 day"
	}
	return thousands(int64(n)) + " days"
}
