package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// report is what changed between two documents, by what it means.
type report struct {
	changes map[level][]string
	same    bool
}

// level returns the gravest of the changes.
func (r *report) level() level {
	for _, l := range []level{breaking, compatible} {
		if len(r.changes[l]) > 0 {
			return l
		}
	}
	return other
}

// String is the report for people.
func (r *report) String() string {
	if r.same {
		return "Nothing has changed.\n"
	}
	var b strings.Builder
	for _, section := range []struct {
		level level
		title string
	}{
		{breaking, "Breaking: programs that import this module may not compile or work. The next version is a major one."},
		{compatible, "Compatible: the next version is a minor one."},
		{other, "Other: nothing that programs see. The next version is a patch."},
	} {
		if len(r.changes[section.level]) == 0 {
			continue
		}
		fmt.Fprintln(&b, section.title)
		for _, change := range r.changes[section.level] {
			fmt.Fprintf(&b, "  - %s\n", change)
		}
	}
	return b.String()
}

func (r *report) add(l level, format string, args ...any) {
	r.changes[l] = append(r.changes[l], fmt.Sprintf(format, args...))
}

// compare reports what the new document changes. oasdiff, which does the
// comparing, has a module of its own, so that nothing of it gets into the module
// graph of programs that import this one.
func compare(ctx context.Context, before, after []byte) (*report, error) {
	r := &report{changes: map[level][]string{}}
	if bytes.Equal(body(before), body(after)) {
		r.same = true
		return r, nil
	}
	dir, err := os.MkdirTemp("", "trim")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	files := [2]string{filepath.Join(dir, "before.yaml"), filepath.Join(dir, "after.yaml")}
	if err := errors.Join(os.WriteFile(files[0], before, 0o600), os.WriteFile(files[1], after, 0o600)); err != nil {
		return nil, err
	}
	var entries []entry
	if err := oasdiff(ctx, files, &entries); err != nil {
		return nil, err
	}
	names, err := goNamesOfCheckout()
	if err != nil {
		return nil, err
	}
	r.addEntries(entries, names, before, after)
	if err := r.addPermissions(before, after); err != nil {
		return nil, err
	}
	if len(r.changes) == 0 {
		r.add(other, "texts or order")
	}
	for _, changes := range r.changes {
		slices.Sort(changes)
	}
	return r, nil
}

// body is a document without the comment at its head.
func body(document []byte) []byte {
	for bytes.HasPrefix(document, []byte("#")) {
		_, document, _ = bytes.Cut(document, []byte("\n"))
	}
	return document
}

// entry is a change as oasdiff tells it.
type entry struct {
	ID             string `json:"id"`
	Text           string `json:"text"`
	Level          int    `json:"level"`
	Operation      string `json:"operation"`
	OperationID    string `json:"operationId"`
	Path           string `json:"path"`
	BaseSource     source `json:"baseSource"`
	RevisionSource source `json:"revisionSource"`
}

// source is where in a document a change is.
type source struct {
	Line int `json:"line"`
}

// oasdiffTool is how oasdiff is run, in the folder of its module.
var oasdiffTool = goTool

var goTool = []string{"go", "tool", "oasdiff"}

// oasdiff lists the changes between two files.
func oasdiff(ctx context.Context, files [2]string, into *[]entry) error {
	module, err := oasdiffModule()
	if err != nil {
		return err
	}
	command := append(slices.Clip(oasdiffTool), "changelog", files[0], files[1], "--format", "json", "--allow-external-refs=false")
	run := exec.CommandContext(ctx, command[0], command[1:]...)
	run.Dir = module
	run.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	var output, problem bytes.Buffer
	run.Stdout, run.Stderr = &output, &problem
	if err := run.Run(); err != nil {
		return fmt.Errorf("comparing with oasdiff: %w: %s", err, bytes.TrimSpace(problem.Bytes()))
	}
	if len(bytes.TrimSpace(output.Bytes())) == 0 {
		return nil // no changes
	}
	if err := json.Unmarshal(output.Bytes(), into); err != nil {
		return fmt.Errorf("reading what oasdiff found: %w", err)
	}
	return nil
}

// oasdiffModule finds oasdiff's module in the checkout that this runs in.
func oasdiffModule() (string, error) {
	root, err := checkout()
	return filepath.Join(root, "api", "trim", "oasdiff"), err
}

// goNamesOfCheckout reads the generated file of the checkout that this runs in.
func goNamesOfCheckout() (goNames, error) {
	root, err := checkout()
	if err != nil {
		return nil, err
	}
	return readGoNames(filepath.Join(root, "gen", "usage.gen.go"))
}

