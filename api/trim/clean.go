package main

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// kind says what the keys of an object are.
type kind int

const (
	words kind = iota // of the specification, or extensions
	names             // chosen by the document, such as those of properties
	data              // of the API, such as those of an example
)

// kinds are the kinds of the values of some words. All others are words.
var kinds = map[string]kind{
	"properties": names, "patternProperties": names, "responses": names, "headers": names,
	"content": names, "encoding": names, "callbacks": names, "links": names, "variables": names,
	"mapping": names, "security": names, "example": data, "examples": data, "default": data, "enum": data,
}

// identifiers are the words whose values cannot be cleaned: that would be another API.
var identifiers = strings.Fields("enum name operationId required")

// clean removes from a tree, in place, the control characters of texts and all extensions
// but the vendor's own. Many others change what oapi-codegen generates: only overlay.yaml
// may have them. It reaches the components that the tree refers to. The word is the nearest
// one above.
func (p *pruner) clean(node any, word string, keys kind, depth int) any {
	if depth > maxDepth {
		p.fail("nested more than %d levels deep", maxDepth)
		return nil
	}
	switch node := node.(type) {
	case string:
		if slices.Contains(identifiers, word) && strings.ContainsFunc(node, isUnprintable) {
			p.fail("%s %q has a control character", word, node)
		}
		if word == "mapping" && strings.HasPrefix(node, "#") {
			return p.reachReference(node)
		}
		return printable(node)
	case []any:
		for i, value := range node {
			node[i] = p.clean(value, word, keys, depth+1)
		}
	case object:
		if reference, ok := node["$ref"].(string); ok && keys == words {
			return object{"$ref": p.reachReference(reference)} // OpenAPI 3.0 ignores its siblings
		}
		if node["in"] == "body" && keys == words {
			delete(node, "name") // without meaning; openapi2conv would make an extension of it
		}
		for _, name := range slices.Sorted(maps.Keys(node)) {
			value, cleaned, below, within := node[name], printable(name), word, keys
			isExtension := strings.HasPrefix(name, "x-") && (keys == words || keys == names && word == "responses")
			delete(node, name)
			switch {
			case strings.ContainsFunc(name, isUnprintable) && keys != data:
				p.fail("the key %q has a control character", name)
			case isExtension && !strings.HasPrefix(name, "x-inin-") && !strings.HasPrefix(name, "x-purecloud-"):
				continue
			case isExtension:
				below, within = name, data
			case keys == names && word == "security":
				cleaned, within = p.reachScheme(name), data
			case keys == names:
				within = words
			case keys == words:
				below, within = name, kinds[name]
			}
			node[cleaned] = p.clean(value, below, within, depth+1)
		}
	}
	return node
}

// isUnprintable reports whether r is a control character or one that changes the direction
// of text: terminals and readers would be misled.
func isUnprintable(r rune) bool { return !unicode.IsPrint(r) }

// printable returns a text with spaces for unprintable characters other than line breaks.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && isUnprintable(r) {
			return ' '
		}
		return r
	}, text)
}

// oneLine returns a printable text without line breaks.
func oneLine(text string) string {
	return strings.Join(strings.Fields(printable(text)), " ")
}
