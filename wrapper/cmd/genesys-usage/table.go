package main

import (
	"bufio"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/genesyscloud-go/usage/gen"
)

// table shows rows in aligned columns, those only that carry data: by date if
// there are dates, else the most requests first.
type table struct {
	out  *bufio.Writer
	all  bool // counters were chosen: show them, in place of what they add up to
	bars bars
	top  int
	time period
	rows []gen.APIUsageRow
}

func (t *table) write(row *gen.APIUsageRow) error {
	t.rows = append(t.rows, *row)
	return nil
}

func (t *table) finish() error {
	if len(t.rows) == 0 {
		_, err := t.out.WriteString("No requests in this interval.\n")
		return err
	}
	s := summarize(t.rows, t.top)
	columns := t.columns(s)
	lines := make([][]string, 0, len(s.rows)+2)
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = c.title
	}
	lines = append(lines, header)
	for i := range s.rows {
		line := make([]string, len(columns))
		for j, c := range columns {
			line[j] = c.value(&s.rows[i])
		}
		lines = append(lines, line)
	}
	total := make([]string, len(columns))
	total[0] = "TOTAL"
	for j, c := range columns {
		if c.sums {
			total[j] = c.value(&s.total)
		}
	}
	if !columns[0].left { // no column for the word
		columns = append([]column{{left: true}}, columns...)
		for i := range lines {
			lines[i] = append([]string{""}, lines[i]...)
		}
		total = append([]string{"TOTAL"}, total...)
		total[1] = columns[1].value(&s.total)
	}
	lines = append(lines, total)

	widths := make([]int, len(columns))
	for _, line := range lines {
		for i, text := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	for i, line := range lines {
		if i == len(lines)-1 {
			if s.hidden > 0 {
				fmt.Fprintf(t.out, "... and %s more rows\n", thousands(int64(s.hidden)))
			}
			rule := 2 * (len(widths) - 1)
			for _, width := range widths {
				rule += width
			}
			fmt.Fprintln(t.out, strings.Repeat(t.bars.rule, rule))
		}
		var b strings.Builder
		for j, text := range line {
			pad := strings.Repeat(" ", widths[j]-utf8.RuneCountInString(text))
			if j > 0 {
				b.WriteString("  ")
			}
			if columns[j].left {
				b.WriteString(text + pad)
			} else {
				b.WriteString(pad + text)
			}
		}
		if _, err := fmt.Fprintln(t.out, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// column is one of the table.
type column struct {
	title string
	left  bool // aligned
	sums  bool // it has a value in the total line
	value func(*gen.APIUsageRow) string
}

// columns returns those that carry data.
func (t *table) columns(s *summary) []column {
	var columns []column
	add := func(wanted bool, c column) {
		if wanted {
			columns = append(columns, c)
		}
	}
	has := func(value func(*gen.APIUsageRow) bool) bool {
		for i := range t.rows {
			if value(&t.rows[i]) {
				return true
			}
		}
		return false
	}
	add(s.dated, column{title: "DATE", left: true, value: func(r *gen.APIUsageRow) string { return t.time.label(r.Date) }})
	for _, d := range dimensions {
		add(has(func(r *gen.APIUsageRow) bool { return d.value(s, r) != "" }),
			column{title: d.title, left: true, value: func(r *gen.APIUsageRow) string { return clean(d.value(s, r)) }})
	}
	total := s.total
	add(total.Requests > 0, column{title: "REQUESTS", sums: true, value: func(r *gen.APIUsageRow) string { return thousands(r.Requests) }})
	add(total.Requests > 0, column{title: "SHARE", sums: true, value: func(r *gen.APIUsageRow) string { return percent(r.Requests, total.Requests) }})
	add(total.Requests > 0, column{left: true, value: func(r *gen.APIUsageRow) string { return t.bars.of(r.Requests, s.most) }})
	for _, c := range counters {
		add((t.all || total.Requests == 0 || c.title == "429") && *c.of(&total) > 0, column{title: c.title, sums: true, value: func(r *gen.APIUsageRow) string { return thousands(*c.of(r)) }})
	}
	add(!t.all && total.Requests > 0 && total.Status429 > 0, column{title: "429 %", sums: true, value: func(r *gen.APIUsageRow) string { return percent(r.Status429, r.Requests) }})
	add(!t.all && total.Requests > 0 && failed(&total) > 0, column{title: "ERRORS %", sums: true, value: func(r *gen.APIUsageRow) string { return percent(failed(r), r.Requests) }})
	if len(columns) == 0 {
		columns = append(columns, column{title: "REQUESTS", sums: true, value: func(r *gen.APIUsageRow) string { return thousands(r.Requests) }})
	}
	return columns
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

// clean keeps names, which others chose, from moving the cursor of a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
