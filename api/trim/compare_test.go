package main

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// postQuery returns an operation, to be edited.
func postQuery(document object) object {
	return get[any](document, "paths", "/api/v2/usage/query", "post").(object)
}

// enum returns the schema of a property, or of its items, that has an enum.
func enum(document object, definition, property string) object {
	schema := properties(document, definition)[property].(object)
	if items, ok := schema["items"].(object); ok {
		return items
	}
	return schema
}

// change is a change of the vendor's document, and substrings of its report.
type change struct {
	name string
	edit func(document object)
	want []string
}

var breakingChanges = []change{
	{"field of a row removed", func(d object) { delete(properties(d, "ApiUsageRow"), "clientName") },
		[]string{"package gen: APIUsageRow.ClientName: removed",
			"removed the optional property `results/items/clientName` from the response with the `200` status"}},
	{"operation moved, with a permission more", func(d object) {
		paths := d["paths"].(object)
		item := paths["/api/v2/usage/aggregates/query/jobs"].(object)
		item["put"] = item["post"]
		delete(item, "post")
		paths["/api/v3/usage/aggregates/query/jobs"] = item
		delete(paths, "/api/v2/usage/aggregates/query/jobs")
		item["put"].(object)["x-inin-requires-permissions"].(object)["type"] = "ALL"
		item["put"].(object)["x-inin-requires-permissions"].(object)["permissions"] = []any{"a", "b"}
	}, []string{"POST /api/v2/usage/aggregates/query/jobs (postUsageAggregatesQueryJobs): moved to PUT /api/v3/usage/aggregates/query/jobs; " +
		"released versions do not find it",
		`POST /api/v2/usage/aggregates/query/jobs: required permissions changed from ANY["usage:organization:view"] to ALL["a" "b"]`}},
	{"another host", func(d object) { d["host"] = "api.example.com" },
		[]string{`server: changed from "https://api.mypurecloud.com" to "https://api.example.com"`}},
	{"type changed", func(d object) {
		properties(d, "OrganizationPublicApiUsage")["status200"] = object{"type": "string"}
	}, []string{"package gen: UsageJobRow.Status200: changed from int64 to string",
		"jobs/{jobId}: the `entities/items/status200` response's property `type/format` changed from `integer/int64`"}},
	{"enum value removed", func(d object) {
		values := enum(d, "ApiUsageOrganizationQuery", "groupBy")
		values["enum"] = slices.DeleteFunc(values["enum"].([]any), func(v any) bool { return v == "UserId" })
	}, []string{"package gen: GroupByUserID: removed", "POST /api/v2/usage/query: removed the enum value `UserId`"}},
	{"array field of a row", func(d object) {
		properties(d, "ApiUsageRow")["tags"] = object{"type": "array", "items": object{"type": "string"}}
	}, []string{"package gen: APIUsageRow: old is comparable, new is not"}},
	{"map field of a row", func(d object) {
		properties(d, "OrganizationPublicApiUsage")["tags"] = object{"additionalProperties": object{"type": "string"}}
	}, []string{"package gen: UsageJobRow: old is comparable, new is not"}},
	{"field of the request newly required", func(d object) {
		get[any](d, "definitions", "ApiUsageOrganizationQuery").(object)["required"] = []any{"interval", "groupBy"}
	}, []string{"POST /api/v2/usage/query: the request property `groupBy` became required; programs that do not set it send its zero value"}},
	{"definition renamed that the overlay does not name",
		func(d object) { rename(d, "UsageExecutionResult", "Execution") },
		[]string{"package gen: UsageExecutionResult: removed"}},
	{"ALL permissions required instead of ANY", func(d object) {
		operation := get[any](d, "paths", "/api/v2/usage/query/{executionId}/results", "get").(object)
		operation["x-inin-requires-permissions"] = object{"type": "ALL", "permissions": []any{"a:b\n::error::c\x1b"}}
	}, []string{`GET /api/v2/usage/query/{executionId}/results: required permissions changed from `,
		` to ALL["a:b\n::error::c "]`}},
}

