package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var (
	// methods are the keys of a path item that contain operations.
	methods = strings.Fields("get put post delete options head patch trace")
	// origin splits the URL of a server before its path.
	origin      = regexp.MustCompile(`(?s)^([^/]*//[^/]*)?(.*)$`)
	placeholder = regexp.MustCompile(`\{[^}]*\}`)
)

// operation is an operation of a document.
type operation struct {
	id, method string
	path       string // with the base path of the document
	node       object
}

// String returns the method and the path.
func (o operation) String() string { return strings.ToUpper(o.method) + " " + o.path }

// operations returns the operations of a document, by path, with the parameters of their paths.
func operations(document object) (all []operation) {
	_, base := server(document)
	paths := get[object](document, "paths")
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for _, method := range methods {
			node := maps.Clone(get[object](paths, path, method))
			if node == nil {
				continue
			}
			for _, key := range []string{"parameters", "servers"} { // those of the path, too
				if all := slices.Concat(get[[]any](paths, path, key), get[[]any](node, key)); all != nil {
					node[key] = all
				}
			}
			all = append(all, operation{get[string](node, "operationId"), method, base + path, node})
		}
	}
	return all
}

// server returns scheme and host of the first server of a document, and the base path after them.
func server(document object) (address, base string) {
	scheme := "https"
	if schemes := get[[]any](document, "schemes"); len(schemes) > 0 && !slices.Contains(schemes, any(scheme)) {
		scheme = fmt.Sprint(schemes[0])
	}
	url := scheme + "://" + get[string](document, "host") + get[string](document, "basePath") // Swagger 2.0
	if servers := get[[]any](document, "servers"); len(servers) > 0 {
		url = get[string](servers[0], "url")
		for name, variable := range get[object](servers[0], "variables") {
			url = strings.ReplaceAll(url, "{"+name+"}", get[string](variable, "default"))
		}
	}
	match := origin.FindStringSubmatch(url)
	return strings.TrimSuffix(strings.ToLower(match[1]), ":443"), strings.TrimRight(match[2], "/")
}

// isAt reports whether an operation has the method and the path of another one, whatever the
// names of the parameters in it.
func (o operation) isAt(other operation) bool {
	return o.method == other.method &&
		placeholder.ReplaceAllString(o.path, "{}") == placeholder.ReplaceAllString(other.path, "{}")
}

// at returns an operation with the id, the path, and the names of path parameters of another one.
func (o operation) at(place operation) operation {
	o.node["operationId"] = place.id
	from, to := placeholder.FindAllString(o.path, -1), placeholder.FindAllString(place.path, -1)
	parameters := get[[]any](o.node, "parameters")
	for n, parameter := range parameters {
		i := slices.Index(from, "{"+get[string](parameter, "name")+"}")
		if i >= 0 && len(from) == len(to) && get[string](parameter, "in") == "path" {
			renamed := maps.Clone(parameter.(object)) // other operations of the path share it
			renamed["name"] = strings.Trim(to[i], "{}")
			parameters[n] = renamed
		}
	}
	return operation{place.id, place.method, place.path, o.node}
}

// byID returns the index of the operation with an id, or -1.
func byID(all []operation, id string) int {
	return slices.IndexFunc(all, func(o operation) bool { return id != "" && o.id == id })
}

// keep returns the operations with the given ids, as they are now. One of an older document is
// what has its method and path, which released versions send; its id is looked for only if
// nothing is there any more. All other operations are d.others.
func (d *document) keep(all, old []operation, ids []string) (kept []operation) {
	for _, was := range old {
		if i := slices.IndexFunc(all, was.isAt); i >= 0 && slices.Contains(ids, was.id) {
			if all[i].id != was.id {
				d.warn("%s: has the operationId %q now; package gen keeps the names of %q", was, all[i].id, was.id)
			}
			kept, all = append(kept, all[i].at(was)), slices.Delete(all, i, i+1)
		}
	}
	for _, id := range ids {
		if i := byID(all, id); i >= 0 && byID(kept, id) < 0 {
			kept, all = append(kept, all[i]), slices.Delete(all, i, i+1)
		}
	}
	d.others = all
	return kept
}
