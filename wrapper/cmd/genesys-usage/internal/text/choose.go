package text

import (
	"fmt"
	"slices"
	"strings"
)

// Choose returns a function that sets *to to the value of the given name, in any letter
// case. A counter such as status429 is called 429 too, and in the error.
func Choose[T any](to *T, all []T) func(name string) error {
	return func(name string) error {
		name = strings.ToLower(strings.TrimSpace(name))
		i := slices.IndexFunc(all, func(v T) bool { return name == fmt.Sprint(v) || "status"+name == fmt.Sprint(v) })
		if i < 0 {
			return fmt.Errorf("want %s", strings.ReplaceAll(Join(all, "or"), "status", ""))
		}
		*to = all[i]
		return nil
	}
}