// checkout finds the checkout of this module.
func checkout() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "api", "trim", "oasdiff", "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("comparing needs api/trim/oasdiff: run this in a checkout of the module")
		}
		dir = parent
	}
}

// place tells changes apart: one of a schema that many answers share is reported
// by oasdiff for each of them.
type place struct {
	id                    string
	where                 string // unless a document says it
	beforeLine, afterLine int
}

func (e entry) place() place {
	p := place{id: e.ID, beforeLine: e.BaseSource.Line, afterLine: e.RevisionSource.Line}
	if p.beforeLine == 0 && p.afterLine == 0 {
		p.where = e.Operation + e.Path + e.Text
	}
	return p
}

// addEntries adds what oasdiff lists, each change once.
func (r *report) addEntries(entries []entry, names goNames, before, after []byte) {
	said := map[string]bool{}
	count := map[place]int{}
	for _, e := range entries {
		count[e.place()]++
	}
	for _, e := range entries {
		n := count[e.place()]
		if n == 0 {
			continue // reported
		}
		if words := names.say(e); words != "" {
			if !said[words] {
				said[words] = true
				r.add(levelOf(e.ID, e.Level), "%s", words)
			}
			continue
		}
		delete(count, e.place())
		where := e.OperationID
		if strings.HasPrefix(e.ID, "api-") || strings.HasPrefix(e.ID, "endpoint-") || where == "" {
			where = strings.TrimSpace(where + " " + e.Operation + " " + e.Path)
		}
		if schema := cmp.Or(schemaAt(after, e.RevisionSource.Line), schemaAt(before, e.BaseSource.Line)); n > 1 && schema != "" {
			where = schema
		}
		if where != "" {
			where += ": "
		}
		more := ""
		if n > 1 {
			more = fmt.Sprintf(" (in %d places)", n)
		}
		r.add(levelOf(e.ID, e.Level), "%s%s%s", where, e.Text, more)
	}
}

// schemaAt names the schema that a line of a document is in, as this command
// lays documents out: schemas are the last but one part, indented by four.
func schemaAt(document []byte, line int) string {
	if line == 0 {
		return ""
	}
	name := ""
	inSchemas := false
	for i, text := range strings.Split(string(document), "\n") {
		indent := len(text) - len(strings.TrimLeft(text, " "))
		switch {
		case indent <= 2:
			inSchemas = text == "  schemas:"
			name = ""
		case indent == 4 && inSchemas:
			name = strings.TrimSuffix(strings.TrimSpace(text), ":")
		}
		if i+1 == line {
			return name
		}
	}
	return ""
}

// addPermissions adds what changed in who may call an operation, which the
// vendor says in an extension.
func (r *report) addPermissions(before, after []byte) error {
	old, err := permissions(before)
	if err != nil {
		return err
	}
	current, err := permissions(after)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(old)) {
		now, ok := current[id]
		if !ok {
			continue // the operation is gone, which is reported as that
		}
		if old[id].Type != now.Type {
			r.add(breaking, "%s: of the permissions, %s are needed where %s were", id, now.Type, old[id].Type)
		}
		for _, permission := range old[id].Permissions {
			if !slices.Contains(now.Permissions, permission) {
				r.add(breaking, "%s: the permission `%s` is gone", id, permission)
			}
		}
		for _, permission := range now.Permissions {
			if !slices.Contains(old[id].Permissions, permission) {
				l := compatible
				if now.Type != "ANY" {
					l = breaking // one more that is needed
				}
				r.add(l, "%s: new permission `%s`", id, permission)
			}
		}
	}
	return nil
}

// required is the vendor's extension of an operation.
type required struct {
	Type        string   `yaml:"type"`
	Permissions []string `yaml:"permissions"`
}

// permissions returns what each operation of a document requires.
func permissions(document []byte) (map[string]required, error) {
	var spec struct {
		Paths map[string]map[string]yaml.Node `yaml:"paths"`
	}
	if err := yaml.Unmarshal(document, &spec); err != nil {
		return nil, err
	}
	all := map[string]required{}
	for _, item := range spec.Paths {
		for key, node := range item {
			if !slices.Contains(methods, key) {
				continue
			}
			var operation struct {
				ID       string   `yaml:"operationId"`
				Required required `yaml:"x-inin-requires-permissions"`
			}
			if err := node.Decode(&operation); err != nil {
				return nil, err
			}
			all[operation.ID] = operation.Required
		}
	}
	return all, nil
}
