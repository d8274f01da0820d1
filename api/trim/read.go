package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"
)

// read returns the content of a file, of an http or https URL, or for "-" of standard input.
func read(from string, stdin io.Reader) ([]byte, error) {
	switch location, err := url.Parse(from); {
	case from == "-":
		return io.ReadAll(stdin)
	case err == nil && location.Host != "":
		return openapi3.DefaultReadFromURI(nil, location)
	}
	return os.ReadFile(from)
}

// object is a JSON object.
type object = map[string]any

// parse returns an API document: one JSON object in which no name comes twice.
func parse(data []byte) (root object, err error) {
	if err := json.Unmarshal(data, &root); len(data) == 0 {
		return nil, errors.New("empty, not a JSON object")
	} else if err != nil {
		return nil, fmt.Errorf("not a JSON object (%s): %w", http.DetectContentType(data), err)
	}
	openapi, _ := root["openapi"].(string)
	if _, ok := root["paths"].(object); !ok || root["swagger"] != "2.0" && !strings.HasPrefix(openapi, "3.0.") {
		return nil, errors.New(`not an API document with swagger: "2.0" or openapi: "3.0.x", and paths`)
	}
	return root, nil
}
