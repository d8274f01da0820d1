package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// report is what changes for programs that import this module when a document takes
// the place of another.
type report struct {
	breaking, compatible []string
	same                 bool
}

// exitCode is that of -check.
func (r *report) exitCode() int {
	switch {
	case r.same:
		return exitOK
	case len(r.breaking) > 0:
		return exitBreaking
	}
	return exitCompatible
}

// String returns the report for people.
func (r *report) String() string {
	const major = "Breaking: programs that import this module may not compile or work. The next version is a major one."
	switch {
	case r.same:
		return "Nothing has changed.\n"
	case len(r.breaking)+len(r.compatible) == 0:
		return "Texts or order only: the next version is a patch.\n"
	}
	var text strings.Builder
	for _, section := range []struct {
		title   string
		changes []string
	}{{major, r.breaking}, {"Compatible: the next version is a minor one.", r.compatible}} {
		if len(section.changes) > 0 {
			fmt.Fprintf(&text, "%s\n  - %s\n", section.title, strings.Join(section.changes, "\n  - "))
		}
	}
	return text.String()
}

func (r *report) add(breaking bool, format string, args ...any) {
	if change := line(fmt.Sprintf(format, args...)); breaking {
		r.breaking = append(r.breaking, change)
	} else {
		r.compatible = append(r.compatible, change)
	}
}

// compare reports what a document changes that takes the place of the one in a file:
// in the exported API of package gen, on the wire, and in who may call an operation.
func compare(ctx context.Context, checkout, file string, after []byte) (*report, error) {
	before, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := &report{same: bytes.Equal(body(before), body(after))}
	if r.same {
		return r, nil
	}
	old, err := parse(before)
	if err != nil {
		return nil, fmt.Errorf("comparing with %s: %w", file, err)
	}
	current, err := parse(after)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(checkout, "api", "trim", "tools")); err != nil {
		return nil, fmt.Errorf("comparing: run this in the root of a checkout of the module: %w", err)
	}
	dir, err := os.MkdirTemp("", "trim")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	w := &workshop{ctx: ctx, checkout: checkout, dir: dir}
	w.write("before.yaml", before)
	w.write("after.yaml", after)
	apidiff := w.tool("apidiff")
	if w.generate(apidiff); w.err != nil {
		return nil, fmt.Errorf("no client can be generated: %w%s", w.err, w.advice(old, current))
	}
	r.addGo(w.run("", "", apidiff, "./gen", w.file("after")))
	r.addWire(w)
	r.addPermissions(permissions(old), permissions(current))
	return r, w.err
}

// body is a document without the comment at its head.
func body(document []byte) []byte {
	for bytes.HasPrefix(document, []byte("#")) {
		_, document, _ = bytes.Cut(document, []byte("\n"))
	}
	return document
}

// addGo adds what apidiff finds in the API that package gen exports, in its words.
func (r *report) addGo(changes string) {
	incompatible := false
	for text := range strings.Lines(changes) {
		if change, ok := strings.CutPrefix(text, "- "); ok {
			r.add(incompatible, "package gen: %s", change)
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

// addWire adds what oasdiff's changelog says, in its words. A change of a schema that
// many responses share is there for each of them: it is added once. Of its levels, those
// differ that call it an error when an enumeration grows, which clients are ready for, or
// when something is deprecated without a date.
func (r *report) addWire(w *workshop) {
	output := w.run("", "", w.tool("oasdiff"), "changelog", w.file("before.yaml"), w.file("after.yaml"),
		"--format", "json", "--allow-external-refs=false", "--severity-levels", "api/trim/tools/oasdiff-levels.txt")
	var changes []wireChange
	if output != "" && w.err == nil {
		w.err = json.Unmarshal([]byte(output), &changes)
	}
	same := func(c wireChange) wireChange {
		if c.BaseSource.Line+c.RevisionSource.Line > 0 {
			c.Text, c.Operation, c.Path = "", "", ""
		}
		return c
	}
	count := map[wireChange]int{}
	for _, c := range changes {
		count[same(c)]++
	}
	for _, c := range changes {
		more := ""
		if n := count[same(c)]; n > 1 {
			more = fmt.Sprintf(" (in %d places)", n)
		}
		if count[same(c)] > 0 {
			r.add(c.Level == 3, "%s%s", strings.TrimLeft(c.Operation+" "+c.Path+": "+c.Text, " :"), more)
		}
		delete(count, same(c))
	}
}

// addPermissions adds what changed in who may call an operation, which the vendor
// says in an extension.
func (r *report) addPermissions(before, after map[string][]string) {
	for _, id := range slices.Sorted(maps.Keys(before)) {
		for _, permission := range before[id] {
			if !slices.Contains(after[id], permission) {
				r.add(true, "%s: permission removed: %s", id, permission)
			}
		}
		for _, permission := range after[id] {
			if !slices.Contains(before[id], permission) {
				r.add(after[id][0] != "ANY of these", "%s: permission added: %s", id, permission)
			}
		}
	}
}

// permissions returns what each operation of a document requires: any or all of some
// permissions.
func permissions(document object) map[string][]string {
	all := map[string][]string{}
	paths, _ := document["paths"].(object)
	for path := range paths {
		for _, method := range methods {
			extension, _ := json.Marshal(lookup(paths, path, method, "x-inin-requires-permissions"))
			var required struct {
				Type        string
				Permissions []string
			}
			_ = json.Unmarshal(extension, &required) // of another shape: nothing is required
			if id, ok := lookup(paths, path, method, "operationId").(string); ok {
				all[id] = append([]string{required.Type + " of these"}, required.Permissions...)
			}
		}
	}
	return all
}
