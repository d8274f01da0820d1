package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
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

var (
	// Of the stored documents, whatever else is kept of the live one.
	usageOperations = []string{"postUsageQuery", "getUsageQueryExecutionIdResults", "postUsageAggregatesQueryJobs", "getUsageAggregatesQueryJob"}
	smallOperations = usageOperations[:2] // of the small document
)

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func mustTrim(t testing.TB, data []byte, operations []string) []byte {
	t.Helper()
	spec, _, err := trimmed(data, operations)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// The spec in the repository is what trim makes: trimming it again changes nothing.
func TestNoDrift(t *testing.T) {
	spec := readFile(t, "../usage.yaml")
	if !bytes.Equal(body(spec), mustTrim(t, spec, strings.Split(kept, ","))) {
		t.Error("api/usage.yaml is not what trim makes: it was edited")
	}
}

func TestKeepsWhatTheOperationsReach(t *testing.T) {
	for file, want := range map[string][]string{
		"testdata/upstream-2019.json": {"ApiUsageQuery", "ApiUsageQueryResult", "ApiUsageRow", "Detail", "DomainEntityRef", "ErrorBody", "Limit", "OrganizationPublicApiUsage", "OrganizationPublicApiUsageQueryRequest",
			"OrganizationPublicApiUsageResultsResponse", "OrganizationUsageQueryResponse", "UsageExecutionResult", "UsageQuerySortBy", "UserReference"},
		"testdata/upstream-2026.json": {"ApiUsageOrganizationQuery", "ApiUsageQueryResult", "ApiUsageRow", "Cursors", "Detail", "DomainEntityRef", "ErrorBody", "Limit", "OrganizationPublicApiUsage", "OrganizationPublicApiUsageQueryRequest",
			"OrganizationPublicApiUsageResultsResponse", "OrganizationUsageQueryResponse", "UsageExecutionResult", "UsageQuerySortBy", "UserReference"},
	} {
		spec, err := openapi3.NewLoader().LoadFromData(mustTrim(t, readFile(t, file), usageOperations))
		if err != nil {
			t.Fatal(err)
		}
		var schemas, schemes []string
		for name := range spec.Components.Schemas {
			schemas = append(schemas, name)
		}
		for name := range spec.Components.SecuritySchemes {
			schemes = append(schemes, name)
		}
		slices.Sort(schemas)
		if !slices.Equal(schemas, want) || !slices.Equal(schemes, []string{"PureCloudOAuth"}) || spec.Paths.Len() != 4 || spec.OpenAPI != "3.0.3" {
			t.Errorf("%s: OpenAPI %s, %d paths, schemas %v, schemes %v", file, spec.OpenAPI, spec.Paths.Len(), schemas, schemes)
		}
		for path, item := range spec.Paths.Map() {
			for method, operation := range item.Operations() {
				if n := operation.Responses.Len(); n != 13 && n != 12 {
					t.Errorf("%s %s: %d statuses", method, path, n)
				}
				if operation.Extensions["x-inin-requires-permissions"] == nil || operation.Security == nil {
					t.Errorf("%s %s: no permissions or security", method, path)
				}
			}
		}
	}
}

// shuffled writes JSON with the keys of all objects in a random order.
func shuffled(random *rand.Rand, value any) string {
	switch value := value.(type) {
	case map[string]any:
		keys := make([]string, 0, len(value))
		for key := range value {
			keys = append(keys, key)
		}
		slices.Sort(keys)
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

// inYAML writes a document as YAML, with the version as a number, as people do.
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
	return bytes.Replace(written, []byte(`swagger: "2.0"`), []byte("swagger: 2.0"), 1)
}

// inOpenAPI3 converts a whole document.
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
	converted, err := json.Marshal(v3)
	if err != nil {
		t.Fatal(err)
	}
	return converted
}

func TestSameBytesHoweverItIsWritten(t *testing.T) {
	for _, file := range []string{"testdata/upstream-2019.json", "testdata/upstream-2026.json"} {
		data := readFile(t, file)
		want := mustTrim(t, data, usageOperations)
		var tree any
		if err := json.Unmarshal(data, &tree); err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(5) {
			if got := mustTrim(t, []byte(shuffled(rand.New(rand.NewPCG(seed, 0)), tree)), usageOperations); !bytes.Equal(got, want) {
				t.Errorf("%s: other bytes with its keys shuffled", file)
			}
		}
		for name, other := range map[string][]byte{
			"in YAML":               inYAML(t, data),
			"in OpenAPI 3":          inOpenAPI3(t, data),
			"in OpenAPI 3 and YAML": inYAML(t, inOpenAPI3(t, data)),
			"trimmed already":       want,
			"with encoded $refs":    bytes.ReplaceAll(data, []byte("#/definitions/Error"), []byte("#/definitions/%45rror")),
			"with texts at $refs":   bytes.ReplaceAll(data, []byte(`{"$ref":`), []byte(`{"description":"a text","$ref":`)),
		} {
			if got := mustTrim(t, other, usageOperations); !bytes.Equal(got, want) {
				t.Errorf("%s: other bytes %s", file, name)
			}
		}
	}
}

// small is a document to change in tests. Its query is reached by a $ref in each
// place that may hold one.
const small = `{"swagger":"2.0","info":{"title":"t","version":"v1"},"host":"api.example.com","schemes":["https"],
"securityDefinitions":{"PureCloud OAuth":{"type":"oauth2","flow":"implicit","authorizationUrl":"https://login.example.com","scopes":{"a":"a"}},"Other":{"type":"apiKey","in":"header","name":"X"}},
"parameters":{"p":{"name":"p","in":"query","type":"string"}},
"responses":{"r":{"description":"r","schema":{"$ref":"#/definitions/InResponse"}}},
"paths":{"/q":{"parameters":[{"$ref":"#/parameters/p"}],"post":{"operationId":"postUsageQuery","security":[{"PureCloud OAuth":["a"]}],
"parameters":[{"name":"body","in":"body","schema":{"$ref":"#/definitions/Body"}}],"responses":{"200":{"description":"d","schema":{"$ref":"#/definitions/Result"}},"400":{"$ref":"#/responses/r"}}}},
"/r":{"get":{"operationId":"getUsageQueryExecutionIdResults","responses":{"200":{"description":"d"}}}},
"/other":{"get":{"operationId":"other","responses":{"200":{"description":"d","schema":{"$ref":"#/definitions/Dropped"}}}}}},
"definitions":{
"Body":{"allOf":[{"$ref":"#/definitions/InAllOf"},{"type":"object","properties":{"$ref":{"type":"string"},"example":{"$ref":"#/definitions/InProperty"}}}],"example":{"$ref":"not a reference"}},
"Result":{"type":"object","additionalProperties":{"$ref":"#/definitions/InAdditional"},"properties":{"items":{"type":"array","items":{"$ref":"#/definitions/InItems"}},"inside":{"$ref":"#/definitions/Inside/properties/deep"}}},
"InAllOf":{"type":"object"},"InProperty":{"type":"object"},"InAdditional":{"type":"object"},"InResponse":{"type":"object"},
"InItems":{"type":"object","properties":{"self":{"$ref":"#/definitions/InItems"},"cycle":{"$ref":"#/definitions/Result"}}},
"Inside":{"type":"object","properties":{"deep":{"type":"object","properties":{"x":{"$ref":"#/definitions/InProperty"}}}}},
"Dropped":{"type":"object"}}}`

func TestFollowsReferences(t *testing.T) {
	spec := string(mustTrim(t, []byte(small), smallOperations))
	for _, kept := range []string{"Body", "Result", "InAllOf", "InProperty", "InAdditional", "InItems", "InResponse", "Inside"} {
		if !strings.Contains(spec, "\n    "+kept+":\n") {
			t.Errorf("%s is not kept", kept)
		}
	}
	for _, dropped := range []string{"Dropped", "/other", "Other", "PureCloud OAuth", "x-originalParamName"} {
		if strings.Contains(spec, dropped) {
			t.Errorf("%s is kept", dropped)
		}
	}
	if t.Failed() {
		t.Log(spec)
	}
}

// arguments runs the command with a document on standard input.
func arguments(t *testing.T, input string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, problems bytes.Buffer
	args = append([]string{"-operations", strings.Join(smallOperations, ",")}, args...)
	code = run(t.Context(), args, strings.NewReader(input), &out, &problems)
	return code, out.String(), problems.String()
}

func TestErrorsLeaveTheOldFile(t *testing.T) {
	replaced := func(old, new string) string {
		if !strings.Contains(small, old) {
			t.Fatalf("%s is not there to be replaced", old)
		}
		return strings.Replace(small, old, new, 1)
	}
	for _, test := range []struct{ name, input, want string }{
		{"empty", "", "not an API document"},
		{"HTML", "<html><body>Bad gateway</body></html>", "not an API document"},
		{"neither JSON nor YAML", "{\"a\": [}", "neither JSON"},
		{"cut", small[:len(small)/2], "neither JSON"},
		{"array", "[]", "not an API document"},
		{"another object", `{"a":1}`, "not an API document"},
		{"Swagger 1.2", `{"swagger":"1.2","paths":{}}`, "swagger 1.2 is not read"},
		{"OpenAPI 3.1", `{"openapi":"3.1.0","paths":{}}`, "OpenAPI 3.1.0 is not read"},
		{"no paths", `{"swagger":"2.0"}`, "no paths"},
		{"operation gone", replaced("postUsageQuery", "postUsageQuestion"), "no operation postUsageQuery"},
		{"dangling reference", replaced("#/definitions/InItems", "#/definitions/Missing"), `$ref "#/definitions/Missing": nothing at definitions/Missing`},
		{"dangling reference inside", replaced("Inside/properties/deep", "Inside/properties/missing"), "nothing at definitions/Inside/properties/missing"},
		{"reference out of the document", replaced("#/definitions/InItems", "other.json#/X"), "points out of the document"},
		{"reference with a bad escape", replaced("#/definitions/InItems", "#/definitions/%zz"), "%zz"},
		{"reference to the paths", replaced("#/definitions/InItems", "#/paths/~1q"), "points to no component"},
		{"reference to itself", replaced(`"InAllOf":{"type":"object"}`, `"InAllOf":{"$ref":"#/definitions/InAllOf"}`), "InAllOf"},
		{"security scheme gone", replaced(`"PureCloud OAuth":{`, `"Pure":{`), `security scheme "PureCloud OAuth"`},
		{"null schema", replaced(`"Dropped":{"type":"object"}`, `"Dropped":null`), ""},
		{"null in what is kept", replaced(`"InItems":{`, `"InItems":null,"X":{`), "nothing at definitions/InItems"},
		{"null properties", replaced(`"InAdditional":{"type":"object"}`, `"InAdditional":{"type":"object","properties":null}`), ""},
		{"null property", replaced(`"self":{"$ref":"#/definitions/InItems"}`, `"self":null`), "not a valid API document"},
		{"a type that is none", replaced(`"InProperty":{"type":"object"}`, `"InProperty":{"type":7}`), "not a valid API document"},
		{"no title", replaced(`"title":"t",`, ""), "not a valid API document"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "usage.yaml")
			if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			if test.want == "" { // not an error: it is not kept, or means nothing
				if code, _, stderr := arguments(t, test.input, "-from", "-", "-o", "-"); code != 0 {
					t.Errorf("exit %d, %s", code, stderr)
				}
				return
			}
			code, stdout, stderr := arguments(t, test.input, "-from", "-", "-o", file)
			entries, _ := os.ReadDir(dir)
			if code != 1 || stdout != "" || !strings.Contains(stderr, test.want) || string(readFile(t, file)) != "old" || len(entries) != 1 {
				t.Errorf("exit %d, %s%s, %d files", code, stdout, stderr, len(entries))
			}
		})
	}
}

