package main

import (
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
			if node, ok := get[any](paths, path, method).(object); ok {
				id, _ := node["operationId"].(string)
				if shared, ok := get[any](paths, path, "parameters").([]any); ok {
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
	isBare     bool // without texts and extensions
}

// prune returns a document of the named operations and their components, cleaned, and the
// other operations.
func prune(root object, ids []string) (kept object, others []operation) {
	rest := maps.Clone(root)
	for _, section := range append(sections, "paths") {
		delete(rest, section)
	}
	p := pruner{root: root, kept: object{}}
	for _, o := range operations(root) {
		if o.id == "" || !slices.Contains(ids, o.id) {
			others = append(others, o)
			continue
		}
		put(rest, o.node, "paths", o.path, o.method)
	}
	rest = p.clean(rest, "", words).(object)
	maps.Copy(rest, p.kept)
	return rest, others
}

// reach keeps a component, under a name without spaces, which OpenAPI 3 does not allow:
// "PureCloud OAuth" becomes "PureCloudOAuth".
func (p *pruner) reach(tokens ...string) (name string) {
	component, last := get[any](p.root, tokens...), len(tokens)-1
	renamed := append(slices.Clip(tokens[:last]), withoutSpaces(tokens[last]))
	if component != nil && get[any](p.kept, renamed...) == nil {
		put(p.kept, object{}, renamed...) // now: it may refer to itself
		put(p.kept, p.clean(component, "", words), renamed...)
	}
	return renamed[last]
}

// reachReference reaches the component that a reference points to, or into. It returns the
// reference without percent-encoding, so that the output does not depend on it, and to where
// OpenAPI 3 has schemas: openapi2conv would not look below keys that it does not know.
// References to anything else are errors of the loader.
func (p *pruner) reachReference(reference string) string {
	if fragment, err := url.PathUnescape(reference); err == nil {
		reference = fragment
	}
	tokens := strings.Split(strings.TrimPrefix(reference, "#/"), "/")
	// #/definitions/Name in Swagger 2.0, #/components/schemas/Name in OpenAPI 3.
	length := 2
	if tokens[0] == "components" {
		length = 3
	}
	if len(tokens) >= length && slices.Contains(sections, tokens[0]) {
		p.reach(tokens[:length]...)
	}
	return withoutSpaces(strings.Replace(reference, "#/definitions/", "#/components/schemas/", 1))
}

func withoutSpaces(name string) string { return strings.ReplaceAll(printable(name), " ", "") }

// get returns the value at a JSON pointer, given by its tokens, or zero if there is none of
// this type.
func get[T any](node any, tokens ...string) T {
	for _, token := range tokens {
		parent, _ := node.(object)
		node = parent[token]
	}
	value, _ := node.(T)
	return value
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
