package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// postQuery returns an operation, to be edited.
func postQuery(document object) object {
	return lookup(document, "paths", "/api/v2/usage/query", "post").(object)
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
		[]string{"package gen: APIUsageRow.ClientName: removed"}},
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
		lookup(d, "definitions", "ApiUsageOrganizationQuery").(object)["required"] = []any{"interval", "groupBy"}
	}, []string{"POST /api/v2/usage/query: the request property `groupBy` became required"}},
	{"definition renamed that the overlay does not name",
		func(d object) { rename(d, "UsageExecutionResult", "Execution") },
		[]string{"package gen: UsageExecutionResult: removed"}},
	{"permission removed", func(d object) {
		postQuery(d)["x-inin-requires-permissions"] = object{"type": "ANY", "permissions": []any{}}
	}, []string{`POST /api/v2/usage/query: required permissions changed from ` +
		`ANY["oauth:client:view" "usage:organization:view"] to ANY[]`}},
	{"ALL permissions required instead of ANY", func(d object) {
		operation := lookup(d, "paths", "/api/v2/usage/query/{executionId}/results", "get").(object)
		operation["x-inin-requires-permissions"] = object{"type": "ALL", "permissions": []any{"a:b\n::error::c\x1b"}}
	}, []string{`GET /api/v2/usage/query/{executionId}/results: required permissions changed from `,
		` to ALL["a:b\n::error::c "]`}},
}

var compatibleChanges = []change{
	{"optional field of an error body", func(d object) { properties(d, "ErrorBody")["help"] = object{"type": "string"} },
		[]string{"package gen: ErrorBody.Help: added",
			"POST /api/v2/usage/aggregates/query/jobs: added the optional property `help` to the response with the " +
				"`400` status (in 49 places)"}},
	{"enum value of a response", func(d object) {
		values := enum(d, "ApiUsageQueryResult", "queryStatus")
		values["enum"] = append(values["enum"].([]any), "Queued")
	}, []string{"package gen: QueryStatusQueued: added", "results: added the new `Queued` enum value"}},
	{"enum value of the request", func(d object) {
		values := enum(d, "ApiUsageOrganizationQuery", "groupBy")
		values["enum"] = append(values["enum"].([]any), "DivisionId")
	}, []string{"package gen: GroupByDivisionID: added", "added the new `DivisionId` enum value"}},
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

func TestPermissions(t *testing.T) {
	for _, test := range []struct {
		name          string
		before, after object
		code          int
	}{
		{"one more of ANY", requires("ANY", "a"), requires("ANY", "a", "b"), exitCompatible},
		{"one of ANY replaced", requires("ANY", "a"), requires("ANY", "b"), exitBreaking},
		{"ALL instead of ANY", requires("ANY", "a", "b"), requires("ALL", "a", "b"), exitBreaking},
		{"one more of ALL", requires("ALL", "a"), requires("ALL", "a", "b"), exitBreaking},
		{"first permission", object{}, requires("ANY", "a"), exitBreaking},
		{"operation removed", requires("ANY", "a"), nil, exitBreaking},
		{"another order", requires("ANY", "a", "b"), requires("ANY", "b", "a"), exitOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			var r report
			r.addPermissions(object{"paths": object{"/q": object{"post": test.before}}},
				object{"paths": object{"/q": object{"post": test.after}}})
			r.same = len(r.breaking)+len(r.compatible) == 0
			equal(t, "exit code", r.exitCode(), test.code)
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
	lookup(document, "definitions", "ApiUsageRow").(object)["description"] = code
	properties(document, "ApiUsageRow")["clientName"].(object)["description"] = code
	enum(document, "ApiUsageQueryResult", "queryStatus")["description"] = code
}

// All changes of a kind are compared at once, as each comparison takes a second.
func TestCompare(t *testing.T) {
	for _, test := range []struct {
		name    string
		code    int
		changes []change
		title   string
	}{
		{"breaking", exitBreaking, breakingChanges, "Breaking: "},
		{"compatible", exitCompatible, compatibleChanges, "Compatible: "},
		{"texts", exitCompatible, []change{{"text", editTexts, nil}}, "Texts or order only: the next version is a patch.\n"},
		{"nothing", exitOK, nil, "Nothing has changed.\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			spec := mustTrim(t, edited(t, func(document object) {
				for _, change := range test.changes {
					change.edit(document)
				}
			}), allOperations).spec
			r, err := compare(t.Context(), checkout2026(t), checkout2026(t)+"/api/usage.yaml", spec)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "exit code", r.exitCode(), test.code)
			contains(t, "report", r.String(), test.title)
			found := strings.Join(r.compatible, "\n")
			if test.code == exitBreaking {
				found = strings.Join(r.breaking, "\n")
			}
			for _, change := range test.changes {
				for _, want := range change.want {
					contains(t, change.name, found, want)
				}
			}
			hasNoControls(t, "report", r.String())
			equal(t, "the report has a line that starts with ::", strings.Contains(r.String(), "\n::"), false)
		})
	}
}

