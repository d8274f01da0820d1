package main

import (
	"bytes"
	"io"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/rowjson"
	"github.com/go-json-experiment/json/jsontext"
)

// jsonReport writes rows as one JSON array, or as one object a line, as they
// come. Either way each row has a line of its own.
type jsonReport struct {
	out     io.Writer
	row     bytes.Buffer
	encoder *jsontext.Encoder // to row
	lines   bool
	begun   bool
}

func newJSON(out io.Writer, lines bool) *jsonReport {
	j := &jsonReport{out: out, lines: lines}
	j.encoder = jsontext.NewEncoder(&j.row, jsontext.AllowInvalidUTF8(true))
	return j
}

func (j *jsonReport) write(row *gen.APIUsageRow) error {
	j.row.Reset()
	if err := rowjson.Encode(j.encoder, row); err != nil {
		return err
	}
	line := j.row.Bytes() // which the encoder ends
	if !j.lines {
		before := ",\n"
		if !j.begun {
			before = "[\n"
		}
		if _, err := io.WriteString(j.out, before); err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\n")
	}
	j.begun = true
	_, err := j.out.Write(line)
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
