package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"
)

// document is what is left of the vendor's after trimming.
type document struct {
	spec     []byte   // OpenAPI 3.0.3 in YAML
	version  string   // that the document gives itself
	warnings []string // what the specification does not allow
	others   []string // operations below /api/v2/usage that are not kept
}

// trimmed returns the operations and what they reach.
func trimmed(data []byte, operations []string) (d *document, err error) {
	// kin-openapi panics on some nulls where it expects objects.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("not an API document: %v", p)
		}
	}()
	root, err := parse(data)
	if err != nil {
		return nil, err
	}
	// In YAML, an unquoted 2.0 is a number.
	swagger, openapi := fmt.Sprint(root["swagger"]), fmt.Sprint(root["openapi"])
	isSwagger := swagger == "2.0" || swagger == "2"
	if isSwagger {
		root["swagger"] = "2.0"
		delete(root, "openapi")
	} else if openapi != "3" && openapi != "3.0" && !strings.HasPrefix(openapi, "3.0.") {
		return nil, errors.New("not an API document of Swagger 2.0 or OpenAPI 3.0")
	}
	p := pruner{root: root, distance: map[string]int{}}
	kept, others, err := p.prune(operations)
	if err != nil {
		return nil, err
	}
	if data, err = json.Marshal(kept); err != nil {
		return nil, err
	}
	model, err := load(data, isSwagger)
	if err != nil {
		return nil, fmt.Errorf("not an API document: %w", err)
	}
	if model.Components == nil {
		model.Components = &openapi3.Components{}
	}
	var spec bytes.Buffer
	encoder := yaml.NewEncoder(&spec)
	encoder.SetIndent(2)
	err = encoder.Encode(layout{"3.0.3", model.Info, model.Servers, model.Paths, model.Components})
	if err = errors.Join(err, encoder.Close()); err != nil {
		return nil, err
	}
	return &document{spec.Bytes(), model.Info.Version, validate(data, isSwagger), others}, nil
}

// layout is the order of the parts of an OpenAPI document. Inside them, keys are sorted.
type layout struct{ OpenAPI, Info, Servers, Paths, Components any }

// load makes kin-openapi's model of a document.
func load(data []byte, isSwagger bool) (*openapi3.T, error) {
	if !isSwagger {
		return openapi3.NewLoader().LoadFromData(data)
	}
	var swagger openapi2.T
	if err := json.Unmarshal(data, &swagger); err != nil {
		return nil, err
	}
	return openapi2conv.ToV3(&swagger)
}

var schemaReference = regexp.MustCompile(`\{"\$ref":"#/(definitions|components/schemas)/[^"]*"\}`)

// validate lists what the specification does not allow. That is no error: whether a
// client can be made of it is for the generator to say.
func validate(data []byte, isSwagger bool) (warnings []string) {
	// Without its references: kin-openapi validates what one leads to each time anew.
	model, err := load(schemaReference.ReplaceAll(data, []byte("{}")), isSwagger)
	if err != nil {
		return []string{line(err.Error())}
	}
	ctx := openapi3.WithValidationOptions(context.Background(), openapi3.EnableExamplesValidation())
	warn := func(where string, err error) {
		if err != nil {
			problem, _, _ := strings.Cut(err.Error(), "\n")
			warnings = append(warnings, line(where+": "+problem))
		}
	}
	for path, item := range model.Paths.Map() {
		warn(path, item.Parameters.Validate(ctx))
		for method, operation := range item.Operations() {
			warn(method+" "+path, operation.Validate(ctx))
		}
	}
	if model.Components != nil {
		for name, schema := range model.Components.Schemas {
			warn(name, schema.Validate(ctx))
		}
	}
	slices.Sort(warnings)
	return warnings
}
