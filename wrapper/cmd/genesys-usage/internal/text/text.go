// Package text makes text that fits a terminal and a sentence: widths, truncation,
// numbers and dates in words.
package text

import (
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// cells counts the cells that characters take in a terminal: wide ones two, combining
// ones none. It is the same in every locale, so that a table is.
var cells = &runewidth.Condition{StrictEmojiNeutral: true}

// MaxName is the number of cells that are shown of a name, and MaxMessage that of a
// message.
const (
	MaxName    = 256
	MaxMessage = 1000
)

// Width returns the number of cells that s takes in a terminal.
func Width(s string) int { return cells.StringWidth(s) }

// Clean replaces control characters, so that a name that somebody chose cannot move the
// cursor of a terminal or reverse the text around it.
func Clean(s string) string {
	if IsPlain(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if IsControl(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// IsPlain reports whether s is printable ASCII, as nearly all text is.
func IsPlain[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// IsControl reports whether r moves a cursor or reverses the text around it.
func IsControl(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r <= 0x9f: // unicode.IsControl
		return true
	case r == 0x61c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // unicode.Bidi_Control
		return true
	}
	return r == 0x2028 || r == 0x2029 // line and paragraph separator
}

// Name returns a name as it is shown: clean, short, and "(none)" if it is empty.
func Name(s string) string {
	if s == "" {
		return "(none)"
	}
	return Shorten(Clean(s), MaxName)
}

// Message returns a message as it is shown: short, in one line, and without characters
// that cannot be printed.
func Message(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	return Shorten(strings.Map(func(r rune) rune {
		if IsControl(r) {
			return -1
		}
		return r
	}, s), MaxMessage)
}

// Shorten cuts text in the middle to at most width cells. Both of its ends, which
// distinguish names, are kept.
func Shorten(s string, width int) string {
	if len(s) <= width || Width(s) <= width { // a character is at most as many cells as bytes
		return s
	}
	if width <= 1 {
		return strings.Repeat("…", max(width, 0))
	}
	tail := (width - 1) / 2
	head := cells.Truncate(s, width-1-tail, "")
	return head + "…" + cells.TruncatePrefix(s, tail, "")
}

// Wrap breaks text between words into lines of at most width cells. A width of 0 is
// no limit.
func Wrap(s string, width int) string {
	if width <= 0 || Width(s) <= width {
		return s
	}
	var b strings.Builder
	at := 0
	for i, word := range strings.Fields(s) {
		length := Width(word)
		switch {
		case i == 0:
		case at+1+length > width:
			b.WriteByte('\n')
			at = 0
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += length
	}
	return b.String()
}

// Join lists words, with a conjunction before the last: "a, b or c".
func Join(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}
