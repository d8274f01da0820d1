package main

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// maxDepth is the limit of nesting in a document, and of references from an operation
// to what it needs. The vendor's documents stay below 20.
const maxDepth = 100

var (
	// methods are the keys of a path item that contain operations.
	methods = strings.Fields("get put post delete options head patch trace")
	// sections are the top-level keys that contain components.
	sections = strings.Fields("definitions parameters responses securityDefinitions components")

	errMissing = errors.New("renamed or removed upstream, or mistyped")
)

// pruner reduces a document to a few operations and the components that they refer to,
// directly or not. It works on the JSON tree: a model of all 10 MB would cost seconds.
type pruner struct {
	root    object
	reached map[string]bool // components that were queued
	queue   [][]string      // components to keep, as the tokens of their JSON pointers
	err     error           // the first error
}

func (p *pruner) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// prune returns a document of the named operations and their components, cleaned, and the
// other operations below /api/v2/usage.
func (p *pruner) prune(ids []string) (kept object, notKept []string, err error) {
	notKept = p.dropOperations(ids)
	kept = maps.Clone(p.root)
	for _, section := range sections {
		delete(kept, section)
	}
	p.clean(kept, "", words, 0)
	for distance := 0; len(p.queue) > 0 && p.err == nil; distance++ {
		components := p.queue
		p.queue = nil
		if distance == maxDepth {
			p.fail("#/%s is more than %d references from an operation", strings.Join(components[0], "/"), maxDepth)
		}
		for _, tokens := range components {
			parent, last := kept, len(tokens)-1
			for _, token := range tokens[:last] {
				if parent[token] == nil {
					parent[token] = object{}
				}
				parent = parent[token].(object)
			}
			parent[tokens[last]] = p.clean(lookup(p.root, tokens...), "", words, 0)
		}
	}
	return kept, notKept, p.err
}

// dropOperations removes all operations but the named ones, and returns the ones below
// /api/v2/usage.
func (p *pruner) dropOperations(ids []string) (dropped []string) {
	paths, ok := p.root["paths"].(object)
	if !ok {
		p.fail("not an API document: no paths")
	}
	var found []string
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item, _ := paths[path].(object)
		before := len(found)
		for _, method := range methods {
			operation, ok := item[method].(object)
			id, _ := operation["operationId"].(string)
			if id != "" && slices.Contains(ids, id) {
				found = append(found, id)
				continue
			}
			if ok && strings.HasPrefix(path, "/api/v2/usage/") {
				dropped = append(dropped, oneLine(fmt.Sprintf("%s %s (%s)", strings.ToUpper(method), path, id)))
			}
			delete(item, method)
		}
		if len(found) == before {
			delete(paths, path)
		}
	}
	missing := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(found, id) })
	if len(missing) > 0 {
		p.fail("no operation %q: %w", missing, errMissing)
	}
	return dropped
}

// reach queues a component the first time.
func (p *pruner) reach(tokens ...string) {
	if key := fmt.Sprintf("%q", tokens); !p.reached[key] {
		p.reached[key] = true
		p.queue = append(p.queue, tokens)
	}
}

// reachScheme reaches a security scheme and returns its name without spaces, which OpenAPI 3
// does not allow: "PureCloud OAuth" becomes "PureCloudOAuth".
func (p *pruner) reachScheme(name string) (renamed string) {
	section := []string{"components", "securitySchemes"}
	if p.root["swagger"] == "2.0" {
		section = []string{"securityDefinitions"}
	}
	renamed = strings.ReplaceAll(name, " ", "")
	if schemes, _ := lookup(p.root, section...).(object); schemes[name] != nil {
		schemes[renamed] = schemes[name]
		p.reach(append(section, renamed)...)
	}
	return renamed
}

// reachReference reaches the component that a reference points to, or into. It returns the
// reference without percent-encoding, so that the output does not depend on it, and to where
// OpenAPI 3 has schemas: openapi2conv would not look below keys that it does not know.
func (p *pruner) reachReference(reference string) string {
	fragment, err := url.PathUnescape(reference)
	tokens := strings.Split(strings.TrimPrefix(fragment, "#/"), "/")
	// #/definitions/Name in Swagger 2.0, #/components/schemas/Name in OpenAPI 3.
	depth := 2
	if tokens[0] == "components" {
		depth = 3
	}
	switch {
	case err != nil || !strings.HasPrefix(fragment, "#/") || strings.ContainsFunc(fragment, isUnprintable):
		p.fail("$ref %q does not point into the document", reference)
	case len(tokens) < depth || !slices.Contains(sections, tokens[0]):
		p.fail("$ref %q does not point to a component", reference)
	case lookup(p.root, tokens...) == nil:
		p.fail("$ref %q: not found", reference)
	default:
		p.reach(tokens[:depth]...)
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
