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
	"path/filepath"
	"slices"
	"strings"
)

// report lists what a new document changes for programs that import this module.
type report struct {
	same                 bool
	breaking, compatible []string
}

// exitCode returns the exit code of -check.
func (r *report) exitCode() int {
	switch {
	case r.same:
		return exitOK
	case len(r.breaking) > 0:
		return exitBreaking
	}
	return exitCompatible
}

// String returns the report as text.
func (r *report) String() string {
	if r.same {
		return "Nothing has changed.\n"
	}
	text := ""
	if len(r.breaking) > 0 {
		text = "Breaking: programs that import this module may not compile or work. The next version is a major one." +
			"\n  - " + strings.Join(r.breaking, "\n  - ") + "\n"
	}
	if len(r.compatible) > 0 {
		text += "Compatible: the next version is a minor one.\n  - " + strings.Join(r.compatible, "\n  - ") + "\n"
	}
	return cmp.Or(text, "Texts or order only: the next version is a patch.\n")
}

func (r *report) add(breaking bool, change string) {
	if change = oneLine(change); breaking {
		r.breaking = append(r.breaking, change)
	} else {
		r.compatible = append(r.compatible, change)
	}
}

// compare returns what changes when a document replaces the one in a file: in the exported
// API of package gen, on the wire, and in the permissions that operations require.
func compare(ctx context.Context, checkout, file string, after []byte) (*report, error) {
	before, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := &report{same: bytes.Equal(withoutHeader(before), withoutHeader(after))}
	if r.same {
		return r, nil
	}
	old, err := parse(before)
	current, afterErr := parse(after)
	_, toolsErr := os.Stat(filepath.Join(checkout, "api", "trim", "tools"))
	if err = errors.Join(err, afterErr, toolsErr); err != nil {
		return nil, fmt.Errorf("comparing with %s, in the root of a checkout: %w", file, err)
	}
	dir, err := os.MkdirTemp("", "trim")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	t := &tools{ctx: ctx, checkout: checkout, dir: dir}
	if t.generate(after); t.err != nil {
		return nil, fmt.Errorf("no client can be generated: %w%s", t.err, t.advice(old, current))
	}
	r.addGo(t.tool("", "apidiff", "./gen", t.path("api")))
	output := t.tool("", "oasdiff", "changelog", file, t.path("usage.yaml"), "--format", "json",
		"--allow-external-refs=false", "--severity-levels", "api/trim/tools/oasdiff-levels.txt")
	var changes []wireChange
	if t.err == nil && len(output) > 0 {
		t.err = json.Unmarshal(output, &changes)
	}
	r.addWire(changes)
	r.addPermissions(old, current)
	return r, t.err
}

// withoutHeader returns a document without the comment at its head.
func withoutHeader(document []byte) []byte {
	for bytes.HasPrefix(document, []byte("#")) {
		_, document, _ = bytes.Cut(document, []byte("\n"))
	}
	return document
}

// addGo adds the changes that apidiff reports of package gen, in its words.
func (r *report) addGo(output []byte) {
	incompatible := false
	for text := range strings.Lines(string(output)) {
		if change, ok := strings.CutPrefix(text, "- "); ok {
			r.add(incompatible, "package gen: "+change)
		} else {
			incompatible = strings.HasPrefix(text, "Incompatible")
		}
	}
}

// wireChange is an entry of oasdiff's changelog.
type wireChange struct {
	ID, Text, Operation, Path  string
	Level                      int // 3 is an error: it breaks clients
	BaseSource, RevisionSource struct{ Line int }
}

// origin returns the change without its place. A change of a schema is in the changelog
// once for each response that contains the schema.
func (c wireChange) origin() wireChange {
	if c.BaseSource.Line+c.RevisionSource.Line > 0 {
		c.Text, c.Operation, c.Path = "", "", ""
	}
	return c
}

// addWire adds the changes of oasdiff's changelog, in its words, and of those with the same
// origin the first. Levels of its own are replaced for new values of enums, which clients
// of this module accept, and for deprecations without a date.
func (r *report) addWire(changes []wireChange) {
	places := map[wireChange]int{}
	for _, c := range changes {
		places[c.origin()]++
	}
	for _, c := range changes {
		text := strings.TrimLeft(c.Operation+" "+c.Path+": "+c.Text, " :")
		if n := places[c.origin()]; n > 1 {
			text += fmt.Sprintf(" (in %d places)", n)
		}
		if places[c.origin()] > 0 {
			r.add(c.Level == 3, text)
		}
		delete(places, c.origin())
	}
}

// addPermissions adds the operations that require other permissions. One more of which any
// suffices is compatible.
func (r *report) addPermissions(old, current object) {
	paths, _ := old["paths"].(object)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for _, method := range methods {
			before, after := requirement(old, path, method), requirement(current, path, method)
			isMissing := func(permission string) bool { return !slices.Contains(after.Permissions, permission) }
			wider := before.Type == "ANY" && after.Type == "ANY" && !slices.ContainsFunc(before.Permissions, isMissing)
			if before.String() != after.String() {
				r.add(!wider, fmt.Sprintf("%s %s: required permissions changed from %s to %s",
					strings.ToUpper(method), path, before, after))
			}
		}
	}
}

// permissions are ANY or ALL of some permissions.
type permissions struct {
	Type        string
	Permissions []string
}

func (p permissions) String() string { return fmt.Sprintf("%s%q", p.Type, p.Permissions) }

// requirement returns the permissions that an operation requires: an extension of the vendor's.
func requirement(document object, path, method string) (required permissions) {
	extension, _ := json.Marshal(lookup(document, "paths", path, method, "x-inin-requires-permissions"))
	_ = json.Unmarshal(extension, &required) // in another form: none
	slices.Sort(required.Permissions)
	return required
}
