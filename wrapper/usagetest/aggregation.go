package usagetest

import (
	"math/rand/v2"
	"time"
)

// total is a row of a report, of either generation.
type total struct {
	group
	counts
}

// group is what the rows of a report are broken down by.
type group struct {
	clientID, clientName, organizationID, userID, template, method, platform string

	date time.Time
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

// firstDay is how far back the vendor's own data reaches.
var firstDay = time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)

// totals adds up what happened in an interval, as far as it is known today, by the
// groups that activities belong to on a day, if to any.
func (o *organization) totals(asked days, today time.Time, groupOf func(day time.Time, a *activity) (group, bool)) []total {
	if asked.first.Before(firstDay) {
		asked.first = firstDay
	}
	if !asked.last.Before(today) {
		asked.last = today.AddDate(0, 0, -1)
	}
	var totals []total
	places := map[group]int{}
	for day := asked.first; !day.After(asked.last); day = day.AddDate(0, 0, 1) {
		random := rand.New(rand.NewPCG(o.seed, uint64(day.Unix())))
		for i := range o.activities {
			a := &o.activities[i]
			c := a.on(day, random) // of every activity, so that a day is the same whatever is asked
			g, ok := groupOf(day, a)
			if !ok || c.requests == 0 {
				continue
			}
			place, ok := places[g]
			if !ok {
				place = len(totals)
				places[g] = place
				totals = append(totals, total{group: g})
			}
			totals[place].add(c)
		}
	}
	// The vendor's rows are in no order; these are in the same one each time.
	rand.New(rand.NewPCG(o.seed, 2)).Shuffle(len(totals), func(i, j int) { totals[i], totals[j] = totals[j], totals[i] })
	return totals
}

// bucket returns the start of the time bucket that a day falls into, or zero
// without a granularity. Weeks start on Monday, as ISO-8601 has it; what the
// vendor does is not documented.
func bucket[G ~string](day time.Time, granularity G) time.Time {
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
