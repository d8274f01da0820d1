package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"
	"go.yaml.in/yaml/v3"
)

// read returns the content of a file, of an http or https URL, or for "-" of standard input.
func read(from string, stdin io.Reader) ([]byte, error) {
	switch location, err := url.Parse(from); {
	case from == "-":
		return io.ReadAll(stdin)
	case err == nil && location.Host != "":
		return openapi3.DefaultReadFromURI(nil, location)
	}
	return os.ReadFile(from)
}

// object is a JSON object.
type object = map[string]any

// parse returns an API document: one JSON object in which no name comes twice.
func parse(data []byte) (root object, err error) {
	if err := json.Unmarshal(data, &root); len(data) == 0 {
		return nil, errors.New("empty, not a JSON object")
	} else if err != nil {
		return nil, fmt.Errorf("not a JSON object (%s): %w", http.DetectContentType(data), err)
	}
	openapi, _ := root["openapi"].(string)
	if _, ok := root["paths"].(object); !ok || root["swagger"] != "2.0" && !strings.HasPrefix(openapi, "3.0.") {
		return nil, errors.New(`not an API document with swagger: "2.0" or openapi: "3.0.x", and paths`)
	}
	return root, nil
}

// document is a trimmed document.
type document struct {
	tree     object      // OpenAPI 3.0.3
	spec     []byte      // the same as YAML
	report   report      // on what differs from the old output
	warnings []string    // such as violations of the specification: the generator decides what is an error
	others   []operation // that were not kept
}

func (d *document) warn(format string, args ...any) {
	d.warnings = append(d.warnings, oneLine(fmt.Sprintf(format, args...)))
}

// update trims a document, and compares it with the old output, if there is any.
func (t *tools) update(root object, ids []string, before []byte) (*document, error) {
	old := object{}
	if err := yaml.Unmarshal(before, &old); err != nil {
		return nil, fmt.Errorf("the old output: %w", err)
	}
	d, err := t.trim(root, ids, old)
	if err != nil {
		return nil, cmp.Or(t.ctx.Err(), fmt.Errorf("%w: %w", errNoClient, err))
	}
	d.arrange(old, ids)
	d.tree = prune(d.tree, operations(d.tree)) // without what nothing refers to any more
	if d.spec, err = encode(d.tree); err != nil || before == nil {
		return d, err
	}
	if d.report.same = !d.report.gone && bytes.Equal(before, d.spec); d.report.same {
		return d, nil
	}
	return d, d.report.compare(t, d.spec, old, d.tree)
}

// trim reduces a document to the operations with the given ids, and to what they refer to.
func (t *tools) trim(root object, ids []string, old object) (*document, error) {
	d, before := &document{}, operations(old)
	kept := d.keep(operations(root), before, ids)
	for _, id := range ids {
		if byID(kept, id) < 0 && byID(before, id) < 0 {
			return nil, fmt.Errorf("no operation %q: renamed or removed upstream, or mistyped", id)
		}
	}
	for _, o := range kept {
		if o.node["servers"] != nil {
			d.warn("%s: has servers of its own; package gen does not know them", o)
			delete(o.node, "servers")
		}
	}
	model, err := load(prune(root, kept))
	if err != nil {
		return nil, fmt.Errorf("not an API document: %w", err)
	}
	err = model.Validate(context.Background(), openapi3.EnableExamplesValidation(), openapi3.EnableMultiError())
	problems, _ := errors.AsType[openapi3.MultiError](err) // by that option, always
	for _, problem := range problems {
		text, _, _ := strings.Cut(problem.Error(), "\n")
		d.warn("%s", text)
	}
	data, err := model.MarshalJSON()
	if bytes.Contains(data, []byte(`"allOf":`)) { // flatten merges what it consists of
		data = t.tool("oasdiff", "flatten", t.write("nested.json", data))
	}
	if err = cmp.Or(err, t.err, json.Unmarshal(data, &d.tree)); err == nil {
		address, _ := server(root)
		d.tree["servers"] = []any{object{"url": address}}
	}
	return d, err
}

