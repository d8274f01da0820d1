//go:build soak

package main

import (
	"maps"
	"strings"
	"testing"
)

func init() { soak = true }

// The documents of both years, and one with all compatible and likely additions at once, give
// a client that everything compiles with, tests and examples included, without any edit by
// hand, and with which all tests pass.
func TestRegenerationNeedsNoEdits(t *testing.T) {
	for year, document := range map[string][]byte{
		"2019": readFile(t, "testdata/upstream-2019.json"), "2026, with additions": edited(t, addEverything),
	} {
		t.Run(year, func(t *testing.T) {
			t.Chdir(checkout2026(t))
			file := writeTemp(t, readFile(t, "api/usage.yaml"))
			_, stdout, stderr := runTrim(t, string(document), "-from", "-", "-o", file)
			equal(t, "standard error", stderr, "")
			equal(t, "lines are to be edited", strings.Contains(stdout, "To be edited"), false)
			dir := t.TempDir()
			copyModule(t, dir)
			generate(t, dir, document)
			goCommand(t, dir, "test", ".", "./gen", "./wrapper/...")
		})
	}
}

// addEverything adds a scalar, an array, objects and a map to both kinds of row, a value to
// each enum, and a field to error bodies.
func addEverything(document object) {
	text := object{"type": "string"}
	for _, row := range []string{"ApiUsageRow", "OrganizationPublicApiUsage"} {
		maps.Copy(properties(document, row), object{
			"addedCount":  object{"type": "integer", "format": "int64"},
			"addedList":   object{"type": "array", "items": text},
			"addedObject": object{"$ref": "#/definitions/Added"},
			"addedInside": object{"type": "object", "properties": object{"a": text}},
			"addedMap":    object{"type": "object", "additionalProperties": text},
		})
	}
	properties(document, "ErrorBody")["addedHelp"] = object{"type": "array", "items": text}
	definitions := document["definitions"].(object)
	definitions["Added"] = object{"type": "object", "properties": object{"a": text}}
	for _, definition := range definitions {
		fields, _ := definition.(object)["properties"].(object)
		for _, schema := range fields {
			schema := schema.(object)
			if items, ok := schema["items"].(object); ok {
				schema = items
			}
			if values, ok := schema["enum"].([]any); ok {
				schema["enum"] = append(values, "Added")
			}
		}
	}
}
