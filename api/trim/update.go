package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// update trims a document, and compares it with the old output, if there is any.
func (t *tools) update(root object, ids []string, before []byte) (*document, error) {
	d, err := t.trimFlat(root, ids)
	if err != nil {
		return nil, err
	}
	var old object
	if err := yaml.Unmarshal(before, &old); err != nil {
		return nil, fmt.Errorf("the old output: %w", err)
	}
	if err := d.standIn(old, ids); err != nil {
		return nil, err
	}
	arrange(d.tree, old)
	if d.tree, _, err = prune(d.tree, ids); err != nil { // of schemas that nothing refers to any more
		return nil, &noClientError{err.Error()}
	}
	if d.spec, err = encode(d.tree); err != nil || before == nil {
		return d, err
	}
	d.report = &report{same: bytes.Equal(before, d.spec) && len(d.gone) == 0, breaking: slices.Clone(d.gone)}
	if !d.report.same {
		err = d.report.compare(t, d.spec, old, d.tree)
	}
	if noClient, ok := errors.AsType[*noClientError](err); ok {
		noClient.text = strings.Join(append(d.gone, noClient.text), "\n")
	}
	return d, err
}

// trimFlat trims a document, and merges what an allOf of several schemas consists of.
func (t *tools) trimFlat(root object, ids []string) (*document, error) {
	d, err := trim(root, ids)
	if err != nil {
		return nil, &noClientError{err.Error()}
	}
	nested, _ := json.Marshal(d.tree)
	if !bytes.Contains(nested, []byte(`"allOf":`)) {
		return d, nil
	}
	flat := t.flatten(nested)
	if failed, ok := errors.AsType[*toolError](t.err); ok {
		return nil, &noClientError{failed.cause()}
	}
	var tree object
	if err := errors.Join(t.err, json.Unmarshal(flat, &tree)); err != nil {
		return nil, err
	}
	merged, err := trim(tree, ids)
	if err != nil {
		return nil, err
	}
	d.tree = merged.tree
	return d, nil
}

// standIn puts operations of the old output in the place of those that the document does not
// have, so that all other changes can be reported.
func (d *document) standIn(old object, ids []string) error {
	for _, id := range d.missing {
		i := slices.IndexFunc(operations(old), func(o operation) bool { return o.id == id })
		if i < 0 {
			return &noClientError{fmt.Sprintf("no operation %q: renamed or removed upstream, or mistyped", id)}
		}
		was := operations(old)[i]
		text := fmt.Sprintf("%s (%s): gone", was, id)
		if i := slices.IndexFunc(d.others, was.isAt); i >= 0 {
			now := d.others[i].id
			kept := strings.Join(ids, ",")
			text += fmt.Sprintf("; %s is there now. If it is the same operation, add to api/overlay.yaml: %s"+
				" and run with -operations %s, which usageOperations in api/trim/main.go has to be", now,
				action([]string{"paths", was.path, was.method}, "update", object{"operationId": id}),
				strings.Replace(kept, id, now, 1))
		}
		d.gone = append(d.gone, text)
		place(d.tree, was, was)
		for _, section := range []string{"schemas", "securitySchemes"} {
			components, _ := lookup(old, "components", section).(object)
			for name, component := range components {
				if lookup(d.tree, "components", section, name) == nil {
					put(d.tree, component, "components", section, name)
				}
			}
		}
	}
	return nil
}
