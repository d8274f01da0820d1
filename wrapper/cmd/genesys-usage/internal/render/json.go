package render

import (
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

// jsonWriter writes rows as one JSON array, or as one object a line. Either way each row has a line of its own.
type jsonWriter struct {
	out     io.Writer
	columns []report.Column
	lines   bool
	begun   bool
	line    []byte
}

func (j *jsonWriter) Row(r *report.Row) error {
	switch j.line = j.line[:0]; {
	case j.lines:
	case j.begun:
		j.line = append(j.line, ",\n"...)
	default:
		j.line = append(j.line, "[\n"...)
	}
	j.begun = true
	for i := range j.columns {
		column := &j.columns[i]
		j.line = append(append(j.line, "{,"[min(i, 1)], '"'), column.Name...)
		j.line = append(j.line, `":`...)
		switch text := value(column, r); {
		case column.Kind == report.Number:
			j.line = append(j.line, text...)
		case column.Kind == report.Date && text == "":
			j.line = append(j.line, "null"...)
		default:
			j.line, _ = jsontext.AppendQuote(j.line, text) // an error is of text that is not UTF-8, and Clean's is
		}
	}
	if j.line = append(j.line, '}'); j.lines {
		j.line = append(j.line, '\n')
	}
	_, err := j.out.Write(j.line)
	return err
}

func (j *jsonWriter) Finish(*report.Report) error {
	end := "\n]\n"
	if j.lines {
		end = ""
	} else if !j.begun {
		end = "[]\n"
	}
	_, err := io.WriteString(j.out, end)
	return err
}

func (j *jsonWriter) Close() error { return nil }
