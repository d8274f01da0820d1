package main

import (
	"strings"
	"testing"
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
		got := shorten(test.text, test.width)
		if got != test.want || cells.StringWidth(got) > test.width || !utf8.ValidString(got) {
			t.Errorf("%q in %d is %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		width      int
		text, want string
	}{
		{0, "a bb ccc", "a bb ccc"}, {8, "a bb ccc", "a bb ccc"}, {7, "a bb ccc", "a bb\nccc"}, {1, "a bb ccc", "a\nbb\nccc"}, {5, "東京 東京", "東京\n東京"},
	} {
		if got := wrap(test.text, test.width); got != test.want {
			t.Errorf("%q in %d is %q", test.text, test.width, got)
		}
	}
}

// Names that others chose cannot move a cursor, nor turn the text around them.
func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"Zürich 東京 👩‍💻": "Zürich 東京 👩‍💻",
		"a\x1b[2Jb":     "a�[2Jb",
		"a\u009b2Jb":    "a�2Jb",
		"a\x9bb":        "a�b",
		"a\r\n\tb\x7f":  "a���b�",
		"a\u202eb":      "a�b",
		"a\u2066b":      "a�b",
		"a\u2028b":      "a�b",
	} {
		if got := clean(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if got := name(strings.Repeat("x", 10_000)); cells.StringWidth(got) != maxName {
		t.Errorf("a name of %d cells", cells.StringWidth(got))
	}
	if name("") != "(none)" {
		t.Error("an empty name is blank")
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := thousands(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
	for _, test := range []struct {
		part, whole int64
		want        string
	}{{0, 0, ""}, {0, 5, "0.0%"}, {1, 3, "33.3%"}, {1, 1_000_000, "<0.1%"}, {5, 5, "100.0%"}} {
		if got := percent(test.part, test.whole); got != test.want {
			t.Errorf("%d of %d is %s, want %s", test.part, test.whole, got, test.want)
		}
	}
	for _, test := range []struct {
		now, before int64
		want        string
	}{{0, 0, ""}, {5, 0, "new"}, {0, 5, "gone"}, {15, 10, "+50.0%"}, {5, 10, "-50.0%"}} {
		if got := change(test.now, test.before); got != test.want {
			t.Errorf("%d after %d is %s, want %s", test.now, test.before, got, test.want)
		}
	}
}

func TestListed(t *testing.T) {
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := listed(words, "or"); got != want {
			t.Errorf("%v is %q", words, got)
		}
	}
}
