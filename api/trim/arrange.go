package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// arrange makes a document and an older one comparable. It writes the document like the older
// one where both mean the same to clients, with references in place of equal schemas. It puts
// operations of the older one where they are now, and those that are gone back into the
// document. The report has what moved, what is gone, and what requires other permissions.
func (d *document) arrange(old object, ids []string) {
	current, before := operations(d.tree), operations(old)
	delete(old, "paths")
	for _, was := range before {
		if i := byID(current, was.id); i >= 0 {
			if !current[i].isAt(was) {
				d.report.add(true, fmt.Sprintf("%s (%s): moved to %s; released versions do not find it", was, was.id, current[i]))
			}
			d.report.addPermissions(was, current[i])
			was = was.at(current[i])
		} else if slices.Contains(ids, was.id) {
			d.report.gone = true
			d.report.add(true, fmt.Sprintf("%s (%s): gone; nothing is at its method and path any more", was, was.id))
			put(d.tree, was.node, "paths", was.path, was.method)
		}
		put(old, was.node, "paths", was.path, was.method)
	}
	schemas := object{} // of both: references to those of the older one replace what the document has inline
	maps.Copy(schemas, get[object](old, "components", "schemas"))
	maps.Copy(schemas, get[object](d.tree, "components", "schemas"))
	put(d.tree, schemas, "components", "schemas")
	arranged(d.tree, old, d.tree, old)
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
		if reference := get[string](was, "$ref"); reference != "" && node["$ref"] == nil {
			target = strings.Split(reference, "/")[1:]
			was = get[any](old, target...)
		}
		for _, key := range slices.Sorted(maps.Keys(node)) { // components first
			node[key] = arranged(current, old, node[key], get[any](was, key))
		}
		if target != nil && isSame(node, get[any](current, target...)) {
			return object{"$ref": "#/" + strings.Join(target, "/")}
		}
	}
	return node
}

// isSame reports whether two schemas say the same to a program.
func isSame(a, b any) bool {
	bare := &pruner{isBare: true}
	return reflect.DeepEqual(bare.clean(a, ""), bare.clean(b, ""))
}
