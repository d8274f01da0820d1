package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/oasdiff/yaml"
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

// object is a JSON object or a YAML mapping.
type object = map[string]any

// parse reads JSON, or else YAML, whose parser is many times slower.
func parse(data []byte) (root object, err error) {
	if jsonErr := json.Unmarshal(data, &root); jsonErr != nil {
		if _, err = yaml.Unmarshal(data, &root, yaml.DecodeOpts{DisableTimestamps: true}); err != nil {
			err = fmt.Errorf("not an API document: neither a JSON object (%w) nor a YAML mapping (%w)", jsonErr, err)
		}
	}
	return root, err
}
