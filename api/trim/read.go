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

	"github.com/oasdiff/yaml"
)

const (
	// maxDocument bounds what is read, after decompression. The vendor's
	// document is about 10 MB.
	maxDocument = 64 << 20
	// fetchTimeout bounds the download.
	fetchTimeout = 2 * time.Minute
	userAgent    = "genesyscloud-go-usage-trim (+https://github.com/genesyscloud-go/usage)"
)

// read returns the bytes of a file, of an http or https address, or for "-" of
// standard input.
func read(ctx context.Context, from string, stdin io.Reader) ([]byte, error) {
	source := stdin
	if strings.HasPrefix(from, "https://") || strings.HasPrefix(from, "http://") {
		ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
		if err != nil {
			return nil, err
		}
		request.Header.Set("User-Agent", userAgent)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("GET %s: %s", from, response.Status)
		}
		source = response.Body
	} else if from != "-" {
		file, err := os.Open(from)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		source = file
	}
	data, err := io.ReadAll(io.LimitReader(source, maxDocument+1))
	if err == nil && len(data) > maxDocument {
		err = fmt.Errorf("larger than %d MiB", maxDocument>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", from, err)
	}
	return data, nil
}

// object is a JSON object, or a YAML mapping.
type object = map[string]any

// parse reads JSON or YAML. YAML would do for both, being a superset, but is
// many times slower.
func parse(data []byte) (object, error) {
	var tree any
	if jsonErr := json.Unmarshal(data, &tree); jsonErr != nil {
		if _, err := yaml.Unmarshal(data, &tree, yaml.DecodeOpts{DisableTimestamps: true}); err != nil {
			return nil, fmt.Errorf("neither JSON (%w) nor YAML (%w)", jsonErr, err)
		}
	}
	root, ok := tree.(object)
	if !ok {
		return nil, errors.New("not an API document: not a JSON object or YAML mapping")
	}
	return root, nil
}
