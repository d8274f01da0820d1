package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var (
	allOperations   = strings.Split(usageOperations, ",")
	smallOperations = allOperations[:2] // of the document small
)

// small is a document for tests to edit. It has a reference in each place that may have one.
const small = `{
  "swagger": "2.0",
  "info": {"title": "t", "version": "v1"},
  "host": "api.example.com",
  "schemes": ["https"],
  "securityDefinitions": {
    "PureCloud OAuth": {"type": "oauth2", "flow": "implicit", "authorizationUrl": "https://login.example.com",
      "scopes": {"a": "a"}},
    "Other": {"type": "apiKey", "in": "header", "name": "X"}
  },
  "parameters": {"p": {"name": "p", "in": "query", "type": "string"}},
  "responses": {"r": {"description": "r", "schema": {"$ref": "#/definitions/InResponse"}}},
  "paths": {
    "/q": {
      "parameters": [{"$ref": "#/parameters/p"}],
      "post": {
        "operationId": "postUsageQuery",
        "security": [{"PureCloud OAuth": ["a"]}],
        "parameters": [{"name": "body", "in": "body", "schema": {"$ref": "#/definitions/Body"}}],
        "responses": {
          "200": {"description": "d", "schema": {"$ref": "#/definitions/Result"}},
          "400": {"$ref": "#/responses/r"},
          "default": {"description": "d", "schema": {"$ref": "#/definitions/InDefault"}}
        }
      }
    },
    "/r": {"get": {"operationId": "getUsageQueryExecutionIdResults", "responses": {"200": {"description": "d"}}}},
    "/other": {"get": {"operationId": "other", "responses": {"200": {"description": "d",
      "schema": {"$ref": "#/definitions/Dropped"}}}}}
  },
  "definitions": {
    "Body": {
      "type": "object",
      "properties": {
        "$ref": {"type": "string"},
        "example": {"$ref": "#/definitions/InProperty"},
        "simple": {"$ref": "#/definitions/Simple"},
        "alias": {"$ref": "#/definitions/Alias"}
      },
      "example": {"$ref": "not a reference"}
    },
    "Result": {
      "type": "object",
      "additionalProperties": {"$ref": "#/definitions/InAdditional"},
      "properties": {
        "items": {"type": "array", "items": {"$ref": "#/definitions/InItems"}},
        "inside": {"$ref": "#/definitions/Inside"}
      }
    },
    "Simple": {"type": "object"},
    "InProperty": {"type": "object"},
    "InAdditional": {"type": "object"},
    "InResponse": {"type": "object"},
    "InDefault": {"type": "object"},
    "Alias": {"$ref": "#/definitions/Aliased"},
    "Aliased": {"type": "object"},
    "InItems": {"type": "object", "properties": {
      "self": {"$ref": "#/definitions/InItems"},
      "cycle": {"$ref": "#/definitions/Result"}
    }},
    "Inside": {"type": "object", "properties": {
      "deep": {"type": "object", "properties": {"x": {"$ref": "#/definitions/InProperty"}}}
    }},
    "Dropped": {"type": "object"}
  }
}`

// replaced returns the document small with the first occurrence of old replaced.
func replaced(t testing.TB, old, new string) string {
	t.Helper()
	if !strings.Contains(small, old) {
		t.Fatalf("%q is not in the document", old)
	}
	return strings.Replace(small, old, new, 1)
}

//go:embed testdata/upstream-2026.json
var upstream2026 []byte

// edited returns testdata/upstream-2026.json after an edit.
func edited(t testing.TB, edit func(document object)) []byte {
	t.Helper()
	var document object
	if err := json.Unmarshal(upstream2026, &document); err != nil {
		t.Fatal(err)
	}
	edit(document)
	return marshal(t, document)
}

// properties returns the properties of a definition, to be edited.
func properties(document object, definition string) object {
	return get[any](document, "definitions", definition, "properties").(object)
}

// rename renames a definition and the references to it.
func rename(document object, from, to string) {
	definitions := document["definitions"].(object)
	definitions[to] = definitions[from]
	delete(definitions, from)
	var walk func(any)
	walk = func(node any) {
		switch node := node.(type) {
		case object:
			if node["$ref"] == "#/definitions/"+from {
				node["$ref"] = "#/definitions/" + to
			}
			for _, value := range node {
				walk(value)
			}
		case []any:
			for _, value := range node {
				walk(value)
			}
		}
	}
	walk(document)
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeFile(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func writeTemp(t testing.TB, data []byte) (name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "usage.yaml")
	writeFile(t, name, data)
	return name
}

func marshal(t testing.TB, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// mustTrim returns a trimmed document.
func mustTrim(t testing.TB, data []byte, ids []string) *document {
	t.Helper()
	root, err := parse(data)
	if err != nil {
		t.Fatal(err)
	}
	tools := &tools{ctx: t.Context(), dir: t.TempDir()}
	d, err := tools.trim(root, ids, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.tree = prune(d.tree, operations(d.tree)) // as update does
	if d.spec, err = encode(d.tree); err != nil {
		t.Fatal(err)
	}
	return d
}

// updated compares testdata/upstream-2026.json, edited, with the output of checkout2026.
func updated(t *testing.T, edit func(document object)) (*document, error) {
	t.Helper()
	t.Chdir(checkout2026(t))
	root, err := parse(edited(t, edit))
	if err != nil {
		t.Fatal(err)
	}
	tools := &tools{ctx: t.Context(), dir: t.TempDir()}
	return tools.update(root, allOperations, readFile(t, "api/usage.yaml"))
}

// runTrim runs the command with an input on standard input.
func runTrim(t *testing.T, input string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(input), &out, &errs)
	return code, out.String(), errs.String()
}

// trimSmall runs the command on standard input, with the operations of the document small, and
// returns the content of the new file instead of the report.
func trimSmall(t *testing.T, input string, args ...string) (code int, spec, stderr string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "usage.yaml")
	args = append([]string{"-from", "-", "-operations", strings.Join(smallOperations, ","), "-o", file}, args...)
	code, _, stderr = runTrim(t, input, args...)
	data, _ := os.ReadFile(file) // there is none after an error
	return code, string(data), stderr
}

// contains checks that a text contains a substring.
func contains(t *testing.T, what, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("%s: got\n%.3000s\nwant %q in it", what, got, want)
	}
}

// equal checks that two values are equal.
func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
