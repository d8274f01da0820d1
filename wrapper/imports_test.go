package wrapper

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A program that imports this package compiles these modules, and no others; what that costs
// is measured with the build tag soak. Package regexp would make it 0.3 MB larger.
func TestImportersGetFewModules(t *testing.T) {
	list := func(format string) []string {
		output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", format, ".").Output()
		if err != nil {
			t.Fatal(err)
		}
		return slices.Compact(slices.Sorted(slices.Values(strings.Fields(string(output)))))
	}
	want := []string{
		"github.com/apapsch/go-jsonmerge/v2",
		"github.com/genesyscloud-go/usage",
		"github.com/go-json-experiment/json",
		"github.com/google/uuid",
		"github.com/oapi-codegen/runtime",
		"golang.org/x/oauth2",
	}
	if got := list("{{with .Module}}{{.Path}}{{end}}"); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	check(t, "regexp is imported", slices.Contains(list("{{.ImportPath}}"), "regexp"), false)
}
