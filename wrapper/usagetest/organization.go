package usagetest

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// organization is a made-up one: its OAuth clients and the vendor's own that its
// users work with, and what each of them calls day by day. What happened on a day
// follows from the seed and the day alone, whatever is asked.
type organization struct {
	seed       uint64
	id         string
	activities []activity
}

// activity is something that a client does every day.
type activity struct {
	group
	requests   int  // on a busy day
	weekends   bool // too
	errors     int  // of 1,000 requests: 4xx, without 429
	tooMany    int  // of 1,000 requests: 429
	redirected bool
}

var (
	clientKinds = []string{
		"CRM Sync", "Wallboard", "Dialer", "Chatbot", "Reporting", "Workforce Export", "Recording Archive",
		"Provisioning", "Monitoring",
	}
	clientUses = []string{"Production", "Staging", "EMEA", "Partner"}

	// vendorClients are the vendor's own, in its organization. The older of the
	// vendor's operations leaves them out.
	vendorClients      = []string{"Demo Vendor Web App", "Demo Vendor Mobile App", "Demo Vendor Desktop App"}
	vendorOrganization = "purecloud-builtin"

	// The vendor's document names no platform.
	platforms = []string{"Demo Desktop", "Demo Mobile", "Demo Server", "Demo Web"}

	resources = []string{
		"users", "groups", "locations", "stations", "presencedefinitions", "routing/queues", "routing/skills",
		"routing/wrapupcodes", "conversations", "conversations/calls", "conversations/chats",
		"conversations/emails", "conversations/messages", "analytics/conversations", "analytics/users",
		"analytics/queues", "analytics/flows", "outbound/campaigns", "outbound/contactlists",
		"outbound/dnclists", "architect/flows", "architect/prompts", "architect/schedules", "recording/jobs",
		"quality/forms", "quality/evaluations", "workforcemanagement/managementunits",
		"telephony/providers/edges", "authorization/roles", "authorization/divisions", "oauth/clients",
		"integrations", "integrations/actions", "externalcontacts/contacts", "externalcontacts/organizations",
		"notifications/channels",
	}
	endpoints = []struct{ method, suffix string }{
		{"GET", ""}, {"POST", ""}, {"GET", "/{id}"}, {"PATCH", "/{id}"}, {"PUT", "/{id}"}, {"DELETE", "/{id}"},
		{"POST", "/query"}, {"GET", "/{id}/members"}, {"POST", "/{id}/members"}, {"GET", "/{id}/details"},
		{"POST", "/search"},
	}
)

func newOrganization(seed uint64) *organization {
	random := rand.New(rand.NewPCG(seed, 1))
	o := &organization{seed: seed, id: newID(random.Uint64)}
	users := make([]string, 40)
	for i := range users {
		users[i] = newID(random.Uint64)
	}
	for _, kind := range clientKinds {
		for _, use := range clientUses {
			o.addClient(random, "Demo "+kind+" "+use, o.id, users)
		}
	}
	for _, name := range vendorClients {
		o.addClient(random, name, vendorOrganization, users)
	}
	for i := range o.activities {
		o.activities[i].platform = platforms[random.IntN(len(platforms))]
	}
	return o
}

// addClient makes up a client that calls some endpoints, a few of them a lot.
func (o *organization) addClient(random *rand.Rand, name, organizationID string, users []string) {
	id := newID(random.Uint64)
	size := 1 << random.IntN(12) // some clients are a thousand times as busy as others
	onBehalf := random.IntN(3) == 0
	greedy := random.IntN(5) == 0
	weekends := random.IntN(2) == 0
	for range 4 + random.IntN(24) {
		endpoint := endpoints[random.IntN(len(endpoints))]
		a := activity{
			group: group{
				clientID: id, clientName: name, organizationID: organizationID,
				template: "api/v2/" + resources[random.IntN(len(resources))] + endpoint.suffix,
				method:   endpoint.method,
			},
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

// on returns the counts of an activity on a day.
func (a *activity) on(day time.Time, random *rand.Rand) counts {
	variation := 0.6 + 0.4*random.Float64()
	if weekday := day.Weekday(); weekday == time.Saturday || weekday == time.Sunday {
		if !a.weekends {
			return counts{}
		}
		variation /= 4
	}
	c := counts{requests: int64(float64(a.requests) * variation)}
	c.status429 = c.requests * int64(a.tooMany) / 1000
	c.status400 = c.requests*int64(a.errors)/1000 + c.status429
	c.status500 = c.requests / 5000
	if a.redirected {
		c.status300 = c.requests / 3
	}
	c.status200 = c.requests - c.status300 - c.status400 - c.status500
	return c
}

// newID returns a UUID.
func newID(random func() uint64) string {
	high, low := random(), random()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x",
		high>>32, high>>16&0xffff, high&0xfff, 0x8000|low>>48&0x3fff, low&0xffffffffffff)
}
