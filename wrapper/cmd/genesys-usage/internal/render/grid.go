package render

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// grid lays out text in columns that fit a width. It asks for rows twice, to measure and to write them, and keeps none.
type grid struct {
	columns []column
	rows    func(yield func([]string))
	sums    [][]string // rows after a rule
	rule    string
	note    string // after all rows
}

const (
	gap      = 2  // cells between columns
	fairName = 24 // cells of a name that are worth more than a percentage
)

// widths returns the width of each column, or -1 for one that is left out, so that a line has at most so many cells:
// bars go first, then percentages, if names would be short otherwise; then names are shortened, the widest first.
// Counts and dates are never shortened.
func (g *grid) widths(width int) []int {
	widths := make([]int, len(g.columns))
	measure := func(row []string) {
		for i, cell := range row {
			widths[i] = max(widths[i], text.Width(cell))
		}
	}
	for i, c := range g.columns {
		widths[i] = text.Width(c.title)
	}
	g.rows(measure)
	least := 0 // of the first column
	for _, sum := range g.sums {
		measure(sum)
		least = max(least, text.Width(sum[0]))
	}
	if width <= 0 {
		return widths
	}
	for _, drop := range []kind{barColumn, ratioColumn, shareColumn, growthColumn} {
		for i := len(widths) - 1; i >= 0 && g.lineWidth(widths, fairName) > width; i-- {
			if g.columns[i].kind == drop {
				widths[i] = -1
			}
		}
	}
	for g.lineWidth(widths, math.MaxInt) > width {
		widest := -1
		for i, c := range g.columns {
			shorter := widths[i] > 1 && (i > 0 || widths[i] > least)
			if c.kind == nameColumn && shorter && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break // nothing is left but numbers
		}
		widths[widest]--
	}
	return widths
}

// lineWidth returns the number of cells that columns take, if names take at most so many.
func (g *grid) lineWidth(widths []int, name int) int {
	sum := -gap
	for i, width := range widths {
		if g.columns[i].kind == nameColumn {
			width = min(width, name)
		}
		if width >= 0 {
			sum += width + gap
		}
	}
	return sum
}

func (g *grid) write(out io.Writer, width int) error {
	widths := g.widths(width)
	var err error
	write := func(row []string) {
		if _, writeErr := fmt.Fprintln(out, g.line(row, widths)); err == nil {
			err = writeErr
		}
	}
	var titles, left []string
	for i, c := range g.columns {
		if titles = append(titles, c.title); widths[i] < 0 && c.title != "" {
			left = append(left, c.title)
		}
	}
	write(titles)
	g.rows(write)
	for i, sum := range g.sums {
		if i == len(g.sums)-1 {
			fmt.Fprintln(out, strings.Repeat(g.rule, g.lineWidth(widths, math.MaxInt)))
		}
		write(sum)
	}
	if len(left) > 0 {
		g.note = strings.TrimSpace("No room for " + text.Join(left, "and") + ". " + g.note)
	}
	if g.note != "" {
		fmt.Fprintln(out, text.Wrap(g.note, width))
	}
	return err
}

// line returns the text of a row.
func (g *grid) line(row []string, widths []int) string {
	var line strings.Builder
	for i, cell := range row {
		if widths[i] < 0 {
			continue
		}
		if i > 0 { // the first is never left out
			line.WriteString(strings.Repeat(" ", gap))
		}
		cell = text.Shorten(cell, widths[i])
		space := strings.Repeat(" ", widths[i]-text.Width(cell))
		if g.columns[i].kind.isNumber() {
			line.WriteString(space + cell)
		} else {
			line.WriteString(cell + space)
		}
	}
	return strings.TrimRight(line.String(), " ")
}
