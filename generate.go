// Package usage is the root of a Go client for the API usage reports of Genesys
// Cloud: how many of its metered API requests an organization used up, by OAuth
// client, endpoint, method, user and day. It holds no code of its own.
//
//   - [github.com/genesyscloud-go/usage/wrapper] is the client to use.
//   - [github.com/genesyscloud-go/usage/gen] has the types of queries and rows,
//     generated from api/usage.yaml.
//   - [github.com/genesyscloud-go/usage/wrapper/usagetest] is a fake Genesys Cloud
//     for tests.
//   - The command genesys-usage, in wrapper/cmd/genesys-usage, prints reports.
//
// This module is not made by Genesys, and not supported by it.
package usage

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config api/oapi-codegen.yaml -o gen/usage.gen.go api/usage.yaml
