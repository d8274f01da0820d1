// Package outfile writes files that appear complete or not at all.
package outfile

import (
	"cmp"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File is an output file. Its errors do not contain its name. It is not safe for concurrent use. Close, Commit and
// Abort of a nil File do nothing.
type File struct {
	file *os.File
	path string // what file is to replace; "" if it is written directly
}

// Create returns a File that [File.Commit] puts in the place of a regular file, or of none, or at the end of symbolic
// links. Anything else, such as a device, a FIFO or the file that standard output goes to, is written directly. What
// cannot be written to is an error now. Opening a FIFO waits for its reader. The caller calls Close and then Commit, or
// Abort.
func Create(name string) (*File, error) {
	mode := fs.FileMode(0o666)
	info, err := os.Stat(name)
	if err == nil {
		// Opened once more, it would have a position of its own, and one output would be written over another.
		if open, err := os.Stdout.Stat(); err == nil && os.SameFile(info, open) {
			return &File{file: os.Stdout}, nil
		}
		file, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil || !info.Mode().IsRegular() {
			return &File{file: file}, unwrapPathError(err)
		}
		file.Close() // it can be written to
		mode = info.Mode().Perm()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, unwrapPathError(err)
	}
	f := &File{path: resolve(name)}
	if f.file, err = createTemp(filepath.Dir(f.path), mode); err != nil && info != nil {
		f.file, err = createTemp(os.TempDir(), mode) // nothing can be created beside the file
	}
	if errors.Is(err, fs.ErrNotExist) {
		return f, errors.New("its folder does not exist")
	}
	return f, unwrapPathError(err)
}

// Write implements [io.Writer].
func (f *File) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	return n, unwrapPathError(err)
}

// Close closes the file: what was written is stored, and not in its place yet. Standard output stays open.
func (f *File) Close() error {
	if f == nil || f.file == os.Stdout {
		return nil
	}
	return unwrapPathError(f.file.Close())
}

// Commit puts a closed file in its place.
func (f *File) Commit() error {
	if f == nil || f.path == "" || rename(f.file.Name(), f.path) == nil {
		return nil
	}
	// path is a mount point (EBUSY), or in another file system.
	return unwrapPathError(overwrite(f.path, f.file.Name()))
}

// Abort closes the file and removes it, if it was not committed. What was written directly stays.
func (f *File) Abort() {
	_ = f.Close() // it may be closed
	if f != nil && f.path != "" {
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

// overwrite copies one file over another, and removes it.
func overwrite(path, from string) error {
	defer os.Remove(from)
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
	return cmp.Or(err, out.Close())
}

// unwrapPathError removes the operation and the path, which may be that of a temporary file.
func unwrapPathError(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
