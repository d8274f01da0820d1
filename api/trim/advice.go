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
	overlay, _ := os.ReadFile(filepath.Join(w.checkout, "api", "overlay.yaml"))
	added := newNames(old, current, "components", "schemas")
	for i, text := range strings.Split(string(overlay), "\n") {
		_, target, ok := strings.Cut(text, "target: ")
		if !ok || !strings.Contains(w.err.Error(), `"`+target+`"`) {
			continue
		}
		advice += fmt.Sprintf("\napi/overlay.yaml:%d: there is no %s any more", i+1, target)
		if len(added) > 0 {
			advice += "; if it is renamed, write its new name: " + strings.Join(added, " or ")
		}
	}
	// Of names that are the same in Go, the one that is new has to give way.
	giveWay := func(place ...string) {
		for _, name := range newNames(old, current, place...) {
			isOther := func(other string) bool { return folded(other) != folded(name) }
			same := slices.DeleteFunc(newNames(nil, current, place...), isOther)
			for _, word := range identifier.FindAllString(w.err.Error(), -1) {
				action := fmt.Sprintf("\n- target: $.%s['%s']\n  update: {x-go-name: %s2}", strings.Join(place, "."), name, word)
				if folded(word) == folded(name) && !strings.Contains(advice, action) {
					advice += fmt.Sprintf("\nin Go, two would be called %s (%s); write into api/overlay.yaml, for example:%s",
						word, strings.Join(same, ", "), action)
				}
			}
		}
	}
	if giveWay("components", "schemas"); advice == "" {
		for _, schema := range newNames(nil, current, "components", "schemas") {
			giveWay("components", "schemas", schema, "properties")
		}
	}
	return advice
}

// newNames returns the keys that what is at a place has in the current document only.
func newNames(old, current object, place ...string) []string {
	was, _ := lookup(old, place...).(object)
	is, _ := lookup(current, place...).(object)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(is)), func(name string) bool { return was[name] != nil })
}

// folded returns what two names have in common that are the same in Go.
func folded(name string) string {
	return strings.ToLower(strings.ReplaceAll(strings.Join(identifier.FindAllString(name, -1), ""), "_", ""))
}
