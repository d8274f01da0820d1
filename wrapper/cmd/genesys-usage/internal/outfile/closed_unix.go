//go:build unix

package outfile

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// IsClosed reports whether the command was started with standard output closed. Go's
// runtime then opens the null device in its place, for reading and writing, so that
// writing to it is no error.
func IsClosed(stdout io.Writer) bool {
	file, ok := stdout.(*os.File)
	if !ok {
		return false
	}
	flags, err := unix.FcntlInt(file.Fd(), unix.F_GETFL, 0)
	info, infoErr := file.Stat()
	null, nullErr := os.Stat(os.DevNull)
	return err != nil || infoErr != nil || nullErr == nil && flags&unix.O_ACCMODE == unix.O_RDWR && os.SameFile(info, null)
}
