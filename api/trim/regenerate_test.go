package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/wrapper"
	"go.yaml.in/yaml/v3"
)

// The overlay's servers and the wrapper's regions are the same.
func TestRegionsAreTheOverlaysServers(t *testing.T) {
	var overlay struct {
		Actions []struct {
			Update struct {
				Servers []struct{ Description, URL string }
			}
		}
	}
	if err := yaml.Unmarshal(readFile(t, root+"/api/overlay.yaml"), &overlay); err != nil {
		t.Fatal(err)
	}
	servers := map[wrapper.Region]string{}
	for _, action := range overlay.Actions {
		for _, server := range action.Update.Servers {
			servers[wrapper.Region(server.Description)] = server.URL
		}
	}
	regions := wrapper.Regions()
	for _, region := range regions {
		if servers[region] != region.APIURL() {
			t.Errorf("%s: got server %q, want %q", region, servers[region], region.APIURL())
		}
	}
	if len(servers) != len(regions) {
		t.Errorf("got %d servers, want %d: one for each region", len(servers), len(regions))
	}
}

// Neither oasdiff nor apidiff is in the module graph of programs that import this module.
func TestImportersDoNotGetTheTools(t *testing.T) {
	command := exec.CommandContext(t.Context(), "go", "mod", "graph")
	command.Dir = root + "/wrapper/examples" // a module that imports this one
	graph, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	contains(t, "module graph", string(graph), "github.com/genesyscloud-go/usage@")
	for _, module := range []string{"github.com/oasdiff/oasdiff@", "golang.org/x/exp@"} {
		equal(t, "the module graph has "+module, strings.Contains(string(graph), module), false)
	}
}
