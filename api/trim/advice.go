package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var (
	duplicate = regexp.MustCompile(`([\pL\pN_]+)(?: redeclared|' detected)`)
	// noise are lines of the generator and the compiler that do not tell the reason.
	noise = regexp.MustCompile(`(?m)^\s*(loading \./gen.*\n|exit status \d+|.*other declaration of .*\n?|` +
		`usage\.gen\.go:\d+:\d+: |Additionally, (?s:.*))`)

	punctuation = regexp.MustCompile(`[^\pL\pN]+`)
)

var errNoClient = errors.New("no client can be generated")

// advise returns why no client can be generated, in the words of the generator or the compiler,
// and actions for api/overlay.yaml that help.
func (e *toolError) advise(old, current object) error {
	old, current = get[object](old, "components", "schemas"), get[object](current, "components", "schemas")
	lines, actions := []string{e.Error()}, []string{}
	act := func(p place, format string, args ...any) {
		actions = append(actions, fmt.Sprintf("- {target: %q, update: {%s}}", p, fmt.Sprintf(format, args...)))
	}
	collisions, number := map[string]string{}, map[string]int{} // by goName
	for _, match := range duplicate.FindAllStringSubmatch(e.stderr, -1) {
		collisions[goName(match[1])] = match[1]
	}
	for _, p := range additions(old, current) {
		key := goName(cmp.Or(p.property, p.schema))
		if name, ok := collisions[key]; ok {
			number[key]++
			act(p, "x-go-name: %s%d", name, number[key]+1)
		}
		isRequired := slices.Contains(get[[]any](current, p.schema, "required"), any(p.property))
		refers := get[string](current, p.schema, "properties", p.property, "$ref") != ""
		if strings.Contains(e.stderr, "invalid recursive type") && refers && !isRequired {
			act(p, "x-go-type-skip-optional-pointer: false")
		}
		if strings.Contains(e.stderr, "did not match") && (p.property == "" || old[p.schema] != nil) {
			lines = append(lines, "New in the document: "+p.String())
		}
	}
	if len(actions) > 0 {
		lines = append(lines, "Add to api/overlay.yaml, with names of your choice, and run again:")
	}
	return fmt.Errorf("%w: %s", errNoClient, strings.Join(append(lines, actions...), "\n"))
}

// place is where a document has a schema or, if it is named, a property of one.
type place struct{ schema, property string }

// String returns the place as JSONPath.
func (p place) String() string {
	escape := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	path := "$.components.schemas['" + escape.Replace(p.schema) + "']"
	if p.property != "" {
		path += ".properties['" + escape.Replace(p.property) + "']"
	}
	return path
}

// additions returns the schemas and properties that only the current schemas have.
func additions(old, current object) (places []place) {
	for _, schema := range slices.Sorted(maps.Keys(current)) {
		if old[schema] == nil {
			places = append(places, place{schema, ""})
		}
		for _, property := range slices.Sorted(maps.Keys(get[object](current, schema, "properties"))) {
			if get[any](old, schema, "properties", property) == nil {
				places = append(places, place{schema, property})
			}
		}
	}
	return places
}

// goName returns a form that is the same for all names that become one name in Go.
func goName(name string) string { return strings.ToLower(punctuation.ReplaceAllString(name, "")) }
