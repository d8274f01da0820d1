// Package gen has the types and the plain client of the Genesys Cloud usage operations,
// which package wrapper is built on. oapi-codegen generates it from api/usage.yaml, with
// the Go names of api/overlay.yaml.
//
// api/usage.yaml is written from an excerpt in the shape of the vendor's published
// document, which was rebuilt from the vendor's SDKs: names and structure are the
// vendor's, descriptions are not. In a checkout of the module, "go run ./api/trim" writes
// it from the published document and reports the differences.
//
// Optional fields are values, and omitted when they are zero: what must write zeros does
// not marshal these types.
package gen
