package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// choose returns a function that sets *to to the value of the given name, in any letter
// case. A counter such as status429 is called 429 too, and in the error.
func choose[T any](to *T, all []T) func(name string) error {
	return func(name string) error {
		name = strings.ToLower(strings.TrimSpace(name))
		i := slices.IndexFunc(all, func(v T) bool { return name == fmt.Sprint(v) || "status"+name == fmt.Sprint(v) })
		if i < 0 {
			return fmt.Errorf("want %s", strings.ReplaceAll(text.Join(all, "or"), "status", ""))
		}
		*to = all[i]
		return nil
	}
}

// chooseSome returns the values of names separated by commas, in the order of all.
func chooseSome[T comparable](names string, all []T) ([]T, error) {
	chosen := map[T]bool{}
	for name := range strings.SplitSeq(names, ",") {
		var v T
		if err := choose(&v, all)(name); err != nil {
			return nil, fmt.Errorf("%q: %w, separated by commas", name, err)
		}
		chosen[v] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(v T) bool { return !chosen[v] }), nil
}
