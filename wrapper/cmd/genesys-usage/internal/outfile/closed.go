package outfile

import (
	"errors"
	"io"
	"os"
)

// IsClosed reports whether the command was started with standard output closed. Go's runtime then opens the null device
// in its place, for reading too, so that writing to it is no error.
func IsClosed(stdout io.Writer) bool {
	file, ok := stdout.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	null, nullErr := os.Stat(os.DevNull)
	if err != nil || nullErr != nil || !os.SameFile(info, null) {
		return err != nil
	}
	_, err = file.Read(make([]byte, 1))
	return errors.Is(err, io.EOF)
}
