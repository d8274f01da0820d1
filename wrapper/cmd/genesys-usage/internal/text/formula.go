package text

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const formulaSigns = "=+@＝＋－＠-" // the last in a class of characters is no range

// formula finds what a spreadsheet may take for a formula, after spaces and invisible characters too. Where a locale has
// another separator than a comma, a cell begins after that, with or without a quote.
var formula = regexp.MustCompile(`(^|[;|])(["\pZ\p{Cf}]*)([` + formulaSigns + `])`)

// NoFormula makes text of a formula: whoever may name an OAuth client is not to run one on the administrator's machine.
func NoFormula(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); unicode.IsLetter(first) && !strings.ContainsAny(s, ";|") {
		return s // as nearly all text is
	}
	return formula.ReplaceAllString(s, "$1$2'$3")
}
