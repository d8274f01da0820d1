//go:build unix

package outfile

import (
	"io/fs"
	"syscall"
)

// ownership returns the user, the group and the number of links of a file.
func ownership(info fs.FileInfo) [3]uint64 {
	stat := info.Sys().(*syscall.Stat_t)
	return [3]uint64{uint64(stat.Uid), uint64(stat.Gid), uint64(stat.Nlink)} //nolint:unconvert // other systems differ
}
