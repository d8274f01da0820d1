// Package wrapper is a client for the API usage reports of Genesys Cloud, which say who
// uses the API allowance of an organization.
//
// The vendor meters every API request. A query is submitted, runs for a while, and then
// has rows: how many requests an OAuth client sent, to which endpoint, on which day, and
// with which status they were answered. This package adds to the generated client in
// package gen what that takes: tokens, polling, retries, the rate limit, and decoding
// rows while they arrive.
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
// [Client.Query] submits a query, waits for it and returns its rows, in no particular
// order. [Client.QueryRows] yields each row as it arrives instead: a month of a large
// organization is half a million of them. [Client.Submit] returns an [Execution], whose
// id is all that [Client.Execution] needs to resume it, later or in another process. The
// methods of an Execution are those of [Operation].
//
// The OAuth client needs the permission oauth:client:view or usage:organization:view.
//
// # What the numbers mean
//
// Days are UTC days, and the last day of an interval is in it. The vendor's API Usage
// view shows these days as dates in the viewer's time zone: west of UTC, a figure stands
// a day earlier there. The counts are about a day old: today is not in them, and they
// reach back to 2018. Requests answered with 429 are counted in status429 and, with all
// other 4xx, in status400. The vendor's own OAuth clients are not in the counts; the
// vendor leaves them out of its API Usage view too, which it calls aligned with billing.
//
// # Usage jobs
//
// The vendor calls the usage query "old" since 2025-03-31 and expects to deprecate it in
// favour of usage jobs: [Client.QueryJob] and the other methods with Job in their names.
// Jobs count all requests, those of the vendor's own OAuth clients too, and not just the
// billable ones: their totals are higher, and the vendor says not to determine bills by
// them. A job takes 90 days at most, from a year ago at the earliest, and needs the
// permission usage:organization:view.
//
// # Errors
//
// A response without a 2xx status is an [*APIError], with the correlation id that the
// vendor's support asks for. The error of a query that is refused before anything is sent
// wraps [ErrInvalidQuery]. Everything that goes wrong after the submit is an
// [*OperationError], which has the id to resume with, and whose Resumable method reports
// whether that is worth it. [ErrQueryFailed] means that the vendor ended the query without
// rows. A refused client id or secret is an *oauth2.RetrieveError. [Retryable] reports
// whether the same call may succeed later. Use errors.Is and errors.As.
//
// A call returns within 100 ms of its context's end, and the error wraps context.Cause of
// that context. Polling.Timeout gives context.DeadlineExceeded, too: ctx.Err tells them apart.
//
// # Reliability and security
//
// Requests are retried where that may help; see [Retry]. At most 8 are in flight at a
// time, until the headers of their responses arrive. After a 429 with a Retry-After all
// calls of a [Client] wait, because nothing else reveals the vendor's rate limits. Tokens
// are fetched when needed and cached in memory. Neither they nor the secrets are in an
// error or log, and they go to the configured hosts only, and over plain http only to this
// machine. Redirects are not followed. Errors quote what the API sends, though: an API
// that echoes a secret is quoted.
//
// The vendor's developer site is https://developer.genesys.cloud.
package wrapper
