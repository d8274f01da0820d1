// Package gen has the types of the two operations that report the API usage of a
// Genesys Cloud organization, and a client that sends their requests. It is
// generated from the vendor's API document, by way of api/usage.yaml and
// api/overlay.yaml.
//
// Programs make an [APIUsageQuery], with the constants of [Granularity], [GroupBy]
// and [Metric], and read an [APIUsageRow] after the other. Sending them is left to
// package wrapper, whose Client.API gives the client of this package with tokens,
// retries and the rate limit under it. The client alone has none of them.
//
// Optional fields are values. Where they are zero, they are left out when they are
// marshalled: a row without requests has no "requests" in JSON. Values of an
// enumeration that the vendor adds later arrive as they are; Valid tells them from
// the known ones.
package gen
