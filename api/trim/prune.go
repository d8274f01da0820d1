package main

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// maxDepth bounds how deep a document nests, and how many references lead from an
// operation to what it reaches. The vendor's documents stay below 20.
const maxDepth = 100

var (
	// methods are the keys of a path item that hold operations.
	methods = strings.Fields("get put post delete options head patch trace")
	// parts are the parts of a document that are kept as they are. Of the sections,
	// the components are kept that the operations reach.
	parts    = strings.Fields("swagger openapi info host basePath schemes consumes produces servers paths")
	sections = strings.Fields("definitions parameters responses securityDefinitions components")

	errMissing = errors.New("renamed or removed upstream, or mistyped")
)

// pruner cuts a document down to a few operations and what they reach. Working on the
// tree, before any model of the specification is made, is what makes a document of
// 10 MB cheap.
type pruner struct {
	root     object
	reached  [][]string     // components, by the tokens that lead to them
	distance map[string]int // of the components reached, in references from an operation
	hops     int            // distance of the component being cleaned
	err      error          // the first error
}

func (p *pruner) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// prune returns a document with the named operations and all that they reach, cleaned,
// and nothing else. It lists the other operations below /api/v2/usage.
func (p *pruner) prune(ids []string) (kept object, others []string, err error) {
	others = p.operations(ids)
	kept = object{}
	for _, part := range parts {
		if value := p.root[part]; value != nil {
			kept[part] = p.clean(value, part, kinds[part], 0)
		}
	}
	for i := 0; i < len(p.reached) && p.err == nil; i++ {
		component, parent := p.reached[i], kept
		p.hops = p.distance[strings.Join(component, "/")]
		value := p.clean(lookup(p.root, component...), "", words, 0)
		for _, token := range component[:len(component)-1] {
			if parent[token] == nil {
				parent[token] = object{}
			}
			parent = parent[token].(object)
		}
		parent[component[len(component)-1]] = value
	}
	return kept, others, p.err
}

// operations drops the other operations, and lists those below /api/v2/usage.
func (p *pruner) operations(ids []string) (others []string) {
	paths, ok := p.root["paths"].(object)
	if !ok {
		p.fail("not an API document: no paths")
	}
	missing := slices.Clone(ids)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item, _ := paths[path].(object)
		keep := false
		for _, method := range methods {
			operation, ok := item[method].(object)
			id, _ := operation["operationId"].(string)
			switch {
			case slices.Contains(ids, id):
				keep, missing = true, slices.DeleteFunc(missing, func(s string) bool { return s == id })
				p.security(operation)
				continue
			case ok && strings.HasPrefix(path, "/api/v2/usage/"):
				others = append(others, line(fmt.Sprintf("%s %s (%s)", strings.ToUpper(method), path, id)))
			}
			delete(item, method)
		}
		if !keep {
			delete(paths, path)
		}
	}
	if len(missing) > 0 {
		p.fail("no operation %s: %w", strings.Join(missing, ", "), errMissing)
	}
	return others
}

// security keeps the security schemes that an operation names.
func (p *pruner) security(operation object) {
	if operation["security"] == nil && p.root["security"] != nil {
		operation["security"] = p.root["security"]
	}
	section := []string{"securityDefinitions"}
	if p.root["openapi"] != nil {
		section = []string{"components", "securitySchemes"}
	}
	schemes, _ := lookup(p.root, section...).(object)
	alternatives, _ := operation["security"].([]any)
	for _, alternative := range alternatives {
		requirement, _ := alternative.(object)
		for name := range requirement {
			if schemes[name] != nil {
				schemes[withoutBlanks(name)] = schemes[name]
				p.reach(append(section, withoutBlanks(name)))
			}
		}
	}
}

// withoutBlanks is the name of a security scheme in OpenAPI 3, which allows no blanks
// in it: "PureCloud OAuth" is "PureCloudOAuth".
func withoutBlanks(name string) string { return strings.ReplaceAll(name, " ", "") }

// reach notes a component when it is first reached.
func (p *pruner) reach(component []string) {
	if name := strings.Join(component, "/"); p.distance[name] == 0 {
		p.distance[name] = p.hops + 1
		p.reached = append(p.reached, component)
	}
}

// follow reaches the component that a reference points to, or into. It returns the
// reference without percent-encoding, so that both ways of writing it give the same
// output. A component that is only a reference to another is replaced by that one.
func (p *pruner) follow(reference string) string {
	for range maxDepth {
		fragment, err := url.PathUnescape(reference)
		tokens := strings.Split(strings.TrimPrefix(fragment, "#/"), "/")
		for i, token := range tokens {
			tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		}
		// Components are named one level deep in Swagger 2.0 (definitions/Name),
		// two in OpenAPI 3 (components/schemas/Name).
		depth := 2
		if tokens[0] == "components" {
			depth = 3
		}
		value := lookup(p.root, tokens...)
		node, _ := value.(object)
		next, isReference := node["$ref"].(string)
		switch {
		case err != nil || !strings.HasPrefix(fragment, "#/") || strings.ContainsFunc(fragment, isUnprintable):
			p.fail("$ref %q is no reference within the document", reference)
		case len(tokens) < depth || !slices.Contains(sections, tokens[0]):
			p.fail("$ref %q points to no component", reference)
		case value == nil:
			p.fail("$ref %q points to nothing", reference)
		case p.hops == maxDepth:
			p.fail("$ref %q is more than %d references deep", reference, maxDepth)
		case isReference:
			reference = next
			continue
		default:
			p.reach(tokens[:depth])
		}
		return fragment
	}
	p.fail("$ref %q: more than %d references to references", reference, maxDepth)
	return ""
}

// lookup returns what the tokens of a JSON pointer lead to, or nil.
func lookup(node any, tokens ...string) any {
	for _, token := range tokens {
		parent, _ := node.(object)
		node = parent[token]
	}
	return node
}
