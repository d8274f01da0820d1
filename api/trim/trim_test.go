package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"
)

// Trimming api/usage.yaml again changes no byte, unless somebody has edited it.
func TestSpecIsTrimmed(t *testing.T) {
	spec := readFile(t, "../usage.yaml")
	var tree object
	if err := yaml.Unmarshal(spec, &tree); err != nil {
		t.Fatal(err)
	}
	if got := mustTrim(t, marshal(t, tree), allOperations).spec; !bytes.Equal(got, spec) {
		t.Errorf("api/usage.yaml was edited, or is of an older version: run go run ./api/trim; got\n%s", got)
	}
}

func TestKeepsOperationsAndTheirComponents(t *testing.T) {
	const common = "ApiUsageQueryResult ApiUsageRow Detail DomainEntityRef ErrorBody Limit OrganizationPublicApiUsage " +
		"OrganizationPublicApiUsageQueryRequest OrganizationPublicApiUsageResultsResponse OrganizationUsageQueryResponse " +
		"UsageExecutionResult UsageQuerySortBy UserReference"
	for year, more := range map[string]string{"2019": " ApiUsageQuery", "2026": " ApiUsageOrganizationQuery Cursors"} {
		t.Run(year, func(t *testing.T) {
			document := mustTrim(t, readFile(t, "testdata/upstream-"+year+".json"), allOperations)
			spec, err := openapi3.NewLoader().LoadFromData(document.spec)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Fields(common + more)
			slices.Sort(want)
			equal(t, "schemas", fmt.Sprint(slices.Sorted(maps.Keys(spec.Components.Schemas))), fmt.Sprint(want))
			schemes := slices.Sorted(maps.Keys(spec.Components.SecuritySchemes))
			equal(t, "security schemes", fmt.Sprint(schemes), "[PureCloudOAuth]")
			equal(t, "paths", spec.Paths.Len(), 4)
			equal(t, "version", spec.OpenAPI, "3.0.3")
			equal(t, "warnings", len(document.warnings), 0)
			for path, item := range spec.Paths.Map() {
				for method, operation := range item.Operations() {
					equal(t, method+" "+path+": has 12 statuses", operation.Responses.Len() >= 12, true)
					equal(t, method+" "+path+": has security", operation.Security != nil, true)
					_, ok := operation.Extensions["x-inin-requires-permissions"]
					equal(t, method+" "+path+": has permissions", ok, true)
				}
			}
		})
	}
}

// inOpenAPI3 returns a Swagger 2.0 document as OpenAPI 3.
func inOpenAPI3(t testing.TB, data []byte) []byte {
	t.Helper()
	var v2 openapi2.T
	if err := json.Unmarshal(data, &v2); err != nil {
		t.Fatal(err)
	}
	v3, err := openapi2conv.ToV3(&v2)
	if err != nil {
		t.Fatal(err)
	}
	return marshal(t, v3)
}

