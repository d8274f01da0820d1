// Package text makes text that fits a terminal and a sentence: widths, truncation,
// numbers and dates in words.
package text

import (
	"fmt"
	"strings"
	"unicode"
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
// cursor of a terminal, break a line or reverse the text around it.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return utf8.RuneError
		}
		return r
	}, s)
}

// Name returns a name as it is shown: clean, short, and "(none)" if it is empty.
func Name(s string) string {
	if s == "" {
		return "(none)"
	}
	return Shorten(Clean(s), MaxName)
}

// Message returns a message as it is shown: clean, short, and in one line.
func Message(s string) string {
	return Shorten(Clean(strings.Join(strings.Fields(s), " ")), MaxMessage)
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
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && Width(line)+1+Width(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return strings.Join(append(lines, line), "\n")
}

// Lines returns the number of lines of at most width cells that text takes, with words that
// are wider broken.
func Lines(s string, width int) int {
	lines := 0
	for line := range strings.Lines(Wrap(s, width)) {
		lines += (Width(line) + width - 1) / width
	}
	return lines
}

// Join lists words, with a conjunction before the last: "a, b or c".
func Join[T any](words []T, conjunction string) string {
	texts := make([]string, len(words))
	for i, word := range words {
		texts[i] = fmt.Sprint(word)
	}
	last := len(texts) - 1
	if last < 1 {
		return strings.Join(texts, "")
	}
	return strings.Join(texts[:last], ", ") + " " + conjunction + " " + texts[last]
}

// ShellQuote quotes a value for a shell, if it needs that.
func ShellQuote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:,/") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
