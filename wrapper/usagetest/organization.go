package usagetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

// An Activity is what a client did on one day: the requests of one user to one
// endpoint, say.
type Activity struct {
	// APIUsageRow has the requests, and who sent them where. Its Date is ignored. If
	// the OrganizationID is purecloud or purecloud-builtin, the vendor's own, jobs
	// include the activity and queries do not.
	gen.APIUsageRow
	// Platform is the platform of the client, for jobs.
	Platform string
}

// vendorOrganizations are the vendor's own, whose OAuth clients queries leave out.
var vendorOrganizations = []string{"purecloud", "purecloud-builtin"}

// The made-up organization: its OAuth clients, the last of which is the vendor's, and
// the endpoints that each of them calls.
var (
	clients   = []string{"Demo CRM Sync", "Demo Wallboard", "Demo Dialer", "Demo Chatbot", "Demo Vendor Web App"}
	endpoints = []struct{ method, template, user, platform string }{
		{"GET", "api/v2/users", "", "Demo Server"},
		{"GET", "api/v2/routing/queues/{queueId}", "", "Demo Server"},
		{"POST", "api/v2/conversations/messages", "", "Demo Server"},
		{"POST", "api/v2/analytics/conversations/details/query", "", "Demo Server"},
		{"PATCH", "api/v2/conversations/calls/{conversationId}", "b0000000-0000-4000-8000-000000000001", "Demo Desktop"},
		{"PUT", "api/v2/users/{userId}/presences/{sourceId}", "b0000000-0000-4000-8000-000000000001", "Demo Web"},
		{"DELETE", "api/v2/notifications/channels/{channelId}", "b0000000-0000-4000-8000-000000000002", "Demo Web"},
	}
)

// madeUp returns the activities of the made-up organization on a day, which follow
// from the seed and the day alone.
func madeUp(seed uint64) func(day time.Time) []Activity {
	return func(day time.Time) (activities []Activity) {
		random := rand.New(rand.NewPCG(seed, uint64(day.Unix())))
		for i, name := range clients {
			organization := "c0000000-0000-4000-8000-000000000001"
			if i == len(clients)-1 {
				organization = vendorOrganizations[1]
			}
			for _, endpoint := range endpoints {
				n := 100 + random.Int64N(1000<<i)
				row := gen.APIUsageRow{
					ClientID:   fmt.Sprintf("a0000000-0000-4000-8000-%012d", i+1),
					ClientName: name, OrganizationID: organization, UserID: endpoint.user,
					TemplateURI: endpoint.template, HTTPMethod: endpoint.method,
					Requests: n, Status300: n / 100, Status400: n / 20, Status429: n / 25, Status500: n / 50,
				}
				row.Status200 = n - row.Status300 - row.Status400 - row.Status500
				activities = append(activities, Activity{row, endpoint.platform})
			}
		}
		return activities
	}
}

func (a *Activity) isVendors() bool { return slices.Contains(vendorOrganizations, a.OrganizationID) }
