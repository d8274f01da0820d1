// Package demo makes up the organization of -demo: a few dozen OAuth clients that call a
// few hundred endpoints, day by day, the same each time.
package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// Organization returns a server's configuration: the organization, and queries that take
// a moment.
func Organization() usagetest.Config {
	habits := newHabits()
	return usagetest.Config{
		RunningPolls: 2, QueryTime: 500 * time.Millisecond,
		Activity: func(day time.Time) (activities []usagetest.Activity) {
			random := rand.New(rand.NewPCG(0, uint64(day.Unix())))
			for _, h := range habits {
				if a := h.on(day, random); a.Requests > 0 {
					activities = append(activities, a)
				}
			}
			return activities
		},
	}
}

// habit is what a client calls every day.
type habit struct {
	usagetest.Activity       // on a busy day
	weekends           bool  // too
	errors             int64 // of 1,000 requests: 4xx, without 429
	tooMany            int64 // of 1,000 requests: 429
	redirected         bool
}

var (
	clientKinds = []string{
		"CRM Sync", "Wallboard", "Dialer", "Chatbot", "Reporting", "Workforce Export", "Recording Archive",
		"Provisioning", "Monitoring",
	}
	clientUses = []string{"Production", "Staging", "EMEA", "Partner"}

	// vendorClients are the vendor's own, which queries leave out and jobs include.
	vendorClients = []string{"Demo Vendor Web App", "Demo Vendor Mobile App", "Demo Vendor Desktop App"}

	// The vendor's document names no platform.
	platforms = []string{"Demo Desktop", "Demo Mobile", "Demo Server", "Demo Web"}

	resources = strings.Fields(`users groups locations stations presencedefinitions routing/queues routing/skills
		routing/wrapupcodes conversations conversations/calls conversations/chats conversations/emails
		conversations/messages analytics/conversations analytics/users analytics/queues analytics/flows
		outbound/campaigns outbound/contactlists outbound/dnclists architect/flows architect/prompts
		architect/schedules recording/jobs quality/forms quality/evaluations workforcemanagement/managementunits
		telephony/providers/edges authorization/roles authorization/divisions oauth/clients integrations
		integrations/actions externalcontacts/contacts externalcontacts/organizations notifications/channels`)
	endpoints = []struct{ method, suffix string }{
		{"GET", ""}, {"POST", ""}, {"GET", "/{id}"}, {"PATCH", "/{id}"}, {"PUT", "/{id}"}, {"DELETE", "/{id}"},
		{"POST", "/query"}, {"GET", "/{id}/members"}, {"POST", "/{id}/members"}, {"GET", "/{id}/details"},
		{"POST", "/search"},
	}
)

func newHabits() []habit {
	random := rand.New(rand.NewPCG(0, 1))
	organization := newID(random)
	users := make([]string, 40)
	for i := range users {
		users[i] = newID(random)
	}
	var habits []habit
	for _, kind := range clientKinds {
		for _, use := range clientUses {
			habits = slices.Concat(habits, newClient(random, "Demo "+kind+" "+use, organization, users))
		}
	}
	for _, name := range vendorClients {
		habits = slices.Concat(habits, newClient(random, name, "purecloud-builtin", users))
	}
	for i := range habits {
		habits[i].Platform = platforms[random.IntN(len(platforms))]
	}
	return habits
}

// newClient makes up a client that calls some endpoints, a few of them a lot.
func newClient(random *rand.Rand, name, organization string, users []string) (habits []habit) {
	id := newID(random)
	size := 1 << random.IntN(12) // some clients are a thousand times as busy as others
	onBehalf := random.IntN(3) == 0
	greedy := random.IntN(5) == 0
	weekends := random.IntN(2) == 0
	for range 4 + random.IntN(24) {
		endpoint := endpoints[random.IntN(len(endpoints))]
		h := habit{weekends: weekends}
		h.APIUsageRow = gen.APIUsageRow{
			ClientID: id, ClientName: name, OrganizationID: organization, HTTPMethod: endpoint.method,
			TemplateURI: "api/v2/" + resources[random.IntN(len(resources))] + endpoint.suffix,
			Requests:    int64(1 + random.IntN(20*size)),
		}
		h.errors = int64(random.IntN(15))
		h.redirected = random.IntN(40) == 0
		if greedy {
			h.tooMany = int64(random.IntN(60))
		}
		if onBehalf {
			h.UserID = users[random.IntN(len(users))]
		}
		habits = append(habits, h)
	}
	return habits
}

// on returns what comes of a habit on a day.
func (h *habit) on(day time.Time, random *rand.Rand) usagetest.Activity {
	a := h.Activity
	variation := 0.6 + 0.4*random.Float64()
	if weekday := day.Weekday(); weekday == time.Saturday || weekday == time.Sunday {
		if !h.weekends {
			return usagetest.Activity{}
		}
		variation /= 4
	}
	a.Requests = int64(float64(a.Requests) * variation)
	a.Status429 = a.Requests * h.tooMany / 1000
	a.Status400 = a.Requests*h.errors/1000 + a.Status429
	a.Status500 = a.Requests / 5000
	if h.redirected {
		a.Status300 = a.Requests / 3
	}
	a.Status200 = a.Requests - a.Status300 - a.Status400 - a.Status500
	return a
}

// newID returns a UUID.
func newID(random *rand.Rand) string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", random.Uint32(), random.Uint64()&0xffffffffffff)
}
