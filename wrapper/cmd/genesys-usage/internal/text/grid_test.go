package text

import (
	"slices"
	"strings"
	"testing"
)

// A grid is as wide as it needs to be, or as it may be: what is optional goes first, and then names are shortened.
func TestGrid(t *testing.T) {
	columns := []Column{
		{Name: true}, {Number: true}, {Number: true, Optional: ShortNames}, {Optional: First},
		{Number: true, Optional: ShortNames},
	}
	rows := [][]string{
		{"NAME", "COUNT", "PART", "", "%"},
		{"a name of thirty-two characters.", "1,234,567", "99.9%", "####", "5%"},
		{"東京", "1", "0.1%", "#", "10%"},
	}
	for _, test := range []struct {
		name  string
		width int
		want  []string
	}{
		{"no limit", 0, []string{
			"NAME                                  COUNT   PART          %",
			"a name of thirty-two characters.  1,234,567  99.9%  ####   5%",
			"東京                                      1   0.1%  #     10%",
		}},
		{"just enough", 61, []string{
			"NAME                                  COUNT   PART          %",
			"a name of thirty-two characters.  1,234,567  99.9%  ####   5%",
			"東京                                      1   0.1%  #     10%",
		}},
		{"without the first", 60, []string{
			"NAME                                  COUNT   PART    %",
			"a name of thirty-two characters.  1,234,567  99.9%   5%",
			"東京                                      1   0.1%  10%",
		}},
		{"with a fair name", 47, []string{
			"NAME                          COUNT   PART    %",
			"a name of th…characters.  1,234,567  99.9%   5%",
			"東京                              1   0.1%  10%",
		}},
		{"without the last, and a longer name", 46, []string{
			"NAME                              COUNT   PART",
			"a name of thir…o characters.  1,234,567  99.9%",
			"東京                                  1   0.1%",
		}},
		{"without all that is optional", 40, []string{
			"NAME                               COUNT",
			"a name of thir…wo characters.  1,234,567",
			"東京                                   1",
		}},
		{"with a short name", 30, []string{
			"NAME                     COUNT",
			"a name of…aracters.  1,234,567",
			"東京                         1",
		}},
		{"too narrow", 5, []string{
			"…      COUNT",
			"…  1,234,567",
			"…          1",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			lines, left := Grid(columns, rows, test.width)
			equal(t, "grid", strings.Join(lines, "\n"), strings.Join(test.want, "\n"))
			for _, title := range []string{"PART", "%"} {
				equal(t, title+" is left out", slices.Contains(left, title), !strings.Contains(lines[0], title))
			}
		})
	}
}
