package render

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

const (
	terminalLines = 20   // that a terminal shows without being asked for more
	barWidth      = 12   // cells of the longest bar
	gap           = "  " // between columns
	fairName      = 24   // cells of a name that are worth more than a percentage
	fairLine      = 120  // cells of a line that has room for what all endpoints begin with
)

// writeTable writes a report in aligned columns, the largest groups first, or by date if there are dates.
func writeTable(to io.Writer, r *report.Report, o Options) error {
	out := bufio.NewWriter(to) // Flush returns its first error
	for _, sentence := range append(headings(r), "") {
		fmt.Fprintln(out, text.Wrap(sentence, o.Width))
	}
	if len(r.Groups) > 0 {
		writeGroups(out, r, o)
	} else {
		fmt.Fprintln(out, text.Wrap(r.Empty(), o.Width))
	}
	return out.Flush()
}

// headings are sentences that say what a report is of.
func headings(r *report.Report) []string {
	sentences := append([]string{r.Subject(), r.Source()}, r.Remarks()...)
	if r.Allowance != nil {
		sentences = append(sentences, "Allowance: "+r.Allowance.String())
	}
	return sentences
}

func writeGroups(out io.Writer, r *report.Report, o Options) {
	dated, note := r.Dated && r.Comparison == nil, ""
	lines := groupLines(r.Groups, o.Top)
	if dated {
		lines = stepLines(r, lines)
	}
	if o.Top < 0 && o.Terminal && len(lines) > terminalLines {
		var hidden []*report.Group
		for _, l := range lines[terminalLines:] {
			hidden = append(hidden, l.Group)
		}
		lines, note = append(lines[:terminalLines], othersLine(hidden)), "-top 0 shows all. "
	}
	largest := int64(0)
	for _, l := range lines {
		if !l.sum {
			largest = max(largest, l.Of(r.Sort))
		}
	}
	block, rule := "#", "-"
	if o.Terminal && !o.Plain {
		block, rule = "█", "─"
	}
	columns := groupColumns(r, dated)
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = c.title
	}
	rows := [][]string{header}
	for _, l := range append(lines, totalLine(r)) {
		row := cells(columns, l)
		for i, c := range columns {
			if c.kind == bars && !l.sum && l.Of(r.Sort) > 0 {
				length := barWidth * float64(l.Of(r.Sort)) / float64(largest)
				row[i] = strings.Repeat(block, max(int(length+0.5), 1))
			} else if c.kind == endpoints && o.Width > 0 && o.Width < fairLine {
				row[i] = strings.TrimPrefix(row[i], "api/v2/")
			}
		}
		rows = append(rows, row)
	}
	total := rows[len(rows)-1]
	total[0] = strings.ToUpper(total[0])
	widths, left := fit(columns, rows, o.Width)
	for i, row := range rows {
		if i == len(rows)-1 {
			fmt.Fprintln(out, strings.Repeat(rule, lineWidth(widths)))
		}
		fmt.Fprintln(out, layOut(columns, widths, row))
	}
	if len(left) > 0 {
		note += "No room for " + text.Join(left, "and") + "."
	}
	if note != "" {
		fmt.Fprintln(out, text.Wrap(strings.TrimSpace(note), o.Width))
	}
}

// stepLines returns a line of each step of groups, by date, and after them the sums.
func stepLines(r *report.Report, groups []line) []line {
	var steps, sums []line
	for _, l := range groups {
		if l.sum {
			sums = append(sums, l)
			continue
		}
		for i := range l.Steps {
			step := *l.Group
			step.Counts, step.Steps = l.Steps[i].Counts, l.Steps[i:i+1]
			steps = append(steps, line{Group: &step, label: r.StepLabel(l.Steps[i].Date)})
		}
	}
	slices.SortStableFunc(steps, func(a, b line) int {
		return cmp.Or(a.Steps[0].Date.Compare(b.Steps[0].Date), cmp.Compare(b.Of(r.Sort), a.Of(r.Sort)))
	})
	return append(steps, sums...)
}

// fit returns the widths of columns, so that a line has at most so many cells, and the titles of those that are left
// out, which have -1: bars, and percentages where names would be short otherwise. Other names are shortened, the widest
// first; counts and dates never.
func fit(columns []column, rows [][]string, width int) (widths []int, left []string) {
	natural := make([]int, len(columns))
	for _, row := range rows {
		for i, cell := range row {
			natural[i] = max(natural[i], text.Width(cell))
		}
	}
	for name := text.MaxName; ; name-- {
		widths = slices.Clone(natural)
		optional := -1
		for i, c := range columns {
			if c.kind == names || c.kind == endpoints {
				widths[i] = min(widths[i], name)
			}
			if (c.kind == bars || c.kind == ratios && name < fairName) && widths[i] >= 0 {
				optional = i
			}
		}
		switch {
		case width <= 0 || lineWidth(widths) <= width || optional < 0 && name == 1:
			return widths, left
		case optional >= 0:
			if title := columns[optional].title; title != "" {
				left = slices.Insert(left, 0, title)
			}
			natural[optional], name = -1, text.MaxName
		}
	}
}

// lineWidth returns the number of cells of a line.
func lineWidth(widths []int) int {
	sum := -len(gap)
	for _, width := range widths {
		if width >= 0 {
			sum += width + len(gap)
		}
	}
	return sum
}

// layOut returns the text of a line.
func layOut(columns []column, widths []int, row []string) string {
	var cells []string
	for i, cell := range row {
		if widths[i] < 0 {
			continue
		}
		cell = text.Shorten(cell, widths[i])
		space := strings.Repeat(" ", widths[i]-text.Width(cell))
		if columns[i].kind == numbers || columns[i].kind == ratios {
			cells = append(cells, space+cell)
		} else {
			cells = append(cells, cell+space)
		}
	}
	return strings.TrimRight(strings.Join(cells, gap), " ")
}
