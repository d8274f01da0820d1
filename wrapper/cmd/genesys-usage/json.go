package main

import (
	"io"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
)

// jsonReport writes rows as one JSON array, or as one object a line, as they
// come. Either way each row has a line of its own.
type jsonReport struct {
	out     io.Writer
	encoder *rows.Encoder[gen.APIUsageRow]
	line    []byte
	lines   bool
	begun   bool
}

func newJSON(out io.Writer, lines bool) *jsonReport {
	return &jsonReport{out: out, lines: lines, encoder: rows.NewEncoder[gen.APIUsageRow]()}
}

func (j *jsonReport) write(row *gen.APIUsageRow) error {
	j.line = j.line[:0]
	switch {
	case j.lines:
	case j.begun:
		j.line = append(j.line, ",\n"...)
	default:
		j.line = append(j.line, "[\n"...)
	}
	var err error
	if j.line, err = j.encoder.Append(j.line, row); err != nil {
		return err
	}
	if j.lines {
		j.line = append(j.line, '\n')
	}
	j.begun = true
	_, err = j.out.Write(j.line)
	return err
}

func (j *jsonReport) finish() error {
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
