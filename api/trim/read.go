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

// maxDocument is the limit of a document's size, after decompression. The vendor's is
// about 10 MB.
const maxDocument = 64 << 20

// read returns the content of a file, of an http or https URL, or for "-" of standard input.
func read(ctx context.Context, from string, stdin io.Reader) ([]byte, error) {
	source := io.NopCloser(stdin)
	var err error
	switch {
	case strings.Contains(from, "://"):
		source, err = fetch(ctx, from)
	case from != "-":
		source, err = os.Open(from)
	}
	if err != nil {
		return nil, err
	}
	defer source.Close()
	data, err := io.ReadAll(io.LimitReader(source, maxDocument+1))
	if err == nil && len(data) > maxDocument {
		err = fmt.Errorf("larger than %d MiB", maxDocument>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", from, err)
	}
	return data, nil
}

// fetch returns the body of a response, to be closed.
func fetch(ctx context.Context, url string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return response.Body, nil
}

// object is a JSON object.
type object = map[string]any

// parse returns an API document: one JSON object in which no name comes twice.
func parse(data []byte) (root object, err error) {
	if err := json.Unmarshal(data, &root); len(data) == 0 {
		return nil, errors.New("empty, not a JSON document")
	} else if err != nil {
		return nil, fmt.Errorf("not a JSON document (%s): %w", http.DetectContentType(data), err)
	}
	openapi, _ := root["openapi"].(string)
	if _, ok := root["paths"].(object); !ok || root["swagger"] != "2.0" && !strings.HasPrefix(openapi, "3.0.") {
		return nil, errors.New(`not an API document with swagger: "2.0" or openapi: "3.0.x", and paths`)
	}
	return root, nil
}