// unusable are changes after which no client can be generated, substrings of the error, and
// the edit of the overlay that it advises: old replaced by new, or a name for the target.
var unusable = []struct {
	change
	old, new       string
	target, goName string
}{
	{change: change{"definition renamed", func(d object) { rename(d, "ApiUsageQueryResult", "Result") },
		[]string{`: $.components.schemas.ApiUsageQueryResult is not in the document, whose new schemas are ["Result"]`,
			`: $.components.schemas.ApiUsageQueryResult.properties.queryStatus is not in`,
			`: $.components.schemas.ApiUsageQueryResult.properties is not in`}},
		old: "$.components.schemas.ApiUsageQueryResult", new: "$.components.schemas.Result"},
	{change: change{"property removed that the overlay names", func(d object) {
		delete(properties(d, "OrganizationPublicApiUsage"), "httpMethod")
	}, []string{"api/overlay.yaml:", "$.components.schemas.OrganizationPublicApiUsage.properties.httpMethod is not in"}},
		old: "  - target: $.components.schemas.OrganizationPublicApiUsage.properties.httpMethod\n    update:\n" +
			"      x-go-type: JobHTTPMethod # that of the query\n"},
	{change: change{"two properties with one Go name", func(d object) {
		properties(d, "OrganizationPublicApiUsage")["template-uri"] = object{"type": "string"}
	}, []string{`duplicate Go name TemplateURI, of ["template-uri" "templateUri"]`}},
		target: "$.components.schemas.OrganizationPublicApiUsage.properties['template-uri']", goName: "TemplateURI2"},
	{change: change{"definition named like a generated type", addDefinition("Client"), []string{"Client redeclared"}},
		target: "$.components.schemas['Client']", goName: "Client2"},
	{change: change{"definition named like a type of the overlay", addDefinition("Metric"),
		[]string{"duplicate typename 'Metric'"}}, target: "$.components.schemas['Metric']", goName: "Metric2"},
	{change: change{"definitions that differ in case", addDefinition("errorBody"),
		[]string{`duplicate Go name ErrorBody, of ["ErrorBody" "errorBody"]`}},
		target: "$.components.schemas['errorBody']", goName: "ErrorBody2"},
}

// addDefinition adds a definition, and a property of executions that refers to it.
func addDefinition(name string) func(document object) {
	return func(document object) {
		document["definitions"].(object)[name] = object{
			"type": "object", "properties": object{"a": object{"type": "string"}},
		}
		properties(document, "UsageExecutionResult")["added"+name] = object{"$ref": "#/definitions/" + name}
	}
}

func TestNoClientCanBeGenerated(t *testing.T) {
	for _, test := range unusable {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			spec := mustTrim(t, edited(t, test.edit), allOperations).spec
			_, err := compare(t.Context(), checkout2026(t), checkout2026(t)+"/api/usage.yaml", spec)
			if err == nil {
				t.Fatal("no error")
			}
			contains(t, "error", err.Error(), "no client can be generated: ")
			for _, want := range test.want {
				contains(t, "error", err.Error(), want)
			}
			if test.target != "" {
				contains(t, "error", err.Error(), "\n- target: "+test.target+"\n  update: {x-go-name: "+test.goName+"}")
				equal(t, "edits advised", strings.Count(err.Error(), "- target: "), 1)
			}
		})
	}
}

