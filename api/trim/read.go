package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/go-json-experiment/json"
)

// read returns the content of a file, of an http or https URL, or for "-" of standard input.
func read(ctx context.Context, from string, stdin io.Reader) ([]byte, error) {
	switch {
	case from == "-":
		return io.ReadAll(stdin)
	case !strings.Contains(from, "://"):
		return os.ReadFile(from)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", from, response.Status)
	}
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", from, err)
	}
	return data, nil
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
