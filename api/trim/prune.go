package main

import (
	"maps"
	"slices"
	"strings"
)

var (
	// methods are the keys of a path item that contain operations.
	methods = strings.Fields("get put post delete options head patch trace")
	// sections are the top-level keys that contain components.
	sections = strings.Fields("definitions parameters responses securityDefinitions components")
)

// pruner reduces a document to a few operations and the components that they refer to,
// directly or not. It works on the JSON tree: a model of all 10 MB would cost seconds.
type pruner struct {
	root, kept object
	isBare     bool // without texts and extensions
}

// prune returns a document of some operations and their components, cleaned.
func prune(root object, operations []operation) (kept object) {
	rest := maps.Clone(root)
	for _, key := range append(sections, "paths", "basePath") {
		delete(rest, key)
	}
	for _, o := range operations {
		put(rest, o.node, "paths", o.path, o.method)
	}
	p := pruner{root: root, kept: object{}}
	kept = p.clean(rest, "").(object)
	maps.Copy(kept, p.kept)
	return kept
}

// reach keeps a component, under a name without spaces, which OpenAPI 3 does not allow:
// "PureCloud OAuth" becomes "PureCloudOAuth".
func (p *pruner) reach(tokens ...string) (name string) {
	component, last := get[any](p.root, tokens...), len(tokens)-1
	renamed := append(slices.Clip(tokens[:last]), withoutSpaces(tokens[last]))
	if component != nil && get[any](p.kept, renamed...) == nil {
		put(p.kept, object{}, renamed...) // now: it may refer to itself
		put(p.kept, p.clean(component, ""), renamed...)
	}
	return renamed[last]
}

// reachReference reaches the component that a reference points to, and returns the reference.
// References to anything else are errors of the loader.
func (p *pruner) reachReference(reference string) string {
	// #/definitions/Name in Swagger 2.0, #/components/schemas/Name in OpenAPI 3.
	if tokens := strings.Split(reference, "/"); len(tokens) == 3 || len(tokens) == 4 {
		p.reach(tokens[1:]...)
	}
	return withoutSpaces(reference)
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