func TestCutAnywhere(t *testing.T) {
	for _, document := range [][]byte{[]byte(small), mustTrim(t, []byte(small), smallOperations)} {
		for i := 0; i < len(document)-1; i += 7 {
			if spec, _, err := trimmed(document[:i], smallOperations); err == nil && len(document)-i > 100 && document[0] == '{' {
				t.Errorf("cut at %d: %s", i, spec)
			}
		}
	}
}

func TestWritesWholeFilesOnly(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "usage.yaml")
	if code, _, stderr := arguments(t, small, "-from", "-", "-o", filepath.Join(dir, "missing", "usage.yaml")); code != 1 || stderr == "" {
		t.Errorf("a folder that is not there: exit %d, %s", code, stderr)
	}
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(file, []byte("x")); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files are left over", len(entries))
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := arguments(t, small, "-from", "-", "-o", file)
	if code != 0 || !strings.Contains(stdout, "is new") {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
	if got := string(readFile(t, file)); !strings.HasPrefix(got, "# Code generated by \"go run ./api/trim\"; DO NOT EDIT.\n") ||
		!strings.Contains(got, `# From: standard input (info.version "v1")`) {
		t.Errorf("%.300s", got)
	}
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{{"-nonsense"}, {"argument"}, {"-operations", ""}, {"-operations", ","}, {"-from", ""}, {"-o", ""}, {"-check", "-o", "-"}} {
		if code, _, stderr := arguments(t, "", args...); code != 2 || stderr == "" {
			t.Errorf("%q: exit %d, %s", args, code, stderr)
		}
	}
	if code, _, stderr := arguments(t, "", "-h"); code != 0 || !strings.Contains(stderr, "-operations") {
		t.Errorf("-h: exit %d, %s", code, stderr)
	}
}

