//go:build !unix

package cli

import "io"

// isClosed reports false: writing to a standard output that is closed is an error here.
func isClosed(io.Writer) bool { return false }
