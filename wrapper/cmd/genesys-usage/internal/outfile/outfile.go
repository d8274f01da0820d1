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

// File is an output file. It is not safe for concurrent use.
type File struct {
	name string // as the caller has it
	to   io.Writer
	file *os.File // to close; nil for a File of New
	path string   // what file is to replace, or "" if it is written directly
}

// Error is an error of a File. All errors of this package are of this type.
type Error struct {
	Name string // of the file, as the caller has it
	Err  error
}

func (e *Error) Error() string { return e.Name + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// New returns a File that writes to an open writer, such as standard output, and does not close it.
func New(name string, to io.Writer) *File { return &File{name: name, to: to} }

// Create returns a File that [File.Commit] puts in the place of a regular file, or of none, or at the end of symbolic
// links. Anything else, such as a device, a FIFO or the file that standard output goes to, is written directly. What
// cannot be written to is an error now. Opening a FIFO waits for its reader until ctx ends. The caller closes the File.
func Create(ctx context.Context, name string) (*File, error) {
	info, err := os.Stat(name)
	if open := standard(info); open != nil {
		return New(name, open), nil
	}
	f := &File{name: name}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.path = follow(name)
		f.file, err = createTemp(f.path, 0o666) // less the umask
	case err != nil:
	case !info.Mode().IsRegular():
		f.file, err = openDirect(ctx, name)
	default:
		f.path = follow(name)
		f.file, err = createReplacement(f.path, info.Mode().Perm())
	}
	if err != nil {
		return nil, f.wrapErr(err)
	}
	f.to = f.file
	return f, nil
}

// Write implements [io.Writer].
func (f *File) Write(p []byte) (int, error) {
	n, err := f.to.Write(p)
	return n, f.wrapErr(err)
}

// Commit closes the file and puts it in its place.
func (f *File) Commit() error {
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	if err != nil || f.path == "" {
		return f.wrapErr(err)
	}
	if rename(f.file.Name(), f.path) != nil { // path is a mount point (EBUSY), or in another file system
		err = overwrite(f.path, f.file.Name())
	}
	return f.wrapErr(err)
}

// Close closes the file and removes what was not committed. What was written directly stays.
func (f *File) Close() error {
	if f.file != nil {
		f.file.Close() // after Commit, or of a file that goes
		if f.path != "" {
			os.Remove(f.file.Name())
		}
	}
	return nil
}

var rename = os.Rename // for tests

// wrapErr gives an error the name that the caller knows, in the place of a temporary file's.
func (f *File) wrapErr(err error) error {
	if err == nil {
		return nil
	}
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathErr.Err
	}
	return &Error{f.name, err}
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
