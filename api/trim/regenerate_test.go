package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/runtime/types"
	"go.yaml.in/yaml/v3"
)

// The documents of both years, and one with all compatible and likely additions at once, give
// a client that everything compiles with, tests and examples included, without any edit by
// hand. With the tag soak, all tests are run too.
func TestRegenerationNeedsNoEdits(t *testing.T) {
	for _, test := range []struct {
		name     string
		document []byte
		check    string // without the tag: a command of go
	}{
		{"2019", readFile(t, "testdata/upstream-2019.json"), "build"},
		{"2026, with additions", edited(t, addEverything), "vet"}, // tests too: rows cannot be compared then
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			newCheckout(t, dir, test.document)
			goCommand(t, dir, test.check, ".", "./gen", "./wrapper/...")
			if soak {
				goCommand(t, dir, "vet", ".", "./gen", "./wrapper/...")
				goCommand(t, dir, "test", ".", "./gen", "./wrapper/...")
			}
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

// models are the generated types of schemas. The query was renamed after 2019.
var models = map[string]reflect.Type{
	"ApiUsageOrganizationQuery":                 reflect.TypeFor[gen.APIUsageQuery](),
	"ApiUsageQuery":                             reflect.TypeFor[gen.APIUsageQuery](),
	"ApiUsageQueryResult":                       reflect.TypeFor[gen.APIUsageQueryResult](),
	"ApiUsageRow":                               reflect.TypeFor[gen.APIUsageRow](),
	"UsageExecutionResult":                      reflect.TypeFor[gen.UsageExecutionResult](),
	"Cursors":                                   reflect.TypeFor[gen.Cursors](),
	"OrganizationPublicApiUsageQueryRequest":    reflect.TypeFor[gen.UsageJobQuery](),
	"OrganizationUsageQueryResponse":            reflect.TypeFor[gen.UsageJob](),
	"OrganizationPublicApiUsageResultsResponse": reflect.TypeFor[gen.UsageJobResult](),
	"OrganizationPublicApiUsage":                reflect.TypeFor[gen.UsageJobRow](),
	"UsageQuerySortBy":                          reflect.TypeFor[gen.UsageQuerySortBy](),
	"DomainEntityRef":                           reflect.TypeFor[gen.DomainEntityRef](),
	"UserReference":                             reflect.TypeFor[gen.UserReference](),
	"ErrorBody":                                 reflect.TypeFor[gen.ErrorBody](),
	"Detail":                                    reflect.TypeFor[gen.Detail](),
	"Limit":                                     reflect.TypeFor[gen.Limit](),
}

// Every property of a schema has a field of the right kind and tag, and the reverse.
func TestModelsHaveAllFields(t *testing.T) {
	spec, err := openapi3.NewLoader().LoadFromFile(root + "/api/usage.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, schema := range spec.Components.Schemas {
		model, ok := models[name]
		if !ok || model == nil {
			t.Logf("not checked: schema %s has no type in models", name)
			continue
		}
		fields := map[string]reflect.StructField{}
		for field := range model.Fields() {
			key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			fields[key] = field
		}
		for key, property := range schema.Value.Properties {
			field, ok := fields[key]
			if !ok {
				t.Errorf("%s.%s: got no field in %v, want one", name, key, model)
				continue
			}
			delete(fields, key)
			if want := goKind(property.Value); field.Type.Kind() != want {
				t.Errorf("%s.%s: got kind %v, want %v", name, key, field.Type.Kind(), want)
			}
			required := strings.Contains(strings.Join(schema.Value.Required, " "), key)
			if omits := strings.Contains(field.Tag.Get("json"), "omitzero"); omits == required {
				t.Errorf("%s.%s: got omitzero %v, want %v", name, key, omits, !required)
			}
		}
		for key := range fields {
			t.Errorf("%v.%s: got a field, want none: the schema has no such property", model, key)
		}
	}
}

// goKind returns the kind of the Go type that a schema is generated as.
func goKind(schema *openapi3.Schema) reflect.Kind {
	switch {
	case schema.Type.Is("string") && schema.Format == "date-time":
		return reflect.TypeFor[time.Time]().Kind()
	case schema.Type.Is("string") && schema.Format == "date":
		return reflect.TypeFor[types.Date]().Kind()
	case schema.Type.Is("string"):
		return reflect.String
	case schema.Type.Is("integer") && schema.Format == "int64":
		return reflect.Int64
	case schema.Type.Is("integer"):
		return reflect.Int32
	case schema.Type.Is("number") && schema.Format == "double":
		return reflect.Float64
	case schema.Type.Is("number"):
		return reflect.Float32
	case schema.Type.Is("boolean"):
		return reflect.Bool
	case schema.Type.Is("array"):
		return reflect.Slice
	case schema.AdditionalProperties.Schema != nil:
		return reflect.Map
	}
	return reflect.Struct
}

// The overlay's servers and the wrapper's regions are the same.
func TestRegionsAreTheOverlaysServers(t *testing.T) {
	var overlay struct {
		Actions []struct {
			Update struct {
				Servers []struct{ Description, URL string }
			}
		}
	}
	if err := yaml.Unmarshal(readFile(t, root+"/api/overlay.yaml"), &overlay); err != nil {
		t.Fatal(err)
	}
	servers := map[wrapper.Region]string{}
	for _, action := range overlay.Actions {
		for _, server := range action.Update.Servers {
			servers[wrapper.Region(server.Description)] = server.URL
		}
	}
	regions := wrapper.Regions()
	for _, region := range regions {
		if servers[region] != region.APIURL() {
			t.Errorf("%s: got server %q, want %q", region, servers[region], region.APIURL())
		}
	}
	if len(servers) != len(regions) {
		t.Errorf("got %d servers, want %d: one for each region", len(servers), len(regions))
	}
}

// Hand-written code that lists generated names: those that it does not list yet are logged,
// for a person to consider after a regeneration. Nothing has to be added. Run it with
//
//	go test -v -run HandWritten ./api/trim
func TestHandWrittenPlaces(t *testing.T) {
	names := generatedNames(t)
	queries := []string{"Granularity", "GroupBy", "Metric", "JobGranularity", "JobGroupBy", "JobMetric"}
	rows := []string{"APIUsageRow", "UsageJobRow"}
	for _, place := range []struct {
		dir, what string
		types     []string
	}{
		{"wrapper", "statuses (of an unknown one, polling does not know that it is final)",
			[]string{"QueryStatus", "JobStatus"}},
		{"wrapper/cmd/genesys-usage/internal/fetch", "flags", queries},
		{"wrapper/cmd/genesys-usage/internal/fetch", "columns", rows},
		{"wrapper/usagetest", "the fake's queries", queries},
		{"wrapper/usagetest", "the fake's rows", rows},
	} {
		source := handWritten(t, filepath.Join(root, place.dir))
		for _, of := range place.types {
			equal(t, "gen lacks the type "+of, len(names[of]) == 0, false)
			for _, name := range names[of] {
				named := regexp.MustCompile(`\b` + name.code + `\b`).MatchString(source)
				if !named && !strings.Contains(source, strconv.Quote(name.wire)) {
					t.Logf("%s: %s: does not list %s of %s (%q)", place.dir, place.what, name.code, of, name.wire)
				}
			}
		}
	}
}

// generatedName is a constant or a field of the generated client.
type generatedName struct{ code, wire string }

// generatedNames returns the constants of each generated enumeration, and the fields of
// each struct.
func generatedNames(t *testing.T) map[string][]generatedName {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), root+"/gen/usage.gen.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string][]generatedName{}
	for node := range ast.Preorder(tree) {
		switch node := node.(type) {
		case *ast.ValueSpec:
			if of, ok := node.Type.(*ast.Ident); ok && len(node.Values) == 1 {
				wire, _ := strconv.Unquote(node.Values[0].(*ast.BasicLit).Value)
				names[of.Name] = append(names[of.Name], generatedName{node.Names[0].Name, wire})
			}
		case *ast.TypeSpec:
			structure, ok := node.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, field := range structure.Fields.List {
				if field.Tag == nil || len(field.Names) == 0 {
					continue
				}
				wire, _, _ := strings.Cut(reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json"), ",")
				names[node.Name.Name] = append(names[node.Name.Name], generatedName{field.Names[0].Name, wire})
			}
		}
	}
	return names
}

// handWritten returns the source of a directory and its internal packages, without tests.
func handWritten(t *testing.T, dir string) string {
	t.Helper()
	var source strings.Builder
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		switch base := filepath.Base(name); {
		case err != nil:
			return err
		case entry.IsDir() && name != dir && (base == "cmd" || base == "usagetest" || base == "examples"):
			return fs.SkipDir
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			source.Write(readFile(t, name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return source.String()
}

// Neither oasdiff nor apidiff is in the module graph of programs that import this module.
func TestImportersDoNotGetTheTools(t *testing.T) {
	command := exec.CommandContext(t.Context(), "go", "mod", "graph")
	command.Dir = root + "/wrapper/examples" // a module that imports this one
	graph, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	contains(t, "module graph", string(graph), "github.com/genesyscloud-go/usage")
	equal(t, "the module graph has oasdiff", strings.Contains(string(graph), "github.com/oasdiff/oasdiff@"), false)
	module := string(readFile(t, root+"/go.mod"))
	equal(t, "go.mod requires apidiff", strings.Contains(module, "golang.org/x/exp "), false)
}
