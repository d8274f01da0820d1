package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

var (
	// describing are the top-level keys that are about all operations, in both versions.
	describing = strings.Fields("swagger openapi info consumes produces servers security")
	// named are the words whose values have names as keys. All other keys are words of the
	// specification, or extensions.
	named = strings.Fields("properties headers security scopes variables mapping encoding")
	// texts are the words that say nothing to a program.
	texts = strings.Fields("description title summary example examples externalDocs")

	extension = regexp.MustCompile(`(?i)^x-`)
	ofVendor  = regexp.MustCompile(`(?i)^x-(inin|purecloud)-`)
)

// pruner reduces a document to a few operations and the components that they refer to,
// directly or not. It works on the JSON tree: a model of all 10 MB would cost seconds.
type pruner struct {
	root, kept object
	isBare     bool // without texts and extensions
}

// prune returns a document of some operations and their components, cleaned.
func prune(root object, operations []operation) object {
	p := pruner{root: root, kept: object{}}
	for _, o := range operations {
		put(p.kept, p.clean(o.node, ""), "paths", printable(o.path), o.method)
	}
	for _, key := range describing {
		if root[key] != nil {
			p.kept[key] = p.clean(root[key], key)
		}
	}
	return p.kept
}

// reach keeps a component, under a name without spaces, which OpenAPI 3 does not allow:
// "PureCloud OAuth" becomes "PureCloudOAuth".
func (p *pruner) reach(tokens ...string) (name string) {
	component, last := get[any](p.root, tokens...), len(tokens)-1
	renamed := append(slices.Clip(tokens[:last]), strings.ReplaceAll(printable(tokens[last]), " ", ""))
	if component != nil && get[any](p.kept, renamed...) == nil {
		put(p.kept, object{}, renamed...) // now: it may refer to itself
		put(p.kept, p.clean(component, ""), renamed...)
	}
	return renamed[last]
}

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
		child := get[object](node, token)
		if child == nil {
			child = object{}
			node[token] = child
		}
		node = child
	}
	node[tokens[last]] = value
}

// clean returns a tree without what clients of this module cannot see: control characters,
// extensions other than the vendor's own, many of which would change what oapi-codegen
// generates, and other ways to write the same. It reaches the components that the tree refers
// to. The word is the key of the tree, if that is a word of the specification.
func (p *pruner) clean(node any, word string) any {
	switch node := node.(type) {
	case string:
		return printable(node)
	case []any:
		values := make([]any, 0, len(node))
		for _, value := range node {
			if value != nil { // in an enum, it says nullable
				values = append(values, p.clean(value, word))
			}
		}
		return values
	case object:
		hasNames := slices.Contains(named, word)
		if only := onlyOf(node); only != nil && !hasNames {
			node = only
		}
		if reference := get[string](node, "$ref"); reference != "" && !hasNames {
			// #/definitions/Name in Swagger 2.0, #/components/schemas/Name in OpenAPI 3. References
			// to anything else are errors of the loader.
			if tokens := strings.Split(reference, "/"); len(tokens) == 3 || len(tokens) == 4 {
				p.reach(tokens[1:]...)
			}
			return object{"$ref": printable(reference)} // OpenAPI 3.0 ignores its siblings
		}
		cleaned := object{}
		for _, name := range slices.Sorted(maps.Keys(node)) {
			switch key := printable(name); {
			case word == "security":
				p.reach("securityDefinitions", name) // of Swagger 2.0
				cleaned[p.reach("components", "securitySchemes", name)] = p.clean(node[name], "")
			case hasNames:
				cleaned[key] = p.clean(node[name], "")
			case extension.MatchString(name) && !ofVendor.MatchString(name),
				p.isBare && (extension.MatchString(name) || slices.Contains(texts, name)),
				name == "tags", name == "nullable", // null is read as zero, unknown properties are ignored
				name == "additionalProperties" && len(get[object](node, "properties")) > 0:
			case extension.MatchString(name):
				cleaned[strings.ToLower(key)] = p.clean(node[name], "")
			default:
				cleaned[key] = p.clean(node[name], name)
			}
		}
		return cleaned
	}
	return node
}

// onlyOf returns the reference that a schema consists of, if that is an allOf of one, with texts
// and the like beside it. Other forms of allOf are merged by oasdiff, which keeps no reference.
func onlyOf(node object) object {
	all := get[[]any](node, "allOf")
	for key := range node {
		if key != "allOf" && key != "nullable" && !slices.Contains(texts, key) && !extension.MatchString(key) {
			return nil
		}
	}
	if len(all) != 1 || get[string](all[0], "$ref") == "" {
		return nil
	}
	return all[0].(object)
}

// printable returns a text with spaces for what unicode.IsPrint refuses, line breaks aside: control
// characters and those that change the direction of text would mislead terminals and readers.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

// oneLine returns a printable text without line breaks.
func oneLine(text string) string {
	return strings.Join(strings.Fields(printable(text)), " ")
}
