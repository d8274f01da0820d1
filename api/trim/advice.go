package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	for { // as long as there is a new action
		before := len(a.actions)
		t.generate(spec, a.actions)
		var failed *toolError
		if !errors.As(t.err, &failed) {
			break
		}
		t.err = nil
		a.addUnmatched(failed.stderr)
		a.addNames(failed.stderr)
		if strings.Contains(failed.stderr, "invalid recursive type") {
			a.addCycles()
		}
		if len(a.actions) == before {
			if !unmatched.MatchString(failed.stderr) {
				a.reasons = append(a.reasons, failed.Error())
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
func action(tokens []string, update object) string {
	escaped := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(strings.Join(tokens, "\x00"))
	quoted, _ := json.Marshal("$['" + strings.ReplaceAll(escaped, "\x00", "']['") + "']")
	value, _ := json.Marshal(update)
	return fmt.Sprintf("- {target: %s, update: %s}", quoted, value)
}

// act adds an action and its reason, the first time.
func (a *adviser) act(reason string, tokens []string, update object) {
	if action := action(tokens, update); !slices.Contains(a.actions, action) {
		a.reasons, a.actions = append(a.reasons, reason), append(a.actions, action)
	}
}

// addUnmatched finds actions of the overlay without a target.
func (a *adviser) addUnmatched(stderr string) {
	for _, match := range unmatched.FindAllStringSubmatch(stderr, -1) {
		place := schemas
		for _, word := range punctuation.Split(match[1], -1) {
			if schema := append(slices.Clip(schemas), word, "properties"); get[any](a.current, schema...) != nil {
				place = schema
			}
		}
		a.reasons = append(a.reasons, fmt.Sprintf("api/overlay.yaml: %s is not in the document; "+
			"delete the action, or name in it what is new there: %q", match[1], newKeys(a.old, a.current, place)))
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
		for i, place := range places {
			if i > 0 && len(slices.DeleteFunc(newKeys(nil, a.current, place), isOther)) < 2 {
				continue // the fields of other types are no matter
			}
			for n, name := range slices.DeleteFunc(newKeys(a.old, a.current, place), isOther) {
				a.act(fmt.Sprintf("%q becomes %s in Go, which is taken", name, match[1]),
					append(slices.Clip(place), name), object{"x-go-name": fmt.Sprint(match[1], n+2)})
			}
		}
	}
}

// addCycles finds new properties by which schemas contain themselves. They become pointers.
func (a *adviser) addCycles() {
	for _, schema := range newKeys(nil, a.current, schemas) {
		place := slices.Concat(schemas, []string{schema, "properties"})
		for _, property := range newKeys(a.old, a.current, place) {
			target := append(slices.Clip(place), property)
			if path := a.path(referred(get[any](a.current, target...)), schema, nil); path != nil {
				a.act("a schema contains itself: "+strings.Join(append([]string{schema}, path...), " -> "),
					target, object{"x-go-type-skip-optional-pointer": false})
			}
		}
	}
}

// path returns the schemas on the way from one schema to another, by properties.
func (a *adviser) path(from, to string, via []string) []string {
	if slices.Contains(via, from) {
		return nil
	}
	if via = append(slices.Clip(via), from); from == to {
		return via
	}
	properties, _ := get[any](a.current, append(slices.Clip(schemas), from, "properties")...).(object)
	for _, property := range slices.Sorted(maps.Keys(properties)) {
		if path := a.path(referred(properties[property]), to, via); path != nil {
			return path
		}
	}
	return nil
}

// referred returns the name of the schema that a reference points to, or "".
func referred(node any) string {
	reference, _ := get[any](node, "$ref").(string)
	return strings.TrimPrefix(reference, "#/components/schemas/")
}

// newKeys returns the keys at a place that only the current document has.
func newKeys(old, current object, place []string) []string {
	before, _ := get[any](old, place...).(object)
	after, _ := get[any](current, place...).(object)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(after)), func(key string) bool { return before[key] != nil })
}

// goName returns a form that is the same for all names that become one name in Go.
func goName(name string) string { return strings.ToLower(punctuation.ReplaceAllString(name, "")) }
