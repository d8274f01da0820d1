// Package gen has the types and the plain client of the Usage API, which package
// wrapper is built on: queries and rows, and an operation a method. oapi-codegen
// generates it of api/usage.yaml, with the Go names of api/overlay.yaml.
//
// That api/usage.yaml is made of an excerpt in the shape of the vendor's published
// document, rebuilt from the vendor's SDKs, and not of the live document, which was
// out of reach. Names and structure are the vendor's; descriptions are not. In the
// module's checkout, "go run ./api/trim" makes it of the live one, and reports what
// is different.
package gen
