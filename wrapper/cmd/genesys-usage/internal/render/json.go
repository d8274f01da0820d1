package render

import (
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
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
	begin := "[\n"
	if j.begun {
		begin = ",\n"
	}
	j.begun = true
	if j.lines {
		begin = ""
	}
	j.line = append(append(j.line[:0], begin...), '{')
	for i := range j.columns {
		column := &j.columns[i]
		if i > 0 {
			j.line = append(j.line, ',')
		}
		j.line = append(appendString(j.line, column.Name), ':')
		switch {
		case column.Kind == report.Text:
			j.line = appendString(j.line, column.Text(r))
		case column.Kind == report.Number:
			j.line = strconv.AppendInt(j.line, column.Number(r), 10)
		case r.Date.IsZero():
			j.line = append(j.line, "null"...)
		default:
			j.line = appendString(j.line, date(r.Date))
		}
	}
	j.line = append(j.line, '}')
	if j.lines {
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

// appendString appends a JSON string. Characters that move the cursor of a terminal, or reverse the text around them,
// are escaped; bytes that are not UTF-8 are replaced.
func appendString(line []byte, s string) []byte {
	line = append(line, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			line = append(line, '\\', byte(r))
		case text.IsControl(r):
			line = fmt.Appendf(line, `\u%04x`, r)
		default:
			line = utf8.AppendRune(line, r)
		}
	}
	return append(line, '"')
}
