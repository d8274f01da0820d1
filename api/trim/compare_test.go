package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain builds oasdiff once for all tests: the go command takes longer to find out
// that it is built than oasdiff takes to compare.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "oasdiff")
	if err != nil {
		panic(err)
	}
	tool := filepath.Join(dir, "oasdiff.exe")
	build := exec.Command("go", "build", "-o", tool, "github.com/oasdiff/oasdiff")
	build.Dir = "oasdiff"
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if output, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprint(err, string(output)))
	}
	oasdiffTool = []string{tool}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// comparable is a trimmed document in which each of the changes that levels
// names can be made.
const comparable = `openapi: 3.0.3
info:
  title: t
  version: v1
tags:
  - name: Usage
paths:
  /q:
    post:
      operationId: postUsageQuery
      parameters:
        - in: query
          name: limit
          schema:
            type: integer
      requestBody:
        content:
          application/json:
            schema:
              $ref: '#/components/schemas/Query'
      responses:
        "200":
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/Result'
          description: good
        "400":
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/ErrorBody'
          description: bad
        "404":
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/ErrorBody'
          description: gone
      security:
        - PureCloudOAuth:
            - oauth
      tags:
        - Usage
      x-inin-requires-permissions:
        permissions:
          - oauth:client:view
          - usage:organization:view
        type: ANY
  /r:
    get:
      deprecated: true
      operationId: old
      responses:
        "200":
          description: good
components:
  schemas:
    ErrorBody:
      properties:
        code:
          type: string
      type: object
    Query:
      properties:
        count:
          format: int32
          type: integer
        interval:
          type: string
        kind:
          enum:
            - Day
            - Week
          type: string
      required:
        - interval
      type: object
    Result:
      properties:
        count:
          default: 1
          format: int64
          maximum: 10
          minimum: 1
          type: integer
        link:
          format: uri
          type: string
        name:
          maxLength: 5
          nullable: true
          pattern: a+
          type: string
        state:
          enum:
            - Running
            - Complete
          type: string
        when:
          format: date-time
          type: string
      required:
        - state
      type: object
  securitySchemes:
    PureCloudOAuth:
      flows:
        implicit:
          authorizationUrl: https://login.example.com
          scopes:
            oauth: oauth
      type: oauth2
`

