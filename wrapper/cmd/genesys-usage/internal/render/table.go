package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// terminalLines is the number of lines that a terminal shows without being asked for more.
const terminalLines = 20

// writeTable writes a report in aligned columns, the largest groups first, or by date if there are dates.
func writeTable(out io.Writer, r *report.Report, o Options) error {
	headings := append([]string{r.Subject(), r.Source()}, r.Remarks()...)
	if r.Allowance != nil {
		headings = append(headings, "Allowance: "+r.Allowance.String())
	}
	if headings = append(headings, ""); len(r.Groups) == 0 {
		headings = append(headings, r.Empty())
	}
	for _, heading := range headings {
		if _, err := fmt.Fprintln(out, text.Wrap(heading, o.Width)); err != nil {
			return err
		}
	}
	if len(r.Groups) == 0 {
		return nil
	}
	dated := r.Dated && r.Comparison == nil
	shown, others := tableLines(r, dated, o)
	most := int64(0)
	for i := range shown {
		most = max(most, shown[i].counts.Of(r.Sort))
	}
	g := &grid{columns: groupColumns(r, dated), rule: "-"}
	bar := func(n int64) string { return strings.Repeat("#", barCells(n, most, 1)) }
	if o.Terminal && !o.Plain {
		g.rule, bar = "─", func(n int64) string { return blockBar(barCells(n, most, 8)) }
	}
	g.rows = func(yield func([]string)) {
		for i := range shown {
			row := cells(r, g.columns, &shown[i])
			for j, c := range g.columns {
				if c.kind == barColumn {
					row[j] = bar(shown[i].counts.Of(r.Sort))
				}
			}
			yield(row)
		}
	}
	if others != nil {
		g.sums = append(g.sums, cells(r, g.columns, others))
		if o.Top < 0 {
			g.note = "-top 0 shows all."
		}
	}
	g.sums = append(g.sums, cells(r, g.columns, totalLine(r)))
	return g.write(out, o.Width)
}

// tableLines returns the lines of the table, and one of what has none of its own, or nil.
func tableLines(r *report.Report, dated bool, o Options) (shown []line, others *line) {
	groups := r.Groups
	if o.Top > 0 && len(groups) > o.Top {
		groups, others = groups[:o.Top], othersLine(groups[o.Top:])
	}
	for _, g := range groups {
		if !dated {
			shown = append(shown, groupLine(g))
			continue
		}
		for _, step := range g.Steps {
			shown = append(shown, line{group: g, date: step.Date, counts: step.Counts})
		}
	}
	if dated {
		slices.SortStableFunc(shown, func(a, b line) int {
			return cmp.Or(a.date.Compare(b.date), cmp.Compare(b.counts.Of(r.Sort), a.counts.Of(r.Sort)))
		})
	}
	if o.Top < 0 && o.Terminal && len(shown) > terminalLines {
		var hidden []*report.Group
		for _, l := range shown[terminalLines:] {
			hidden = append(hidden, &report.Group{Counts: l.counts, Before: l.before})
		}
		shown, others = shown[:terminalLines], othersLine(hidden)
	}
	return shown, others
}

// barCells returns the length of a bar, in parts of a cell.
func barCells(n, most int64, parts int) int {
	if n <= 0 {
		return 0
	}
	return max(int(float64(n)/float64(most)*float64(12*parts)+0.5), 1)
}

// blockBar returns a bar of so many eighths of a cell.
func blockBar(eighths int) string {
	bar := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		bar += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return bar
}
