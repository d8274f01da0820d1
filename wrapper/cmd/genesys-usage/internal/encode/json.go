package encode

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

// NDJSON writes rows as objects, each in a line of its own.
type NDJSON struct {
	out     io.Writer
	columns []report.Column
	line    []byte
}

// NewNDJSON returns a writer of columns.
func NewNDJSON(out io.Writer, columns []report.Column) *NDJSON {
	return &NDJSON{out: out, columns: columns}
}

// Row writes a row.
func (n *NDJSON) Row(r *report.Row) error {
	n.line = append(n.object(n.line[:0], r), '\n')
	_, err := n.out.Write(n.line)
	return err
}

// Finish does nothing.
func (n *NDJSON) Finish(*report.Report) error { return nil }

// object appends a row.
func (n *NDJSON) object(line []byte, r *report.Row) []byte {
	for i, column := range n.columns {
		line = append(append(line, "{,"[min(i, 1)], '"'), column.Name...)
		line = append(line, `":`...)
		switch value := column.Value(r).(type) {
		case string:
			line, _ = jsontext.AppendQuote(line, value) // an error is of text that is not UTF-8, and this is
		case int64:
			line = strconv.AppendInt(line, value, 10)
		case time.Time:
			if value.IsZero() {
				line = append(line, "null"...)
			} else {
				line = value.AppendFormat(line, `"`+time.DateOnly+`"`)
			}
		}
	}
	return append(line, '}')
}

// JSON writes a report as one object: rows as they come, and after them what is known at the end.
type JSON struct {
	NDJSON
	separator string // before the next row
}

// NewJSON returns a writer of columns.
func NewJSON(out io.Writer, columns []report.Column) *JSON {
	return &JSON{NDJSON{out: out, columns: columns}, "{\"rows\":[\n"}
}

// Row writes a row.
func (j *JSON) Row(r *report.Row) error {
	j.line = j.object(append(j.line[:0], j.separator...), r)
	j.separator = ",\n"
	_, err := j.out.Write(j.line)
	return err
}

// Finish writes what is known of the report at its end.
func (j *JSON) Finish(r *report.Report) error {
	type object = map[string]any
	period := func(p *report.Period, daysWithData int) object {
		return object{"first": p.First.Format(time.DateOnly), "last": p.Last.Format(time.DateOnly), "days": p.Days(),
			"daysWithData": daysWithData}
	}
	totals := func(counts *report.Counts) object {
		all := object{}
		for _, m := range report.Counters {
			all[m.String()] = counts.Of(m)
		}
		return all
	}
	rest := object{"period": period(&r.Period, r.DataDays()), "totals": totals(&r.Total.Counts)}
	if b := r.Compare; b != nil {
		rest["before"] = object{"period": period(b, b.DataDays()), "totals": totals(&r.Total.Before)}
	}
	if a := r.Allowance; a != nil {
		allowance := object{"limit": a.Limit, "used": a.Used, "forecast": a.Forecast, "lasts": nil, "until": nil,
			"share": math.Round(1e4*float64(a.Forecast)/float64(a.Limit)) / 1e4}
		if a.Doubt == "" {
			allowance["lasts"] = !a.Over()
		}
		if a.Over() {
			allowance["until"] = a.RunsOut.Format(time.DateOnly)
		}
		rest["allowance"] = allowance
	}
	data, err := json.Marshal(rest)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(j.out, "%s],\n%s\n", strings.TrimPrefix(j.separator, ","), data[1:]) // without its brace
	return err
}
