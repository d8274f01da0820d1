package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
)

// period is the time that a report is on, as far as there can be data.
type period struct {
	granularity gen.Granularity
	first, last time.Time // days; zero where they are not known
	// note says which days can have data, where others were asked for.
	note string
}

// history is how far back the vendor's data reaches.
var history = time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)

func newPeriod(query gen.APIUsageQuery, now time.Time) period {
	p := period{granularity: query.Granularity}
	asked, ok := interval.Parse(query.Interval)
	if !ok {
		return p
	}
	yesterday := interval.Day(now).AddDate(0, 0, -1)
	p.first, p.last = asked.Days()
	if p.first.Before(history) || p.last.After(yesterday) {
		p.note = fmt.Sprintf("the report is on %s to %s, and only days from %s to %s can have data",
			p.first.Format(time.DateOnly), p.last.Format(time.DateOnly), history.Format(time.DateOnly), yesterday.Format(time.DateOnly))
	}
	if p.first.Before(history) {
		p.first = history
	}
	if p.last.After(yesterday) {
		p.last = yesterday
	}
	return p
}

// bucket names the step of the granularity that begins with a date, and says which
// part of it is in the period where that is not all of it. A step that the vendor
// dates by its first day in the period is told by month, but not by week: which of
// the two it does is not documented.
func (p period) bucket(date time.Time) (name, part string) {
	first, last := date, date
	name = date.Format(time.DateOnly)
	switch p.granularity {
	case gen.GranularityWeek:
		last = date.AddDate(0, 0, 6)
		name = "week of " + name
	case gen.GranularityMonth:
		first = date.AddDate(0, 0, 1-date.Day())
		last = first.AddDate(0, 1, -1)
		name = date.Format("Jan 2006")
	}
	var parts []string
	if !p.first.IsZero() && first.Before(p.first) {
		parts = append(parts, "from the "+ordinal(p.first.Day()))
	}
	if !p.last.IsZero() && last.After(p.last) {
		parts = append(parts, "to the "+ordinal(p.last.Day()))
	}
	return name, strings.Join(parts, " ")
}

// label is a bucket with its part.
func (p period) label(date time.Time) string {
	name, part := p.bucket(date)
	if part != "" {
		name += ", " + part
	}
	return name
}

// ordinal writes a day of the month: 1st, 2nd, 3rd, 4th.
func ordinal(n int) string {
	suffix := "th"
	if n%100/10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}
