package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// table shows a report in aligned columns, the largest groups first, or by date if
// there are dates.
type table struct {
	*view
	out   io.Writer
	width int // cells of a line at most; 0: as many as it takes
	limit int // rows at most; 0: all
	bars  bars
}

// rowsOnScreen are as many rows as a terminal shows without being asked for more.
const rowsOnScreen = 20

func newTable(v *view, to *target) *table {
	t := &table{view: v, out: to, width: widthOf(to.out), bars: plainBars}
	if isTerminal(to.out) {
		if !v.plain {
			t.bars = unicodeBars
		}
		if v.limited {
			t.limit = rowsOnScreen
		}
	}
	return t
}

func (t *table) write() error {
	for _, heading := range t.headings() {
		fmt.Fprintln(t.out, wrap(heading, t.width))
	}
	fmt.Fprintln(t.out)
	if len(t.sums.groups) == 0 {
		_, err := fmt.Fprintln(t.out, t.empty())
		return err
	}
	lines, hidden := t.lines()
	columns := t.columns()
	if t.sums.dated && !t.compare {
		columns = slices.Insert(columns, 0, column{"DATE", dateColumn, func(l *line) string { return l.date }})
	}
	var most int64
	for i := range lines {
		most = max(most, t.measure.of(&lines[i].counts))
	}
	if columns[0].kind > dateColumn { // no column for the word
		columns = slices.Insert(columns, 0, column{"", dateColumn, func(*line) string { return "" }})
	}
	g := newGrid(columns)
	for i := range lines {
		g.add(func(c column) string {
			if c.kind == barColumn {
				return t.bars.of(t.measure.of(&lines[i].counts), most)
			}
			return c.cell(&lines[i])
		})
	}
	total := line{sum: sum{counts: t.sums.total, before: t.sums.before}}
	first := true
	g.add(func(c column) string {
		switch {
		case first:
			first = false
			return totalTitle
		case c.kind <= dateColumn || c.kind == barColumn:
			return ""
		}
		return c.cell(&total)
	})
	return g.write(t.out, t.width, hidden, t.bars.rule)
}

// lines returns those to show, and what to say of the others.
func (t *table) lines() (lines []line, hidden string) {
	ranked := t.sums.ranked(t.measure)
	if t.top > 0 && len(ranked) > t.top {
		hidden = fmt.Sprintf("... and %s more", thousands(int64(len(ranked)-t.top)))
		ranked = ranked[:t.top]
	}
	type dated struct {
		line
		day time.Time
	}
	var all []dated
	for _, s := range ranked {
		if !t.sums.dated || t.compare {
			all = append(all, dated{line: line{sum: *s}})
			continue
		}
		for _, step := range s.steps {
			all = append(all, dated{line{sum{group: s.group, counts: step.counts}, t.period.label(step.date)}, step.date})
		}
	}
	slices.SortStableFunc(all, func(a, b dated) int {
		return cmp.Or(a.day.Compare(b.day), cmp.Compare(t.measure.of(&b.counts), t.measure.of(&a.counts)))
	})
	if t.limit > 0 && len(all) > t.limit {
		hidden = fmt.Sprintf("... and %s more (-top 0 shows all)", thousands(int64(len(all)-t.limit)))
		all = all[:t.limit]
	}
	for i := range all {
		lines = append(lines, all[i].line)
	}
	return lines, hidden
}

// bars are the ways to draw a share.
type bars struct {
	blocks []rune // from an eighth, or whatever part, to a whole
	rule   string
}

var (
	unicodeBars = bars{[]rune("▏▎▍▌▋▊▉█"), "─"}
	plainBars   = bars{[]rune("#"), "-"}
)

const barWidth = 12

func (b bars) of(n, most int64) string {
	if n <= 0 || most <= 0 {
		return ""
	}
	parts := len(b.blocks)
	length := max(int(float64(n)/float64(most)*float64(barWidth*parts)+0.5), 1)
	bar := strings.Repeat(string(b.blocks[parts-1]), length/parts)
	if rest := length % parts; rest > 0 {
		bar += string(b.blocks[rest-1])
	}
	return bar
}
