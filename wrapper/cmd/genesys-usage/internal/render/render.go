// Package render has the forms of a report, and writes those for people: a table, a workbook and a page.
package render

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/encode"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

// Form is a way to write a report.
type Form struct {
	Name, Extension string
	Help            string // what it contains, and what for
	Binary          bool   // not for a terminal
	Streamed        bool   // rows are written as they come; the other forms rank groups
	RowsOnly        bool   // nothing but rows: neither totals nor what follows from them
	Charted         bool   // needs rows by day, for its chart
	new             constructor
}

type constructor func(out io.Writer, columns []report.Column, o Options) (Writer, error)

// Forms are all forms, the default first. A new one is a file, and a line here.
var Forms = []*Form{
	{Name: "table", Extension: ".txt", new: atEnd(writeTable), Help: "groups in aligned columns, for people"},
	{Name: "csv", Extension: ".csv", Streamed: true, RowsOnly: true, new: encoded(encode.NewCSV),
		Help: "rows, for programs; text like =1+1 gets a ' in front"},
	{Name: "json", Extension: ".json", Streamed: true, new: encoded(encode.NewJSON),
		Help: "the report as one object, rows first, for programs"},
	{Name: "ndjson", Extension: ".ndjson", Streamed: true, RowsOnly: true, new: encoded(encode.NewNDJSON),
		Help: "rows, a JSON object a line"},
	{Name: "xlsx", Extension: ".xlsx", Binary: true, Charted: true, new: newWorkbook,
		Help: "groups, chart and rows, for Excel and LibreOffice"},
	{Name: "html", Extension: ".html", Charted: true, new: atEnd(writePage), Help: "a page with groups and a chart"},
}

// FormOf returns the form that the extension of a file names, in any letter case, or nil.
func FormOf(file string) *Form {
	i := slices.IndexFunc(Forms, func(f *Form) bool { return strings.EqualFold(filepath.Ext(file), f.Extension) })
	if i < 0 {
		return nil
	}
	return Forms[i]
}

func (f *Form) String() string { return f.Name }

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

// New returns a Writer of the form. It writes in small pieces: out should have a buffer.
func (f *Form) New(out io.Writer, q *report.Query, o Options) (Writer, error) {
	return f.new(out, report.Columns(q), o)
}

// finisher is a Writer that does all at the end.
type finisher func(*report.Report) error

func (finisher) Row(*report.Row) error           { return nil }
func (f finisher) Finish(r *report.Report) error { return f(r) }

// encoded returns the constructor of Writers for programs, which have no options.
func encoded[W Writer](create func(io.Writer, []report.Column) W) constructor {
	return func(out io.Writer, columns []report.Column, _ Options) (Writer, error) {
		return create(out, columns), nil
	}
}

// atEnd returns the constructor of Writers that call a function at the end.
func atEnd(write func(io.Writer, *report.Report, Options) error) constructor {
	return func(out io.Writer, _ []report.Column, o Options) (Writer, error) {
		return finisher(func(r *report.Report) error { return write(out, r, o) }), nil
	}
}