// Each row of levels by a change that it is for. An empty pattern is for what
// oasdiff judges as we do, and for what it does not look at.
func TestLevels(t *testing.T) {
	tested := map[string]bool{"": true}
	for _, test := range []struct {
		pattern, name, old, new string
		want                    level
		text                    string
	}{
		{"response-*-property-removed*", "field of a response gone", "        link:\n          format: uri\n          type: string\n", "", breaking, "`link`"},
		{"response-*enum-value-removed", "value of a response gone", "            - Running\n", "", breaking, "`Running`"},
		{"response-non-success-status-removed", "error status gone", "        \"404\":\n          content:\n            application/json:\n              schema:\n                $ref: '#/components/schemas/ErrorBody'\n          description: gone\n", "", breaking, "`404`"},
		{"request-property-removed*", "field of the request gone", "        count:\n          format: int32\n          type: integer\n        interval", "        interval", breaking, "`count`"},
		{"request-parameter-removed*", "parameter gone", "      parameters:\n        - in: query\n          name: limit\n          schema:\n            type: integer\n", "", breaking, "`limit`"},
		{"api-*removed-with-deprecation", "deprecated operation gone", "  /r:\n    get:\n      deprecated: true\n      operationId: old\n      responses:\n        \"200\":\n          description: good\n", "", breaking, "/r"},
		{"api-operation-id-removed", "operation renamed", "operationId: postUsageQuery", "operationId: postUsageQuestion", breaking, "postUsageQ"},
		{"response-*-type-specialized", "narrower number in a response", "format: int64", "format: int32", breaking, "`count`"},
		{"response-*-became-enum", "values for a field of a response", "          pattern: a+\n          type: string", "          pattern: a+\n          type: string\n          enum: [a]", breaking, "`name`"},
		{"response-*-became-not-nullable", "no null in a response", "          nullable: true\n", "", breaking, "`name`"},
		{"request-*-type-generalized", "wider number in the request", "format: int32", "format: int64", breaking, "`count`"},
		{"request-*-became-not-enum", "any value in the request", "          enum:\n            - Day\n            - Week\n", "", breaking, "`kind`"},
		{"request-*-became-nullable", "null in the request", "          format: int32\n", "          format: int32\n          nullable: true\n", breaking, "`count`"},
		{"*-all-of-*", "composed with all of", "        link:\n          format: uri\n          type: string\n", "        link:\n          format: uri\n          type: string\n          allOf: [{minLength: 1}]\n", breaking, "`link`"},
		{"*-any-of-*", "composed with any of", "        link:\n          format: uri\n          type: string\n", "        link:\n          format: uri\n          type: string\n          anyOf: [{minLength: 1}]\n", breaking, "`link`"},
		{"*-one-of-*", "composed with one of", "        link:\n          format: uri\n          type: string\n", "        link:\n          format: uri\n          type: string\n          oneOf: [{minLength: 1}]\n", breaking, "`link`"},
		{"new-optional-request-parameter", "new parameter, another signature", "          name: limit\n          schema:\n            type: integer\n", "          name: limit\n          schema:\n            type: integer\n        - in: query\n          name: after\n          schema:\n            type: string\n", breaking, "`after`"},

		{"response-*enum-value-added", "new value of a response", "            - Running\n", "            - Running\n            - Queued\n", compatible, "`Queued`"},
		{"response-*-became-optional", "field of a response may be missing", "      required:\n        - state\n      type: object\n", "      type: object\n", compatible, "`state`"},
		{"api-security-scope-added", "new scope", "            - oauth\n", "            - oauth\n            - usage\n", compatible, "`usage`"},
		{"api-deprecated-sunset-missing", "operation deprecated", "      operationId: postUsageQuery\n", "      deprecated: true\n      operationId: postUsageQuery\n", compatible, "deprecated"},
		{"*-property-deprecated-sunset-missing", "field deprecated", "          format: uri\n", "          deprecated: true\n          format: uri\n", compatible, "`link`"},

		{"response-*-max-*", "greater maximum", "maximum: 10", "maximum: 20", other, "`count`"},
		{"response-*-min-*", "smaller minimum", "minimum: 1", "minimum: 0", other, "`count`"},
		{"response-*-pattern-*", "no pattern", "          pattern: a+\n", "", other, "`name`"},
		{"*-default-value-*", "other default", "default: 1", "default: 2", other, "`count`"},
		{"api-security-component-*", "other address of the login", "https://login.example.com", "https://login.example.org", other, "login.example.org"},
		{"api-schema-removed", "schema renamed", "ErrorBody", "Problem", other, "`ErrorBody`"},
		{"api-tag-*", "other tag", "        - Usage\n", "        - Uses\n", other, "`Uses`"},

		{"", "new field of a response", "        link:\n", "        extra:\n          type: string\n        link:\n", compatible, "`extra`"},
		{"", "new required field of a response", "        - state\n", "        - state\n        - link\n", compatible, "`link`"},
		{"", "new optional field of the request", "        interval:\n", "        extra:\n          type: string\n        interval:\n", compatible, "`extra`"},
		{"", "field newly required in the request", "        - interval\n", "        - interval\n        - kind\n", breaking, "`kind`"},
		{"", "new required field of the request", "        interval:\n          type: string\n", "        extra:\n          type: string\n        interval:\n          type: string\n", compatible, "`extra`"},
		{"", "new value of the request", "            - Week\n", "            - Week\n            - Month\n", compatible, "`Month`"},
		{"", "value of the request gone", "            - Week\n", "", breaking, "`Week`"},
		{"", "type of a response changed", "        when:\n          format: date-time\n          type: string\n", "        when:\n          type: integer\n", breaking, "`when`"},
		{"", "time of a response is a string", "        when:\n          format: date-time\n          type: string\n", "        when:\n          type: string\n", breaking, "`when`"},
		{"", "format of a response gone", "          format: uri\n", "", breaking, "`link`"},
		{"", "type of the request changed", "        interval:\n          type: string\n", "        interval:\n          type: integer\n", breaking, "APIUsageQuery.Interval is another type: `integer` was `string`"},
		{"", "null in a response", "          format: uri\n", "          format: uri\n          nullable: true\n", breaking, "`link`"},
		{"", "path renamed", "  /q:\n", "  /query:\n", breaking, "/q"},
		{"", "new error status", "        \"404\":\n", "        \"403\":\n          description: forbidden\n        \"404\":\n", compatible, "`403`"},
		{"", "success status gone", "        \"200\":\n          content:\n            application/json:\n              schema:\n                $ref: '#/components/schemas/Result'\n          description: good\n", "        \"201\":\n          description: good\n", breaking, "`200`"},
		{"", "new permission", "          - oauth:client:view\n", "          - oauth:client:view\n          - new:permission\n", compatible, "new:permission"},
		{"", "permission gone", "          - oauth:client:view\n", "", breaking, "oauth:client:view"},
		{"", "all permissions needed", "type: ANY", "type: ALL", breaking, "ALL"},
		{"", "permissions in another order", "          - oauth:client:view\n          - usage:organization:view\n", "          - usage:organization:view\n          - oauth:client:view\n", other, "texts or order"},
		{"", "another text", "description: good", "description: better", other, "texts or order"},
		{"", "values in another order", "            - Day\n            - Week\n", "            - Week\n            - Day\n", other, "texts or order"},
	} {
		tested[test.pattern] = true
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			after := strings.ReplaceAll(comparable, test.old, test.new)
			if after == comparable {
				t.Fatalf("%q is not there to be changed", test.old)
			}
			r, err := compare(t.Context(), []byte(comparable), []byte(after))
			if err != nil {
				t.Fatal(err)
			}
			if r.level() != test.want || !strings.Contains(strings.Join(r.changes[test.want], "\n"), test.text) {
				t.Errorf("%v, want %v with %s:\n%v", r.level(), test.want, test.text, r)
			}
		})
	}
	for _, row := range levels {
		if !tested[row.pattern] {
			t.Errorf("%s is not tested", row.pattern)
		}
	}
}

