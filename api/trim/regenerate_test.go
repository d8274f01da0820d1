package main

import (
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/runtime/types"
	"go.yaml.in/yaml/v3"
)

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
