package main

import (
	"slices"
	"strings"
	"unicode"
)

// named are the words whose values have keys that are names, chosen by the document. All other
// keys are words of the specification, or extensions.
var named = strings.Fields("properties headers security")

// texts are the words that say nothing to a program.
var texts = strings.Fields("description title summary example examples externalDocs")

// clean returns a tree without what clients of this module cannot see: control characters,
// extensions other than the vendor's own, many of which would change what oapi-codegen
// generates, and other ways to write the same. It reaches the components that the tree refers
// to. If keys of the tree are names, namedBy is the word above it.
func (p *pruner) clean(node any, namedBy string) any {
	switch node := node.(type) {
	case string:
		return printable(node)
	case []any:
		values := make([]any, 0, len(node))
		for _, value := range node {
			if value != nil { // in an enum, it says nullable
				values = append(values, p.clean(value, namedBy))
			}
		}
		return values
	case object:
		if reference, ok := node["$ref"].(string); ok && namedBy == "" {
			return object{"$ref": p.reachReference(reference)} // OpenAPI 3.0 ignores its siblings
		}
		if only := onlyOf(node); only != nil && namedBy == "" {
			return p.clean(only, "")
		}
		cleaned := object{}
		for name, value := range node {
			switch key := printable(name); {
			case namedBy == "security":
				p.reach("securityDefinitions", name) // of Swagger 2.0
				cleaned[p.reach("components", "securitySchemes", name)] = p.clean(value, "")
			case namedBy != "":
				cleaned[key] = p.clean(value, "")
			case isForeign(name), isIgnored(name, node), p.isBare && (isExtension(name) || slices.Contains(texts, name)):
			case isExtension(name):
				cleaned[strings.ToLower(key)] = p.clean(value, "")
			case slices.Contains(named, name):
				cleaned[key] = p.clean(value, name)
			default:
				cleaned[key] = p.clean(value, "")
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
