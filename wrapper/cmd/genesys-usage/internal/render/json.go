package render

import (
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

// jsonWriter writes rows as objects, each in a line of its own.
type jsonWriter struct {
	out                      io.Writer
	columns                  []report.Column
	begin, separator, rowEnd string // before the first row, before each other, and after each
	end, endRows             string // at the end, and there if there are rows
	line                     []byte
}

// newJSON returns a Writer of one array.
func newJSON(out io.Writer, columns []report.Column, _ Options) (Writer, error) {
	return &jsonWriter{out: out, columns: columns, begin: "[\n", separator: ",\n", end: "[]\n", endRows: "\n]\n"}, nil
}

// newNDJSON returns a Writer of lines that are objects.
func newNDJSON(out io.Writer, columns []report.Column, _ Options) (Writer, error) {
	return &jsonWriter{out: out, columns: columns, rowEnd: "\n"}, nil
}

func (j *jsonWriter) Row(r *report.Row) error {
	j.line = append(j.line[:0], j.begin...)
	j.begin, j.end = j.separator, j.endRows
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
	j.line = append(append(j.line, '}'), j.rowEnd...)
	_, err := j.out.Write(j.line)
	return err
}

func (j *jsonWriter) Finish(*report.Report) error {
	_, err := io.WriteString(j.out, j.end)
	return err
}