func TestSharedSchemasAreReportedOnce(t *testing.T) {
	after := strings.Replace(comparable, "        code:\n", "        context:\n          type: string\n        code:\n", 1)
	r, err := compare(t.Context(), []byte(comparable), []byte(after))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(r.changes[compatible], "; "); got != "ErrorBody has a new field, `context`" {
		t.Errorf("%v", got)
	}
	// What programs have no words for is told once too.
	after = strings.Replace(comparable, "        code:\n          type: string\n", "        code:\n          maxLength: 5\n          type: string\n", 1)
	if r, err = compare(t.Context(), []byte(comparable), []byte(after)); err != nil {
		t.Fatal(err)
	}
	if got := r.String(); strings.Count(got, "  - ") != 1 || !strings.Contains(got, "ErrorBody: ") || !strings.Contains(got, "(in 2 places)") {
		t.Errorf("%v", got)
	}
}

// The report names what programs that import the generated client name.
func TestReportInTheImportersWords(t *testing.T) {
	t.Parallel()
	before := string(readFile(t, "../usage.yaml"))
	for _, test := range []struct{ old, new, want string }{
		{"        clientName:\n", "        noSuchName:\n", "APIUsageRow.ClientName is gone"},
		{"        clientName:\n", "        noSuchName:\n", "APIUsageRow has a new field, `noSuchName`"},
		{"              - OAuthClientId\n", "              - OAuthClientId\n              - NoSuchGroup\n", "gen.GroupBy has a new value, `NoSuchGroup`"},
		{"              - OAuthClientId\n", "", "gen.GroupBy has lost its value `OAuthClientId`"},
		{"            - Queued\n", "            - Queued\n            - NoSuchStatus\n", "gen.JobStatus has a new value, `NoSuchStatus`"},
		{"        requestCount:\n          description: All requests.\n          format: int64\n          type: integer\n", "        requestCount:\n          description: All requests.\n          type: string\n", "UsageJobRow.RequestCount is another type"},
		{"        oauthClientIds:\n", "        oauthIds:\n", "UsageJobQuery.OauthClientIDs is gone"},
	} {
		after := strings.ReplaceAll(before, test.old, test.new)
		if after == before {
			t.Errorf("%q is not in the document", test.old)
			continue
		}
		r, err := compare(t.Context(), []byte(before), []byte(after))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(r.String(), "  - "+test.want) {
			t.Errorf("want %q in\n%s", test.want, r)
		}
	}
}

