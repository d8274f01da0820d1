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
