package cli

import (
	"errors"
	"io"
	"os"
	"strconv"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/render"
	"golang.org/x/term"
)

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// widthOf returns the number of cells of a line: that of COLUMNS or of the terminal, or 0
// for any number.
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

// checkStdout refuses a standard output that nobody would see the report on.
func checkStdout(stdout io.Writer, form render.Form) error {
	file, ok := stdout.(*os.File)
	switch {
	case ok && isClosed(file):
		return errors.New("it is closed; name a file with -o, or /dev/null to discard the report")
	case form == render.XLSX && isTerminal(stdout):
		return errors.New("a workbook cannot be shown on a terminal; name a file with -o")
	}
	return nil
}
