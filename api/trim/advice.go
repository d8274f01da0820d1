package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var (
	// duplicate finds names of types, and names of fields.
	duplicate = regexp.MustCompile(`([\pL\pN_]+)(?: redeclared in this block|' detected)|([\pL\pN_]+) redeclared`)
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
	collisions, number := map[place]string{}, map[place]int{} // by goName of a schema, or of a property
	for _, match := range duplicate.FindAllStringSubmatch(e.stderr, -1) {
		collisions[place{goName(match[1]), goName(match[2])}] = match[1] + match[2]
	}
	for _, p := range additions(old, current) {
		key := place{"", goName(p.property)}
		if p.property == "" {
			key.schema = goName(p.schema)
		}
		if name, ok := collisions[key]; ok {
			number[key]++
			act(p, "x-go-name: %s%d", name, number[key]+1)
		}
		isRequired := slices.Contains(get[[]any](current, p.schema, "required"), any(p.property))
		target := referred(get[any](current, p.schema, "properties", p.property))
		if strings.Contains(e.stderr, "invalid recursive type") && !isRequired && reaches(current, target, p.schema, object{}) {
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

// reaches reports whether a schema is another one, or contains it by properties.
func reaches(schemas object, from, to string, seen object) bool {
	properties := slices.Collect(maps.Values(get[object](schemas, from, "properties")))
	isNew := seen[from] == nil
	seen[from] = true
	return from == to || isNew && slices.ContainsFunc(properties, func(property any) bool {
		return reaches(schemas, referred(property), to, seen)
	})
}

// referred returns the name of the schema that a reference points to, or "".
func referred(node any) string {
	return strings.TrimPrefix(get[string](node, "$ref"), "#/components/schemas/")
}

// goName returns a form that is the same for all names that become one name in Go.
func goName(name string) string { return strings.ToLower(punctuation.ReplaceAllString(name, "")) }
