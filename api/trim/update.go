package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// update trims a document, and compares it with the old output, if there is any.
func (t *tools) update(root object, ids []string, before []byte) (*document, error) {
	old := object{}
	if err := yaml.Unmarshal(before, &old); err != nil {
		return nil, fmt.Errorf("the old output: %w", err)
	}
	d, err := trim(root, ids, old)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoClient, err)
	}
	if err := t.flatten(d); err != nil {
		return nil, err
	}
	d.arrange(old, ids)
	d.tree = prune(d.tree, operations(d.tree)) // without what nothing refers to any more
	if d.spec, err = encode(d.tree); err != nil || before == nil {
		return d, err
	}
	if d.report.same = !d.report.gone && bytes.Equal(before, d.spec); d.report.same {
		return d, nil
	}
	return d, d.report.compare(t, d.spec, old, d.tree)
}

// flatten merges what each allOf of several schemas consists of.
func (t *tools) flatten(d *document) error {
	nested, err := json.Marshal(d.tree)
	if err != nil || !bytes.Contains(nested, []byte(`"allOf":`)) {
		return err
	}
	flat := t.tool("", "oasdiff", "flatten", t.write("nested.json", nested))
	if failed, ok := errors.AsType[*toolError](t.err); ok {
		return fmt.Errorf("%w: %w", errNoClient, failed)
	}
	d.tree = nil
	return cmp.Or(t.err, json.Unmarshal(flat, &d.tree))
}