func TestOutputDoesNotDependOnNotation(t *testing.T) {
	for _, file := range []string{"testdata/upstream-2019.json", "testdata/upstream-2026.json"} {
		data := readFile(t, file)
		want := mustTrim(t, data, allOperations).spec
		var tree any
		if err := json.Unmarshal(data, &tree); err != nil {
			t.Fatal(err)
		}
		replace := func(old, new string) []byte { return bytes.ReplaceAll(data, []byte(old), []byte(new)) }
		for name, data := range map[string][]byte{
			"OpenAPI 3":              inOpenAPI3(t, data),
			"siblings of $refs":      bytes.ReplaceAll(inOpenAPI3(t, data), []byte(`{"$ref":`), []byte(`{"description": "ignored", "$ref":`)),
			"allOf of one reference": bytes.ReplaceAll(marshal(t, tree), []byte(`{"$ref":"#/definitions/ErrorBody"}`), []byte(`{"nullable":true,"allOf":[{"$ref":"#/definitions/ErrorBody"}]}`)),
			"nullable of 3.0":        replace(`"type": "string"`, `"nullable": true, "type": "string"`),
			"nullable of 2.0":        replace(`"type": "string"`, `"x-nullable": true, "type": "string"`),
			"additionalProperties":   replace(`"properties": {`, `"additionalProperties": {"type": "string"}, "properties": {`),
		} {
			t.Run(file+" "+name, func(t *testing.T) {
				if got := mustTrim(t, data, allOperations).spec; !bytes.Equal(got, want) {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
}

// An allOf of one reference is the reference, unless something stands beside it that is no text.
func TestAllOfOfOneReference(t *testing.T) {
	for schema, want := range map[string]bool{
		`{"allOf": [{"$ref": "#/definitions/A"}], "description": "d", "nullable": true, "x-a": 1}`: true,
		`{"allOf": [{"$ref": "#/definitions/A"}], "minProperties": 3}`:                             false,
		`{"allOf": [{"$ref": "#/definitions/A"}, {"$ref": "#/definitions/B"}]}`:                    false,
		`{"allOf": [{"type": "object"}]}`:                                                          false,
	} {
		var node object
		if err := json.Unmarshal([]byte(schema), &node); err != nil {
			t.Fatal(err)
		}
		cleaned := (&pruner{}).clean(node, "")
		equal(t, schema+" is a reference", get[string](cleaned, "$ref") != "", want)
	}
}

func TestFollowsReferences(t *testing.T) {
	spec := string(mustTrim(t, []byte(small), smallOperations).spec)
	for name := range strings.FieldsSeq(
		"Body Result Simple InProperty InItems InResponse InDefault Inside Alias Aliased") {
		contains(t, "kept", spec, "\n    "+name+":\n")
	}
	for _, name := range []string{"Dropped", "InAdditional", "/other", "Other", "PureCloud OAuth", "x-originalParamName"} {
		equal(t, name+" is kept", strings.Contains(spec, name), false)
	}
}

func TestErrorsLeaveTheOldFile(t *testing.T) {
	for _, test := range []struct{ name, input, want string }{
		{"empty", "", "empty, not a JSON object"},
		{"HTML", "<html><body>Bad gateway</body></html>", "not a JSON object (text/html; charset=utf-8): "},
		{"gzip", "\x1f\x8b\x08\x00", "not a JSON object (application/x-gzip): "},
		{"YAML", "swagger: '2.0'\npaths: {}\n", "not a JSON object (text/plain; charset=utf-8): "},
		{"truncated", small[:len(small)/2], "unexpected EOF within"},
		{"two documents", small + small, fmt.Sprintf("after top-level value after offset %d", len(small))},
		{"text after it", small + "x", "after top-level value"},
		{"key that comes twice", replaced(t, `"version": "v1"`, `"title": "u"`),
			`duplicate object member name "title" within "/info"`},
		{"array", "[]", "not a JSON object"},
		{"another object", `{"a":1}`, "not an API document"},
		{"Swagger 1.2", `{"swagger":"1.2","paths":{}}`, `not an API document with swagger: "2.0" or openapi: "3.0.x"`},
		{"OpenAPI 3.1", `{"openapi":"3.1.0","paths":{}}`, `not an API document with swagger: "2.0" or openapi: "3.0.x"`},
		{"no paths", `{"swagger":"2.0"}`, "and paths"},
		{"operation gone", replaced(t, "postUsageQuery", "postUsageQuestion"), `no operation "postUsageQuery"`},
		{"dangling reference", replaced(t, "#/definitions/InItems", "#/definitions/Missing"), "not found"},
		{"reference out of the document", replaced(t, "#/definitions/InItems", "other.json#/X"),
			`disallowed external reference: "other.json#/X"`},
		{"reference with a bad escape", replaced(t, "#/definitions/InItems", "#/definitions/%zz"),
			`cannot parse reference: "#/components/schemas/%zz"`},
		{"null in what is kept", replaced(t, `"InItems": {`, `"InItems": null, "X": {`), "not found"},
		{"null property", replaced(t, `"self": {"$ref": "#/definitions/InItems"}`, `"self": null`), "not an API document"},
		{"type that is a number", replaced(t, `"InProperty": {"type": "object"}`, `"InProperty": {"type": 7}`),
			"not an API document"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := writeTemp(t, []byte("openapi: 3.0.3\n"))
			code, _, stderr := trimSmall(t, test.input, "-o", file)
			equal(t, "exit code", code, exitError)
			contains(t, "standard error", stderr, test.want)
			equal(t, "file", string(readFile(t, file)), "openapi: 3.0.3\n")
			entries, _ := os.ReadDir(filepath.Dir(file))
			equal(t, "files", len(entries), 1)
		})
	}
}

// A violation of the specification that the generator accepts is a warning.
func TestViolationsAreWarnings(t *testing.T) {
	for _, test := range []struct{ name, input, warning string }{
		{"default outside its enum", replaced(t, `"name": "p", "in": "query", "type": "string"`,
			`"name": "p", "in": "query", "type": "string", "enum": ["ascending"], "default": "ASC"`),
			`parameter "p" schema is invalid: invalid default: value is not one of the allowed values ["ascending"]`},
		{"example of another type", replaced(t, `"Simple": {"type": "object"}`,
			`"Simple": {"type": "object", "properties": {"a": {"type": "integer", "example": "one"}}}`),
			`schema "Simple": invalid example: value must be an integer`},
		{"no response", replaced(t, `{"200": {"description": "d"}}`, `{}`),
			"invalid path /r: invalid operation GET: the responses object MUST contain at least one response code"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, spec, stderr := trimSmall(t, test.input)
			equal(t, "exit code", code, exitOK)
			contains(t, "document", spec, "operationId: postUsageQuery")
			contains(t, "standard error", stderr, "trim: warning: ")
			contains(t, "standard error", stderr, test.warning)
		})
	}
}

func TestUsageErrors(t *testing.T) {
	for _, test := range []struct{ name, args, want string }{
		{"unknown flag", "-nonsense", "flag provided but not defined: -nonsense"},
		{"argument", "-check argument", `unexpected argument "argument"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, _, stderr := runTrim(t, "", strings.Fields(test.args)...)
			equal(t, "exit code", code, exitUsage)
			contains(t, "standard error", stderr, test.want)
		})
	}
	code, stdout, _ := runTrim(t, "", "-h")
	equal(t, "-h: exit code", code, exitOK)
	contains(t, "-h: standard output", stdout, "-operations")
}

func TestOperations(t *testing.T) {
	code, spec, _ := trimSmall(t, small, "-operations", "other")
	equal(t, "exit code", code, exitOK)
	contains(t, "-operations other", spec, "Dropped:")
	equal(t, "postUsageQuery is kept", strings.Contains(spec, "postUsageQuery"), false)
}

func TestOtherUsageOperationsAreListed(t *testing.T) {
	_, stdout, _ := runTrim(t, string(readFile(t, "testdata/upstream-2026.json")),
		"-from", "-", "-o", filepath.Join(t.TempDir(), "new.yaml"))
	contains(t, "report", stdout, "Not kept: POST /api/v2/usage/simplesearch (postUsageSimplesearch)\n")
}

// Any input gives an error, or a document that can be loaded, and that is the same when it is
// trimmed again.
// Run it with -fuzzminimizetime 10x: minimizing seeds of this size takes long.
func FuzzTrim(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(replaced(f, `"properties": {`, `"unknown": {`)))
	f.Add(readFile(f, "testdata/fuzz.json"))
	f.Fuzz(func(t *testing.T, data []byte) {
		root, err := parse(data)
		if err != nil {
			return
		}
		tools := &tools{ctx: t.Context(), dir: t.TempDir()}
		d, err := tools.trim(root, smallOperations, nil)
		if err != nil || len(operations(d.tree)) < 2 {
			return
		}
		trimmed := marshal(t, prune(d.tree, operations(d.tree))) // as update does
		if _, err := openapi3.NewLoader().LoadFromData(trimmed); err != nil {
			t.Fatalf("%v\n%s", err, trimmed)
		}
		if again := marshal(t, mustTrim(t, trimmed, smallOperations).tree); !bytes.Equal(again, trimmed) {
			t.Fatalf("trimmed again: %s\n%s", again, trimmed)
		}
	})
}
