//go:build !race

package wrapper

// What the race detector costs: it is no friend of many rows.
const raceFactor = 1
