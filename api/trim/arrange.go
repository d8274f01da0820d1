package main

import (
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

// put puts an operation into the paths of a document, where another one is, with the names of
// path parameters there.
func (o operation) put(paths object, place operation) {
	from, to := placeholder.FindAllString(o.path, -1), placeholder.FindAllString(place.path, -1)
	parameters, _ := o.node["parameters"].([]any)
	for _, parameter := range parameters {
		parameter := parameter.(object)
		name, _ := parameter["name"].(string)
		if i := slices.Index(from, "{"+name+"}"); i >= 0 && i < len(to) && parameter["in"] == "path" {
			parameter["name"] = strings.Trim(to[i], "{}")
		}
	}
	put(paths, o.node, place.path, place.method)
}

// arrange makes a document and an older one comparable. It writes the document like the older
// one where both mean the same to clients: the names of path parameters, and inline schemas in
// place of references. It puts operations of the older one where they are now, and those that
// are gone back into the document. The report has what moved, what is gone, and what requires
// other permissions.
func (d *document) arrange(old object, ids []string) {
	paths, oldPaths := object{}, object{}
	current := operations(d.tree)
	take := func(now, place operation) {
		now.put(paths, place)
		current = slices.DeleteFunc(current, func(o operation) bool { return o.id == now.id })
	}
	for _, was := range operations(old) {
		place := was
		now, ok := successor(was, current, ids)
		switch {
		case !ok && slices.Contains(ids, was.id):
			d.report.addGone(was, d.others, ids)
			was.put(paths, was)
		case ok && !now.isAt(was):
			place = now
			d.report.addMoved(was, now)
			fallthrough
		case ok:
			d.report.addPermissions(was, now)
			take(now, place)
		}
		was.put(oldPaths, place)
	}
	for len(current) > 0 { // of operations with the same id, the first
		take(current[0], current[0])
	}
	d.tree["paths"], old["paths"] = paths, oldPaths
	components, _ := old["components"].(object)
	for section, was := range components { // for references to what the document has inline
		all := maps.Clone(was.(object))
		kept, _ := get[any](d.tree, "components", section).(object)
		maps.Copy(all, kept)
		put(d.tree, all, "components", section)
	}
	arranged(d.tree, old, d.tree, old)
}

// successor returns the operation that an older one is now: that with its id, the one at its
// place if there are several, and where its id is not to be kept any more, that at its place.
func successor(was operation, current []operation, ids []string) (now operation, ok bool) {
	isKept := slices.Contains(ids, was.id)
	for _, o := range current {
		if o.id == was.id && !ok || o.isAt(was) && (o.id == was.id || !isKept) {
			now, ok = o, true
		}
	}
	return now, ok
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
		if reference, ok := get[any](was, "$ref").(string); ok && node["$ref"] == nil {
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
	return reflect.DeepEqual(bare.clean(a, "", words), bare.clean(b, "", words))
}