// A name that would be code if it ended its quotes stays quoted, or no client is generated.
func TestNamesAreNoCode(t *testing.T) {
	const code = "a`\"; func Evil() {}"
	for _, test := range []change{
		{"property", func(d object) { properties(d, "ApiUsageRow")[code] = object{"type": "string"} }, nil},
		{"value", func(d object) {
			values := enum(d, "ApiUsageQueryResult", "queryStatus")
			values["enum"] = append(values["enum"].([]any), code)
		}, nil},
		{"parameter", func(d object) {
			postQuery(d)["parameters"] = []any{object{"in": "query", "name": code, "type": "string"}}
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			spec := mustTrim(t, edited(t, test.edit), allOperations).spec
			r, err := compare(t.Context(), checkout2026(t), checkout2026(t)+"/api/usage.yaml", spec)
			if err == nil { // the name was quoted
				equal(t, "the name became code", strings.Contains(r.String(), "package gen: Evil"), false)
			}
		})
	}
}

// After the edits of the overlay that the errors advise, a client is generated.
func TestAdviceIsSufficient(t *testing.T) {
	t.Parallel()
	checkout := t.TempDir()
	newCheckout(t, checkout, edited(t, func(object) {}))
	file := filepath.Join(checkout, "api", "overlay.yaml")
	overlay := string(readFile(t, file))
	for _, change := range unusable {
		if change.target != "" {
			overlay += "  - target: " + change.target + "\n    update: {x-go-name: " + change.goName + "}\n"
			continue
		}
		contains(t, change.name+": overlay", overlay, change.old)
		overlay = strings.ReplaceAll(overlay, change.old, change.new)
	}
	if err := os.WriteFile(file, []byte(overlay), 0o600); err != nil {
		t.Fatal(err)
	}
	spec := mustTrim(t, edited(t, func(document object) {
		for _, change := range unusable {
			change.edit(document)
		}
	}), allOperations).spec
	r, err := compare(t.Context(), checkout, checkout+"/api/usage.yaml", spec)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "breaking", strings.Join(r.breaking, "\n"), "package gen: UsageJobRow.HTTPMethod: removed")
}

func TestExitCodes(t *testing.T) {
	same := string(edited(t, func(object) {}))
	renamed := string(edited(t, func(d object) { postQuery(d)["operationId"] = "postUsageQuestion" }))
	shorter := string(edited(t, func(d object) { delete(properties(d, "ApiUsageRow"), "clientName") }))
	longer := string(edited(t, func(d object) { properties(d, "ApiUsageRow")["extra"] = object{"type": "string"} }))
	moved := string(edited(t, func(d object) { rename(d, "ApiUsageRow", "UsageRow") }))
	above, _, _ := strings.Cut(string(readFile(t, "../overlay.yaml")), "target: $.components.schemas.ApiUsageRow\n")
	overlayLine := fmt.Sprintf("\n  api/overlay.yaml:%d: ", len(strings.Split(above, "\n")))
	spec := mustTrim(t, []byte(same), allOperations).spec
	t.Chdir(checkout2026(t))
	for _, test := range []struct {
		name, input, check string
		code               int
		want               string
	}{
		{"unchanged", same, "-check", exitOK, "Nothing has changed."},
		{"compatible", longer, "-check", exitCompatible, "APIUsageRow.Extra: added"},
		{"breaking", shorter, "-check", exitBreaking, "APIUsageRow.ClientName: removed"},
		{"no client", moved, "-check", exitError, overlayLine},
		{"operation gone", renamed, "-check", exitBreaking, `no operation ["postUsageQuery"]: renamed or removed upstream`},
		{"operation gone, not written", renamed, "-check=false", exitError, `no operation ["postUsageQuery"]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := writeTemp(t, spec)
			code, stdout, stderr := runTrim(t, test.input, test.check, "-from", "-", "-o", file)
			equal(t, "exit code", code, test.code)
			contains(t, "output", stdout+stderr, test.want)
			written := test.check == "-check=false" && code == exitOK
			equal(t, "the file was written", string(readFile(t, file)) != string(spec), written)
		})
	}
	t.Run("nothing to compare with", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "usage.yaml")
		code, _, stderr := runTrim(t, same, "-check", "-from", "-", "-o", file)
		equal(t, "exit code", code, exitError)
		contains(t, "standard error", stderr, file)
	})
}

func TestCompareNeedsACheckout(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("usage.yaml", []byte("openapi: 3.0.3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := trimSmall(t, small, "-o", "usage.yaml")
	equal(t, "exit code", code, exitError)
	contains(t, "standard error", stderr, "root of a checkout")
	equal(t, "file", string(readFile(t, "usage.yaml")), "openapi: 3.0.3\n")
}
