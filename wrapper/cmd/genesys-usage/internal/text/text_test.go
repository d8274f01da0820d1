package text

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

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
		equal(t, fmt.Sprint(test.text, " in ", test.width), Shorten(test.text, test.width), test.want)
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
		equal(t, fmt.Sprint(test.text, " in ", test.width), Wrap(test.text, test.width), test.want)
	}
	for s, want := range map[string]int{
		"": 0, "a": 1, "0123456789": 1, "01234 56789": 2, "0123456789a": 2, "a 0123456789a b": 4, "東京東京東京": 2,
	} {
		equal(t, "lines of "+s, Lines(s, 10), want)
	}
}

// Names that others chose cannot move a cursor, nor reverse the text around them; messages of
// a server are a line too.
func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"Zürich 東京 👩‍💻": "Zürich 東京 👩‍💻", "a\x1b[2Jb": "a\ufffd[2Jb", "a\u009b2Jb": "a\ufffd2Jb", "a\x9bb": "a\ufffdb",
		"a\r\n\tb\x7f": "a\ufffd\ufffd\ufffdb\ufffd", "a\u202eb": "a\ufffdb", "a\u2066b": "a\ufffdb", "a\u2028b": "a\ufffdb",
	} {
		equal(t, text, Clean(text), want)
		equal(t, "name "+text, Name(text), want)
		equal(t, text+" is UTF-8", utf8.ValidString(Clean(text)), true)
	}
	equal(t, "an empty name", Name(""), "(none)")
	equal(t, "width of a long name", Width(Name(strings.Repeat("x", 10_000))), MaxName)
	equal(t, "a message", Message("\"invalid\"\nResponse: {\n\t\"error\": 1\x1b}\r\n"),
		"\"invalid\" Response: { \"error\": 1\ufffd}")
	equal(t, "width of a long message", Width(Message(strings.Repeat("x", 1<<20))), MaxMessage)
}

func TestJoin(t *testing.T) {
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		equal(t, "joined", Join(words, "or"), want)
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -999: "-999", -1000: "-1,000", 1 << 62: "4,611,686,018,427,387,904",
	} {
		equal(t, "thousands", Thousands(n), want)
	}
	for n, want := range map[int64]string{0: "0", 1500: "+1,500", -3: "-3"} {
		equal(t, "signed", Signed(n), want)
	}
	for n, want := range map[int64]string{0: "0 days", 1: "1 day", 2: "2 days", 1000: "1,000 days"} {
		equal(t, "count", Count(n, "day"), want)
	}
	for _, test := range []struct {
		part, total int64
		want        string
	}{{0, 0, ""}, {0, 5, "0.0%"}, {1, 3, "33.3%"}, {1, 1_000_000, "<0.1%"}, {1, 2000, "0.1%"}, {5, 5, "100.0%"}} {
		equal(t, fmt.Sprint(test.part, " of ", test.total), Percent(test.part, test.total), test.want)
	}
	for _, test := range []struct {
		now, before int64
		want        string
	}{{0, 0, ""}, {5, 0, "new"}, {0, 5, "gone"}, {15, 10, "+50.0%"}, {5, 10, "-50.0%"}, {9999, 10_000, "0.0%"},
		{10_000, 9999, "0.0%"}} {
		equal(t, fmt.Sprint(test.now, " after ", test.before), Change(test.now, test.before), test.want)
	}
}

// A number is read as it is printed, and as people write it.
func TestParseCount(t *testing.T) {
	for s, want := range map[string]int64{
		"1500000": 1_500_000, "1,500,000": 1_500_000, "1_500_000": 1_500_000, "1 500 000": 1_500_000, "10M": 10_000_000,
		"1": 1, "": 0, "0": 0, "-5": 0, "lots": 0, "1,50": 0, "1,5000": 0, "15,00,000": 0, "1.5": 0, "1e6": 0, ",500": 0,
		"1,500,": 0, "1 ,500": 0, "9223372036854775808": 0, "0M": 0, "1,5M": 0, "9223372036855M": 0, "10k": 0, " 1": 0,
	} {
		got, err := ParseCount(s)
		equal(t, s, got, want)
		equal(t, s+": error", err != nil, want == 0)
	}
}

func TestDays(t *testing.T) {
	date := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC) }
	equal(t, "a month", Days(date(10, 1), date(10, 31)), "1 to 31 October 2026")
	equal(t, "a day", Days(date(10, 1), date(10, 1)), "1 October 2026")
	equal(t, "two months", Days(date(10, 24), date(11, 22)), "24 October to 22 November 2026")
	equal(t, "two years", Days(date(12, 21), date(13, 20)), "21 December 2026 to 20 January 2027")
}

func TestShellQuote(t *testing.T) {
	for id, want := range map[string]string{
		"9f32b7cf-7418": "9f32b7cf-7418", "a b": "'a b'", "it's": `'it'\''s'`, "": "''", "$(x)": "'$(x)'", "-x": "-x",
		"~": "'~'", "A_Z.z:9,/": "A_Z.z:9,/",
	} {
		equal(t, id, ShellQuote(id), want)
	}
}
