package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
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

// Trimming api/usage.yaml again changes nothing, unless somebody has edited it.
func TestSpecIsTrimmed(t *testing.T) {
	spec := readFile(t, "../usage.yaml")
	if !bytes.Equal(withoutHeader(spec), mustTrim(t, spec, allOperations).spec) {
		t.Error("api/usage.yaml was edited: run go run ./api/trim")
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

// shuffled returns a value as JSON with the keys of all objects in random order.
func shuffled(random *rand.Rand, value any) string {
	switch value := value.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(value))
		random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		for i, key := range keys {
			keys[i] = fmt.Sprintf("%q:%s", key, shuffled(random, value[key]))
		}
		return "{" + strings.Join(keys, ",") + "}"
	case []any:
		items := make([]string, len(value))
		for i, item := range value {
			items[i] = shuffled(random, item)
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	data, _ := json.Marshal(value)
	return string(data)
}

// inYAML returns a JSON document as YAML.
func inYAML(t testing.TB, data []byte) []byte {
	t.Helper()
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	written, err := yaml.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return written
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
		check := func(name string, data []byte) {
			t.Run(file+" "+name, func(t *testing.T) {
				if got := mustTrim(t, data, allOperations).spec; !bytes.Equal(got, want) {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		}
		for seed := range uint64(5) {
			check("with its keys shuffled", []byte(shuffled(rand.New(rand.NewPCG(seed, 0)), tree)))
		}
		check("in YAML", inYAML(t, data))
		check("in OpenAPI 3", inOpenAPI3(t, data))
		check("in OpenAPI 3 and YAML", inYAML(t, inOpenAPI3(t, data)))
		check("trimmed already", want)
		check("with encoded $refs", bytes.ReplaceAll(data, []byte("#/definitions/Error"), []byte("#/definitions/%45rror")))
		check("with siblings of $refs",
			bytes.ReplaceAll(data, []byte(`{"$ref":`), []byte(`{"description":"ignored","$ref":`)))
	}
}

func TestFollowsReferences(t *testing.T) {
	spec := string(mustTrim(t, []byte(small), smallOperations).spec)
	for name := range strings.FieldsSeq(
		"Body Result InAllOf InProperty InAdditional InItems InResponse InDefault Inside Alias Aliased") {
		contains(t, "kept", spec, "\n    "+name+":\n")
	}
	contains(t, "an alias", spec, "\n    Alias:\n      $ref: '#/components/schemas/Aliased'\n")
	for _, name := range []string{"Dropped", "/other", "Other", "PureCloud OAuth", "x-originalParamName"} {
		equal(t, name+" is kept", strings.Contains(spec, name), false)
	}
}

func TestErrorsLeaveTheOldFile(t *testing.T) {
	for _, test := range []struct{ name, input, want string }{
		{"empty", "", "not an API document"},
		{"HTML", "<html><body>Bad gateway</body></html>", "not an API document"},
		{"neither JSON nor YAML", "{\"a\": [}", "neither a JSON object"},
		{"truncated", small[:len(small)/2], "neither a JSON object"},
		{"array", "[]", "not an API document"},
		{"another object", `{"a":1}`, "not an API document"},
		{"Swagger 1.2", `{"swagger":"1.2","paths":{}}`, `not an API document of swagger: "2.0" or openapi: "3.0.x"`},
		{"OpenAPI 3.1", `{"openapi":"3.1.0","paths":{}}`, `not an API document of swagger: "2.0" or openapi: "3.0.x"`},
		{"no paths", `{"swagger":"2.0"}`, "no paths"},
		{"operation gone", replaced(t, "postUsageQuery", "postUsageQuestion"), `no operation ["postUsageQuery"]`},
		{"dangling reference", replaced(t, "#/definitions/InItems", "#/definitions/Missing"), "not found"},
		{"dangling reference inside", replaced(t, "Inside/properties/deep", "Inside/properties/missing"),
			`$ref "#/definitions/Inside/properties/missing": not found`},
		{"reference out of the document", replaced(t, "#/definitions/InItems", "other.json#/X"),
			`"other.json#/X" does not point into the document`},
		{"reference with a bad escape", replaced(t, "#/definitions/InItems", "#/definitions/%zz"),
			`"#/definitions/%zz" does not point into the document`},
		{"reference to a section", replaced(t, "#/definitions/InItems", "#/definitions"),
			"does not point to a component"},
		{"reference to the paths", replaced(t, "#/definitions/InItems", "#/paths/~1q"), "does not point to a component"},
		{"null in what is kept", replaced(t, `"InItems": {`, `"InItems": null, "X": {`), "not found"},
		{"null property", replaced(t, `"self": {"$ref": "#/definitions/InItems"}`, `"self": null`), "not an API document"},
		{"type that is a number", replaced(t, `"InProperty": {"type": "object"}`, `"InProperty": {"type": 7}`),
			"not an API document"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := writeTemp(t, []byte("old"))
			code, stdout, stderr := trimSmall(t, test.input, "-o", file)
			equal(t, "exit code", code, exitError)
			equal(t, "standard output", stdout, "")
			contains(t, "standard error", stderr, test.want)
			equal(t, "file", string(readFile(t, file)), "old")
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
		{"example of another type", replaced(t, `"InAllOf": {"type": "object"}`,
			`"InAllOf": {"type": "object", "properties": {"a": {"type": "integer", "example": "one"}}}`),
			`schema "InAllOf": invalid example: value must be an integer`},
		{"no response", replaced(t, `{"200": {"description": "d"}}`, `{}`),
			"invalid path /r: invalid operation GET: the responses object MUST contain at least one response code"},
		{"response without a description", replaced(t, `"200": {"description": "d"}`, `"200": {}`), ""},
		{"invalid status", replaced(t, `"400": {`, `"4oo": {"description": "d"}, "400": {`), ""},
		{"null among the definitions", replaced(t, `"Dropped": {"type": "object"}`, `"Dropped": null`), ""},
		{"null properties", replaced(t, `"InAdditional": {"type": "object"}`,
			`"InAdditional": {"type": "object", "properties": null}`), ""},
		{"security scheme missing", replaced(t, `"PureCloud OAuth": {`, `"Pure": {`), ""},
		{"no title", replaced(t, `"title": "t", `, ""), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, stdout, stderr := trimSmall(t, test.input, "-o", "-")
			equal(t, "exit code", code, exitOK)
			contains(t, "standard output", stdout, "operationId: postUsageQuery")
			if test.warning != "" {
				contains(t, "standard error", stderr, "trim: warning: ")
			}
			contains(t, "standard error", stderr, test.warning)
		})
	}
}

func TestTruncatedAnywhere(t *testing.T) {
	for i := 0; i < len(small)-1; i += 7 {
		if d, err := trim([]byte(small[:i]), smallOperations); err == nil {
			t.Errorf("truncated at %d: %s", i, d.spec)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	for _, test := range []struct{ name, args, want string }{
		{"unknown flag", "-nonsense", "flag provided but not defined: -nonsense"},
		{"argument", "-check argument", `unexpected argument "argument"`},
		{"nothing to compare with", "-check -o -", "-check needs a file"},
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
	code, stdout, _ := runTrim(t, small, "-from", "-", "-o", "-", "-operations", "other")
	equal(t, "exit code", code, exitOK)
	contains(t, "-operations other", stdout, "Dropped:")
	equal(t, "postUsageQuery is kept", strings.Contains(stdout, "postUsageQuery"), false)
}

func TestOtherUsageOperationsAreListed(t *testing.T) {
	d := mustTrim(t, readFile(t, "testdata/upstream-2026.json"), allOperations)
	contains(t, "not kept", strings.Join(d.notKept, "\n"), "POST /api/v2/usage/simplesearch (postUsageSimplesearch)")
	contains(t, "not kept", strings.Join(d.notKept, "\n"), "GET /api/v2/usage/events/definitions ")
	_, stdout, _ := runTrim(t, string(readFile(t, "testdata/upstream-2026.json")),
		"-from", "-", "-o", filepath.Join(t.TempDir(), "new.yaml"))
	contains(t, "report", stdout, "Not kept: POST /api/v2/usage/simplesearch (postUsageSimplesearch)\n")
}

// Any input gives an error, or a document that can be loaded. Trimming that twice more gives
// the same document both times. (The first of these may drop a component that only an unknown
// key refers to, as the output has no unknown keys.)
// Run it with -fuzzminimizetime 10x: minimizing seeds of this size takes long.
func FuzzTrim(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(replaced(f, `"allOf": [`, `"unknown": [`)))
	f.Add(readFile(f, "testdata/fuzz.json"))
	f.Add([]byte("swagger: '2.0'\ninfo: {title: t, version: v1}\npaths:\n" +
		"  /q: {post: {operationId: postUsageQuery, responses: {200: {description: d}}}}\n" +
		"  /r: {get: {operationId: getUsageQueryExecutionIdResults, responses: {200: {description: 2020-01-01}}}}\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := trim(data, smallOperations)
		if err != nil {
			return
		}
		if _, err := openapi3.NewLoader().LoadFromData(d.spec); err != nil {
			t.Fatalf("%v\n%s", err, d.spec)
		}
		spec := d.spec
		for range 2 {
			if d, err = trim(spec, smallOperations); err != nil {
				t.Fatalf("trimmed again: %v\n%s", err, spec)
			}
			spec, d.spec = d.spec, spec
		}
		if !bytes.Equal(spec, d.spec) {
			t.Fatalf("trimmed a third time: %s\n%s", spec, d.spec)
		}
	})
}

// vendorSized returns a document of the size of the vendor's: 10 MB, 2,100 paths and
// 6,200 definitions.
func vendorSized(b *testing.B) []byte {
	b.Helper()
	var document map[string]any
	if err := json.Unmarshal(readFile(b, "testdata/upstream-2026.json"), &document); err != nil {
		b.Fatal(err)
	}
	copyAll := func(from map[string]any, n int, name func(string, int) string, rename func(string) string) {
		keys := slices.Sorted(maps.Keys(from))
		for i := 1; len(from) < n; i++ {
			for _, key := range keys {
				var value any
				_ = json.Unmarshal([]byte(rename(string(marshal(b, from[key])))), &value)
				from[name(key, i)] = value
			}
		}
	}
	n := 0
	copyAll(document["paths"].(object), 2100,
		func(path string, i int) string { return fmt.Sprintf("%s/copy%d", path, i) },
		func(s string) string {
			n++
			return strings.ReplaceAll(s, `"operationId":"`, fmt.Sprintf(`"operationId":"copy%d`, n))
		})
	copyAll(document["definitions"].(object), 6200,
		func(name string, i int) string { return fmt.Sprintf("%sCopy%d", name, i) },
		func(s string) string { return s })
	return marshal(b, document)
}

func BenchmarkTrim(b *testing.B) {
	data := vendorSized(b)
	v3 := inOpenAPI3(b, data)
	for _, format := range []struct {
		name string
		data []byte
	}{{"Swagger/JSON", data}, {"OpenAPI3/JSON", v3}, {"OpenAPI3/YAML", inYAML(b, v3)}} {
		b.Run(format.name, func(b *testing.B) {
			b.SetBytes(int64(len(format.data)))
			b.ReportAllocs()
			for b.Loop() {
				mustTrim(b, format.data, allOperations)
			}
		})
	}
}