func TestExitCodes(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	defer func(tool []string) { oasdiffTool = tool }(oasdiffTool)
	oasdiffTool = goTool // as it runs in earnest
	const document = "api/trim/testdata/upstream-2026.json"
	data := string(readFile(t, document))
	file := filepath.Join(t.TempDir(), "usage.yaml")
	if code, stdout, stderr := arguments(t, "", "-check", "-from", document, "-o", file); code != 1 {
		t.Errorf("nothing to compare with: exit %d, %s%s", code, stdout, stderr)
	}
	if code, _, stderr := arguments(t, "", "-from", document, "-o", file); code != 0 {
		t.Fatalf("exit %d, %s", code, stderr)
	}
	before := string(readFile(t, file))
	for _, test := range []struct {
		name, old, new string
		want           int
		text           string
	}{
		{"same", "", "", 0, "Nothing has changed."},
		{"compatible", `"Complete"`, `"Complete","Queued"`, 3, "Compatible: the next version is a minor one."},
		{"other", "OAuth client that made the requests.", "changed", 3, "texts or order"},
		{"breaking", `"clientName"`, `"name"`, 4, "Breaking: "},
		{"operation gone", `"postUsageQuery"`, `"postUsageQuestion"`, 4, "no operation postUsageQuery"},
	} {
		t.Run(test.name, func(t *testing.T) {
			input := strings.ReplaceAll(data, test.old, test.new)
			code, stdout, stderr := arguments(t, input, "-check", "-from", "-", "-o", file)
			if code != test.want || !strings.Contains(stdout+stderr, test.text) {
				t.Errorf("exit %d, %s%s", code, stdout, stderr)
			}
			if string(readFile(t, file)) != before {
				t.Error("-check wrote the file")
			}
		})
	}
	// An operation that never was one is mistyped.
	for _, check := range []string{"-check", "-check=false"} {
		if code, _, stderr := arguments(t, data, check, "-from", "-", "-o", file, "-operations", "postUsageQuerry"); code != 2 || !strings.Contains(stderr, "no operation postUsageQuerry") {
			t.Errorf("%s: exit %d, %s", check, code, stderr)
		}
	}
	// Without -check the report comes too, and the file is written.
	code, stdout, stderr := arguments(t, strings.ReplaceAll(data, `"clientName"`, `"name"`), "-from", "-", "-o", file)
	if code != 0 || !strings.Contains(stdout, "Breaking: ") || string(readFile(t, file)) == before {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
}

func TestComparingNeedsACheckout(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("usage.yaml", []byte("old: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := arguments(t, small, "-from", "-", "-o", "usage.yaml")
	if code != 1 || !strings.Contains(stderr, "run this in a checkout") || string(readFile(t, "usage.yaml")) != "old: true\n" {
		t.Errorf("exit %d, %s", code, stderr)
	}
}
