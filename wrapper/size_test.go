//go:build soak

package wrapper

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Programs that do the same, with this package and without.
const (
	programWith = `package main

import (
	"context"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
)

func main() {
	client, err := wrapper.NewFromEnv()
	rows, err := client.Query(context.Background(), gen.APIUsageQuery{})
	for row, err := range client.QueryRows(context.Background(), gen.APIUsageQuery{}) {
		println(row.ClientName, err)
	}
	println(len(rows), err)
}
`

	programWithout = `package main

import (
	"encoding/json"
	"net/http"
	"os"
	"time"
)

func main() {
	response, err := http.Post("https://api.mypurecloud.com", "application/json", nil)
	var rows []struct {
		Name string
		Date time.Time
	}
	err = json.NewDecoder(response.Body).Decode(&rows)
	println(err, json.NewEncoder(os.Stdout).Encode(rows))
}
`
)

// build builds a program and returns its size.
func build(t *testing.T, source, ldflags string) int64 {
	t.Helper()
	dir := t.TempDir()
	file, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags="+ldflags, "-o", binary, file)
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// Importing this package makes a program at most 1.75 MB larger than one that uses
// net/http and encoding/json.
func TestSizeOfImporting(t *testing.T) {
	for _, ldflags := range []string{"", "-s -w"} {
		without := build(t, programWithout, ldflags)
		with := build(t, programWith, ldflags)
		t.Logf("ldflags %q: %d bytes without, %d with, %d more", ldflags, without, with, with-without)
		if with-without > 1_750_000 {
			t.Errorf("ldflags %q: importing costs %d bytes, want 1750000 at most", ldflags, with-without)
		}
	}
}
