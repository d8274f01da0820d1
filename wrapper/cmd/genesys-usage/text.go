package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// cells counts what characters take in a terminal: wide ones two cells, combining
// ones none. It is the same in every locale, so that a table is.
var cells = &runewidth.Condition{StrictEmojiNeutral: true}

// maxName is how many cells of a name that others chose are shown, and maxMessage how
// many of a message: more tells nobody anything.
const (
	maxName    = 256
	maxMessage = 1000
)

// clean keeps text of the vendor's, which others chose, from moving the cursor of a
// terminal and from turning the text around it.
func clean(s string) string {
	if isPlain(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// isPlain tells text of printable ASCII, as nearly all is.
func isPlain[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// isControl tells characters that move a cursor, or turn the text around them.
func isControl(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r <= 0x9f: // unicode.IsControl
		return true
	case r == 0x61c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // unicode.Bidi_Control
		return true
	}
	return r == 0x2028 || r == 0x2029 // line and paragraph separator
}

// name is a name of the vendor's to show.
func name(s string) string {
	if s == "" {
		return "(none)"
	}
	return shorten(clean(s), maxName)
}

// message is a message that may quote the vendor's.
func message(s string) string { return shorten(clean(s), maxMessage) }

// shorten cuts text in the middle, so that both of its ends, which tell names apart,
// are kept, to at most so many cells.
func shorten(s string, width int) string {
	all := cells.StringWidth(s)
	if all <= width {
		return s
	}
	if width <= 1 {
		return strings.Repeat("…", max(width, 0))
	}
	tail := (width - 1) / 2
	head := cells.Truncate(s, width-1-tail, "")
	return head + "…" + cells.TruncatePrefix(s, tail, "")
}

// wrap breaks text between words into lines of at most so many cells, if width is
// not 0.
func wrap(s string, width int) string {
	if width <= 0 || cells.StringWidth(s) <= width {
		return s
	}
	var b strings.Builder
	at := 0
	for i, word := range strings.Fields(s) {
		length := cells.StringWidth(word)
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

// listed lists words, with another one before the last.
func listed(words []string, before string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + before + " " + words[last]
}

// percent writes a part of a whole, or nothing where there is none.
func percent(part, whole int64) string {
	if whole == 0 {
		return ""
	}
	p := 100 * float64(part) / float64(whole)
	if p > 0 && p < 0.05 {
		return "<0.1%"
	}
	return fmt.Sprintf("%.1f%%", p)
}

// thousands writes a number with separators between thousands.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
