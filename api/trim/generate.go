package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// commandTimeout bounds each command that is run.
const commandTimeout = 2 * time.Minute

// workshop is a folder for what is made of two documents, before.yaml and after.yaml,
// on the way to comparing them. After the first error, its methods do nothing.
type workshop struct {
	ctx           context.Context
	checkout, dir string // of this module, and of the files
	err           error
}

// run runs a command in a folder of the checkout and returns its output.
func (w *workshop) run(folder, goflags, name string, args ...string) string {
	if w.err != nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(w.ctx, commandTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = filepath.Join(w.checkout, folder)
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS="+goflags)
	var output, problem bytes.Buffer
	command.WaitDelay = time.Second // go run leaves its child the pipes
	command.Stdout, command.Stderr = &output, &problem
	if err := command.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		w.err = fmt.Errorf("%w\n%s", err, strings.TrimSpace(strings.ReplaceAll(problem.String(), w.file(""), "")))
	}
	return output.String()
}

// tool returns the file of a command of api/trim/tools. That is a module of its own, so
// that nothing of it gets into the module graph of programs that import this one.
func (w *workshop) tool(name string) string {
	return strings.TrimSpace(w.run("api/trim/tools", "", "go", "tool", "-n", name))
}

// file returns the path of a file in the folder.
func (w *workshop) file(name string) string { return w.dir + string(filepath.Separator) + name }

// write writes a file into the folder.
func (w *workshop) write(name string, data []byte) {
	if w.err == nil {
		w.err = os.WriteFile(w.file(name), data, 0o600)
	}
}

// generate makes package gen of after.yaml, as go generate would, and writes the API
// that it exports to the file after.
func (w *workshop) generate(apidiff string) {
	w.run("", "", "go", "run", "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen",
		"-config", "api/oapi-codegen.yaml", "-o", w.file("usage.gen.go"), w.file("after.yaml"))
	gen, err := filepath.Abs(filepath.Join(w.checkout, "gen", "usage.gen.go"))
	replace, _ := json.Marshal(map[string]map[string]string{"Replace": {gen: w.file("usage.gen.go")}})
	if w.err == nil {
		w.err = err
	}
	w.write("replace.json", replace)
	w.run("", "'-overlay="+w.file("replace.json")+"'", apidiff, "-w", w.file("after"), "./gen")
}
