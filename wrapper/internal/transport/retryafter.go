package transport

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RetryAfter returns how long a response asks to wait before the next request, or 0: in
// seconds, or until a date (RFC 9110, 10.2.3), which is compared with the date of the
// response, since clocks may differ. A wait too long for a time.Duration is the longest
// one; nonsense and times past are 0.
func RetryAfter(response *http.Response) time.Duration {
	value := strings.TrimSpace(response.Header.Get("Retry-After"))
	var wait time.Duration
	seconds, err := strconv.ParseUint(value, 10, 64)
	date, dateErr := http.ParseTime(value)
	switch {
	case err == nil || errors.Is(err, strconv.ErrRange): // then it is the largest number
		wait = time.Duration(min(seconds, uint64(math.MaxInt64/time.Second))) * time.Second
	case dateErr == nil:
		now, err := http.ParseTime(response.Header.Get("Date"))
		if err != nil {
			now = time.Now()
		}
		wait = date.Sub(now)
	}
	return max(wait, 0)
}
