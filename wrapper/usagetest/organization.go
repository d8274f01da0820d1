package usagetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

// organization is a made-up one: its OAuth clients, and what each of them calls
// day by day. What happened on a day follows from the seed and the day alone,
// whatever is asked.
type organization struct {
	seed       uint64
	id         string
	activities []activity
}

// activity is something that a client does every day.
type activity struct {
	clientID, clientName, userID, template, method string

	requests   int  // on a busy day
	weekends   bool // too
	errors     int  // of 1,000 requests: 4xx, without 429
	tooMany    int  // of 1,000 requests: 429
	redirected bool
}

// group is what the rows of a report are broken down by.
type group struct {
	clientID, clientName, organizationID, userID, template, method string

	date time.Time
}

var (
	clientKinds = []string{"CRM Sync", "Wallboard", "Dialer", "Chatbot", "Reporting", "Workforce Export", "Recording Archive", "Provisioning", "Monitoring"}
	clientUses  = []string{"Production", "Staging", "EMEA", "Partner"}

	resources = []string{
		"users", "groups", "locations", "stations", "presencedefinitions", "routing/queues", "routing/skills", "routing/wrapupcodes",
		"conversations", "conversations/calls", "conversations/chats", "conversations/emails", "conversations/messages",
		"analytics/conversations", "analytics/users", "analytics/queues", "analytics/flows", "outbound/campaigns", "outbound/contactlists",
		"outbound/dnclists", "architect/flows", "architect/prompts", "architect/schedules", "recording/jobs", "quality/forms",
		"quality/evaluations", "workforcemanagement/managementunits", "telephony/providers/edges", "authorization/roles",
		"authorization/divisions", "oauth/clients", "integrations", "integrations/actions", "externalcontacts/contacts",
		"externalcontacts/organizations", "notifications/channels",
	}
	endpoints = []struct{ method, suffix string }{
		{"GET", ""}, {"POST", ""}, {"GET", "/{id}"}, {"PATCH", "/{id}"}, {"PUT", "/{id}"}, {"DELETE", "/{id}"},
		{"POST", "/query"}, {"GET", "/{id}/members"}, {"POST", "/{id}/members"}, {"GET", "/{id}/details"}, {"POST", "/search"},
	}
)

// firstDay is how far back the vendor's own data reaches.
var firstDay = time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)

func newOrganization(seed uint64) *organization {
	random := rand.New(rand.NewPCG(seed, 1))
	o := &organization{seed: seed, id: newID(random)}
	users := make([]string, 40)
	for i := range users {
		users[i] = newID(random)
	}
	for _, kind := range clientKinds {
		for _, use := range clientUses {
			o.addClient(random, "Demo "+kind+" "+use, users)
		}
	}
	return o
}

// addClient makes up a client that calls some endpoints, a few of them a lot.
func (o *organization) addClient(random *rand.Rand, name string, users []string) {
	id := newID(random)
	size := 1 << random.IntN(12) // some clients are a thousand times as busy as others
	onBehalf := random.IntN(3) == 0
	greedy := random.IntN(5) == 0
	weekends := random.IntN(2) == 0
	for range 4 + random.IntN(24) {
		endpoint := endpoints[random.IntN(len(endpoints))]
		a := activity{
			clientID:   id,
			clientName: name,
			template:   "api/v2/" + resources[random.IntN(len(resources))] + endpoint.suffix,
			method:     endpoint.method,
			requests:   1 + random.IntN(20*size),
			weekends:   weekends,
			errors:     random.IntN(15),
			redirected: random.IntN(40) == 0,
		}
		if greedy {
			a.tooMany = random.IntN(60)
		}
		if onBehalf {
			a.userID = users[random.IntN(len(users))]
		}
		o.activities = append(o.activities, a)
	}
}

