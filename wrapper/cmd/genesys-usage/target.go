package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// target is what a report is written to: standard output, something else that is no
// regular file and is written straight to, or a file that appears under its name when
// it is complete.
type target struct {
	*bufio.Writer
	out  io.Writer
	name string   // as the person has it; "" is standard output
	file *os.File // to close, if not nil
	info fs.FileInfo
	path string // to put a temporary file at, if not ""
}

const bufferSize = 64 << 10

// openTarget opens what was named, and refuses what cannot be written to before
// anything is asked. A FIFO opens when somebody reads it.
func openTarget(ctx context.Context, name string, stdout io.Writer) (*target, error) {
	t := &target{out: stdout}
	defer func() { t.Writer = bufio.NewWriterSize(t.out, bufferSize) }()
	standard, _ := stdout.(*os.File)
	if standard != nil {
		t.info, _ = standard.Stat()
	}
	if name == "" || name == "-" {
		return t, nil
	}
	info, err := os.Stat(name)
	if err == nil && t.info != nil && os.SameFile(info, t.info) {
		return t, nil
	}
	t.name, t.info = name, info
	path, straight, linkErr := follow(name)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, t.because(err)
	case linkErr != nil:
		return nil, t.because(linkErr)
	case info != nil && info.IsDir():
		return nil, t.because(errors.New("is a folder"))
	case info != nil && (straight || !info.Mode().IsRegular()):
		t.file, err = openStraight(ctx, name)
	default:
		t.file, err = createBeside(path, info)
		t.path = path
	}
	if err != nil {
		return nil, t.because(err)
	}
	t.out = t.file
	return t, nil
}

// follow returns what a name leads to, through links that need not lead to something
// that is there; straight says that one of them is a process's own open file.
func follow(name string) (path string, straight bool, err error) {
	path = name
	for range 40 {
		link, err := os.Readlink(path)
		if err != nil {
			return path, straight, nil //nolint:nilerr // it is no link
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
		straight = straight || strings.HasPrefix(path, "/proc/") || strings.HasPrefix(path, "/dev/fd/")
	}
	return "", false, errors.New("too many links")
}

// openStraight opens what is there, and leaves waiting for a reader when the context
// ends.
func openStraight(ctx context.Context, name string) (*os.File, error) {
	type opened struct {
		file *os.File
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		file, err := os.OpenFile(name, os.O_WRONLY, 0)
		done <- opened{file, err}
	}()
	select {
	case o := <-done:
		return o.file, o.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// createBeside creates a temporary file in the folder of the one that it is to be,
// with the mode and owner of that one if it is there.
func createBeside(path string, old fs.FileInfo) (*os.File, error) {
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("there is no folder %s", filepath.Dir(path))
	}
	file, err := os.OpenFile(path+"."+rand.Text()+".tmp", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) // less the umask
	if err != nil || old == nil {
		return file, err
	}
	if err = chownLike(file, old); err == nil {
		err = file.Chmod(old.Mode().Perm())
	}
	if err != nil {
		file.Close()
		os.Remove(file.Name())
		return nil, fmt.Errorf("its owner and mode cannot be kept: %w", cause(err))
	}
	return file, nil
}

// isSame tells whether two targets are one.
func (t *target) isSame(other *target) bool {
	if t.path != "" && other.path != "" {
		return sameName(t.path, other.path) || t.info != nil && other.info != nil && os.SameFile(t.info, other.info)
	}
	return t.name == other.name || t.info != nil && other.info != nil && os.SameFile(t.info, other.info)
}

// sameName tells whether two names are of one file, which need not be there.
func sameName(a, b string) bool {
	if filepath.Base(a) != filepath.Base(b) {
		return false
	}
	folderA, errA := os.Stat(filepath.Dir(a))
	folderB, errB := os.Stat(filepath.Dir(b))
	return errA == nil && errB == nil && os.SameFile(folderA, folderB)
}

// finish writes all that was written, and closes the file.
func (t *target) finish() error {
	err := t.Flush()
	if t.file != nil {
		if closeErr := t.file.Close(); err == nil {
			err = closeErr
		}
	}
	return t.because(err)
}

// commit puts a file in its place.
func (t *target) commit() error {
	if t.path == "" {
		return nil
	}
	if err := os.Rename(t.file.Name(), t.path); err != nil {
		return t.because(err)
	}
	t.path = "" // there is nothing left to abandon
	return nil
}

// abandon removes a file that was not committed. What was written straight to
// somewhere so far stays: it is there already.
func (t *target) abandon() {
	switch {
	case t.path != "":
		t.file.Close()
		os.Remove(t.file.Name())
	case t.Writer != nil:
		_ = t.Flush() // what failed is known
		if t.file != nil {
			t.file.Close()
		}
	}
}

// because says what went wrong with which file, by the name that the person knows.
func (t *target) because(err error) error {
	if err == nil {
		return nil
	}
	name := t.name
	if name == "" {
		name = "standard output"
	}
	return &targetError{name, cause(err)}
}

// targetError is an error of what a report is written to.
type targetError struct {
	name string
	err  error
}

func (e *targetError) Error() string { return e.name + ": " + e.err.Error() }
func (e *targetError) Unwrap() error { return e.err }

// cause is an error without the operation and the name that it came with.
func cause(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err
	}
	return err
}
