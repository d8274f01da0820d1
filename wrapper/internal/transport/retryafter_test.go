package transport

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // for a clock that stands still, and at a full second
		now := time.Now().UTC()
		in := func(wait time.Duration) string { return now.Add(wait).Format(http.TimeFormat) }
		for _, test := range []struct {
			name, value, date string
			want              time.Duration
		}{
			{"seconds", "42", "", 42 * time.Second},
			{"blanks around", " 1 ", "", time.Second},
			{"seconds whatever the date", "42", in(time.Hour), 42 * time.Second},
			{"date", in(time.Minute), "", time.Minute},
			{"date by a clock that is ahead", in(61 * time.Minute), in(time.Hour), time.Minute},
			{"date past by a clock that is ahead", in(time.Minute), in(time.Hour), 0},
			{"date beside one that is none", in(time.Minute), "today", time.Minute},
			{"the longest wait", "9223372036", "", 9223372036 * time.Second},
			{"one more", "9223372037", "", 9223372036 * time.Second},
			{"beyond 64 bits", "99999999999999999999999999", "", 9223372036 * time.Second},
			{"empty", "", "", 0},
			{"negative", "-1", "", 0},
			{"fraction", "1.5", "", 0},
			{"date past", "Thu, 01 Jan 1970 00:00:00 GMT", "", 0},
		} {
			response := newResponse(nil, 503, "", "Retry-After", test.value, "Date", test.date)
			check(t, test.name, RetryAfter(response), test.want)
		}
	})
}
