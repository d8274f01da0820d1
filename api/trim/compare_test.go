package main

import (
	"errors"
	"fmt"
	"maps"
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
		[]string{"package gen: APIUsageRow.ClientName: removed",
			"removed the optional property `results/items/clientName` from the response with the `200` status; released versions read it as zero"}},
	{"operation moved, with a permission more", func(d object) {
		paths := d["paths"].(object)
		item := paths["/api/v2/usage/aggregates/query/jobs"].(object)
		item["put"] = item["post"]
		delete(item, "post")
		paths["/api/v3/usage/aggregates/query/jobs"] = item
		delete(paths, "/api/v2/usage/aggregates/query/jobs")
		item["put"].(object)["x-inin-requires-permissions"].(object)["type"] = "ALL"
		item["put"].(object)["x-inin-requires-permissions"].(object)["permissions"] = []any{"a", "b"}
	}, []string{"POST /api/v2/usage/aggregates/query/jobs (postUsageAggregatesQueryJobs): moved to PUT /api/v3/usage/aggregates/query/jobs",
		`POST /api/v2/usage/aggregates/query/jobs: required permissions changed from ANY["usage:organization:view"] to ALL["a" "b"]`}},
	{"another host", func(d object) { d["host"] = "api.example.com" },
		[]string{`servers: changed from ["https://api.mypurecloud.com"] to ["https://api.example.com"]: every address moves`}},
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
	}, []string{"POST /api/v2/usage/query: the request property `groupBy` became required; programs that do not set it send the zero value"}},
	{"definition renamed that the overlay does not name",
		func(d object) { rename(d, "UsageExecutionResult", "Execution") },
		[]string{"package gen: UsageExecutionResult: removed"}},
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
	}, []string{"package gen: QueryStatusQueued: added (wrapper polls on at a status that it does not know", "results: added the new `Queued` enum value"}},
	{"enum value of the request", func(d object) {
		values := enum(d, "ApiUsageOrganizationQuery", "groupBy")
		values["enum"] = append(values["enum"].([]any), "DivisionId")
	}, []string{"package gen: GroupByDivisionID: added", "added the new `DivisionId` enum value"}},
	{"response status", func(d object) { postQuery(d)["responses"].(object)["422"] = object{"description": "d"} },
		[]string{"POST /api/v2/usage/query: added the non-success response with the status `422`"}},
	{"property in another letter case", func(d object) {
		fields := properties(d, "ApiUsageRow")
		fields["clientID"] = fields["clientId"]
		delete(fields, "clientId")
	}, []string{"removed the optional property `results/items/clientId` from the response with the `200` status; " +
		"`results/items/clientID` in its place is read as well, whatever the case of letters"}},
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
		name          string
		before, after object
		code          int
	}{
		{"one more of ANY", requires("ANY", "a"), requires("ANY", "a", "b"), exitCompatible},
		{"one less of ANY", requires("ANY", "a", "b"), requires("ANY", "b"), exitBreaking},
		{"one of ANY replaced", requires("ANY", "a"), requires("ANY", "b"), exitBreaking},
		{"ALL instead of ANY", requires("ANY", "a", "b"), requires("ALL", "a", "b"), exitBreaking},
		{"ANY instead of ALL", requires("ALL", "a", "b"), requires("ANY", "a", "c"), exitCompatible},
		{"one more of ALL", requires("ALL", "a"), requires("ALL", "a", "b"), exitBreaking},
		{"one less of ALL", requires("ALL", "a", "b"), requires("ALL", "a"), exitCompatible},
		{"first permission", object{}, requires("ANY", "a"), exitBreaking},
		{"none of ANY any more", requires("ANY", "a"), requires("ANY"), exitCompatible},
		{"no extension any more", requires("ALL", "a"), object{}, exitCompatible},
		{"another order", requires("ANY", "a", "b"), requires("ANY", "b", "a"), exitOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			var r report
			r.addPermissions(operation{node: test.before}, operation{node: test.after})
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
			d, err := updated(t, all(test.changes))
			if err != nil {
				t.Fatal(err)
			}
			r := d.report
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
			wantBroken := test.code == exitBreaking
			equal(t, "lines do not compile", len(r.broken) > 0, wantBroken)
			equal(t, "tests break", strings.Contains(r.String(), "\n  - wrapper/internal/rows/stream_test.go:"), wantBroken)
			hasNoControls(t, "report", r.String())
			equal(t, "the report has a line that starts with ::", strings.Contains(r.String(), "\n::"), false)
		})
	}
}

// What is written in another way and means the same is the same.
func TestRearrangedIsTheSame(t *testing.T) {
	for _, test := range []change{
		{"name of a path parameter", func(d object) {
			paths := d["paths"].(object)
			item := paths["/api/v2/usage/query/{executionId}/results"].(object)
			delete(paths, "/api/v2/usage/query/{executionId}/results")
			paths["/api/v2/usage/query/{id}/results"] = item
			lookup(item, "get", "parameters").([]any)[0].(object)["name"] = "id"
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
			properties(d, "ErrorBody")["limit"] = definitionOf(d, "Limit")
			properties(d, "ErrorBody")["details"].(object)["items"] = definitionOf(d, "Detail")
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := updated(t, test.edit)
			if err != nil {
				t.Fatal(err)
			}
			if !d.report.same {
				t.Errorf("got report\n%s\nwant that nothing has changed", d.report)
			}
		})
	}
}

