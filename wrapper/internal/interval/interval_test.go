package interval

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		interval, start, end string
		endsInDay            bool
		first, last          string
	}{
		{"2026-10-01/2026-10-31", "2026-10-01T00:00:00Z", "2026-10-31T23:59:59.999999999Z", false, "2026-10-01", "2026-10-31"},
		{"2020-01/2020-06", "2020-01-01T00:00:00Z", "2020-06-30T23:59:59.999999999Z", false, "2020-01-01", "2020-06-30"},
		{"2024-02-10/2024-02", "2024-02-10T00:00:00Z", "2024-02-29T23:59:59.999999999Z", false, "2024-02-10", "2024-02-29"},
		{"2026-10-01T06:00:00Z/2026-10-02T00:00:00Z", "2026-10-01T06:00:00Z", "2026-10-02T00:00:00Z", true, "2026-10-01", "2026-10-02"},
		{"2026-10-01T06:00:00/2026-10-02T00:00:00.5", "2026-10-01T06:00:00Z", "2026-10-02T00:00:00.5Z", true, "2026-10-01", "2026-10-02"},
		{"2026-10-01T01:00:00+02:00/2026-10-01T23:00:00-02:00", "2026-09-30T23:00:00Z", "2026-10-02T01:00:00Z", true, "2026-09-30", "2026-10-02"},
		{"2026-10-02/2026-10-01", "2026-10-02T00:00:00Z", "2026-10-01T23:59:59.999999999Z", false, "2026-10-02", "2026-10-01"},
	} {
		i, ok := Parse(test.interval)
		first, last := i.Days()
		if !ok || i.Start.UTC().Format(time.RFC3339Nano) != test.start || i.End.UTC().Format(time.RFC3339Nano) != test.end || i.EndsInDay != test.endsInDay ||
			first.Format(time.DateOnly) != test.first || last.Format(time.DateOnly) != test.last || first.Location() != time.UTC {
			t.Errorf("%s: %+v, %v, days %v to %v", test.interval, i, ok, first, last)
		}
	}
	for _, unknown := range []string{"", "/", "2026-10-01", "2026-10-01/", "/2026-10-01", "2026-10-01/P1M", "2026-W01/2026-W02", "2026-10-01/2026-02-30", "2026-10-01/2026-10-02/2026-10-03"} {
		if i, ok := Parse(unknown); ok {
			t.Errorf("%q: %+v", unknown, i)
		}
	}
}
