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
	c := &csvWriter{out: csv.NewWriter(out), columns: columns, record: make([]string, len(columns))}
	c.out.UseCRLF = true
	for i := range columns {
		c.record[i] = columns[i].Name
	}
	_ = c.out.Write(c.record) // into a buffer
	return c
}

func (c *csvWriter) Row(r *report.Row) error {
	for i := range c.columns {
		switch column := &c.columns[i]; column.Kind {
		case report.Text:
			c.record[i] = guard(text.Clean(column.Text(r)))
		case report.Date:
			c.record[i] = date(r.Date)
		case report.Number:
			c.record[i] = strconv.FormatInt(column.Number(r), 10)
		}
	}
	return c.out.Write(c.record)
}

func (c *csvWriter) Finish(*report.Report) error {
	c.out.Flush()
	return c.out.Error()
}

func (c *csvWriter) Close() error { return nil }

// date writes a day, or nothing for the zero time.
func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

const formulaSigns = "=+@＝＋－＠-" // the last in a class of characters is no range

// formula finds what a spreadsheet may take for a formula. Where a locale has another separator than a comma, a cell
// begins after that too, with or without a quote.
var formula = regexp.MustCompile(`(^|[;|])([" ]*)([` + regexp.QuoteMeta(formulaSigns) + `])`)

// guard makes text of a formula: whoever may name an OAuth client is not to run one on the administrator's machine.
func guard(s string) string {
	if !strings.ContainsAny(s, formulaSigns) {
		return s
	}
	return formula.ReplaceAllString(s, "$1$2'$3")
}
