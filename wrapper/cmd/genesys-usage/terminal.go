package main

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// isTerminal tells whether somebody is looking.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// screen is what a table is shown on.
type screen struct {
	terminal bool
	width    int // cells; 0: any number
}

func screenOf(w io.Writer) screen { return screen{isTerminal(w), widthOf(w)} }

// widthOf returns how many cells a line to a writer may take: as COLUMNS says, or as
// the terminal has, or 0 for any number.
func widthOf(w io.Writer) int {
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns > 0 {
		return columns
	}
	if file, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil {
			return width
		}
	}
	return 0
}
