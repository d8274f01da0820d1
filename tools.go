//go:build tools

// Package usage pins the versions of the commands that go generate runs, so
// that go.mod and go.sum are the only place where they are named.
package usage

import _ "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"
