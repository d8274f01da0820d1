package outfile

import "testing"

// SetRename replaces how Commit renames, for one test.
func SetRename(t *testing.T, with func(from, to string) error) {
	t.Cleanup(func() { rename = renameFile })
	rename = with
}

var renameFile = rename
