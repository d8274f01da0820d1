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
	terminalLines = 20  // that a terminal shows without being asked for more
	barWidth      = 12  // cells of the longest bar
	fairLine      = 120 // cells of a line that has room for what all endpoints begin with
)

// layouts are how columns are laid out, by kind.
var layouts = map[kind]text.Column{
	names: {Name: true}, endpoints: {Name: true}, numbers: {Number: true},
	ratios: {Number: true, Optional: text.ShortNames}, bars: {Optional: text.First},
}

// writeTable writes a report in aligned columns, the largest groups first, or by date if there are dates.
func writeTable(to io.Writer, r *report.Report, o Options) error {
	out := bufio.NewWriter(to) // Flush returns its first error
	sentences := append(headings(r), "")
	if r.Region != "" {
		sentences[0] = r.Region + ", " + sentences[0]
	}
	for _, sentence := range sentences {
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
	groups, note := groupLines(r.Groups, o.Top), ""
	if r.Stepped {
		groups = stepLines(r, groups)
	}
	if o.Top < 0 && o.Terminal && len(groups) > terminalLines {
		var hidden []*report.Group
		for _, l := range groups[terminalLines:] {
			hidden = append(hidden, l.Group)
		}
		groups, note = append(groups[:terminalLines], othersLine(hidden)), "-top 0 shows all. "
	}
	largest := int64(0)
	for _, l := range groups {
		if !l.sum {
			largest = max(largest, l.Of(r.Sort))
		}
	}
	block, rule := "#", "-"
	if o.Terminal {
		block, rule = "█", "─"
	}
	columns := groupColumns(r, r.Stepped)
	rows, layout := [][]string{nil}, []text.Column(nil)
	for _, c := range columns {
		rows[0] = append(rows[0], c.title)
		layout = append(layout, layouts[c.kind])
	}
	for _, l := range append(groups, totalLine(r)) {
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
	lines, left := text.Grid(layout, rows, o.Width)
	longest := 0
	for i, line := range lines {
		if longest = max(longest, text.Width(line)); i == len(lines)-1 {
			fmt.Fprintln(out, strings.Repeat(rule, longest))
		}
		fmt.Fprintln(out, line)
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
