package poll

import (
	"testing"
	"time"
)

// BenchmarkPolling does not measure: it calculates, over the real schedule, what
// polling costs for an operation that takes some time: for how long it goes unnoticed
// that it is complete, and how many requests are sent. A fixed interval of 5 s is what
// the vendor's command line does, one of 30 s what others do.
func BenchmarkPolling(b *testing.B) {
	for _, way := range []struct {
		name string
		next func() func() time.Duration
	}{
		{"ours", schedule.delays},
		{"5s", func() func() time.Duration { return func() time.Duration { return 5 * time.Second } }},
		{"30s", func() func() time.Duration { return func() time.Duration { return 30 * time.Second } }},
	} {
		for _, takes := range []time.Duration{
			300 * time.Millisecond, time.Second, 3 * time.Second, 10 * time.Second,
			time.Minute, 10 * time.Minute, time.Hour,
		} {
			b.Run(way.name+"/"+takes.String(), func(b *testing.B) {
				var lost time.Duration
				var requests int
				for b.Loop() {
					for part := range 10 { // operations do not end on the second
						ends := takes + takes*time.Duration(part)/100
						next, now := way.next(), time.Duration(0)
						for now < ends {
							now += next()
							requests++
						}
						lost += now - ends
					}
				}
				n := float64(b.N) * 10
				b.ReportMetric(lost.Seconds()/n, "s-lost")
				b.ReportMetric(float64(requests)/n, "requests")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
