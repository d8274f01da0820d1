package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	// unmatched and duplicate find errors of the generator and the compiler.
	unmatched = regexp.MustCompile(`selector "([^"]+)" did not match`)
	duplicate = regexp.MustCompile(`([\pL\pN_]+)(?: redeclared|' detected)`)

	punctuation = regexp.MustCompile(`[^\pL\pN]+`)
)

// advice returns what to write into api/overlay.yaml, where that is known, so that a client
// can be generated from the current document.
func (t *tools) advice(old, current object) (advice string) {
	schemas := []string{"components", "schemas"}
	overlay, _ := os.ReadFile(filepath.Join(t.checkout, "api", "overlay.yaml"))
	for _, match := range unmatched.FindAllStringSubmatch(t.err.Error(), -1) {
		before, _, _ := strings.Cut(string(overlay), "target: "+match[1]+"\n")
		advice += fmt.Sprintf("\napi/overlay.yaml:%d: %s is not in the document, whose new schemas are %q",
			strings.Count(before, "\n")+1, match[1], newKeys(old, current, schemas))
	}
	places := [][]string{schemas}
	for _, schema := range newKeys(nil, current, schemas) {
		places = append(places, slices.Concat(schemas, []string{schema, "properties"}))
	}
	for _, match := range duplicate.FindAllStringSubmatch(t.err.Error(), -1) {
		isOther := func(name string) bool { return goName(name) != goName(match[1]) }
		for _, place := range places {
			for _, name := range slices.DeleteFunc(newKeys(old, current, place), isOther) {
				advice += fmt.Sprintf("\nduplicate Go name %s, of %q: add to api/overlay.yaml, for example\n- target: $.%s['%s']\n"+
					"  update: {x-go-name: %[1]s2}", match[1], slices.DeleteFunc(newKeys(nil, current, place), isOther),
					strings.Join(place, "."), name)
			}
		}
	}
	return advice
}

// newKeys returns the keys at a place that only the current document has.
func newKeys(old, current object, place []string) []string {
	before, _ := lookup(old, place...).(object)
	after, _ := lookup(current, place...).(object)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(after)), func(key string) bool { return before[key] != nil })
}

// goName returns a form that is the same for all names that become one name in Go.
func goName(name string) string { return strings.ToLower(punctuation.ReplaceAllString(name, "")) }
