package main

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

var (
	// methods are the keys of a path item that contain operations.
	methods = strings.Fields("get put post delete options head patch trace")
	// sections are the top-level keys that contain components.
	sections = strings.Fields("definitions parameters responses securityDefinitions components")
)

// operation is an operation of a document.
type operation struct {
	id, method, path string
	node             object
}

// String returns the method and the path.
func (o operation) String() string { return strings.ToUpper(o.method) + " " + o.path }

// operations returns the operations of a document, by path, with the parameters of their paths.
func operations(document object) (all []operation) {
	paths, _ := document["paths"].(object)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for _, method := range methods {
			if node, ok := lookup(paths, path, method).(object); ok {
				id, _ := node["operationId"].(string)
				if shared, ok := lookup(paths, path, "parameters").([]any); ok {
					own, _ := node["parameters"].([]any)
					node = maps.Clone(node)
					node["parameters"] = slices.Concat(shared, own)
				}
				all = append(all, operation{id, method, path, node})
			}
		}
	}
	return all
}

// pruner reduces a document to a few operations and the components that they refer to,
// directly or not. It works on the JSON tree: a model of all 10 MB would cost seconds.
type pruner struct {
	root, kept object
	schemes    []string // where the root has security schemes
	isBare     bool     // without texts and extensions
	err        error    // the first error
}

func (p *pruner) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// prune returns a document of the named operations and their components, cleaned, and the
// other operations.
func prune(root object, ids []string) (kept object, others []operation, err error) {
	rest := maps.Clone(root)
	for _, section := range append(sections, "paths") {
		delete(rest, section)
	}
	p := pruner{root: root, kept: object{}, schemes: []string{"components", "securitySchemes"}}
	if root["swagger"] == "2.0" {
		p.schemes = []string{"securityDefinitions"}
	}
	for _, o := range operations(root) {
		if o.id == "" || !slices.Contains(ids, o.id) {
			others = append(others, o)
			continue
		}
		put(rest, o.node, "paths", o.path, o.method)
	}
	rest = p.clean(rest, "", words).(object)
	maps.Copy(rest, p.kept)
	return rest, others, p.err
}

// reach keeps a component, under a name without spaces, which OpenAPI 3 does not allow:
// "PureCloud OAuth" becomes "PureCloudOAuth".
func (p *pruner) reach(tokens ...string) (name string) {
	component, last := lookup(p.root, tokens...), len(tokens)-1
	renamed := append(slices.Clip(tokens[:last]), strings.ReplaceAll(tokens[last], " ", ""))
	if component != nil && lookup(p.kept, renamed...) == nil {
		put(p.kept, object{}, renamed...) // now: it may refer to itself
		put(p.kept, p.clean(component, "", words), renamed...)
	}
	return renamed[last]
}

// reachReference reaches the component that a reference points to, or into. It returns the
// reference without percent-encoding, so that the output does not depend on it, and to where
// OpenAPI 3 has schemas: openapi2conv would not look below keys that it does not know.
func (p *pruner) reachReference(reference string) string {
	fragment, err := url.PathUnescape(reference)
	tokens := strings.Split(strings.TrimPrefix(fragment, "#/"), "/")
	// #/definitions/Name in Swagger 2.0, #/components/schemas/Name in OpenAPI 3.
	length := 2
	if tokens[0] == "components" {
		length = 3
	}
	switch {
	case err != nil || !strings.HasPrefix(fragment, "#/") || strings.ContainsFunc(fragment, isUnprintable):
		p.fail("$ref %q does not point into the document", reference)
	case len(tokens) < length || !slices.Contains(sections, tokens[0]):
		p.fail("$ref %q does not point to a component", reference)
	case lookup(p.root, tokens...) == nil:
		p.fail("$ref %q: not found", reference)
	default:
		p.reach(tokens[:length]...)
	}
	return strings.Replace(fragment, "#/definitions/", "#/components/schemas/", 1)
}

// lookup returns the value at a JSON pointer, given by its tokens, or nil.
func lookup(node any, tokens ...string) any {
	for _, token := range tokens {
		parent, _ := node.(object)
		node = parent[token]
	}
	return node
}

// put sets the value at a JSON pointer, given by its tokens.
func put(node object, value any, tokens ...string) {
	last := len(tokens) - 1
	for _, token := range tokens[:last] {
		if node[token] == nil {
			node[token] = object{}
		}
		node = node[token].(object)
	}
	node[tokens[last]] = value
}
