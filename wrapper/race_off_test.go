//go:build !race

package wrapper

// What the race detector costs: it is no friend of many rows.
const (
	raceShare  = 1
	raceFactor = 1
)
