package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
)

// grid lays out text in columns that fit a width. It asks for each row twice, to
// measure and to write it, and keeps none.
type grid struct {
	columns []column
	rows    int
	row     func(i int) []string
	total   []string
	hidden  string // what is to say of rows that are not there
	rule    string // before the total
}

// all calls a function with each row, the header and the total too.
func (g *grid) all(each func(i int, row []string)) {
	header := make([]string, len(g.columns))
	for i, c := range g.columns {
		header[i] = c.title
	}
	each(-1, header)
	for i := range g.rows {
		each(i, g.row(i))
	}
	each(g.rows, g.total)
}

const gap = 2 // between columns

const totalTitle = "TOTAL"

// widths returns the width of each column, -1 for one that is left out, so that a
// line has at most so many cells: bars go first, then names are shortened, the widest
// first, and where they could not be told apart then, ratios go too. Counts and dates
// are never shortened.
func (g *grid) widths(width int) []int {
	widths := make([]int, len(g.columns))
	g.all(func(_ int, row []string) {
		for i, text := range row {
			widths[i] = max(widths[i], cells.StringWidth(text))
		}
	})
	if width <= 0 {
		return widths
	}
	for _, drop := range []struct {
		kind kind
		name int // is worth more than this column, up to so many cells
	}{{barColumn, 32}, {ratioColumn, 24}, {shareColumn, 24}, {changeColumn, 16}} {
		for i := len(widths) - 1; i >= 0 && lineWidth(g.narrowed(widths, drop.name)) > width; i-- {
			if g.columns[i].kind == drop.kind {
				widths[i] = -1
			}
		}
	}
	for lineWidth(widths) > width {
		widest := -1
		for i, c := range g.columns {
			least := 1
			if i == 0 {
				least = len(totalTitle)
			}
			if c.kind == nameColumn && widths[i] > least && (widest < 0 || widths[i] > widths[widest]) {
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

func (g *grid) write(to io.Writer, width int) error {
	out := bufio.NewWriter(to)
	widths := g.widths(width)
	var line []byte
	g.all(func(i int, row []string) {
		if i == g.rows {
			if g.hidden != "" {
				fmt.Fprintln(out, wrap(g.hidden, width))
			}
			fmt.Fprintln(out, strings.Repeat(g.rule, lineWidth(widths)))
		}
		line = line[:0]
		for j, text := range row {
			if widths[j] < 0 {
				continue
			}
			if j > 0 { // the first is never left out
				line = pad(line, gap)
			}
			text = shorten(text, widths[j])
			space := widths[j] - cells.StringWidth(text)
			switch g.columns[j].kind {
			case nameColumn, dateColumn, barColumn:
				line = pad(append(line, text...), space)
			case countColumn, ratioColumn, shareColumn, changeColumn:
				line = append(pad(line, space), text...)
			}
		}
		fmt.Fprintf(out, "%s\n", bytes.TrimRight(line, " ")) // Flush has the error
	})
	var left []string
	for i, c := range g.columns {
		if widths[i] < 0 && c.title != "" {
			left = append(left, c.title)
		}
	}
	if len(left) > 0 {
		fmt.Fprintln(out, wrap("No room for "+listed(left, "and")+".", width))
	}
	return out.Flush()
}

// pad appends so many spaces.
func pad(line []byte, n int) []byte {
	for range n {
		line = append(line, ' ')
	}
	return line
}
