//go:build !unix

package cli

import "os"

// isClosed reports whether standard output is closed.
func isClosed(stdout *os.File) bool {
	_, err := stdout.Stat()
	return err != nil
}
