// Package outfile writes files that appear complete or not at all.
package outfile

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File is an output file. Its errors do not contain its name. It is not safe for concurrent use.
type File struct {
	file *os.File
	path string // what file is to replace; "" if it is written directly
}

// Create returns a File that [File.Commit] puts in the place of a regular file, or of none, or at the end of symbolic
// links. Anything else, such as a device, a FIFO or the file that standard output goes to, is written directly. What
// cannot be written to is an error now. Opening a FIFO waits for its reader until ctx ends. The caller calls Close and
// then Commit, or Abort.
func Create(ctx context.Context, name string) (*File, error) {
	f := &File{}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.path = follow(name)
		f.file, err = createTemp(f.path, 0o666) // less the umask
	case err != nil:
	case standard(info) != nil:
		f.file = standard(info)
	case !info.Mode().IsRegular():
		f.file, err = openDirect(ctx, name)
	default:
		f.path = follow(name)
		f.file, err = createReplacement(f.path, info.Mode().Perm())
	}
	if err != nil {
		return nil, unwrapPathError(err)
	}
	return f, nil
}

// Write implements [io.Writer].
func (f *File) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	return n, unwrapPathError(err)
}

// Close closes the file: what was written is stored, and not in its place yet. Standard output stays open.
func (f *File) Close() error {
	if f.file == os.Stdout || f.file == os.Stderr {
		return nil
	}
	return unwrapPathError(f.file.Close())
}

// Commit puts a closed file in its place.
func (f *File) Commit() error {
	if f.path == "" {
		return nil
	}
	err := rename(f.file.Name(), f.path)
	if err != nil { // path is a mount point (EBUSY), or in another file system
		err = overwrite(f.path, f.file.Name())
		os.Remove(f.file.Name())
	}
	f.path = ""
	return unwrapPathError(err)
}

// Abort closes the file and removes it, if it was not committed. What was written directly stays.
func (f *File) Abort() {
	_ = f.Close() // it may be closed
	if f.path != "" {
		os.Remove(f.file.Name())
	}
}

// Same reports whether two names are of one file, whether or not it exists.
func Same(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	if errA == nil || errB == nil {
		return os.SameFile(infoA, infoB)
	}
	a, b = follow(a), follow(b)
	if filepath.Base(a) != filepath.Base(b) {
		return false
	}
	infoA, _ = os.Stat(filepath.Dir(a))
	infoB, _ = os.Stat(filepath.Dir(b))
	return os.SameFile(infoA, infoB)
}

var rename = os.Rename // for tests

// unwrapPathError removes the operation and the path, which may be that of a temporary file.
func unwrapPathError(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

// follow returns what symbolic links lead to, whether or not it exists.
func follow(path string) string {
	for {
		link, err := os.Readlink(path)
		if err != nil {
			return path
		}
		if !filepath.IsAbs(link) {
			dir, _ := filepath.Split(path) // Join would take a ".." after another link for the folder that the link is in
			link = dir + link
		}
		path = link
	}
}

// standard returns standard output or standard error, if a file is where they go. Opened once more, it would have
// another position, and what else is written there would be written over it.
func standard(info fs.FileInfo) *os.File {
	for _, file := range []*os.File{os.Stdout, os.Stderr} {
		if open, err := file.Stat(); err == nil && os.SameFile(info, open) {
			return file
		}
	}
	return nil
}

// openDirect opens a device or a FIFO.
func openDirect(ctx context.Context, name string) (*os.File, error) {
	var file *os.File
	var err error
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		file, err = os.OpenFile(name, os.O_WRONLY, 0)
	}()
	select {
	case <-opened:
		return file, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// createReplacement creates a temporary file with the mode of the file at a path, which must be writable.
func createReplacement(path string, mode fs.FileMode) (*os.File, error) {
	old, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	old.Close()
	file, err := createTemp(path, mode)
	if err != nil { // the file may be written to, and its folder may not
		file, err = createTemp(filepath.Join(os.TempDir(), "report"), mode)
	}
	if err == nil {
		_ = file.Chmod(mode) // what the umask took; without it, fewer may read the file
	}
	return file, err
}

// createTemp creates a file beside a path.
func createTemp(path string, mode fs.FileMode) (*os.File, error) {
	dir, _ := filepath.Split(path)
	return os.OpenFile(dir+".genesys-usage-"+rand.Text(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
}

// overwrite copies one file over another.
func overwrite(path, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
