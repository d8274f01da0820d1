package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const (
	// maxDocument bounds what is read, after decompression. The vendor's
	// document is about 10 MB.
	maxDocument = 64 << 20
	// fetchTimeout bounds the whole download.
	fetchTimeout = 2 * time.Minute
	userAgent    = "genesyscloud-go-usage-trim (+https://github.com/genesyscloud-go/usage)"
)

// read returns the bytes of a file, of an http or https address, or for "-" of
// standard input.
func read(ctx context.Context, from string, stdin io.Reader) ([]byte, error) {
	switch {
	case from == "-":
		return readLimited(stdin, "standard input")
	case strings.HasPrefix(from, "https://"), strings.HasPrefix(from, "http://"):
		return fetch(ctx, from)
	}
	file, err := os.Open(from)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readLimited(file, from)
}

func fetch(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Accept", "application/json, application/yaml;q=0.9")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", address, response.Status)
	}
	return readLimited(response.Body, address)
}

func readLimited(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(data) > maxDocument {
		return nil, fmt.Errorf("reading %s: larger than %d MiB", name, maxDocument>>20)
	}
	return data, nil
}

// object is a JSON object, or a YAML mapping.
type object = map[string]any

// parse reads JSON or YAML. YAML would do for both, being a superset, but is
// many times slower.
func parse(data []byte) (object, error) {
	var tree any
	jsonErr := json.Unmarshal(data, &tree)
	if jsonErr != nil {
		if err := yaml.Unmarshal(data, &tree); err != nil {
			return nil, fmt.Errorf("neither JSON (%w) nor YAML (%w)", jsonErr, err)
		}
		tree = normalized(tree)
	}
	root, ok := tree.(object)
	if !ok {
		return nil, errors.New("not an API document: not a JSON object or YAML mapping")
	}
	return root, nil
}

// normalized gives a YAML tree the types of a JSON tree: keys may be numbers in
// YAML (statuses are), and unquoted dates are times.
func normalized(node any) any {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			node[key] = normalized(value)
		}
	case map[any]any:
		converted := make(object, len(node))
		for key, value := range node {
			converted[fmt.Sprint(key)] = normalized(value)
		}
		return converted
	case []any:
		for i, value := range node {
			node[i] = normalized(value)
		}
	case time.Time:
		if node.Equal(node.Truncate(24 * time.Hour)) {
			return node.Format(time.DateOnly)
		}
		return node.Format(time.RFC3339Nano)
	}
	return node
}