func TestOperations(t *testing.T) {
	code, stdout, stderr := arguments(t, small, "-from", "-", "-o", "-", "-operations", "other")
	if code != 0 || !strings.Contains(stdout, "Dropped:") || strings.Contains(stdout, "postUsageQuery") {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
}

func TestHeaderNamesNoMachine(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]string{
		"-":                            "standard input",
		upstream:                       upstream,
		"testdata/x.json":              "testdata/x.json",
		"./testdata/../x.json":         "x.json",
		filepath.Join(here, "x.json"):  "x.json",
		"/somewhere/else/swagger.json": "swagger.json",
		"../../swagger.json":           "swagger.json",
	} {
		if got := origin(from); got != want {
			t.Errorf("%s is named %s, want %s", from, got, want)
		}
	}
}

func TestFetch(t *testing.T) {
	var handler http.HandlerFunc
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) { handler(w, request) }))
	defer server.Close()

	handler = func(w http.ResponseWriter, request *http.Request) {
		if agent := request.UserAgent(); agent != userAgent {
			t.Errorf("User-Agent: %s", agent)
		}
		io.WriteString(w, small)
	}
	code, stdout, stderr := arguments(t, "", "-from", server.URL+"/swagger", "-o", "-")
	if code != 0 || !strings.Contains(stdout, "# From: "+server.URL+"/swagger") {
		t.Errorf("exit %d, %.200s%s", code, stdout, stderr)
	}

	handler = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	if code, _, stderr := arguments(t, "", "-from", server.URL, "-o", "-"); code != 1 || !strings.Contains(stderr, "503 Service Unavailable") {
		t.Errorf("503: exit %d, %s", code, stderr)
	}

	handler = func(w http.ResponseWriter, _ *http.Request) { // small on the wire, and endless once it is decompressed
		w.Header().Set("Content-Encoding", "gzip")
		compressed := gzip.NewWriter(w)
		blanks := bytes.Repeat([]byte(" "), 1<<20)
		for range maxDocument>>20 + 1 {
			if _, err := compressed.Write(blanks); err != nil {
				return
			}
		}
		compressed.Close()
	}
	if code, _, stderr := arguments(t, "", "-from", server.URL, "-o", "-"); code != 1 || !strings.Contains(stderr, "larger than 64 MiB") {
		t.Errorf("too large: exit %d, %s", code, stderr)
	}

	server.Close()
	if code, _, stderr := arguments(t, "", "-from", server.URL, "-o", "-"); code != 1 || !strings.Contains(stderr, server.URL) {
		t.Errorf("not reachable: exit %d, %s", code, stderr)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fetch(ctx, "http://127.0.0.1:1"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if code, _, stderr := arguments(t, "", "-from", "missing.json", "-o", "-"); code != 1 || !strings.Contains(stderr, "missing.json") {
		t.Errorf("no such file: exit %d, %s", code, stderr)
	}
}

// Whatever comes in: an error, or a document that is valid and stays the same
// when it is trimmed again. Run it with -fuzzminimizetime 10x: minimizing seeds
// of this size takes long.
func FuzzTrim(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(`{"openapi":"3.0.1","info":{"title":"t","version":"1"},"paths":{"/q":{"post":{"operationId":"postUsageQuery","responses":{"200":{"description":"d"}}}},"/r":{"get":{"operationId":"getUsageQueryExecutionIdResults","responses":{"default":{"description":"d","content":{"application/json":{"schema":{"$ref":"#/components/schemas/A"}}}}}}}},"components":{"schemas":{"A":{"oneOf":[{"$ref":"#/components/schemas/A"}],"discriminator":{"propertyName":"p","mapping":{"a":"#/components/schemas/A"}}}}}}`))
	f.Add([]byte("swagger: 2.0\ninfo: {title: t, version: 1}\npaths:\n  /q: {post: {operationId: postUsageQuery, responses: {200: {description: d}}}}\n  /r: {get: {operationId: getUsageQueryExecutionIdResults, responses: {200: {description: 2020-01-01}}}}\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		spec, _, err := trimmed(data, usageOperations)
		if err != nil {
			return
		}
		document, err := openapi3.NewLoader().LoadFromData(spec)
		if err == nil {
			err = document.Validate(t.Context(), openapi3.DisableExamplesValidation())
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, spec)
		}
		again, _, err := trimmed(spec, usageOperations)
		if err != nil || !bytes.Equal(again, spec) {
			t.Fatalf("trimmed again: %v\n%s\n%s", err, again, spec)
		}
	})
}