var compatibleChanges = []change{
	{"optional field of an error body", func(d object) { properties(d, "ErrorBody")["help"] = object{"type": "string"} },
		[]string{"package gen: ErrorBody.Help: added",
			"POST /api/v2/usage/aggregates/query/jobs: added the optional property `help` to the response with the `400` status"}},
	{"enum value of a response", func(d object) {
		values := enum(d, "ApiUsageQueryResult", "queryStatus")
		values["enum"] = append(values["enum"].([]any), "Queued")
	}, []string{"package gen: QueryStatusQueued: added (wrapper polls on at a status that it does not know", "results: added the new `Queued` enum value"}},
	{"enum value of the request", func(d object) {
		values := enum(d, "ApiUsageOrganizationQuery", "groupBy")
		values["enum"] = append(values["enum"].([]any), "DivisionId")
	}, []string{"package gen: GroupByDivisionID: added (neither the command nor usagetest knows it)", "added the new `DivisionId` enum value"}},
	{"field of a row", func(d object) { properties(d, "ApiUsageRow")["retries"] = object{"type": "integer"} },
		[]string{"package gen: APIUsageRow.Retries: added (in rows; the reports of the command do not have it"}},
	{"field of the request", func(d object) {
		properties(d, "OrganizationPublicApiUsageQueryRequest")["timeZone"] = object{"type": "string"}
	}, []string{"package gen: UsageJobQuery.TimeZone: added (neither the command nor usagetest knows it)"}},
	{"enum value that would be code", func(d object) {
		values := enum(d, "ApiUsageQueryResult", "queryStatus")
		values["enum"] = append(values["enum"].([]any), evil)
	}, []string{"package gen: QueryStatusAFuncEvil: added"}},
	{"response status", func(d object) { postQuery(d)["responses"].(object)["422"] = object{"description": "d"} },
		[]string{"POST /api/v2/usage/query: added the non-success response with the status `422`"}},
	{"deprecation", func(d object) { postQuery(d)["deprecated"] = true },
		[]string{"POST /api/v2/usage/query: endpoint deprecated"}},
	{"permission", func(d object) {
		required := postQuery(d)["x-inin-requires-permissions"].(object)
		required["permissions"] = append(required["permissions"].([]any), "new:permission")
	}, []string{`POST /api/v2/usage/query: required permissions changed from `,
		` to ANY["new:permission" "oauth:client:view"`}},
}

// all returns an edit that makes all changes.
func all(changes []change) func(document object) {
	return func(document object) {
		for _, change := range changes {
			change.edit(document)
		}
	}
}

func TestPermissions(t *testing.T) {
	for _, test := range []struct {
		name                 string
		before, after        object
		breaking, compatible int
	}{
		{"one more of ANY", requires("ANY", "a"), requires("ANY", "a", "b"), 0, 1},
		{"one less of ANY", requires("ANY", "a", "b"), requires("ANY", "b"), 1, 0},
		{"one of ANY replaced", requires("ANY", "a"), requires("ANY", "b"), 1, 0},
		{"ALL instead of ANY", requires("ANY", "a", "b"), requires("ALL", "a", "b"), 1, 0},
		{"ANY instead of ALL", requires("ALL", "a", "b"), requires("ANY", "a", "c"), 0, 1},
		{"one more of ALL", requires("ALL", "a"), requires("ALL", "a", "b"), 1, 0},
		{"one less of ALL", requires("ALL", "a", "b"), requires("ALL", "a"), 0, 1},
		{"first permission", object{}, requires("ANY", "a"), 1, 0},
		{"none of ANY any more", requires("ANY", "a"), requires("ANY"), 0, 1},
		{"no extension any more", requires("ALL", "a"), object{}, 0, 1},
		{"another order", requires("ANY", "a", "b"), requires("ANY", "b", "a"), 0, 0},
		{"of an unknown form", requires("ANY", "a"), object{"x-inin-requires-permissions": "b"}, 1, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var r report
			r.addPermissions(operation{node: test.before}, operation{node: test.after})
			equal(t, "breaking changes", len(r.breaking), test.breaking)
			equal(t, "compatible changes", len(r.compatible), test.compatible)
		})
	}
}

// requires returns an operation that requires ANY or ALL of some permissions.
func requires(quantifier string, permissions ...string) object {
	return object{"x-inin-requires-permissions": object{"type": quantifier, "permissions": permissions}}
}

// editTexts edits texts that become comments of the generated code: each would be code if it
// ended its comment.
func editTexts(document object) {
	const code = "x\n}\nfunc Evil() {}\n*/\rfunc Evil() {}\u2028func Evil() {}"
	postQuery(document)["summary"] = code
	postQuery(document)["description"] = code
	get[any](document, "definitions", "ApiUsageRow").(object)["description"] = code
	properties(document, "ApiUsageRow")["clientName"].(object)["description"] = code
	enum(document, "ApiUsageQueryResult", "queryStatus")["description"] = code
}

