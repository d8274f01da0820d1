package main

import (
	"bufio"
	"io"
	"strings"
)

// grid lays out cells of text in columns that fit a width.
type grid struct {
	columns []column
	rows    [][]string // the first is the header, the last the total
}

func newGrid(columns []column) *grid {
	g := &grid{columns: columns}
	g.add(func(c column) string { return c.title })
	return g
}

func (g *grid) add(cell func(column) string) {
	row := make([]string, len(g.columns))
	for i, c := range g.columns {
		row[i] = cell(c)
	}
	g.rows = append(g.rows, row)
}

const gap = 2 // between columns

const totalTitle = "TOTAL"

// widths returns the width of each column, -1 for one that is left out, so that a
// line has at most so many cells: bars go first, then names are shortened, the widest
// first, and if they were not to be told apart then, ratios go too. Counts and dates
// are never shortened.
func (g *grid) widths(width int) []int {
	widths := make([]int, len(g.columns))
	for _, row := range g.rows {
		for i, text := range row {
			widths[i] = max(widths[i], cells.StringWidth(text))
		}
	}
	if width <= 0 {
		return widths
	}
	const telling = 12 // cells of a name
	for _, drop := range []kind{barColumn, ratioColumn, shareColumn} {
		for i := len(widths) - 1; i >= 0 && lineWidth(g.narrowed(widths, telling)) > width; i-- {
			if g.columns[i].kind == drop {
				widths[i] = -1
			}
		}
	}
	for lineWidth(widths) > width {
		widest := -1
		for i, c := range g.columns {
			if c.kind == nameColumn && widths[i] > max(len(c.title), len(totalTitle)) && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break // there is nothing left but numbers
		}
		widths[widest]--
	}
	return widths
}

// narrowed returns widths with names of at most so many cells.
func (g *grid) narrowed(widths []int, most int) []int {
	narrow := make([]int, len(widths))
	for i, width := range widths {
		narrow[i] = width
		if g.columns[i].kind == nameColumn {
			narrow[i] = min(width, most)
		}
	}
	return narrow
}

// lineWidth is how many cells columns take.
func lineWidth(widths []int) int {
	sum := -gap
	for _, width := range widths {
		if width >= 0 {
			sum += width + gap
		}
	}
	return sum
}

// write writes the grid, with what is to say of hidden rows and a rule before the
// total.
func (g *grid) write(to io.Writer, width int, hidden, rule string) error {
	out := bufio.NewWriter(to)
	widths := g.widths(width)
	for i, row := range g.rows {
		if i == len(g.rows)-1 {
			if hidden != "" {
				out.WriteString(wrap(hidden, width) + "\n")
			}
			out.WriteString(strings.Repeat(rule, lineWidth(widths)) + "\n")
		}
		var b strings.Builder
		for j, text := range row {
			if widths[j] < 0 {
				continue
			}
			if j > 0 { // the first is never left out
				b.WriteString(strings.Repeat(" ", gap))
			}
			text = shorten(text, widths[j])
			pad := strings.Repeat(" ", widths[j]-cells.StringWidth(text))
			switch g.columns[j].kind {
			case nameColumn, dateColumn, barColumn:
				b.WriteString(text + pad)
			case countColumn, ratioColumn, shareColumn:
				b.WriteString(pad + text)
			}
		}
		out.WriteString(strings.TrimRight(b.String(), " ") + "\n")
	}
	return out.Flush()
}