// vendorSized is a document of the size of the vendor's: 10 MB, 2,100 paths and
// 6,200 definitions.
func vendorSized(b *testing.B) []byte {
	b.Helper()
	var document map[string]any
	if err := json.Unmarshal(readFile(b, "testdata/upstream-2026.json"), &document); err != nil {
		b.Fatal(err)
	}
	paths, definitions := document["paths"].(map[string]any), document["definitions"].(map[string]any)
	copyAll := func(from map[string]any, n int, name func(string, int) string, rename func(string) string) {
		keys := make([]string, 0, len(from))
		for key := range from {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for i := 1; len(from) < n; i++ {
			for _, key := range keys {
				data, _ := json.Marshal(from[key])
				var value any
				_ = json.Unmarshal([]byte(rename(string(data))), &value)
				from[name(key, i)] = value
			}
		}
	}
	n := 0
	copyAll(paths, 2100, func(path string, i int) string { return fmt.Sprintf("%s/copy%d", path, i) }, func(s string) string {
		n++
		return strings.ReplaceAll(s, `"operationId":"`, fmt.Sprintf(`"operationId":"copy%d`, n))
	})
	copyAll(definitions, 6200, func(name string, i int) string { return fmt.Sprintf("%sCopy%d", name, i) }, func(s string) string { return s })
	data, err := json.Marshal(document)
	if err != nil {
		b.Fatal(err)
	}
	return data
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
				mustTrim(b, format.data, usageOperations)
			}
		})
	}
}