// evil would be code if it ended its quotes.
const evil = "a`\"; func Evil() {}"

// All changes of a kind are in one document, as each document costs seconds.
func TestReport(t *testing.T) {
	spec := mustTrim(t, upstream2026, allOperations).spec
	t.Chdir(checkout2026(t))
	for _, test := range []struct {
		name, check string
		changes     []change
		code        int
		section     string // of the report, where the substrings are
		written     bool
	}{
		{"nothing", "-check", nil, exitOK, "Nothing has changed.\n", false},
		{"nothing, to be written", "-check=false", nil, exitOK, "Nothing has changed.\n", false},
		{"breaking", "-check", breakingChanges, exitBreaking, "Breaking: ", false},
		{"compatible", "-check", compatibleChanges, exitCompatible, "Compatible: ", false},
		{"texts, to be written", "-check=false", []change{{"texts", editTexts, nil}}, exitOK,
			"Texts, order and the like only, nothing that apidiff or oasdiff compares: the next version is a patch.\n", true},
		{"operations gone, to be written", "-check=false", goneOperations, exitError, "Breaking: ", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := writeTemp(t, spec)
			code, stdout, stderr := runTrim(t, string(edited(t, all(test.changes))), test.check, "-from", "-", "-o", file)
			equal(t, "exit code", code, test.code)
			if _, section, found := strings.Cut("\n"+stdout, "\n"+test.section); !found {
				t.Errorf("got report\n%s\n%s\nwant %q in it", stdout, stderr, test.section)
			} else {
				section, _, _ = strings.Cut(section, "\nCompatible: ")
				for _, change := range test.changes {
					for _, want := range change.want {
						contains(t, change.name, section, want)
					}
				}
			}
			const line = "\n  - wrapper/internal/rows/stream_test.go:"
			equal(t, line+" is to be edited", strings.Contains(stdout, line), test.code == exitBreaking)
			equal(t, "the file was written", !bytes.Equal(readFile(t, file), spec), test.written)
			equal(t, "an operation that moved is removed", strings.Contains(stdout, "without deprecation"), false)
			hasNoControls(t, "output", stdout+stderr)
			equal(t, "a line starts with ::", strings.Contains(stdout+stderr, "\n::"), false)
		})
	}
	t.Run("nothing to compare with", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "usage.yaml")
		code, _, stderr := runTrim(t, string(upstream2026), "-check", "-from", "-", "-o", file)
		equal(t, "exit code", code, exitError)
		contains(t, "standard error", stderr, file)
	})
}

func TestReportText(t *testing.T) {
	r := &report{breaking: []string{"a", "b"}, compatible: []string{"c"}, broken: []string{"d.go:1: e"}}
	equal(t, "text", r.String(), "Breaking: programs that import this module may not compile or work. The next version is a major one.\n"+
		"  - a\n  - b\nCompatible: the next version is a minor one.\n  - c\n"+
		"To be edited by hand (packages that import these may follow):\n  - d.go:1: e\n")
}

// A change of a schema is listed once, for the first response that has it.
func TestWireChanges(t *testing.T) {
	change := func(id, text string, line int) wireChange {
		c := wireChange{ID: id, Text: text, Operation: "GET", Path: "/a", Level: 3}
		c.RevisionSource.Line = line
		return c
	}
	r := &report{}
	r.addWire([]wireChange{
		change("response-optional-property-removed", "removed `a/id` from the response with the `200` status", 1),
		change("response-optional-property-removed", "removed `id` from the response with the `400` status", 1),
		change("response-optional-property-added", "added `ID` to the response with the `400` status", 2),
		change("response-optional-property-removed", "removed `name` from the response with the `200` status", 3),
		change("response-optional-property-added", "added `Name` to the response with the `200` status", 4),
		change("scope", "the scope `a`", 5),
		change("scope", "the scope `b`", 5),
		change("request-property-became-required", "the property `x` became required", 6),
		change("new-required-request-property", "added the property `y`", 7),
	})
	const zero = `; programs that do not set it send its zero value in Go, such as "", 0, null or the year 1`
	equal(t, "changes", strings.Join(r.breaking, "\n"), strings.Join([]string{
		"GET /a: removed `a/id` from the response with the `200` status",
		"GET /a: added `ID` to the response with the `400` status",
		"GET /a: removed `name` from the response with the `200` status; the one in another letter case is read in its place: " +
			"compare them by hand",
		"GET /a: added `Name` to the response with the `200` status",
		"GET /a: the scope `a`",
		"GET /a: the scope `b`",
		"GET /a: the property `x` became required" + zero,
		"GET /a: added the property `y`" + zero,
	}, "\n"))
}

