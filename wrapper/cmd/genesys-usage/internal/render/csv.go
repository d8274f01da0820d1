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
	for i, column := range columns {
		c.record[i] = column.Name
	}
	_ = c.out.Write(c.record) // into a buffer
	return c, nil
}

func (c *csvWriter) Row(r *report.Row) error {
	for i, column := range c.columns {
		switch value := column.Value(r).(type) {
		case string:
			c.record[i] = text.NoFormula(value)
		case int64:
			c.record[i] = strconv.FormatInt(value, 10)
		case time.Time:
			if c.record[i] = ""; !value.IsZero() {
				c.record[i] = value.Format(time.DateOnly)
			}
		}
	}
	return c.out.Write(c.record)
}

func (c *csvWriter) Finish(*report.Report) error {
	c.out.Flush()
	return c.out.Error()
}
