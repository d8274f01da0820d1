package transport

import (
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // for the time to stand still
		for _, test := range []struct {
			value string
			want  time.Duration
			ok    bool
		}{
			{"42", 42 * time.Second, true},
			{" 1 ", time.Second, true},
			{time.Now().Add(time.Minute).UTC().Format(http.TimeFormat), time.Minute, true},
			{time.Now().Add(time.Hour).UTC().Format(time.RFC850), time.Hour, true},
			{"99999999999", math.MaxInt64, true},
			{"99999999999999999999999999", math.MaxInt64, true},
			{"", 0, false},
			{"0", 0, false},
			{"-1", 0, false},
			{"+1", 0, false},
			{"1.5", 0, false},
			{"soon", 0, false},
			{"Thu, 01 Jan 1970 00:00:00 GMT", 0, false},
		} {
			response := &http.Response{Header: http.Header{"Retry-After": {test.value}}}
			if got, ok := RetryAfter(response); got != test.want || ok != test.ok {
				t.Errorf("Retry-After: %s is %v, %v, want %v, %v", test.value, got, ok, test.want, test.ok)
			}
		}
		if got, ok := RetryAfter(nil); got != 0 || ok {
			t.Errorf("no response asks to wait %v", got)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{"", "42", "-1", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		wait, ok := RetryAfter(&http.Response{Header: http.Header{"Retry-After": {value}}})
		if wait < 0 || ok != (wait > 0) {
			t.Fatalf("Retry-After: %q is %v, %v", value, wait, ok)
		}
	})
}
