//go:build !race

package wrapper

// What the race detector costs: it is no friend of a million rows.
const (
	manyRows   = 1_000_000
	raceFactor = 1
)
