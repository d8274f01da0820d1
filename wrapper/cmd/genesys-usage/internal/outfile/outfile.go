// Package outfile writes files that appear complete or not at all.
package outfile

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File is an output. Its errors do not contain its name. It is not safe for concurrent use.
//
// When its context ends, its methods return the cause of that, even while the system waits for a reader or a disk. The
// caller calls Close and then Commit, or Abort.
type File struct {
	ctx  context.Context
	out  io.Writer
	file *os.File // out, if it is to be closed
	path string   // what file is to replace; "" if it is written directly
}

// Create returns a File that [File.Commit] puts in the place of a regular file, or of none, or at the end of symbolic
// links. Anything else, such as a device, a FIFO or the file that standard output goes to, is written directly. What
// cannot be written to is an error now. Opening a FIFO waits for its reader.
func Create(ctx context.Context, name string) (*File, error) {
	mode := fs.FileMode(0o666)
	info, err := os.Stat(name)
	if err == nil {
		// Opened once more, it would have a position of its own, and one output would be written over another.
		if open, err := os.Stdout.Stat(); err == nil && os.SameFile(info, open) {
			return Direct(ctx, os.Stdout), nil
		}
		var file *os.File
		err := await(ctx, func() (err error) { file, err = os.OpenFile(name, os.O_WRONLY, 0); return err })
		switch {
		case err != nil:
			return nil, err
		case !info.Mode().IsRegular():
			return &File{ctx: ctx, out: file, file: file}, nil
		}
		file.Close() // it can be written to
		mode = info.Mode().Perm()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, unwrapPathError(err)
	}
	path := resolve(name)
	file, err := createTemp(filepath.Dir(path), mode)
	if err != nil && info != nil {
		file, err = createTemp(os.TempDir(), mode) // nothing can be created beside the file
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("its folder does not exist")
	case err != nil:
		return nil, unwrapPathError(err)
	}
	return &File{ctx, file, file, path}, nil
}

// Direct returns a File that is written directly, and not closed.
func Direct(ctx context.Context, out io.Writer) *File { return &File{ctx: ctx, out: out} }

// Write implements [io.Writer].
func (f *File) Write(p []byte) (int, error) {
	if err := await(f.ctx, func() error { _, err := f.out.Write(p); return err }); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close closes the file: what was written is stored, and not in its place yet.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	return await(f.ctx, f.file.Close)
}

// Commit puts a closed file in its place, where it has the owner, mode and links of the one that it replaces. If that
// fails, the file stays, and the error names it.
func (f *File) Commit() error {
	if f.path == "" {
		return nil
	}
	from, path := f.file.Name(), f.path
	f.path = "" // Abort leaves it
	old, _ := os.Stat(path)
	err := errors.ErrUnsupported
	if old == nil || alike(from, old) {
		err = rename(from, path)
	}
	if err != nil && old != nil { // path may also be a mount point (EBUSY), or in another file system
		err = f.overwrite(path, from)
	}
	if err != nil {
		return fmt.Errorf("%w; the complete report is in %s", unwrapPathError(err), from)
	}
	return nil
}

// Abort closes the file and removes it, if Commit was not called. What was written directly stays.
func (f *File) Abort() {
	if f.file != nil {
		f.file.Close() // it may be closed
	}
	if f.path != "" {
		os.Remove(f.file.Name())
	}
}

// Same reports whether two names are of one file, whether or not it exists.
func Same(a, b string) bool { return resolve(a) == resolve(b) }

var rename = os.Rename // for tests

// resolve returns the absolute path of a file at the end of symbolic links, whether or not it exists.
func resolve(name string) string {
	path, _ := filepath.Abs(name)
	for range 40 {
		if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
			path = filepath.Join(dir, filepath.Base(path))
		}
		link, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return path
}

func createTemp(dir string, mode fs.FileMode) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, ".genesys-usage-"+rand.Text()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
}

// alike gives a file the mode of another one. It reports whether it can take its place: they have one owner, and the
// other one has no more links.
func alike(name string, other fs.FileInfo) bool {
	_ = os.Chmod(name, other.Mode())
	info, err := os.Stat(name)
	return err == nil && info.Mode() == other.Mode() && ownership(info) == ownership(other)
}

// overwrite copies one file over another, and removes it.
func (f *File) overwrite(path, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_WRONLY, 0) // its blocks are written over: they need no more room
	if err != nil {
		return err
	}
	n, err := io.Copy(&File{ctx: f.ctx, out: out}, in)
	if err == nil {
		err = out.Truncate(n)
	}
	if err = cmp.Or(err, out.Close()); err == nil {
		os.Remove(from)
	}
	return err
}

// await calls a function, and returns when that has or when ctx ends.
func await(ctx context.Context, call func() error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		return unwrapPathError(err)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// unwrapPathError removes the operation and the paths, one of which may be that of a temporary file.
func unwrapPathError(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err
	}
	return err
}
