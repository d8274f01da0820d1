package text

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Thousands writes a number with separators between thousands: 1,234,567.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Signed writes a number with its sign, and 0 without.
func Signed(n int64) string {
	if n > 0 {
		return "+" + Thousands(n)
	}
	return Thousands(n)
}

var count = regexp.MustCompile(`^(\d+|\d{1,3}(?:[,_ ]\d{3})+)(M?)$`)

// ParseCount reads a number of at least 1, with separators between thousands or without, or
// of millions, such as 10M.
func ParseCount(s string) (int64, error) {
	if match := count.FindStringSubmatch(s); match != nil {
		zeros := strings.Repeat("0", 6*len(match[2]))
		n, err := strconv.ParseInt(strings.NewReplacer(",", "", "_", "", " ", "").Replace(match[1])+zeros, 10, 64)
		if err == nil && n > 0 {
			return n, nil
		}
	}
	return 0, errors.New("want a number of requests such as 1500000, 1,500,000 or 10M")
}

// Percent writes a part of a total, or "" if the total is 0.
func Percent(part, total int64) string {
	if total == 0 {
		return ""
	}
	p := 100 * float64(part) / float64(total)
	if p > 0 && p < 0.05 {
		return "<0.1%"
	}
	return fmt.Sprintf("%.1f%%", p)
}

// Change writes how much more or less than before now is.
func Change(now, before int64) string {
	switch {
	case now == 0 && before == 0:
		return ""
	case before == 0:
		return "new"
	case now == 0:
		return "gone"
	}
	words := fmt.Sprintf("%+.1f%%", 100*(float64(now)-float64(before))/float64(before))
	if words == "-0.0%" || words == "+0.0%" {
		return "0.0%"
	}
	return words
}

// Count writes a number of things: 1 day, 2 days.
func Count(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return Thousands(n) + " " + thing
}

// Days writes days as people do: 1 to 31 October 2026.
func Days(first, last time.Time) string {
	const dayMonth, dayMonthYear = "2 January", "2 January 2006"
	end := last.Format(dayMonthYear)
	switch {
	case first.Equal(last):
		return end
	case first.Year() != last.Year():
		return first.Format(dayMonthYear) + " to " + end
	case first.Month() != last.Month():
		return first.Format(dayMonth) + " to " + end
	}
	return first.Format("2") + " to " + end
}
