package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
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

// root is the folder of the module.
const root = "../.."

// The documents of all years give, with the same overlay, a client against which
// everything compiles, tests and examples too: programs that import it see no
// rename.
func TestNamesSurviveUpstream(t *testing.T) {
	for _, year := range []string{"2019", "2026"} {
		t.Run(year, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			copyModule(t, dir)
			spec := append(header("upstream-"+year, "v2"), mustTrim(t, readFile(t, "testdata/upstream-"+year+".json"), usageOperations)...)
			if err := os.WriteFile(filepath.Join(dir, "api", "usage.yaml"), spec, 0o644); err != nil {
				t.Fatal(err)
			}
			for _, command := range [][]string{
				{"go", "generate", "."},
				{"go", "vet", ".", "./gen", "./wrapper/..."},
			} {
				run := exec.CommandContext(t.Context(), command[0], command[1:]...)
				run.Dir = dir
				if output, err := run.CombinedOutput(); err != nil {
					t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, output)
				}
			}
		})
	}
}

// copyModule copies what a checkout holds, but for this command, whose tests
// would run themselves.
func copyModule(t *testing.T, dir string) {
	t.Helper()
	module := os.DirFS(root)
	err := fs.WalkDir(module, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(name, "."), name == "api/trim":
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(dir, name), 0o755)
		}
		data, err := fs.ReadFile(module, name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name), data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// models are the generated types by the names of their schemas. The query has
// another name in the documents of 2019.
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

// No template and no option drops a field of a schema on its way to Go.
func TestModelsHaveAllFields(t *testing.T) {
	spec, err := openapi3.NewLoader().LoadFromFile(root + "/api/usage.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, schema := range spec.Components.Schemas {
		model, ok := models[name]
		if !ok || model == nil {
			t.Logf("not looked at: the schema %s has no type in models", name)
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
				t.Errorf("%s.%s has no field in %v", name, key, model)
				continue
			}
			delete(fields, key)
			if want := goKind(property.Value); field.Type.Kind() != want {
				t.Errorf("%s.%s is a %v in Go, want a %v", name, key, field.Type, want)
			}
			required := strings.Contains(strings.Join(schema.Value.Required, " "), key)
			if omits := strings.Contains(field.Tag.Get("json"), "omitzero"); omits == required {
				t.Errorf("%s.%s: required is %v, and its tag %s", name, key, required, field.Tag)
			}
		}
		for key := range fields {
			t.Errorf("%v.%s is in no schema", model, key)
		}
	}
}

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
			t.Errorf("%s is at %s, and its server at %q", region, region.APIURL(), servers[region])
		}
	}
	if len(servers) != len(regions) {
		t.Errorf("%d servers, %d regions", len(servers), len(regions))
	}
}

// Hand-written code that names generated values is listed with those that it does not
// name yet: what a person looks at after a regeneration. A status that the wrapper does
// not know is a failure, since a query that has it is waited for in vain.
func TestHandWrittenPlaces(t *testing.T) {
	names := generatedNames(t)
	for _, place := range []struct {
		folder, what string
		types        []string
		fails        bool
	}{
		{"wrapper", "statuses", []string{"QueryStatus", "JobStatus"}, true},
		{"wrapper/cmd/genesys-usage", "flags", []string{"Granularity", "GroupBy", "Metric", "JobGranularity", "JobGroupBy", "JobMetric"}, false},
		{"wrapper/cmd/genesys-usage", "columns of table and page", []string{"APIUsageRow", "UsageJobRow"}, false},
		{"wrapper/usagetest", "the fake's queries", []string{"Granularity", "GroupBy", "Metric", "JobGranularity", "JobGroupBy", "JobMetric"}, false},
		{"wrapper/usagetest", "the fake's rows", []string{"APIUsageRow", "UsageJobRow"}, false},
	} {
		source := handWritten(t, filepath.Join(root, place.folder))
		for _, of := range place.types {
			if len(names[of]) == 0 {
				t.Errorf("nothing generated is called %s", of)
			}
			for _, name := range names[of] {
				if regexp.MustCompile(`\b`+name.code+`\b`).MatchString(source) || strings.Contains(source, strconv.Quote(name.wire)) {
					continue
				}
				if t.Logf("%s: %s do not name %s of gen.%s (%q)", place.folder, place.what, name.code, of, name.wire); place.fails {
					t.Fail()
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

// handWritten returns the source of a package, tests aside.
func handWritten(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			source.Write(readFile(t, file))
		}
	}
	return source.String()
}
