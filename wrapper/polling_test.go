package wrapper

import (
	"testing"
	"time"
)

func TestPollingSchedule(t *testing.T) {
	polling, err := Polling{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	next := polling.schedule()
	for i, want := range []time.Duration{1000, 1500, 2250, 3375, 5062, 7593, 10_000, 10_000, 10_000} {
		want *= time.Millisecond
		low, high := want-want/10-time.Millisecond, min(want+want/10+time.Millisecond, 10*time.Second)
		if got := next(); got < low || got > high {
			t.Errorf("wait %d is %v, want %v to %v", i+1, got, low, high)
		}
	}
}

func TestPollingJitters(t *testing.T) {
	polling, _ := Polling{}.withDefaults()
	seen := map[time.Duration]bool{}
	for range 20 {
		seen[polling.schedule()()] = true
	}
	if len(seen) < 2 {
		t.Error("all clients that start together poll together")
	}
}

func TestPollingDefaults(t *testing.T) {
	for _, test := range []struct{ given, want Polling }{
		{Polling{}, Polling{time.Second, 10 * time.Second, 1.5, time.Hour}},
		{Polling{Initial: time.Minute}, Polling{time.Minute, time.Minute, 1.5, time.Hour}},
		{Polling{Max: time.Millisecond}, Polling{time.Millisecond, time.Millisecond, 1.5, time.Hour}},
		{Polling{Timeout: -1}, Polling{time.Second, 10 * time.Second, 1.5, -1}},
	} {
		if got, err := test.given.withDefaults(); err != nil || got != test.want {
			t.Errorf("%+v becomes %+v, %v, want %+v", test.given, got, err, test.want)
		}
	}
}