func definitionOf(document object, name string) object {
	return lookup(document, "definitions", name).(object)
}

// unusable are changes after which no client can be generated, and substrings of the error.
// Actions that do not match are replaced by hand: old by new.
var unusable = []struct {
	change
	old, new string
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
	{change: change{"properties with one Go name", func(d object) {
		for _, name := range []string{"template-uri", "template_uri", "template.uri", "template'uri", `template\uri`} {
			properties(d, "OrganizationPublicApiUsage")[name] = object{"type": "string"}
		}
	}, []string{`the Go name TemplateURI is not that of "template-uri" alone`, `"x-go-name":"TemplateURI6"`}}},
	{change: change{"definitions named like a generated type, a type of the overlay, and another definition", func(d object) {
		for _, name := range []string{"Client", "Metric", "errorBody"} {
			definition(d, name)["properties"] = object{"a": object{"type": "string"}}
		}
	}, []string{"the Go name Client is not", "the Go name Metric is not", `the Go name ErrorBody is not that of "errorBody" alone`}}},
	{change: change{"definitions that contain each other", func(d object) {
		definition(d, "Node")["properties"] = object{"leaf": object{"$ref": "#/definitions/Leaf"}}
		definition(d, "Leaf")["properties"] = object{"node": object{"$ref": "#/definitions/Node"}}
	}, []string{"a schema contains itself: Node -> Leaf -> Node"}}},
	{change: change{"operationId of two operations", func(d object) {
		d["paths"].(object)["/a"] = object{"post": maps.Clone(postQuery(d))}
	}, []string{`operationId "postUsageQuery" is that of POST /api/v2/usage/query and of POST /a`}}},
}

// definition adds a definition, and a property of executions that refers to it.
func definition(document object, name string) object {
	added := object{"type": "object"}
	document["definitions"].(object)[name] = added
	properties(document, "UsageExecutionResult")["added"+name] = object{"$ref": "#/definitions/" + name}
	return added
}

// After the edits of the overlay that the errors advise, taken verbatim, a client is generated.
func TestAdviceIsSufficient(t *testing.T) {
	t.Parallel()
	checkout := t.TempDir()
	newCheckout(t, checkout, edited(t, func(object) {}))
	file := filepath.Join(checkout, "api", "overlay.yaml")
	overlay := string(readFile(t, file))
	for _, change := range unusable {
		_, err := updated(t, change.edit)
		var noClient *noClientError
		if !errors.As(err, &noClient) {
			t.Fatalf("%s: got error %v, want that no client can be generated", change.name, err)
		}
		for _, want := range change.want {
			contains(t, change.name, noClient.text, want)
		}
		if change.old != "" {
			overlay = strings.ReplaceAll(overlay, change.old, change.new)
		}
		for text := range strings.Lines(noClient.text) {
			if strings.HasPrefix(text, "- {target: ") {
				overlay += "  " + strings.TrimSpace(text) + "\n"
			}
		}
	}
	if err := os.WriteFile(file, []byte(overlay), 0o600); err != nil {
		t.Fatal(err)
	}
	document := edited(t, func(document object) {
		for _, change := range unusable {
			change.edit(document)
		}
	})
	d, err := update(t, checkout, document)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "breaking changes, of the property removed", len(d.report.breaking), 2)
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
			d, err := updated(t, test.edit)
			if err == nil { // the name was quoted
				equal(t, "the name became code", strings.Contains(d.report.String(), "package gen: Evil"), false)
			}
		})
	}
}

func TestExitCodes(t *testing.T) {
	same := string(edited(t, func(object) {}))
	renamed := string(edited(t, func(d object) { postQuery(d)["operationId"] = "postUsageQuestion" }))
	// As in TestCompare: what is compiled with them is in the build cache.
	shorter, longer := string(edited(t, all(breakingChanges))), string(edited(t, all(compatibleChanges)))
	unnamed := string(edited(t, func(d object) { rename(d, "ApiUsageRow", "UsageRow") }))
	above, _, _ := strings.Cut(string(readFile(t, "../overlay.yaml")), "target: $.components.schemas.ApiUsageRow\n")
	overlayLine := fmt.Sprintf("trim: -: no client can be generated: api/overlay.yaml:%d: ", len(strings.Split(above, "\n")))
	spec := mustTrim(t, []byte(same), allOperations).spec
	t.Chdir(checkout2026(t))
	for _, test := range []struct {
		name, input, check string
		code               int
		want               string
	}{
		{"unchanged", same, "-check", exitOK, "Nothing has changed."},
		{"compatible", longer, "-check", exitCompatible, "ErrorBody.Help: added"},
		{"breaking", shorter, "-check", exitBreaking, "APIUsageRow.ClientName: removed"},
		{"no client", unnamed, "-check", exitBreaking, overlayLine},
		{"no client, to be written", unnamed, "-check=false", exitError, overlayLine},
		{"operation gone", renamed, "-check", exitBreaking, "POST /api/v2/usage/query (postUsageQuery): gone"},
		{"operation gone, to be written", renamed, "-check=false", exitError, "was not written"},
		{"compatible, written", longer, "-check=false", exitOK, "ErrorBody.Help: added"},
		{"not a document", "<html>", "-check", exitError, "not a JSON document"},
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
