package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"
)

// document is a trimmed document.
type document struct {
	spec     []byte   // OpenAPI 3.0.3 in YAML
	version  string   // info.version
	warnings []string // violations of the specification
	notKept  []string // operations below /api/v2/usage
}

// trim reduces a document to some operations and what they refer to.
func trim(data []byte, operations []string) (d *document, err error) {
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
	isSwagger := root["swagger"] == "2.0"
	if openapi, _ := root["openapi"].(string); !isSwagger && !strings.HasPrefix(openapi, "3.0.") {
		return nil, errors.New(`not an API document of swagger: "2.0" or openapi: "3.0.x"`)
	}
	p := pruner{root: root, reached: map[string]bool{}}
	kept, notKept, err := p.prune(operations)
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
	var spec bytes.Buffer
	encoder := yaml.NewEncoder(&spec)
	encoder.SetIndent(2)
	err = encoder.Encode(layout{"3.0.3", model.Info, model.Servers, model.Security, model.Paths, model.Components})
	if err = errors.Join(err, encoder.Close()); err != nil {
		return nil, err
	}
	return &document{spec.Bytes(), model.Info.Version, validate(data, isSwagger), notKept}, nil
}

// layout is the order of the top-level keys. Below them, keys are sorted.
type layout struct {
	OpenAPI    string
	Info       *openapi3.Info
	Servers    openapi3.Servers
	Security   openapi3.SecurityRequirements `yaml:",omitempty"`
	Paths      *openapi3.Paths
	Components *openapi3.Components `yaml:",omitempty"`
}

// load returns kin-openapi's model of a document, as OpenAPI 3.
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

// validate returns the violations of the specification. They are no errors: only the
// generator decides whether a client can be generated.
func validate(data []byte, isSwagger bool) (warnings []string) {
	// Without references: kin-openapi would validate a schema once for each.
	model, err := load(schemaReference.ReplaceAll(data, []byte("{}")), isSwagger)
	if err == nil {
		err = model.Validate(context.Background(), openapi3.EnableExamplesValidation(), openapi3.EnableMultiError())
	}
	var problems openapi3.MultiError
	if err != nil && !errors.As(err, &problems) {
		problems = openapi3.MultiError{err}
	}
	for _, problem := range problems {
		text, _, _ := strings.Cut(problem.Error(), "\n")
		warnings = append(warnings, oneLine(text))
	}
	return warnings
}
