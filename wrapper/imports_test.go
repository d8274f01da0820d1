package wrapper

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A program that imports this package compiles these modules, and no others; what
// that costs is measured with the build tag soak.
func TestImportersGetFewModules(t *testing.T) {
	output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}",
		".").Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := strings.Fields(string(output))
	slices.Sort(modules)
	want := []string{
		"github.com/apapsch/go-jsonmerge/v2",
		"github.com/genesyscloud-go/usage",
		"github.com/go-json-experiment/json",
		"github.com/google/uuid",
		"github.com/oapi-codegen/runtime",
		"golang.org/x/oauth2",
	}
	if got := slices.Compact(modules); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Package regexp would make a program 0.3 MB larger.
func TestImportersGetNoRegexp(t *testing.T) {
	output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(strings.Fields(string(output)), "regexp") {
		t.Error("package regexp is imported")
	}
}
