package main

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
)

// methods are the keys of a path item that hold operations.
var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// pruned returns a document with the named operations and all that they reach,
// and nothing else. Working on the tree, before any model of the specification
// is made, is what makes a document of 10 MB cheap.
func pruned(root object, operations []string) (object, error) {
	p := pruner{root: root, kept: object{}, seen: map[string]bool{}}
	for _, key := range []string{"swagger", "openapi", "info", "host", "basePath", "schemes", "consumes", "produces", "servers"} {
		if value, ok := root[key]; ok {
			p.kept[key] = value
		}
	}
	if err := p.operations(operations); err != nil {
		return nil, err
	}
	return p.kept, nil
}

type pruner struct {
	root, kept object
	seen       map[string]bool // pointers of the references followed
}

func (p *pruner) operations(ids []string) error {
	paths, ok := p.root["paths"].(object)
	if !ok {
		return errors.New("not an API document: no paths")
	}
	missing := slices.Clone(ids)
	tags := map[string]bool{}
	keptPaths := object{}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item, ok := paths[path].(object)
		if !ok {
			continue
		}
		keptItem := object{}
		for _, method := range methods {
			operation, ok := item[method].(object)
			if !ok {
				continue
			}
			id, _ := operation["operationId"].(string)
			if !slices.Contains(ids, id) {
				continue
			}
			missing = slices.DeleteFunc(missing, func(s string) bool { return s == id })
			operation = maps.Clone(operation)
			if _, ok := operation["security"]; !ok && p.root["security"] != nil {
				operation["security"] = p.root["security"]
			}
			if err := p.security(operation); err != nil {
				return fmt.Errorf("operation %s: %w", id, err)
			}
			names, _ := operation["tags"].([]any)
			for _, name := range names {
				tags[fmt.Sprint(name)] = true
			}
			keptItem[method] = operation
		}
		if len(keptItem) == 0 {
			continue
		}
		for key, value := range item {
			if !slices.Contains(methods, key) {
				keptItem[key] = value
			}
		}
		if err := p.follow(keptItem, false); err != nil {
			return fmt.Errorf("path %s: %w", path, err)
		}
		keptPaths[path] = keptItem
	}
	if len(missing) > 0 {
		return &missingOperationsError{missing}
	}
	p.kept["paths"] = keptPaths

	all, _ := p.root["tags"].([]any)
	var keptTags []any
	for _, tag := range all {
		if t, ok := tag.(object); ok && tags[fmt.Sprint(t["name"])] {
			keptTags = append(keptTags, tag)
		}
	}
	if keptTags != nil {
		p.kept["tags"] = keptTags
	}
	return nil
}

// missingOperationsError says which of the operations upstream no longer has.
type missingOperationsError struct{ ids []string }

func (e *missingOperationsError) Error() string {
	return fmt.Sprintf("no operation %s in the document: renamed or removed upstream, or not an id of it", strings.Join(e.ids, ", "))
}

// neverWere tells whether one of the operations is mistyped: it is none of this
// module's, and was in no document that was written to the file.
func (e *missingOperationsError) neverWere(file string) bool {
	before, _ := os.ReadFile(file) // where there is none, there were none
	known, err := permissions(before)
	return err == nil && slices.ContainsFunc(e.ids, func(id string) bool {
		_, was := known[id]
		return !was && !slices.Contains(strings.Split(kept, ","), id)
	})
}

// security keeps the security schemes that an operation names, under names
// without blanks: OpenAPI 3 allows none ("PureCloud OAuth" is "PureCloudOAuth").
func (p *pruner) security(operation object) error {
	alternatives, _ := operation["security"].([]any)
	renamed := make([]any, len(alternatives))
	for i, alternative := range alternatives {
		schemes, ok := alternative.(object)
		if !ok {
			return errors.New("a security requirement is not an object")
		}
		requirement := object{}
		for name, scopes := range schemes {
			pointer := []string{"securityDefinitions", name}
			if p.root["openapi"] != nil {
				pointer = []string{"components", "securitySchemes", name}
			}
			scheme, err := lookup(p.root, pointer)
			if err != nil {
				return fmt.Errorf("security scheme %q: %w", name, err)
			}
			name = strings.ReplaceAll(name, " ", "")
			pointer[len(pointer)-1] = name
			if err := put(p.kept, pointer, scheme); err != nil {
				return err
			}
			requirement[name] = scopes
		}
		renamed[i] = requirement
	}
	if alternatives != nil {
		operation["security"] = renamed
	}
	return nil
}

