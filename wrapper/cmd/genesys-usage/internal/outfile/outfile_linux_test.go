package outfile_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A device is written directly, and is still one after that. It is one of the test's own, never the machine's.
func TestDevice(t *testing.T) {
	name := filepath.Join(t.TempDir(), "null")
	err := syscall.Mknod(name, syscall.S_IFCHR|0o600, 1<<8|3) // the numbers of /dev/null
	if err == nil {
		_, err = os.ReadFile(name)
	}
	if err != nil {
		t.Logf("no device can be made here (%v): TestFIFO is of the same kind", err)
		return
	}
	f := create(t, name)
	write(t, f, "new")
	commit(t, f)
	if info, err := os.Stat(name); err != nil || info.Mode().IsRegular() {
		t.Errorf("the device is a file now (%v)", err)
	}
}
