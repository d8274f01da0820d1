//go:build !unix

package outfile

import "io"

// IsClosed reports false: writing to a standard output that is closed is an error here.
func IsClosed(io.Writer) bool { return false }
