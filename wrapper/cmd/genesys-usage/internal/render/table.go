package render

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// terminalLines is the number of lines that a terminal shows without being asked for more.
const terminalLines = 20

// barWidth is the number of cells of the longest bar.
const barWidth = 12

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
	g, block := &grid{columns: groupColumns(r, dated), rule: "-"}, "#"
	if o.Terminal && !o.Plain {
		g.rule, block = "─", "█"
	}
	trim := false // endpoints
	g.rows = func(yield func([]string)) {
		for i := range shown {
			row := cells(r, g.columns, &shown[i])
			for j, c := range g.columns {
				if trim && c.kind == nameColumn && c.dimension == report.Endpoint {
					row[j] = strings.TrimPrefix(row[j], "api/v2/")
				}
				if n := shown[i].counts.Of(r.Sort); c.kind == barColumn && n > 0 {
					row[j] = strings.Repeat(block, max(int(barWidth*float64(n)/float64(most)+0.5), 1))
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
	total := cells(r, g.columns, totalLine(r))
	total[0] = strings.ToUpper(total[0])
	g.sums = append(g.sums, total)
	endpoints := slices.Contains(r.Query.GroupBy, report.Endpoint)
	if endpoints && o.Width > 0 && g.lineWidth(g.widths(0), math.MaxInt) > o.Width {
		trim, g.note = true, strings.TrimSpace("Endpoints are below api/v2/. "+g.note)
	}
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
