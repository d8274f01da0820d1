// Package encode writes the rows of a report as they come, for programs: as CSV, as NDJSON,
// or in JSON, with the report after them.
package encode

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// CSV writes rows as RFC 4180 has it, with a header. Its out should have a buffer.
type CSV struct {
	out     *csv.Writer
	columns []report.Column
	record  []string
}

// NewCSV returns a writer of columns.
func NewCSV(out io.Writer, columns []report.Column) *CSV {
	c := &CSV{csv.NewWriter(out), columns, make([]string, len(columns))}
	c.out.UseCRLF = true
	for i, column := range columns {
		c.record[i] = column.Name
	}
	_ = c.out.Write(c.record) // into a buffer
	return c
}

// Row writes a row.
func (c *CSV) Row(r *report.Row) error {
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

// Finish writes what is left in a buffer.
func (c *CSV) Finish(*report.Report) error {
	c.out.Flush()
	return c.out.Error()
}
