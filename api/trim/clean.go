package main

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// kind is what the keys of an object are.
type kind int

const (
	words kind = iota // of the specification, or extensions
	names             // chosen by the document: those of properties, say
	data              // of the API: an example, a default
)

// kinds are the words whose values do not have words for keys.
var kinds = map[string]kind{
	"paths": names, "properties": names, "patternProperties": names, "responses": names, "headers": names,
	"content": names, "encoding": names, "callbacks": names, "links": names, "variables": names, "scopes": names,
	"mapping": names, "security": names, "example": data, "examples": data, "default": data, "enum": data,
}

// verbatim are the words whose values are names too: a text can be cleaned, a name not.
var verbatim = strings.Fields("enum name operationId required")

// isAllowed reports whether an extension stays: the vendor's own do. Many others are
// orders to the generator, which are ours to write, in overlay.yaml.
func isAllowed(extension string) bool {
	return strings.HasPrefix(extension, "x-inin-") || strings.HasPrefix(extension, "x-purecloud-")
}

// clean removes from a tree, in place, the extensions that are not allowed and the
// control characters of its texts, and follows its references. The key is the nearest
// word above.
func (p *pruner) clean(node any, key string, keys kind, depth int) any {
	if depth > maxDepth {
		p.fail("nested more than %d levels deep", maxDepth)
		return nil
	}
	switch node := node.(type) {
	case string:
		cleaned := printable(node)
		if slices.Contains(verbatim, key) && strings.ContainsFunc(node, isUnprintable) {
			p.fail("%s %q has a control character", key, node)
		}
		if key == "mapping" && strings.HasPrefix(cleaned, "#") {
			return p.follow(cleaned)
		}
		return cleaned
	case []any:
		for i, value := range node {
			node[i] = p.clean(value, key, keys, depth+1)
		}
	case object:
		if reference, ok := node["$ref"].(string); ok && keys == words {
			clear(node) // what stands beside a reference has no meaning in OpenAPI 3.0
			node["$ref"] = p.follow(reference)
			return node
		}
		if node["in"] == "body" && keys == words {
			delete(node, "name") // it has no meaning, and openapi2conv would make an extension of it
		}
		for _, name := range slices.Sorted(maps.Keys(node)) {
			value, cleaned, below, within := node[name], printable(name), key, keys
			delete(node, name)
			switch {
			case strings.ContainsFunc(name, isUnprintable) && keys != data:
				p.fail("the key %q has a control character", name)
			case keys == names && key == "security":
				cleaned, within = withoutBlanks(name), data
			case keys == names:
				within = words
			case keys == words && isAllowed(name):
				below, within = name, data
			case keys == words && strings.HasPrefix(name, "x-"):
				continue
			case keys == words:
				below, within = name, kinds[name]
			}
			node[cleaned] = p.clean(value, below, within, depth+1)
		}
	}
	return node
}

// isUnprintable reports whether a terminal, or a reader of logs or of code, may take r
// for an order: a control character, or one that turns the direction of writing.
func isUnprintable(r rune) bool { return !unicode.IsPrint(r) }

// printable removes what is not printable from a text, but for line breaks.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return -1
	}, text)
}

// line returns a text of others in one line, for a report or an error.
func line(text string) string {
	return strings.Join(strings.Fields(printable(text)), " ")
}
