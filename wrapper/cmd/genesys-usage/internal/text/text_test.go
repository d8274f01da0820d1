package text

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestShorten(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"Demo Dialer", 11, "Demo Dialer"},
		{"Demo Dialer", 10, "Demo …aler"},
		{"Demo Dialer", 2, "D…"},
		{"Demo Dialer", 1, "…"},
		{"Demo Dialer", 0, ""},
		{"東京東京東京", 12, "東京東京東京"},
		{"東京東京東京", 11, "東京…東京"},
		{"e\u0301e\u0301e\u0301e\u0301e\u0301", 5, "e\u0301e\u0301e\u0301e\u0301e\u0301"},
		{"e\u0301e\u0301e\u0301e\u0301e\u0301", 3, "e\u0301…e\u0301"},
	} {
		got := Shorten(test.text, test.width)
		if got != test.want {
			t.Errorf("%q in %d is %q, want %q", test.text, test.width, got, test.want)
		}
		if Width(got) > test.width {
			t.Errorf("%q in %d has %d cells", test.text, test.width, Width(got))
		}
		if !utf8.ValidString(got) {
			t.Errorf("%q in %d is cut within a character: %q", test.text, test.width, got)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		width      int
		text, want string
	}{
		{0, "a bb ccc", "a bb ccc"}, {8, "a bb ccc", "a bb ccc"}, {7, "a bb ccc", "a bb\nccc"}, {1, "a bb ccc", "a\nbb\nccc"},
		{5, "東京 東京", "東京\n東京"},
	} {
		if got := Wrap(test.text, test.width); got != test.want {
			t.Errorf("%q in %d is %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

// Names that others chose cannot move a cursor, nor reverse the text around them.
func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"Zürich 東京 👩‍💻": "Zürich 東京 👩‍💻",
		"a\x1b[2Jb":     "a\ufffd[2Jb",
		"a\u009b2Jb":    "a\ufffd2Jb",
		"a\x9bb":        "a\ufffdb",
		"a\r\n\tb\x7f":  "a\ufffd\ufffd\ufffdb\ufffd",
		"a\u202eb":      "a\ufffdb",
		"a\u2066b":      "a\ufffdb",
		"a\u2028b":      "a\ufffdb",
	} {
		if got := Clean(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestName(t *testing.T) {
	if got := Width(Name(strings.Repeat("x", 10_000))); got != MaxName {
		t.Errorf("a long name has %d cells, want %d", got, MaxName)
	}
	if got := Name(""); got != "(none)" {
		t.Errorf("an empty name is %q", got)
	}
}

// A message is a line that can be read, whatever a server put into it.
func TestMessage(t *testing.T) {
	for text, want := range map[string]string{
		"oauth2: \"invalid_client\"\nResponse: {\n\t\"error\": 1}\r\n": `oauth2: "invalid_client" Response: { "error": 1}`,
		"cut in a character: \xe6\x9d":                                 "cut in a character: \ufffd\ufffd",
		"\x1b[31mred\u202e":                                            "\ufffd[31mred\ufffd",
		"Zürich 東京":                                                    "Zürich 東京",
	} {
		if got := Message(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if got := Width(Message(strings.Repeat("x", 1<<20))); got != MaxMessage {
		t.Errorf("a message of 1 MiB has %d cells, want %d", got, MaxMessage)
	}
}

func TestJoin(t *testing.T) {
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := Join(words, "or"); got != want {
			t.Errorf("%v is %q, want %q", words, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100",
		1<<63 - 1: "9,223,372,036,854,775,807",
	} {
		if got := Thousands(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 1000: "+1,000", -1000: "-1,000"} {
		if got := Signed(n); got != want {
			t.Errorf("%d with its sign is %s, want %s", n, got, want)
		}
	}
	for _, test := range []struct {
		part, total int64
		want        string
	}{{0, 0, ""}, {0, 5, "0.0%"}, {1, 3, "33.3%"}, {1, 1_000_000, "<0.1%"}, {5, 5, "100.0%"}} {
		if got := Percent(test.part, test.total); got != test.want {
			t.Errorf("%d of %d is %s, want %s", test.part, test.total, got, test.want)
		}
	}
	for _, test := range []struct {
		now, before int64
		want        string
	}{{0, 0, ""}, {5, 0, "new"}, {0, 5, "gone"}, {15, 10, "+50.0%"}, {5, 10, "-50.0%"}, {9999, 10_000, "0.0%"}, {10_000, 9999, "0.0%"}} {
		if got := Change(test.now, test.before); got != test.want {
			t.Errorf("%d after %d is %s, want %s", test.now, test.before, got, test.want)
		}
	}
}

// A number is read as it is printed.
func TestParseCount(t *testing.T) {
	for _, s := range []string{"1500000", "1,500,000", "1_500_000", "1 500 000"} {
		if got, err := ParseCount(s); err != nil || got != 1_500_000 {
			t.Errorf("%q is %d, %v", s, got, err)
		}
	}
	if got, err := ParseCount("10M"); err != nil || got != 10_000_000 {
		t.Errorf("10M is %d, %v", got, err)
	}
	for _, s := range []string{"", "0", "0M", "1,5M", "9223372036855M", "10k", " 1", "-5", "lots", "1,50", "1,5000", "15,00,000", "1.5", "1e6", ",500", "1,500,",
		"1 ,500", "9223372036854775808"} {
		if got, err := ParseCount(s); err == nil {
			t.Errorf("%q is %d, want an error", s, got)
		}
	}
}

func TestDays(t *testing.T) {
	date := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC) }
	for _, test := range []struct {
		first, last time.Time
		want        string
	}{
		{date(10, 1), date(10, 31), "1 to 31 October 2026"},
		{date(10, 1), date(10, 1), "1 October 2026"},
		{date(10, 24), date(11, 22), "24 October to 22 November 2026"},
		{date(12, 21), date(13, 20), "21 December 2026 to 20 January 2027"},
	} {
		if got := Days(test.first, test.last); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
	for n, want := range map[int64]string{0: "0 days", 1: "1 day", 2: "2 days", 1000: "1,000 days"} {
		if got := Count(n, "day"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for id, want := range map[string]string{
		"9f32b7cf-7418": "9f32b7cf-7418", "a b": "'a b'", "it's": `'it'\''s'`, "": "''", "$(x)": "'$(x)'", "-x": "-x",
		"~": "'~'",
	} {
		if got := ShellQuote(id); got != want {
			t.Errorf("%q is %s, want %s", id, got, want)
		}
	}
}

func TestLines(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "a": 1, "a b": 1, "0123456789": 1, "01234 56789": 2, "0123456789a": 2, "a 0123456789a b": 4, "東京東京東京": 2,
	} {
		if got := Lines(s, 10); got != want {
			t.Errorf("%q takes %d lines, want %d", s, got, want)
		}
	}
}
