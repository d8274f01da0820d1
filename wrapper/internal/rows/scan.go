package rows

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// What follows walks through JSON that is known to be valid.

// afterBlanks returns the place of what is not blank, from a place on.
func afterBlanks(text jsontext.Value, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r') {
		at++
	}
	return at
}

// valueEnd returns where the value ends that begins at a place.
func valueEnd(text jsontext.Value, at int) int {
	switch text[at] {
	case '"':
		return stringEnd(text, at)
	case '{', '[':
		for depth := 0; ; {
			switch text[at] {
			case '"':
				at = stringEnd(text, at)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			if at++; depth == 0 {
				return at
			}
		}
	}
	for at < len(text) && text[at] > ' ' && text[at] != ',' && text[at] != '}' && text[at] != ']' {
		at++ // a number or a word
	}
	return at
}

func stringEnd(text jsontext.Value, at int) int {
	if text[at+1] == '"' {
		return at + 2
	}
	for {
		at += 1 + bytes.IndexByte(text[at+1:], '"')
		escapes := 0
		for text[at-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return at + 1
		}
	}
}
