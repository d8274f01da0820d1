package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// tools runs the generator, the compiler, apidiff and oasdiff. After the first error, its
// methods do nothing.
type tools struct {
	ctx     context.Context
	dir     string // a temporary directory
	goflags string
	err     error
}

// path returns the path of a file in the temporary directory.
func (t *tools) path(name string) string { return filepath.Join(t.dir, name) }

// write writes a file in the temporary directory and returns its path.
func (t *tools) write(name string, data []byte) string {
	t.err = cmp.Or(t.err, os.WriteFile(t.path(name), data, 0o600))
	return t.path(name)
}

// run runs the go command in the root of the checkout and returns its output.
func (t *tools) run(args ...string) []byte {
	if t.err != nil {
		return nil
	}
	command := exec.CommandContext(t.ctx, "go", args...)
	// GOFLAGS: apidiff takes no flags of the go command. GOTMPDIR: go leaves files when it is interrupted.
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS="+t.goflags, "GOTMPDIR="+t.dir)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 5 * time.Second
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		message := strings.ReplaceAll(stderr.String(), t.dir+string(filepath.Separator), "")
		t.err = cmp.Or(t.ctx.Err(), error(&toolError{cmp.Or(strings.TrimSpace(message), err.Error())}))
	}
	return stdout.Bytes()
}

// toolError is what a command that failed printed.
type toolError struct{ stderr string }

// Error returns it in one line.
func (e *toolError) Error() string {
	text := strings.ReplaceAll(noise.ReplaceAllString(e.stderr, ""), "\n:", ":")
	lines := slices.Compact(strings.Split(strings.TrimSpace(text), "\n"))
	return fmt.Sprintf("%.1000s", oneLine(strings.Join(lines, "; ")))
}

// tool runs a tool of api/trim/tools. That is a module of its own, so that its dependencies
// are not in the module graph of programs that import this one.
func (t *tools) tool(args ...string) []byte {
	return t.run(append([]string{"tool", "-modfile=api/trim/tools/go.mod"}, args...)...)
}

// generate generates package gen from a document, as go generate does, for all commands that
// follow, and returns what apidiff says of the change.
func (t *tools) generate(document []byte) (changes string) {
	client, err := filepath.Abs("gen/usage.gen.go")
	t.err = cmp.Or(t.err, err)
	t.run("run", "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen",
		"-config", "api/oapi-codegen.yaml", "-o", t.path("usage.gen.go"), t.write("usage.yaml", document))
	t.tool("apidiff", "-w", t.path("old"), "./gen")
	replace := fmt.Appendf(nil, `{"Replace": {%q: %q}}`, client, t.path("usage.gen.go"))
	t.goflags = "'-overlay=" + t.write("replace.json", replace) + "'"
	return string(t.tool("apidiff", t.path("old"), "./gen"))
}

var compileError = regexp.MustCompile(`(?m)^([\w./\\-]+\.go:\d+):\d+: (.*)$`)

// broken returns the lines of this module, tests and examples included, that do not compile
// with the generated client.
func (t *tools) broken() (lines []string) {
	for _, dir := range []string{"", "wrapper/examples"} {
		output := t.run("-C", "./"+dir, "list", "-e", "-test", "-export", "-tags=soak,live", "-gcflags=-e",
			"-f", "{{with .Error}}{{.Err}}{{end}}", "./...")
		for _, match := range compileError.FindAllStringSubmatch(string(output), -1) {
			lines = append(lines, oneLine(filepath.Join(dir, match[1])+": "+match[2]))
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}