// goneOperations has an operation that is gone, and another change that is reported all the
// same.
var goneOperations = []change{
	{"nothing is there now", func(d object) { delete(d["paths"].(object), "/api/v2/usage/aggregates/query/jobs/{jobId}") },
		[]string{"GET /api/v2/usage/aggregates/query/jobs/{jobId} (getUsageAggregatesQueryJob): gone; nothing is at its method and path"}},
	{"another change", func(d object) {
		definitionOf(d, "ApiUsageOrganizationQuery")["required"] = []any{"interval", "groupBy"}
	}, []string{"POST /api/v2/usage/query: the request property `groupBy` became required"}},
}

// What is written in another way and means the same is the same.
func TestRearrangedIsTheSame(t *testing.T) {
	for _, test := range []change{
		{"name of a path parameter", func(d object) {
			paths := d["paths"].(object)
			item := paths["/api/v2/usage/query/{executionId}/results"].(object)
			delete(paths, "/api/v2/usage/query/{executionId}/results")
			paths["/api/v2/usage/query/{id}/results"] = item
			get[any](item, "get", "parameters").([]any)[0].(object)["name"] = "id"
		}, nil},
		{"parameters of the path", func(d object) {
			item := get[any](d, "paths", "/api/v2/usage/query/{executionId}/results").(object)
			item["parameters"] = item["get"].(object)["parameters"]
			delete(item["get"].(object), "parameters")
		}, nil},
		{"allOf around the properties of a definition", func(d object) {
			row := definitionOf(d, "OrganizationPublicApiUsage")
			row["allOf"] = []any{object{"type": "object", "properties": row["properties"]}}
			delete(row, "properties")
			delete(row, "type")
		}, nil},
		{"allOf of a base and more properties", func(d object) {
			row, base, rest := definitionOf(d, "ApiUsageRow"), object{}, maps.Clone(properties(d, "ApiUsageRow"))
			base["requests"] = rest["requests"]
			delete(rest, "requests")
			d["definitions"].(object)["Base"] = object{"type": "object", "properties": base}
			row["allOf"] = []any{object{"$ref": "#/definitions/Base"}, object{"type": "object", "properties": rest}}
			delete(row, "properties")
			delete(row, "type")
		}, nil},
		{"inline object in place of a reference", func(d object) {
			limit := maps.Clone(definitionOf(d, "Limit"))
			limit["description"] = "another text"
			properties(d, "ErrorBody")["limit"] = limit
			properties(d, "ErrorBody")["details"].(object)["items"] = definitionOf(d, "Detail")
		}, nil},
		{"path and a base path", func(d object) {
			paths := object{}
			for path, item := range d["paths"].(object) {
				paths[strings.TrimPrefix(path, "/api")] = item
			}
			d["basePath"], d["paths"] = "/api/", paths
		}, nil},
		{"host in another letter case", func(d object) { d["host"] = "API.MyPureCloud.com" }, nil},
		{"operationId", func(d object) { postQuery(d)["operationId"] = "startUsageQuery" },
			[]string{`POST /api/v2/usage/query: has the operationId "startUsageQuery" now; package gen keeps the names of "postUsageQuery"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := updated(t, test.edit)
			if err != nil {
				t.Fatal(err)
			}
			if !d.report.same {
				t.Errorf("got report\n%s\nwant that nothing has changed", d.report.String())
			}
			equal(t, "warnings", strings.Join(d.warnings, "\n"), strings.Join(test.want, "\n"))
		})
	}
}

func definitionOf(document object, name string) object {
	return get[any](document, "definitions", name).(object)
}

// unmatchedTargets are changes after which actions of the overlay match nothing.
var unmatchedTargets = []change{
	{"definition renamed", func(d object) { rename(d, "OrganizationPublicApiUsage", "PublicUsage") },
		[]string{`selector "$.components.schemas.OrganizationPublicApiUsage" did not match`, ": $.components.schemas['PublicUsage']\n"}},
	{"property renamed that the overlay names", func(d object) {
		fields := properties(d, "ApiUsageQueryResult")
		fields["status"] = fields["queryStatus"]
		delete(fields, "queryStatus")
	}, []string{`selector "$.components.schemas.ApiUsageQueryResult.properties.queryStatus" did not match`,
		": $.components.schemas['ApiUsageQueryResult'].properties['status']\n"}},
	{"property removed that the overlay names", func(d object) {
		delete(properties(d, "OrganizationPublicApiUsageQueryRequest"), "userIds")
	}, []string{`Request.properties.userIds" did not match`}},
}

// collisions are changes after which the generated code does not compile.
var collisions = []change{
	{"properties with one Go name", func(d object) {
		for _, name := range []string{"template-uri", "template_uri", "template.uri", "template'uri", `template\uri`} {
			properties(d, "ApiUsageRow")[name] = object{"type": "string"}
		}
	}, []string{"TemplateURI redeclared", `{x-go-name: TemplateURI6}`}},
	{"definitions named like a generated type, a type of the overlay, and another definition", func(d object) {
		for _, name := range []string{"Client", "Metric", "errorBody"} {
			definition(d, name)["properties"] = object{"a": object{"type": "string"}}
		}
	}, []string{"Client redeclared", "duplicate typename 'Metric' detected", "duplicate typename 'ErrorBody' detected"}},
	{"definitions that contain each other", func(d object) {
		definition(d, "Node")["properties"] = object{"leaf": object{"$ref": "#/definitions/Leaf"}}
		definition(d, "Leaf")["properties"] = object{"node": object{"$ref": "#/definitions/Node"}}
	}, []string{"invalid recursive type Leaf; Leaf refers to Node; Node refers to Leaf"}},
}

// definition adds a definition, and a property of executions that refers to it.
func definition(document object, name string) object {
	added := object{"type": "object"}
	document["definitions"].(object)[name] = added
	properties(document, "UsageExecutionResult")["added"+name] = object{"$ref": "#/definitions/" + name}
	return added
}

// When the advice is followed verbatim, as often as there is some, a client is generated.
func TestAdviceIsSufficient(t *testing.T) {
	dir := t.TempDir()
	copyModule(t, dir)
	generate(t, dir, upstream2026)
	t.Chdir(dir)
	overlay := string(readFile(t, "api/overlay.yaml"))
	document := string(edited(t, all(unmatchedTargets)))
	code, stdout, stderr := runTrim(t, document, "-check", "-from", "-")
	equal(t, "exit code of -check", code, exitBreaking)
	equal(t, "standard output", stdout, "")
	equal(t, "the reason is first", strings.HasPrefix(stderr, "trim: -: no client can be generated: error loading"), true)
	for _, change := range unmatchedTargets {
		for _, want := range change.want {
			contains(t, change.name, stderr, want)
		}
	}
	overlay = strings.NewReplacer("schemas.OrganizationPublicApiUsage\n", "schemas.PublicUsage\n",
		"schemas.OrganizationPublicApiUsage.", "schemas.PublicUsage.",
		"Result.properties.queryStatus", "Result.properties.status",
		"  - target: $.components.schemas.OrganizationPublicApiUsageQueryRequest.properties.userIds\n"+
			"    update:\n      x-go-name: UserIDs\n", "").Replace(overlay)
	document = string(edited(t, all(slices.Concat(collisions, unmatchedTargets))))
	errs := ""
	for code := exitError; code != exitOK; {
		writeFile(t, "api/overlay.yaml", []byte(overlay))
		code, _, stderr = runTrim(t, document, "-from", "-")
		actions := ""
		for text := range strings.Lines(stderr) {
			if action := strings.TrimSpace(text); strings.HasPrefix(action, "- {target: ") {
				actions += "  " + action + "\n"
			}
		}
		if code != exitOK && (actions == "" || strings.Contains(overlay, actions)) {
			t.Fatalf("got no new advice:\n%s", stderr)
		}
		overlay += actions
		errs += stderr
	}
	for _, change := range collisions {
		for _, want := range change.want {
			contains(t, change.name, errs, want)
		}
	}
	equal(t, "all that is new is listed", strings.Contains(errs, "New in the document"), false)
	goCommand(t, ".", "generate", ".")
	goCommand(t, ".", "build", "./gen")
}

// A name that would be code if it ended its quotes: no client is generated.
func TestNamesAreNoCode(t *testing.T) {
	for _, test := range []change{
		{"property", func(d object) { properties(d, "ApiUsageRow")[evil] = object{"type": "string"} }, nil},
		{"parameter", func(d object) {
			parameters := postQuery(d)["parameters"].([]any)
			postQuery(d)["parameters"] = append(parameters, object{"in": "query", "name": evil, "type": "string"})
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := updated(t, test.edit)
			contains(t, "error", fmt.Sprint(err), "no client can be generated: error")
		})
	}
}
