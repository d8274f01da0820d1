package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	// These find errors of the generator and the compiler.
	unmatched = regexp.MustCompile(`selector "([^"]+)" did not match`)
	duplicate = regexp.MustCompile(`([\pL\pN_]+)(?: redeclared|' detected)`)
	noise     = regexp.MustCompile(`(?m)^\s*(loading \./gen.*|usage\.gen\.go:\d+:\d+: |exit status \d+)`)

	punctuation = regexp.MustCompile(`[^\pL\pN]+`)

	schemas = []string{"components", "schemas"}
)

// maxRounds is the limit of problems that are found one after the other.
const maxRounds = 20

// noClientError says why no client can be generated from a document, and what helps.
type noClientError struct{ text string }

func (e *noClientError) Error() string { return "no client can be generated: " + e.text }

// adviser finds why no client can be generated, and actions for api/overlay.yaml that help.
type adviser struct {
	old, current     object
	reasons, actions []string
}

// generateOrAdvise generates package gen from a document. Where that fails, it tries what it
// advises, until a client is generated.
func (t *tools) generateOrAdvise(spec []byte, old, current object) error {
	a := adviser{old: old, current: current}
	for range maxRounds {
		before := len(a.actions)
		t.generate(spec, a.actions)
		var failed *toolError
		if !errors.As(t.err, &failed) {
			break
		}
		t.err = nil
		a.addUnmatched(failed.stderr, filepath.Join(t.checkout, "api", "overlay.yaml"))
		a.addNames(failed.stderr)
		if strings.Contains(failed.stderr, " already declared at ") {
			a.addOperations()
		}
		if strings.Contains(failed.stderr, "invalid recursive type") {
			a.addCycles()
		}
		if len(a.actions) == before {
			if !unmatched.MatchString(failed.stderr) {
				a.reasons = append(a.reasons, failed.cause())
			}
			break
		}
	}
	if t.err != nil || len(a.reasons) == 0 {
		return t.err
	}
	lines := slices.Compact(a.reasons)
	if len(a.actions) > 0 {
		lines = append(lines, "Add to api/overlay.yaml, with names of your choice:")
	}
	return &noClientError{strings.Join(append(lines, a.actions...), "\n")}
}

// action returns an action of the overlay for what the tokens point to: YAML in one line.
func action(tokens []string, key string, value any) string {
	escaped := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(strings.Join(tokens, "\x00"))
	quoted, _ := json.Marshal("$['" + strings.ReplaceAll(escaped, "\x00", "']['") + "']")
	update, _ := json.Marshal(value)
	return fmt.Sprintf("- {target: %s, %s: %s}", quoted, key, update)
}

// act adds an action and its reason, the first time.
func (a *adviser) act(reason string, tokens []string, key string, value any) {
	if action := action(tokens, key, value); !slices.Contains(a.actions, action) {
		a.reasons, a.actions = append(a.reasons, reason), append(a.actions, action)
	}
}

// addOperations finds operations with the same operationId. The one that stands where it
// stood before stays.
func (a *adviser) addOperations() {
	isOld := func(o operation) bool {
		return slices.ContainsFunc(operations(a.old), func(was operation) bool { return was.id == o.id && was.isAt(o) })
	}
	all := operations(a.current)
	for _, o := range all {
		i := slices.IndexFunc(all, func(other operation) bool { return other.id == o.id && other.String() != o.String() })
		if i >= 0 && !isOld(o) && (isOld(all[i]) || all[i].String() < o.String()) {
			a.act(fmt.Sprintf("operationId %q is that of %s and of %s", o.id, all[i], o),
				[]string{"paths", o.path, o.method}, "remove", true)
		}
	}
}

// addUnmatched finds actions of the overlay without a target.
func (a *adviser) addUnmatched(stderr, file string) {
	overlay, _ := os.ReadFile(file)
	for _, match := range unmatched.FindAllStringSubmatch(stderr, -1) {
		before, _, _ := strings.Cut(string(overlay), "target: "+match[1]+"\n")
		a.reasons = append(a.reasons, fmt.Sprintf("api/overlay.yaml:%d: %s is not in the document, whose new schemas are %q",
			strings.Count(before, "\n")+1, match[1], newKeys(a.old, a.current, schemas)))
	}
}

// addNames finds new names that are in Go what another name is.
func (a *adviser) addNames(stderr string) {
	places := [][]string{schemas}
	for _, schema := range newKeys(nil, a.current, schemas) {
		places = append(places, slices.Concat(schemas, []string{schema, "properties"}))
	}
	for _, match := range duplicate.FindAllStringSubmatch(stderr, -1) {
		isOther := func(name string) bool { return goName(name) != goName(match[1]) }
		for _, place := range places {
			for i, name := range slices.DeleteFunc(newKeys(a.old, a.current, place), isOther) {
				a.act(fmt.Sprintf("the Go name %s is not that of %q alone", match[1], name),
					append(slices.Clip(place), name), "update", object{"x-go-name": fmt.Sprint(match[1], i+2)})
			}
		}
	}
}

// addCycles finds schemas that contain themselves by way of new properties, which become
// pointers.
func (a *adviser) addCycles() {
	for _, schema := range newKeys(nil, a.current, schemas) {
		references := a.references(a.old, schema)
		for _, property := range slices.Sorted(maps.Keys(references)) {
			if path := a.path(references[property], schema, nil); path != nil {
				a.act("a schema contains itself: "+strings.Join(append([]string{schema}, path...), " -> "),
					slices.Concat(schemas, []string{schema, "properties", property}),
					"update", object{"x-go-type-skip-optional-pointer": false})
			}
		}
	}
}

// references returns the properties of a schema that refer to a schema and that another
// document does not have.
func (a *adviser) references(other object, schema string) map[string]string {
	place, to := slices.Concat(schemas, []string{schema, "properties"}), map[string]string{}
	for _, property := range newKeys(other, a.current, place) {
		if reference, ok := lookup(a.current, append(slices.Clip(place), property, "$ref")...).(string); ok {
			to[property] = strings.TrimPrefix(reference, "#/components/schemas/")
		}
	}
	return to
}

// path returns the schemas on the way from one schema to another, by properties.
func (a *adviser) path(from, to string, via []string) []string {
	if slices.Contains(via, from) {
		return nil
	}
	if via = append(slices.Clip(via), from); from == to {
		return via
	}
	for _, next := range slices.Sorted(maps.Values(a.references(nil, from))) {
		if path := a.path(next, to, via); path != nil {
			return path
		}
	}
	return nil
}

// newKeys returns the keys at a place that only the current document has.
func newKeys(old, current object, place []string) []string {
	before, _ := lookup(old, place...).(object)
	after, _ := lookup(current, place...).(object)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(after)), func(key string) bool { return before[key] != nil })
}

// goName returns a form that is the same for all names that become one name in Go.
func goName(name string) string { return strings.ToLower(punctuation.ReplaceAllString(name, "")) }
