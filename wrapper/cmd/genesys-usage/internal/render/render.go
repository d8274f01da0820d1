// Package render writes a report, or its rows as they come, as a table, CSV, JSON, a workbook or a page.
package render

import (
	"io"
	"path/filepath"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

// Form is what a report is written as.
type Form string

// The forms.
const (
	Table  Form = "table"
	CSV    Form = "csv"
	JSON   Form = "json"
	NDJSON Form = "ndjson"
	XLSX   Form = "xlsx"
	HTML   Form = "html"
)

// Forms are all forms.
var Forms = []Form{Table, CSV, JSON, NDJSON, XLSX, HTML}

// FormOf returns the form that the extension of a file names, in any letter case.
func FormOf(file string) (Form, bool) {
	for _, form := range Forms {
		if strings.EqualFold(filepath.Ext(file), form.Extension()) {
			return form, true
		}
	}
	return "", false
}

// Extension returns the extension of files of the form, such as ".txt".
func (f Form) Extension() string {
	if f == Table {
		return ".txt"
	}
	return "." + string(f)
}

// Chart reports whether the form has a chart, where rows have dates.
func (f Form) Chart() bool { return f == XLSX || f == HTML }

// Ranked reports whether the form shows the groups of a report. The others are of rows alone.
func (f Form) Ranked() bool { return f == Table || f.Chart() }

// Options are how a form is written. The zero value is a table of any width, with all groups.
type Options struct {
	Width    int  // cells of a line at most; 0: no limit
	Terminal bool // the output is a terminal
	Top      int  // groups at most; 0: all; negative: as many as the form shows by itself
}

// Writer writes a report. One that is an [io.Closer] is closed after Finish, or in its place.
type Writer interface {
	// Row takes a row. It keeps nothing of it.
	Row(*report.Row) error
	// Finish writes what remains, after the last row. It is called at most once.
	Finish(*report.Report) error
}

// New returns a Writer of a form. It writes in small pieces: out should have a buffer.
func New(form Form, out io.Writer, q *report.Query, o Options) (Writer, error) {
	switch form {
	case Table:
		return finisher(func(r *report.Report) error { return writeTable(out, r, o) }), nil
	case HTML:
		return finisher(func(r *report.Report) error { return writePage(out, r, o) }), nil
	case CSV:
		return newCSV(out, report.Columns(q)), nil
	case JSON, NDJSON:
		return newJSON(out, report.Columns(q), form == NDJSON), nil
	}
	return newWorkbook(out, report.Columns(q), o)
}

// finisher is a Writer that does all at the end.
type finisher func(*report.Report) error

func (finisher) Row(*report.Row) error           { return nil }
func (f finisher) Finish(r *report.Report) error { return f(r) }
