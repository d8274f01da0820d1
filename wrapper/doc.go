// Package wrapper asks Genesys Cloud who uses the API allowance of an
// organization.
//
// The vendor meters every API request. A query is submitted, runs for a while,
// and then has rows: how many requests an OAuth client made, to which endpoint,
// on which day, and how they were answered. This package adds to the generated
// client in package gen what that takes: tokens, waiting, trying again, staying
// within the rate limit, and reading the rows.
//
//	client, err := wrapper.NewFromEnv()
//	if err != nil {
//		return err
//	}
//	rows, err := client.Query(ctx, gen.APIUsageQuery{
//		Interval: wrapper.Month(2026, time.October),
//		GroupBy:  []gen.GroupBy{gen.GroupByOAuthClientID, gen.GroupByTemplateURI},
//	})
//
// # Queries
//
// [Client.Query] submits a query, waits for it and returns its rows, in no
// particular order. [Client.QueryRows] hands each row on as it arrives instead:
// a month of a large organization is half a million of them. [Client.Submit]
// returns an [Execution], whose id is all that is needed to go on later or in
// another process, by [Client.Execution].
//
// The OAuth client needs the permission oauth:client:view or
// usage:organization:view.
//
// # What the numbers mean
//
// Days are UTC days, and the last day of an interval is in it. The counts are
// about a day old: today is not in them, and they reach back to 2018. Requests
// answered with 429 are counted in status429 and, with all other 4xx, in
// status400. The vendor's own OAuth clients are not in the counts; the vendor
// leaves them out of its API Usage view too, which it calls aligned with billing.
//
// # The successor
//
// The vendor calls the usage query "old" since 2025-03-31 and expects to deprecate it
// in favour of usage jobs: [Client.QueryJob] and what is named like it. Jobs count all
// requests, those of the vendor's own OAuth clients too, and not just the billable
// ones: their totals are higher, and the vendor says not to determine bills by them.
// They take 90 days at most, and need the permission usage:organization:view.
//
// # Errors
//
// An answer that is no success is an [*APIError], with the correlation id that
// the vendor's support asks for. All that goes wrong after a query was submitted
// is in an [*ExecutionError], which names the execution. [ErrQueryFailed] says
// that the vendor gave the query up. A refused client id or secret is an
// *oauth2.RetrieveError. Contexts end calls promptly, with their own errors. All
// of them are found by errors.Is and errors.As.
//
// # What is taken care of
//
// Requests are tried again when that may help (see [Retry]). At most 8 are under
// way to a host at a time, and after a 429 that says when to come back all that
// share a [Client] wait until then: nothing else tells the state of the vendor's
// rate limits. Tokens are fetched when needed and kept. Neither they nor secrets
// are put into errors or logs, go to other hosts than the configured ones, or over
// plain http beyond this machine; errors quote what a server answers, though, and
// so would quote a server that echoes them. Redirects are not followed.
//
// The facts about the API are those of the vendor's documents; its developer
// site is https://developer.genesys.cloud.
package wrapper