// follow keeps what the references below node point to. In names, the keys of
// node are names that the document chose, such as those of properties, and not
// words of the specification.
func (p *pruner) follow(node any, names bool) error {
	switch node := node.(type) {
	case []any:
		for _, value := range node {
			if err := p.follow(value, false); err != nil {
				return err
			}
		}
	case object:
		if reference, ok := node["$ref"].(string); ok && !names {
			target, err := p.keep(reference)
			if err != nil {
				return err
			}
			// What stands beside a reference has no meaning in OpenAPI 3.0.
			clear(node)
			node["$ref"] = target
			return nil
		}
		for _, key := range slices.Sorted(maps.Keys(node)) {
			if !names && (isData(key) || strings.HasPrefix(key, "x-")) {
				continue
			}
			value := node[key]
			if key == "mapping" && !names {
				if err := p.mapping(value); err != nil {
					return err
				}
				continue
			}
			if err := p.follow(value, !names && (key == "properties" || key == "patternProperties")); err != nil {
				return err
			}
		}
	}
	return nil
}

// isData tells the keys whose values are data of the API, in which a "$ref" is
// no reference.
func isData(key string) bool {
	return key == "example" || key == "examples" || key == "default" || key == "enum"
}

// mapping keeps the schemas that a discriminator maps to.
func (p *pruner) mapping(node any) error {
	targets, _ := node.(object)
	for name, target := range targets {
		if reference, ok := target.(string); ok && strings.HasPrefix(reference, "#") {
			target, err := p.keep(reference)
			if err != nil {
				return err
			}
			targets[name] = target
		}
	}
	return nil
}

// keep keeps the component that a reference points to, or into, and all that
// it reaches. It returns the reference without percent-encoding, so that the
// two ways of writing it give the same output.
func (p *pruner) keep(reference string) (string, error) {
	fragment, ok := strings.CutPrefix(reference, "#/")
	if !ok {
		return "", fmt.Errorf("$ref %q points out of the document", reference)
	}
	fragment, err := url.PathUnescape(fragment)
	if err != nil {
		return "", fmt.Errorf("$ref %q: %w", reference, err)
	}
	decoded := "#/" + fragment
	tokens := strings.Split(fragment, "/")
	for i, token := range tokens {
		tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
	}
	if _, err := lookup(p.root, tokens); err != nil {
		return "", fmt.Errorf("$ref %q: %w", reference, err)
	}
	// Components are named one level deep in Swagger 2.0 (definitions/Name),
	// two in OpenAPI 3 (components/schemas/Name).
	depth := 2
	if tokens[0] == "components" {
		depth = 3
	}
	if len(tokens) < depth || tokens[0] == "paths" {
		return "", fmt.Errorf("$ref %q points to no component", reference)
	}
	component := tokens[:depth]
	name := strings.Join(component, "/")
	if p.seen[name] {
		return decoded, nil
	}
	p.seen[name] = true
	value, err := lookup(p.root, component)
	if err != nil {
		return "", fmt.Errorf("$ref %q: %w", reference, err)
	}
	if err := put(p.kept, component, value); err != nil {
		return "", err
	}
	return decoded, p.follow(value, false)
}

// lookup finds what the tokens of a JSON pointer lead to.
func lookup(node any, tokens []string) (any, error) {
	for i, token := range tokens {
		parent, _ := node.(object)
		child, ok := parent[token]
		if !ok || child == nil {
			return nil, fmt.Errorf("nothing at %s", strings.Join(tokens[:i+1], "/"))
		}
		node = child
	}
	return node, nil
}

// put sets what the tokens lead to, making the objects on the way.
func put(node object, tokens []string, value any) error {
	for _, token := range tokens[:len(tokens)-1] {
		child, ok := node[token].(object)
		if !ok {
			if node[token] != nil {
				return fmt.Errorf("%s is not an object", token)
			}
			child = object{}
			node[token] = child
		}
		node = child
	}
	node[tokens[len(tokens)-1]] = value
	return nil
}
