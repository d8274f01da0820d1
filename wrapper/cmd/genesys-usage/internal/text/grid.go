package text

import (
	"slices"
	"strings"
)

// Column is what a [Grid] needs to know of a column.
type Column struct {
	Number   bool // aligned at the right
	Name     bool // may be shortened
	Optional Priority
}

// Priority says when a column is left out for want of room.
type Priority int

// The priorities.
const (
	Never      Priority = iota
	ShortNames          // where names would be short otherwise
	First
)

const (
	columnGap = "  "
	fairName  = 24 // cells of a name that are worth more than an optional column
)

// Grid returns the lines of rows, the first of which has the titles, whose cells stand in columns. A line has at most
// so many cells if width is not 0: optional columns are left out, whose titles it returns too, and names are shortened,
// the widest first. Nothing else is: lines are longer if they have to be.
func Grid(columns []Column, rows [][]string, width int) (lines, leftOut []string) {
	var left []int
	natural := make([]int, len(columns))
	for _, row := range rows {
		for i, cell := range row {
			natural[i] = max(natural[i], Width(cell))
		}
	}
	for name := MaxName; ; name-- {
		widths, optional, total := slices.Clone(natural), -1, -len(columnGap)
		for i, c := range columns {
			if slices.Contains(left, i) {
				continue
			}
			if c.Name {
				widths[i] = min(widths[i], name)
			}
			if c.Optional == First || c.Optional == ShortNames && name <= fairName {
				optional = i
			}
			total += len(columnGap) + widths[i]
		}
		switch {
		case width <= 0 || total <= width || optional < 0 && name == 1:
			for _, row := range rows {
				lines = append(lines, gridLine(columns, row, widths, left))
			}
			return lines, leftOut
		case optional >= 0:
			if left, name = append(left, optional), MaxName; rows[0][optional] != "" {
				leftOut = slices.Insert(leftOut, 0, rows[0][optional])
			}
		}
	}
}

// gridLine returns the line of a row.
func gridLine(columns []Column, row []string, widths, left []int) string {
	var cells []string
	for i, cell := range row {
		if slices.Contains(left, i) {
			continue
		}
		cell = Shorten(cell, widths[i])
		space := strings.Repeat(" ", widths[i]-Width(cell))
		if columns[i].Number {
			cells = append(cells, space+cell)
		} else {
			cells = append(cells, cell+space)
		}
	}
	return strings.TrimRight(strings.Join(cells, columnGap), " ")
}
