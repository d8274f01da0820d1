package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// root is the root directory of the module.
var root, _ = filepath.Abs("../..")

// temporary is a directory for all tests.
var temporary string

func TestMain(m *testing.M) {
	var err error
	if temporary, err = os.MkdirTemp("", "trim"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(temporary)
	os.Exit(code)
}

var once sync.Once

// checkout2026 returns a checkout of this module generated from testdata/upstream-2026.json:
// tests that compare with it do not depend on what api/usage.yaml was made from.
func checkout2026(t *testing.T) (checkout string) {
	t.Helper()
	checkout = filepath.Join(temporary, "checkout")
	once.Do(func() {
		copyModule(t, checkout)
		generate(t, checkout, upstream2026)
	})
	return checkout
}

// generate regenerates a checkout from a document.
func generate(t *testing.T, dir string, document []byte) {
	t.Helper()
	writeFile(t, filepath.Join(dir, "api", "usage.yaml"), mustTrim(t, document, allOperations).spec)
	goCommand(t, dir, "generate", ".")
}

// soak reports whether the tests run with the tag soak.
var soak bool

// copyModule copies the files of this module into dir, other than the sources of this
// command, whose tests would run themselves. Without the tag soak it leaves out the command
// genesys-usage too, which takes the longest to compile.
func copyModule(t *testing.T, dir string) {
	t.Helper()
	module := os.DirFS(root)
	err := fs.WalkDir(module, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && strings.HasPrefix(name, "."), name == "wrapper/cmd" && !soak:
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(dir, name), 0o755)
		case path.Dir(name) == "api/trim", !entry.Type().IsRegular():
			return nil
		}
		data, err := fs.ReadFile(module, name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name), data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func goCommand(t *testing.T, dir string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", args...)
	command.Dir = dir
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, output)
	}
}
