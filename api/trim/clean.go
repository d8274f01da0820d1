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

// kinds are the kinds of the values of the words that operations such as ours have. All others
// are words.
var kinds = map[string]kind{
	"properties": names, "responses": names, "headers": names, "content": names, "security": names,
	"example": data, "examples": data, "default": data, "enum": data,
}

// texts are the words that say nothing to a program.
var texts = strings.Fields("description title summary example examples externalDocs")

// clean returns a tree without what clients of this module cannot see: control characters,
// extensions other than the vendor's own, many of which would change what oapi-codegen
// generates, and other ways to write the same. It reaches the components that the tree refers
// to. The word is the nearest one above.
func (p *pruner) clean(node any, word string, keys kind) any {
	switch node := node.(type) {
	case string:
		return printable(node)
	case []any:
		values := make([]any, 0, len(node))
		for _, value := range node {
			if value != nil || word != "enum" {
				values = append(values, p.clean(value, word, keys))
			}
		}
		return values
	case object:
		if reference, ok := node["$ref"].(string); ok && keys == words {
			return object{"$ref": p.reachReference(reference)} // OpenAPI 3.0 ignores its siblings
		}
		if only := onlyOf(node); only != nil && keys == words {
			return p.clean(only, word, keys)
		}
		cleaned := object{}
		for _, name := range slices.Sorted(maps.Keys(node)) {
			key, below, within := printable(name), word, keys
			mayExtend := keys == words || keys == names && word == "responses"
			switch {
			case mayExtend && isForeign(name), keys == words && isIgnored(name, node),
				p.isBare && keys == words && (slices.Contains(texts, name) || isExtension(name)):
				continue
			case mayExtend && isExtension(name):
				key, below, within = strings.ToLower(key), name, data
			case keys == names && word == "security":
				p.reach("securityDefinitions", name) // of Swagger 2.0
				key, within = p.reach("components", "securitySchemes", name), data
			case keys == names:
				within = words
			case keys == words:
				below, within = name, kinds[name]
			}
			cleaned[key] = p.clean(node[name], below, within)
		}
		return cleaned
	}
	return node
}

// onlyOf returns the reference that a schema consists of, if that is an allOf of one, with texts
// and the like beside it. Other forms of allOf are merged by oasdiff, which keeps no reference.
func onlyOf(node object) object {
	all := get[[]any](node, "allOf")
	if len(all) != 1 || get[string](all[0], "$ref") == "" || node["properties"] != nil || node["required"] != nil {
		return nil
	}
	return all[0].(object)
}

// isIgnored reports whether a word of an object has no meaning for clients of this module:
// they read null as zero, and ignore unknown properties.
func isIgnored(word string, of object) bool {
	return word == "nullable" || word == "additionalProperties" && len(get[object](of, "properties")) > 0
}

func isExtension(key string) bool { return len(key) > 2 && strings.EqualFold(key[:2], "x-") }

// isForeign reports whether a key is an extension other than the vendor's own.
func isForeign(key string) bool {
	lower := strings.ToLower(key)
	return isExtension(key) && !strings.HasPrefix(lower, "x-inin-") && !strings.HasPrefix(lower, "x-purecloud-")
}

// printable returns a text with spaces for characters other than line breaks that are control
// characters or change the direction of text: terminals and readers would be misled.
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
