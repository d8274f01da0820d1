package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// foreignExtensions are not the vendor's own. Most of them change what oapi-codegen generates.
var foreignExtensions = object{
	"x-go-type-import":          object{"path": "net/http/pprof", "name": "_"},
	"x-go-type":                 "pprof.Handler",
	"x-go-type-name":            "APIUsageRow",
	"x-go-name":                 "Status500",
	"x-go-json-ignore":          true,
	"x-oapi-codegen-extra-tags": object{"json": "other"},
	"x-enum-varnames":           []any{"B", "A"},
	"x-order":                   1,
	"x-omitempty":               true,
	"x-extensible-enum":         []any{"a"},
	"x-ininother":               "a prefix without its hyphen",
	"x-originalParamName":       "body",
	"X-Go-Type":                 "pprof.Handler",
	"X-GO-NAME":                 "Status500",
}

// Extensions other than the vendor's own do not change the output.
func TestForeignExtensionsAreDropped(t *testing.T) {
	want := mustTrim(t, []byte(small), smallOperations).spec
	for _, place := range []string{
		"", "info", "paths", "paths /q", "paths /q post", "paths /q post responses 200", "paths /q post responses",
		"paths /q post responses 200 schema", "parameters p", "responses r", "securityDefinitions PureCloud_OAuth",
		"definitions Result", "definitions Result properties items", "definitions Result properties items items",
		"definitions Result additionalProperties", "definitions Simple",
	} {
		t.Run(place, func(t *testing.T) {
			var document object
			if err := json.Unmarshal([]byte(small), &document); err != nil {
				t.Fatal(err)
			}
			tokens := strings.Fields(place)
			for i, token := range tokens {
				tokens[i] = strings.ReplaceAll(token, "_", " ")
			}
			node := get[any](document, tokens...).(object)
			maps.Copy(node, foreignExtensions)
			if got := mustTrim(t, marshal(t, document), smallOperations).spec; !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestVendorExtensionsStay(t *testing.T) {
	const extension = `"x-inin-requires-permissions": {"type": "ANY", "permissions": ["a:b"]}, `
	spec := string(mustTrim(t, []byte(replaced(t, `"operationId": "postUsageQuery",`,
		extension+`"X-PureCloud-Method-Name": "m", "operationId": "postUsageQuery",`)), smallOperations).spec)
	contains(t, "permissions", spec, "\n      x-inin-requires-permissions:\n        permissions:\n          - a:b\n")
	contains(t, "method name", spec, "\n      x-purecloud-method-name: m\n")
}

// Only the keys of the specification's own objects can be extensions.
func TestNamesLikeExtensionsStay(t *testing.T) {
	for _, test := range []struct{ name, input, want string }{
		{"property", replaced(t, `"inside": {`, `"x-go-name": {"type": "string"}, "inside": {`),
			"        x-go-name:\n          type: string\n"},
		{"property with a reference", replaced(t, `"inside": {"$ref": "#/definitions/Inside"}`,
			`"x-originalParamName": {"$ref": "#/definitions/Inside"}`),
			"        x-originalParamName:\n          $ref: '#/components/schemas/Inside'\n"},
		{"required property", replaced(t, `"Simple": {"type": "object"}`,
			`"Simple": {"type": "object", "required": ["x-order"], "properties": {"x-order": {"type": "integer"}}}`),
			"        x-order:\n          type: integer\n      required:\n        - x-order\n"},
		{"parameter", replaced(t, `"name": "p"`, `"name": "x-go-type"`), "      name: x-go-type\n"},
		{"global parameter",
			strings.ReplaceAll(replaced(t, `"p": {`, `"x-p": {`), "#/parameters/p", "#/parameters/x-p"), "    x-p:\n"},
		{"definition", strings.ReplaceAll(small, "InItems", "x-in-items"), "    x-in-items:\n"},
		{"header", replaced(t, `"200": {"description": "d"}`,
			`"200": {"description": "d", "headers": {"x-order": {"type": "string"}}}`), "            x-order:\n"},
		{"security scheme of all operations", strings.ReplaceAll(replaced(t, `"host":`, `"security": [{"x-auth": []}], "host":`),
			"PureCloud OAuth", "x-auth"), "\nsecurity:\n  - x-auth: []\n"},
		{"path", replaced(t, `"/q": {`, `"/x-go-name": {`), "  /x-go-name:\n"},
		{"property named example", small, "        example:\n          $ref: '#/components/schemas/InProperty'\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			contains(t, "spec", string(mustTrim(t, []byte(test.input), smallOperations).spec), test.want)
		})
	}
}

// controls are unprintable characters in JSON's notation: an escape sequence, a bell, a C1
// control, a right-to-left override, a line separator, NUL, a carriage return.
const controls = `\u001b[31m\u0007\u009b\u202e\u2028\u0000\r`

func TestTextsHaveNoControlCharacters(t *testing.T) {
	input := strings.NewReplacer(
		`"description": "`, `"description": "a\tb\n`+controls,
		`"title": "t"`, `"title": "`+controls+`"`,
		`"version": "v1"`, `"version": "`+controls+`"`,
		`"operationId": "postUsageQuery"`, `"summary": "`+controls+`", "tags": ["`+controls+`"],
			"x-inin-requires-permissions": {"permissions": ["`+controls+`"], "`+controls+`": 1},
			"operationId": "postUsageQuery"`,
		`"example": {`, `"example": {"a": "`+controls+`", "`+controls+`": 1, `,
		`"Simple": {"type": "object"`, `"Simple": {"type": "string", "pattern": "`+controls+`", "default": "`+controls+`"`,
		`"https://login.example.com"`, `"https://login.example.com/`+controls+`"`,
	).Replace(small)
	code, spec, stderr := trimSmall(t, input)
	equal(t, "exit code", code, exitOK)
	contains(t, "description", spec, "description: |-")
	hasNoControls(t, "document", spec)
	hasNoControls(t, "standard error", stderr)
	var tree yaml.Node
	if err := yaml.Unmarshal([]byte(spec), &tree); err != nil {
		t.Fatal(err)
	}
	var walk func(*yaml.Node)
	walk = func(node *yaml.Node) {
		hasNoControls(t, "a scalar of the output", node.Value)
		for _, below := range node.Content {
			walk(below)
		}
	}
	walk(&tree)
}

func hasNoControls(t *testing.T, what, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' {
			t.Errorf("%s has %U in %q", what, r, text)
			return
		}
	}
}

// Neither an error nor a warning contains control characters, or a line of the document's.
func TestErrorsHaveNoControlCharacters(t *testing.T) {
	const evil = controls + `\n::error::x`
	for name, input := range map[string]string{
		"name of a property":   replaced(t, `"inside":`, `"`+evil+`":`),
		"base path":            replaced(t, `"host":`, `"basePath": "/`+evil+`", "host":`),
		"name of a path":       replaced(t, `"/q":`, `"/q`+evil+`":`),
		"name of a definition": strings.ReplaceAll(small, "InItems", evil),
		"name of a parameter":  replaced(t, `"name": "p"`, `"name": "`+evil+`"`),
		"operation":            replaced(t, `"postUsageQuery"`, `"`+evil+`"`),
		"reference":            replaced(t, `"#/definitions/InItems"`, `"#/definitions/`+evil+`"`),
		"type":                 replaced(t, `"InProperty": {"type": "object"}`, `"InProperty": {"type": {"`+evil+`": 1}}`),
		"key that comes twice": replaced(t, `"title": "t"`, `"`+evil+`": 1, "`+evil+`": 2`),
		"not JSON":             strings.NewReplacer(`\u001b`, "\x1b", `\n`, "\n").Replace(evil),
	} {
		t.Run(name, func(t *testing.T) {
			_, spec, stderr := trimSmall(t, input)
			for text := range strings.Lines(spec + "\n" + stderr) {
				hasNoControls(t, "output", text)
				equal(t, "a line starts with ::", strings.HasPrefix(text, "::"), false)
			}
		})
	}
}
