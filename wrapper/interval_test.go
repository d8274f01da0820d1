package wrapper

import (
	"strings"
	"testing"
	"time"
)

func TestInterval(t *testing.T) {
	berlin := time.FixedZone("", 2*60*60)
	got := Interval(time.Date(2026, 7, 1, 0, 0, 0, 0, berlin), time.Date(2026, 8, 1, 0, 0, 0, 999, time.UTC))
	if want := "2026-06-30T22:00:00Z/2026-08-01T00:00:00Z"; got != want {
		t.Errorf("Interval = %s, want %s", got, want)
	}
}

func TestParseInterval(t *testing.T) {
	date := func(year int, month time.Month, day, hour int) time.Time {
		return time.Date(year, month, day, hour, 0, 0, 0, time.UTC)
	}
	for _, test := range []struct {
		interval   string
		start, end time.Time
	}{
		{"2026-01-01/2026-02-01", date(2026, 1, 1, 0), date(2026, 2, 1, 0)},
		{"2020-01/2020-06", date(2020, 1, 1, 0), date(2020, 6, 1, 0)},
		{"2026-01-01T00:00:00Z/2026-01-01T12:00:00.000Z", date(2026, 1, 1, 0), date(2026, 1, 1, 12)},
		{"2026-01-01T00:00:00+02:00/2026-01-02", date(2025, 12, 31, 22), date(2026, 1, 2, 0)},
		{"2026-01-01/2026-01-01", date(2026, 1, 1, 0), date(2026, 1, 1, 0)},
	} {
		start, end, err := ParseInterval(test.interval)
		if err != nil || !start.Equal(test.start) || !end.Equal(test.end) {
			t.Errorf("ParseInterval(%q) = %v, %v, %v", test.interval, start, end, err)
		}
	}
	for interval, want := range map[string]string{
		"":                      "want start/end",
		"2026-01-01":            "want start/end",
		"/2026-01-01":           `"" is neither`,
		"2026-01-01/":           `"" is neither`,
		"2026-01-01/tomorrow":   `"tomorrow" is neither`,
		"2026-02-30/2026-03-01": `"2026-02-30" is neither`,
		"2026-02-01/2026-01-01": "ends before it starts",
		"2026-01/2026-02/2026":  "is neither",
	} {
		if _, _, err := ParseInterval(interval); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseInterval(%q): %v, want an error with %q", interval, err, want)
		}
	}
}

func FuzzIntervalRoundTrip(f *testing.F) {
	f.Add(int64(0), int64(0))
	f.Add(int64(1767225600), int64(2678400))
	f.Add(int64(-62135596800), int64(1))
	f.Add(int64(253402300799), int64(0))
	f.Fuzz(func(t *testing.T, unix, length int64) {
		const years = 253402300800 // of four digits, from the year 0 on
		start := time.Unix(unix%years, 0)
		if start.UTC().Year() < 0 {
			return
		}
		end := start.Add(time.Duration(uint64(length) % (1 << 62)))
		if end.UTC().Year() > 9999 {
			return
		}
		gotStart, gotEnd, err := ParseInterval(Interval(start, end))
		if err != nil || !gotStart.Equal(start) || !gotEnd.Equal(end.Truncate(time.Second)) {
			t.Fatalf("%v to %v comes back as %v to %v, %v", start, end, gotStart, gotEnd, err)
		}
	})
}