// load returns kin-openapi's model of a document, as OpenAPI 3.
func load(tree object) (*openapi3.T, error) {
	data, _ := json.Marshal(tree) // cannot fail: the tree was read from JSON
	if tree["swagger"] != "2.0" {
		return openapi3.NewLoader().LoadFromData(data)
	}
	var swagger openapi2.T
	if err := json.Unmarshal(data, &swagger); err != nil {
		return nil, err
	}
	return openapi2conv.ToV3(&swagger)
}

// arrange makes a document and an older one comparable. In the document, it puts references in
// place of schemas where the older one has them to equal ones, and restores operations that are
// gone. In the older one, it puts operations where they are now. The report has what moved, what
// is gone, and what requires other permissions.
func (d *document) arrange(old object, ids []string) {
	current, before := operations(d.tree), operations(old)
	delete(old, "paths")
	for _, was := range before {
		if i := byID(current, was.id); i >= 0 {
			if !current[i].isAt(was) {
				d.report.add(true, fmt.Sprintf("%s (%s): moved to %s; released versions do not find it", was, was.id, current[i]))
			}
			d.report.addPermissions(was, current[i])
			was = was.at(current[i])
		} else if slices.Contains(ids, was.id) {
			d.report.gone = true
			d.report.add(true, fmt.Sprintf("%s (%s): gone; nothing is at its method and path any more", was, was.id))
			put(d.tree, was.node, "paths", was.path, was.method)
		}
		put(old, was.node, "paths", was.path, was.method)
	}
	for kind := range get[object](old, "components") { // operations that are gone refer to these, too
		both := maps.Clone(get[object](old, "components", kind))
		maps.Copy(both, get[object](d.tree, "components", kind))
		put(d.tree, both, "components", kind)
	}
	for range get[object](d.tree, "components", "schemas") { // each pass may make schemas equal for the next
		withReferences(d.tree, old, d.tree, old)
	}
}

// withReferences returns a node of the current document, with references where a node of the older
// one has them to equal schemas.
func withReferences(current, old object, node, was any) any {
	switch node := node.(type) {
	case []any:
		was, _ := was.([]any)
		for i := range min(len(node), len(was)) {
			node[i] = withReferences(current, old, node[i], was[i])
		}
	case object:
		var target []string
		if reference := get[string](was, "$ref"); reference != "" && node["$ref"] == nil {
			target = strings.Split(reference, "/")[1:]
			was = get[any](old, target...)
		}
		for _, key := range slices.Sorted(maps.Keys(node)) { // components first
			node[key] = withReferences(current, old, node[key], get[any](was, key))
		}
		if target != nil && isSame(node, get[any](current, target...)) {
			return object{"$ref": "#/" + strings.Join(target, "/")}
		}
	}
	return node
}

// isSame reports whether two schemas say the same to a program.
func isSame(a, b any) bool {
	bare := &pruner{isBare: true}
	first, _ := json.Marshal(bare.clean(a, ""), json.Deterministic(true)) // 1 is a float in JSON, an int in YAML
	second, _ := json.Marshal(bare.clean(b, ""), json.Deterministic(true))
	return bytes.Equal(first, second)
}

// header is the comment at the head of the output.
const header = `# Code generated by "go run ./api/trim"; DO NOT EDIT.
# Names and fixes for Go belong in overlay.yaml, which oapi-codegen applies to this.
# The vendor's document: ` + upstream + "\n"

// encode returns a document as YAML. Keys are sorted, those of the top level aside.
func encode(tree object) ([]byte, error) {
	var spec bytes.Buffer
	spec.WriteString(header)
	encoder := yaml.NewEncoder(&spec)
	encoder.SetIndent(2)
	err := encoder.Encode(struct {
		OpenAPI       string
		Info, Servers any
		Security      any `yaml:",omitempty"`
		Paths         any
		Components    any `yaml:",omitempty"`
	}{"3.0.3", tree["info"], tree["servers"], tree["security"], tree["paths"], tree["components"]})
	return spec.Bytes(), errors.Join(err, encoder.Close())
}
