package main

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

// csvReport writes rows as RFC 4180 has it, with a header, as they come.
type csvReport struct {
	out   *csv.Writer
	begun bool
}

func newCSV(out io.Writer) *csvReport {
	w := csv.NewWriter(out)
	w.UseCRLF = true
	return &csvReport{out: w}
}

var csvHeader = []string{
	"date", "clientId", "clientName", "organizationId", "userId", "templateUri", "httpMethod",
	"requests", "status200", "status300", "status400", "status429", "status500",
}

func (c *csvReport) begin() error {
	if c.begun {
		return nil
	}
	c.begun = true
	return c.out.Write(csvHeader)
}

func (c *csvReport) write(row *gen.APIUsageRow) error {
	if err := c.begin(); err != nil {
		return err
	}
	date := ""
	if !row.Date.IsZero() {
		date = row.Date.Format(time.RFC3339)
	}
	record := []string{
		date, cell(row.ClientID), cell(row.ClientName), cell(row.OrganizationID), cell(row.UserID), cell(row.TemplateURI), cell(row.HTTPMethod),
	}
	for _, n := range []int64{row.Requests, row.Status200, row.Status300, row.Status400, row.Status429, row.Status500} {
		record = append(record, strconv.FormatInt(n, 10))
	}
	return c.out.Write(record)
}

func (c *csvReport) finish() error {
	if err := c.begin(); err != nil {
		return err
	}
	c.out.Flush()
	return c.out.Error()
}

// cell keeps a spreadsheet from taking text for a formula: whoever may name an
// OAuth client should not get to run one on the administrator's machine.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}