// rows answers a query that checkQuery found nothing wrong with.
//
// It counts each day that the interval touches. That its end is exclusive is a
// choice: what the vendor does is not documented.
func (o *organization) rows(query gen.APIUsageQuery, start, end, today time.Time) []gen.APIUsageRow {
	by := query.GroupBy
	if len(by) == 0 {
		by = []gen.GroupBy{gen.GroupByOAuthClientID}
	}
	wanted := query.Metrics
	sums := map[group]*gen.APIUsageRow{}
	var order []group
	if start.Before(firstDay) {
		start = firstDay
	}
	if end.After(today) {
		end = today
	}
	for day := start.Truncate(24 * time.Hour); day.Before(end); day = day.AddDate(0, 0, 1) {
		random := rand.New(rand.NewPCG(o.seed, uint64(day.Unix())))
		for i := range o.activities {
			a := &o.activities[i]
			counts := a.on(day, random)
			if counts.Requests == 0 {
				continue
			}
			g := group{date: bucket(day, query.Granularity)}
			for _, dimension := range by {
				switch dimension {
				case gen.GroupByOAuthClientID:
					g.clientID, g.clientName = a.clientID, a.clientName
				case gen.GroupByOrganizationID:
					g.organizationID = o.id
				case gen.GroupByUserID:
					g.userID = a.userID
				case gen.GroupByTemplateURI:
					g.template = a.template
				case gen.GroupByHTTPMethod:
					g.method = a.method
				}
			}
			sum, ok := sums[g]
			if !ok {
				sum = &gen.APIUsageRow{
					ClientID: g.clientID, ClientName: g.clientName, OrganizationID: g.organizationID,
					UserID: g.userID, TemplateURI: g.template, HTTPMethod: g.method, Date: g.date,
				}
				sums[g] = sum
				order = append(order, g)
			}
			for _, metric := range []struct {
				name       gen.Metric
				sum, count *int64
			}{
				{gen.MetricStatus200, &sum.Status200, &counts.Status200},
				{gen.MetricStatus300, &sum.Status300, &counts.Status300},
				{gen.MetricStatus400, &sum.Status400, &counts.Status400},
				{gen.MetricStatus500, &sum.Status500, &counts.Status500},
				{gen.MetricStatus429, &sum.Status429, &counts.Status429},
				{gen.MetricRequests, &sum.Requests, &counts.Requests},
			} {
				if len(wanted) == 0 || slices.Contains(wanted, metric.name) {
					*metric.sum += *metric.count
				}
			}
		}
	}
	// The vendor's rows are in no order; these are in the same one each time.
	rand.New(rand.NewPCG(o.seed, 2)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	rows := make([]gen.APIUsageRow, len(order))
	for i, g := range order {
		rows[i] = *sums[g]
	}
	return rows
}

// on returns the counts of an activity on a day.
func (a *activity) on(day time.Time, random *rand.Rand) gen.APIUsageRow {
	variation := 0.6 + 0.4*random.Float64()
	if weekday := day.Weekday(); weekday == time.Saturday || weekday == time.Sunday {
		if !a.weekends {
			return gen.APIUsageRow{}
		}
		variation /= 4
	}
	total := int64(float64(a.requests) * variation)
	var row gen.APIUsageRow
	row.Status429 = total * int64(a.tooMany) / 1000
	row.Status400 = total*int64(a.errors)/1000 + row.Status429
	row.Status500 = total / 5000
	if a.redirected {
		row.Status300 = total / 3
	}
	row.Status200 = total - row.Status300 - row.Status400 - row.Status500
	row.Requests = total
	return row
}

// bucket returns the start of the time bucket that a day falls into, or zero
// without a granularity. Weeks start on Monday, as ISO-8601 has it; what the
// vendor does is not documented.
func bucket(day time.Time, granularity gen.Granularity) time.Time {
	switch granularity {
	case gen.GranularityDay:
		return day
	case gen.GranularityWeek:
		return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case gen.GranularityMonth:
		return day.AddDate(0, 0, 1-day.Day())
	}
	return time.Time{}
}

// newID makes an id of the form of a UUID.
func newID(random *rand.Rand) string {
	high, low := random.Uint64(), random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", high>>32, high>>16&0xffff, high&0xfff, 0x8000|low>>48&0x3fff, low&0xffffffffffff)
}
