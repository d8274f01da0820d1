package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// tools runs the generator, apidiff and oasdiff. After the first error, its methods do
// nothing.
type tools struct {
	ctx      context.Context
	checkout string // of this module: where commands are run
	dir      string // a temporary directory
	err      error
}

// path returns the path of a file in the temporary directory.
func (t *tools) path(name string) string { return t.dir + string(filepath.Separator) + name }

// run runs the go command and returns its output.
func (t *tools) run(goflags string, args ...string) []byte {
	if t.err != nil {
		return nil
	}
	command := exec.CommandContext(t.ctx, "go", args...)
	command.Dir = t.checkout
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS="+goflags)
	command.WaitDelay = time.Second // a child of go run keeps the pipes open
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		message := strings.ReplaceAll(stderr.String(), t.path(""), "")
		t.err = fmt.Errorf("%w\n%.2000s", cmp.Or(t.ctx.Err(), err), strings.TrimSpace(message))
	}
	return stdout.Bytes()
}

// tool runs a tool of api/trim/tools. That is a module of its own, so that its dependencies
// are not in the module graph of programs that import this one.
func (t *tools) tool(goflags string, args ...string) []byte {
	return t.run(goflags, append([]string{"tool", "-modfile=api/trim/tools/go.mod"}, args...)...)
}

// generate generates package gen from a document, as go generate would, and exports its API
// to the file api.
func (t *tools) generate(document []byte) {
	spec, source, overlay := t.path("usage.yaml"), t.path("usage.gen.go"), t.path("overlay.json")
	replace := fmt.Appendf(nil, `{"Replace": {"gen/usage.gen.go": %q}}`, source)
	t.err = errors.Join(os.WriteFile(spec, document, 0o600), os.WriteFile(overlay, replace, 0o600))
	t.run("", "run", "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen",
		"-config", "api/oapi-codegen.yaml", "-o", source, spec)
	t.tool("'-overlay="+overlay+"'", "apidiff", "-w", t.path("api"), "./gen")
}
