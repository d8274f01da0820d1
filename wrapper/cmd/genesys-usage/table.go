package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
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

func newTable(v *view, out io.Writer, on screen) *table {
	t := &table{view: v, out: out, width: on.width, bars: plainBars}
	if on.terminal && !v.plain {
		t.bars = unicodeBars
	}
	if on.terminal && v.limited {
		t.limit = rowsOnScreen
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
	shown, hidden := t.shown()
	columns := t.columns()
	if t.dated() {
		columns = slices.Insert(columns, 0, column{"DATE", dateColumn, func(l *line) string { return l.date }})
	}
	if columns[0].kind > dateColumn { // no column for the word
		columns = slices.Insert(columns, 0, column{"", dateColumn, func(*line) string { return "" }})
	}
	var most int64
	for i := range shown {
		most = max(most, t.measure.of(shown[i].counts()))
	}
	g := &grid{columns: columns, hidden: hidden, rule: t.bars.rule, rows: len(shown)}
	g.row = func(i int) []string {
		return t.texts(columns, t.lineOf(shown[i]), most)
	}
	g.total = t.texts(columns, t.total(), 0)
	g.total[0] = totalTitle
	return g.write(t.out, t.width)
}

// texts are what a line says in each column.
func (t *table) texts(columns []column, l *line, most int64) []string {
	texts := make([]string, len(columns))
	for i, c := range columns {
		switch {
		case c.kind == barColumn:
			texts[i] = t.bars.of(t.measure.of(&l.counts), most)
		case c.kind <= dateColumn && most == 0 && l.group == (group{}): // of the total
		default:
			texts[i] = c.cell(l)
		}
	}
	return texts
}

// dated tells whether a line is a step.
func (t *table) dated() bool { return t.sums.dated && !t.compare }

// place is a place in the sums: a group, or with dates a step of it.
type place struct {
	*sum
	step *step
}

func (p place) counts() *counts {
	if p.step != nil {
		return &p.step.counts
	}
	return &p.sum.counts
}

// shown returns what has a line, and what to say of the others.
func (t *table) shown() (shown []place, hidden string) {
	ranked := t.sums.ranked(t.measure)
	if t.top > 0 && len(ranked) > t.top {
		hidden = fmt.Sprintf("... and %s more", thousands(int64(len(ranked)-t.top)))
		ranked = ranked[:t.top]
	}
	for _, s := range ranked {
		if !t.dated() {
			shown = append(shown, place{s, nil})
			continue
		}
		for i := range s.steps {
			shown = append(shown, place{s, &s.steps[i]})
		}
	}
	if t.dated() {
		slices.SortStableFunc(shown, func(a, b place) int {
			return cmp.Or(a.step.date.Compare(b.step.date), cmp.Compare(t.measure.of(b.counts()), t.measure.of(a.counts())))
		})
	}
	if t.limit > 0 && len(shown) > t.limit {
		hidden = fmt.Sprintf("... and %s more (-top 0 shows all)", thousands(int64(len(shown)-t.limit)))
		shown = shown[:t.limit]
	}
	return shown, hidden
}

// lineOf returns the line of a place.
func (t *table) lineOf(p place) *line {
	l := t.line(p.sum)
	if p.step != nil {
		l.counts, l.date = p.step.counts, t.period.label(p.step.date)
	}
	return l
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
