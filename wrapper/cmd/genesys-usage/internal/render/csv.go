package render

import (
	"encoding/csv"
	"io"
	"regexp"
	"strconv"
	"strings"
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

func newCSV(out io.Writer, columns []report.Column) *csvWriter {
	c := &csvWriter{csv.NewWriter(out), columns, make([]string, len(columns))}
	c.out.UseCRLF = true
	for i := range columns {
		c.record[i] = columns[i].Name
	}
	_ = c.out.Write(c.record) // into a buffer
	return c
}

func (c *csvWriter) Row(r *report.Row) error {
	for i := range c.columns {
		c.record[i] = value(&c.columns[i], r)
		if c.columns[i].Kind == report.Text {
			c.record[i] = guard(c.record[i])
		}
	}
	return c.out.Write(c.record)
}

func (c *csvWriter) Finish(*report.Report) error {
	c.out.Flush()
	return c.out.Error()
}

func (c *csvWriter) Close() error { return nil }

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

const formulaSigns = "=+@＝＋－＠-" // the last in a class of characters is no range

// formula finds what a spreadsheet may take for a formula. Where a locale has another separator than a comma, a cell
// begins after that too, with or without a quote.
var formula = regexp.MustCompile(`(^|[;|])([" ]*)([` + formulaSigns + `])`)

// guard makes text of a formula: whoever may name an OAuth client is not to run one on the administrator's machine.
func guard(s string) string {
	if strings.IndexAny(s, formulaSigns+` "`) != 0 && !strings.ContainsAny(s, ";|") {
		return s // as nearly all text is
	}
	return formula.ReplaceAllString(s, "$1$2'$3")
}
