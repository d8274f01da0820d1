package render

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// csvWriter writes rows as RFC 4180 has it, with a header.
type csvWriter struct {
	out     *csv.Writer
	columns []report.Column
	record  []string
}

func newCSV(out io.Writer, columns []report.Column, _ Options) (Writer, error) {
	c := &csvWriter{csv.NewWriter(out), columns, make([]string, len(columns))}
	c.out.UseCRLF = true
	for i := range columns {
		c.record[i] = columns[i].Name
	}
	_ = c.out.Write(c.record) // into a buffer
	return c, nil
}

func (c *csvWriter) Row(r *report.Row) error {
	for i := range c.columns {
		c.record[i] = value(&c.columns[i], r)
		if c.columns[i].Kind == report.Text {
			c.record[i] = text.NoFormula(c.record[i])
		}
	}
	return c.out.Write(c.record)
}

func (c *csvWriter) Finish(*report.Report) error {
	c.out.Flush()
	return c.out.Error()
}

// value returns the text of a row in a column. That of a date that is not known is empty.
func value(c *report.Column, r *report.Row) string {
	switch {
	case c.Kind == report.Text:
		return text.Clean(c.Text(r))
	case c.Kind == report.Number:
		return strconv.FormatInt(c.Number(r), 10)
	case r.Date.IsZero():
		return ""
	}
	return r.Date.Format(time.DateOnly)
}
