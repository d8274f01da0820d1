package main

import (
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// isAt reports whether an operation has the method and the path of another one, whatever the
// names of the parameters in it.
func (o operation) isAt(other operation) bool {
	return o.method == other.method &&
		placeholder.ReplaceAllString(o.path, "{}") == placeholder.ReplaceAllString(other.path, "{}")
}

// arrange writes a document like an older one where both mean the same to clients: the names
// of path parameters, and inline schemas in place of references or the reverse.
func arrange(current, old object) {
	for _, o := range operations(current) {
		for _, was := range operations(old) {
			if o.path != was.path && o.isAt(was) && lookup(current, "paths", was.path, was.method) == nil {
				delete(lookup(current, "paths", o.path).(object), o.method)
				place(current, o, was)
			}
		}
	}
	arranged(current, old, current, old)
}

// place puts an operation where another one was, with its names of path parameters.
func place(document object, o, was operation) {
	from, to := placeholder.FindAllString(o.path, -1), placeholder.FindAllString(was.path, -1)
	parameters, _ := o.node["parameters"].([]any)
	for _, parameter := range parameters {
		parameter := parameter.(object)
		name, _ := parameter["name"].(string)
		if i := slices.Index(from, "{"+name+"}"); i >= 0 && i < len(to) && parameter["in"] == "path" {
			parameter["name"] = strings.Trim(to[i], "{}")
		}
	}
	put(document, o.node, "paths", was.path, was.method)
}

// arranged returns a node of the current document, with references where a node of the older
// one has them to equal schemas.
func arranged(current, old object, node, was any) any {
	switch node := node.(type) {
	case []any:
		was, _ := was.([]any)
		for i := range min(len(node), len(was)) {
			node[i] = arranged(current, old, node[i], was[i])
		}
	case object:
		var target []string
		if reference, ok := lookup(was, "$ref").(string); ok && node["$ref"] == nil {
			target = strings.Split(reference, "/")[1:]
			was = lookup(old, target...)
		}
		for key := range node {
			node[key] = arranged(current, old, node[key], lookup(was, key))
		}
		if target != nil && lookup(current, target...) == nil && isSame(node, was) {
			put(current, node, target...)
		}
		if target != nil && isSame(node, lookup(current, target...)) {
			return object{"$ref": "#/" + strings.Join(target, "/")}
		}
	}
	return node
}

// isSame reports whether two schemas say the same to a program.
func isSame(a, b any) bool { return reflect.DeepEqual(withoutTexts(a, words), withoutTexts(b, words)) }

func withoutTexts(node any, keys kind) any {
	parent, ok := node.(object)
	if !ok {
		return node
	}
	parent = maps.Clone(parent)
	maps.DeleteFunc(parent, func(key string, _ any) bool {
		return keys == words && (slices.Contains(texts, key) || isExtension(key))
	})
	for key, value := range parent {
		within := words
		if keys == words {
			within = kinds[key]
		}
		parent[key] = withoutTexts(value, within)
	}
	return parent
}

// clone returns a deep copy of a document.
func clone(document object) (copied object) {
	data, _ := json.Marshal(document)
	_ = json.Unmarshal(data, &copied)
	return copied
}
