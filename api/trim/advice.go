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

var identifier = regexp.MustCompile(`[\pL\pN_]+`)

// advice says what to write into api/overlay.yaml, where that is known, so that a
// client can be generated from the current document as it was from the old one.
func (w *workshop) advice(old, current object) (advice string) {
	problem, was, is := w.err.Error(), schemas(old), schemas(current)
	overlay, _ := os.ReadFile(filepath.Join(w.checkout, "api", "overlay.yaml"))
	for i, text := range strings.Split(string(overlay), "\n") {
		_, target, _ := strings.Cut(text, "target: ")
		for _, name := range identifier.FindAllString(target, -1) {
			if now := renamed(name, was, is); now != "" {
				advice += fmt.Sprintf("\napi/overlay.yaml:%d: %s is called %s now: write that", i+1, name, now)
			}
		}
		if target != "" && strings.Contains(problem, `"`+target+`"`) {
			advice += fmt.Sprintf("\napi/overlay.yaml:%d: there is no %s", i+1, target)
		}
	}
	words := map[string]string{}
	for _, word := range identifier.FindAllString(problem, -1) {
		words[folded(word)] = word
	}
	found := map[string]string{}
	places(was, is, "$.components.schemas", found)
	for _, place := range slices.Sorted(maps.Keys(found)) {
		if word := words[found[place]]; word != "" {
			advice += fmt.Sprintf("\nin api/overlay.yaml, give it another name:"+
				"\n- target: %s\n  update: {x-go-name: %s2}", place, word)
		}
	}
	return advice
}

// schemas returns the schemas of an OpenAPI document.
func schemas(document object) object {
	found, _ := lookup(document, "components", "schemas").(object)
	return found
}

// renamed returns the new schema that has most properties of one that is gone.
func renamed(gone string, was, is object) (name string) {
	most := 0
	for candidate := range is {
		common := 0
		properties, _ := lookup(is, candidate, "properties").(object)
		for property := range properties {
			if lookup(was, gone, "properties", property) != nil {
				common++
			}
		}
		if is[gone] == nil && was[candidate] == nil && common > most {
			name, most = candidate, common
		}
	}
	return name
}

// places finds the places of schemas that are new, and of new properties that have, in
// Go, the name of another of their schema, with that name, folded.
func places(was, is object, place string, found map[string]string) {
	count := map[string]int{}
	for key := range is {
		count[folded(key)]++
	}
	for key, value := range is {
		below := place + "." + key
		if identifier.FindString(key) != key {
			below = fmt.Sprintf("%s['%s']", place, key)
		}
		clashes := strings.HasSuffix(place, ".properties") && count[folded(key)] > 1
		if was[key] == nil && (clashes || place == "$.components.schemas") {
			found[below] = folded(key)
		}
		before, _ := was[key].(object)
		value, _ := value.(object)
		places(before, value, below, found)
	}
}

// folded returns what two names have in common that are the same in Go.
func folded(name string) string {
	return strings.ToLower(strings.ReplaceAll(strings.Join(identifier.FindAllString(name, -1), ""), "_", ""))
}
