package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"
)

// trimmed returns the operations and what they reach as OpenAPI 3.0.3 in YAML,
// and the version that the document gives itself.
func trimmed(data []byte, operations []string) (spec []byte, version string, err error) {
	// kin-openapi panics on some nulls where it expects objects.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("not a valid API document: %v", p)
		}
	}()
	root, err := parse(data)
	if err != nil {
		return nil, "", err
	}
	swagger, err := isSwagger(root)
	if err != nil {
		return nil, "", err
	}
	root, err = pruned(root, operations)
	if err != nil {
		return nil, "", err
	}
	document, err := model(root, swagger)
	if err != nil {
		return nil, "", fmt.Errorf("not a valid API document: %w", err)
	}
	document.OpenAPI = "3.0.3"
	if err := document.Validate(context.Background(), openapi3.DisableExamplesValidation()); err != nil {
		return nil, "", fmt.Errorf("not a valid API document: %w", err)
	}
	spec, err = encode(document)
	return spec, document.Info.Version, err
}

// isSwagger tells Swagger 2.0 from OpenAPI 3.0. In YAML, an unquoted
// "swagger: 2.0" is a number.
func isSwagger(root object) (bool, error) {
	if v := root["swagger"]; v != nil {
		if s := fmt.Sprint(v); s != "2.0" && s != "2" {
			return false, fmt.Errorf("swagger %v is not read, only 2.0 and OpenAPI 3.0", v)
		}
		root["swagger"] = "2.0"
		return true, nil
	}
	if v := root["openapi"]; v != nil {
		if s := fmt.Sprint(v); s != "3" && s != "3.0" && !(len(s) > 4 && s[:4] == "3.0.") {
			return false, fmt.Errorf("OpenAPI %v is not read, only 3.0 and Swagger 2.0", v)
		}
		root["openapi"] = "3.0.3"
		return false, nil
	}
	return false, errors.New("not an API document: neither swagger nor openapi says its version")
}

// model makes kin-openapi's model of the tree and resolves its references.
func model(root object, swagger bool) (*openapi3.T, error) {
	data, err := json.Marshal(root)
	if err != nil {
		return nil, err
	}
	if !swagger {
		return openapi3.NewLoader().LoadFromData(data)
	}
	var document openapi2.T
	if err := json.Unmarshal(data, &document); err != nil {
		return nil, err
	}
	return openapi2conv.ToV3(&document)
}

// layout is the order of the parts of an OpenAPI document. Inside them, keys
// are sorted.
type layout struct {
	OpenAPI    any `yaml:"openapi"`
	Info       any `yaml:"info"`
	Servers    any `yaml:"servers,omitempty"`
	Tags       any `yaml:"tags,omitempty"`
	Paths      any `yaml:"paths"`
	Components any `yaml:"components,omitempty"`
}

func encode(document *openapi3.T) ([]byte, error) {
	data, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	var tree object
	if err := json.Unmarshal(data, &tree); err != nil {
		return nil, err
	}
	removeKey(tree, "x-originalParamName") // a note to itself of openapi2conv
	var buffer bytes.Buffer
	encoder := yaml.NewEncoder(&buffer)
	encoder.SetIndent(2)
	err = encoder.Encode(layout{tree["openapi"], tree["info"], tree["servers"], tree["tags"], tree["paths"], tree["components"]})
	return buffer.Bytes(), errors.Join(err, encoder.Close())
}

func removeKey(node any, key string) {
	switch node := node.(type) {
	case object:
		delete(node, key)
		for _, value := range node {
			removeKey(value, key)
		}
	case []any:
		for _, value := range node {
			removeKey(value, key)
		}
	}
}
