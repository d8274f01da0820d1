package wrapper_test

import (
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
)

func TestDays(t *testing.T) {
	tokyo, angeles := time.FixedZone("Tokyo", 9*60*60), time.FixedZone("Los Angeles", -8*60*60)
	for _, test := range []struct {
		first, last time.Time
		want        string
	}{
		{time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC),
			"2026-10-01/2026-10-31"},
		{time.Date(2026, 10, 2, 23, 59, 59, 0, time.UTC), time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC),
			"2026-10-02/2026-10-02"},
		{time.Date(2026, 10, 1, 8, 59, 59, 0, tokyo), time.Date(2026, 10, 31, 16, 0, 0, 0, angeles), "2026-09-30/2026-11-01"},
	} {
		if got := wrapper.Days(test.first, test.last); got != test.want {
			t.Errorf("Days(%v, %v) = %s, want %s", test.first, test.last, got, test.want)
		}
	}
}

func TestMonth(t *testing.T) {
	for month, want := range map[time.Month]string{
		0:             "2027-12-01/2027-12-31",
		time.February: "2028-02-01/2028-02-29",
		time.December: "2028-12-01/2028-12-31",
	} {
		if got := wrapper.Month(2028, month); got != want {
			t.Errorf("Month(2028, %d) = %s, want %s", month, got, want)
		}
	}
}
