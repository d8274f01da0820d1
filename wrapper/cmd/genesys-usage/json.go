package main

import (
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
)

// jsonReport writes rows of type R as one JSON array, or as one object a line, as
// they come. Either way each row has a line of its own.
type jsonReport[R any] struct {
	out     io.Writer
	encoder *rows.Encoder[R]
	line    []byte
	lines   bool
	begun   bool
}

func newJSON[R any](out io.Writer, lines bool, without []string) *jsonReport[R] {
	return &jsonReport[R]{out: out, lines: lines, encoder: rows.NewEncoder[R]().Without(without...)}
}

func (j *jsonReport[R]) write(row *R) error {
	j.line = j.line[:0]
	switch {
	case j.lines:
	case j.begun:
		j.line = append(j.line, ",\n"...)
	default:
		j.line = append(j.line, "[\n"...)
	}
	var err error
	begin := len(j.line)
	if j.line, err = j.encoder.Append(j.line, row); err != nil {
		return err
	}
	j.line = escapeControls(j.line, begin)
	if j.lines {
		j.line = append(j.line, '\n')
	}
	j.begun = true
	_, err = j.out.Write(j.line)
	return err
}

func (j *jsonReport[R]) finish() error {
	if j.lines {
		return nil
	}
	end := "\n]\n"
	if !j.begun {
		end = "[]\n"
	}
	_, err := io.WriteString(j.out, end)
	return err
}

// escapeControls escapes, from a place on, the characters that JSON leaves as they are
// and that move the cursor of a terminal or turn the text around them.
func escapeControls(line []byte, from int) []byte {
	if isPlain(line[from:]) {
		return line
	}
	rest := string(line[from:])
	line = line[:from]
	for _, r := range rest {
		if isControl(r) {
			line = fmt.Appendf(line, `\u%04x`, r)
		} else {
			line = utf8.AppendRune(line, r)
		}
	}
	return line
}
