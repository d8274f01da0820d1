package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oapi-codegen/runtime/types"
)

// csvReport writes rows of type R as RFC 4180 has it, with a header, as they come.
// Its columns follow the json tags of R, so that a field that a regeneration adds
// arrives by itself; those of nested objects are called oauthClient.id.
type csvReport[R any] struct {
	out     *csv.Writer
	row     R // the one being written, which the columns point into
	columns []csvColumn
	record  []string
	begun   bool
}

type csvColumn struct {
	name  string
	field any // a pointer to it
}

// csvFirst are the columns that stand first, of either generation.
var csvFirst = []string{
	"date", "clientId", "clientName", "oauthClient.id", "oauthClient.name", "organizationId", "userId", "user.id", "platform", "templateUri", "httpMethod",
	"requests", "requestCount", "status200", "status300", "status400", "status429", "status500",
}

func newCSV[R any](out io.Writer, without []string) *csvReport[R] {
	c := &csvReport[R]{out: csv.NewWriter(out)}
	c.out.UseCRLF = true
	c.columns = slices.DeleteFunc(csvColumns("", reflect.ValueOf(&c.row).Elem()), func(c csvColumn) bool { return slices.Contains(without, c.name) })
	place := func(c csvColumn) int {
		if i := slices.Index(csvFirst, c.name); i >= 0 {
			return i
		}
		return len(csvFirst)
	}
	slices.SortStableFunc(c.columns, func(a, b csvColumn) int { return place(a) - place(b) })
	c.record = make([]string, len(c.columns))
	return c
}

func csvColumns(prefix string, object reflect.Value) []csvColumn {
	var columns []csvColumn
	for i := range object.NumField() {
		name, _, _ := strings.Cut(object.Type().Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		field := object.Field(i)
		pointer := field.Addr().Interface()
		switch pointer.(type) {
		case *time.Time, *types.Date:
		default:
			if field.Kind() == reflect.Struct {
				columns = append(columns, csvColumns(prefix+name+".", field)...)
				continue
			}
			if field.Kind() == reflect.String { // an enum too
				pointer = field.Addr().Convert(reflect.TypeFor[*string]()).Interface()
			}
		}
		columns = append(columns, csvColumn{prefix + name, pointer})
	}
	return columns
}

func (c *csvReport[R]) begin() error {
	if c.begun {
		return nil
	}
	c.begun = true
	for i, column := range c.columns {
		c.record[i] = column.name
	}
	return c.out.Write(c.record)
}

func (c *csvReport[R]) write(row *R) error {
	if err := c.begin(); err != nil {
		return err
	}
	c.row = *row
	for i, column := range c.columns {
		c.record[i] = column.text()
	}
	return c.out.Write(c.record)
}

func (c *csvReport[R]) finish() error {
	if err := c.begin(); err != nil {
		return err
	}
	c.out.Flush()
	return c.out.Error()
}

// text writes the value of a column, a date without a time of day.
func (c csvColumn) text() string {
	switch value := c.field.(type) {
	case *time.Time:
		return date(*value)
	case *types.Date:
		return date(value.Time)
	case *string:
		return guard(clean(*value))
	case *int64:
		return strconv.FormatInt(*value, 10)
	}
	return guard(clean(fmt.Sprint(reflect.ValueOf(c.field).Elem())))
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// guard keeps a spreadsheet from taking text for a formula: whoever may name an OAuth
// client should not get to run one on the administrator's machine. Where a locale has
// another separator than a comma, a cell begins behind that too, a quote or not.
func guard(s string) string {
	if !strings.ContainsFunc(s, isFormulaSign) {
		return s
	}
	var b strings.Builder
	begins := true
	for _, r := range s {
		if begins && isFormulaSign(r) {
			b.WriteByte('\'')
		}
		b.WriteRune(r)
		begins = r == ';' || r == '|' || begins && (r == '"' || r == ' ')
	}
	return b.String()
}

// isFormulaSign tells what a formula begins with, a full-width sign too.
func isFormulaSign(r rune) bool {
	switch r {
	case '=', '+', '-', '@', '＝', '＋', '－', '＠':
		return true
	}
	return false
}
