package report

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Row is a row of either API.
type Row struct {
	Date       time.Time // UTC midnight; zero without a granularity
	Names                // ids, but for endpoint, method and platform
	ClientName string
	Counts
}

// Names are what a row is for, by Dimension.
type Names [numDimensions]string

// Counts are numbers of requests, by Metric.
type Counts [numCounters]int64

// Of returns a counter, or the sum of two for Errors.
func (c *Counts) Of(m Metric) int64 {
	if m == Errors {
		return sum(c[Status400], c[Status500])
	}
	return c[m]
}

// Add adds counts, up to the largest number there is.
func (c *Counts) Add(other *Counts) {
	for i, n := range other {
		c[i] = sum(c[i], n)
	}
}

// sum adds two numbers, up to the largest number there is.
func sum(a, b int64) int64 {
	if a > 0 && b > math.MaxInt64-a {
		return math.MaxInt64
	}
	return a + b
}

// Matches reports whether a name of the row contains a text, which is in lower case.
func (r *Row) Matches(lower string) bool {
	return slices.ContainsFunc(append(r.Names[:], r.ClientName), func(name string) bool {
		return strings.Contains(strings.ToLower(name), lower)
	})
}
