//go:build race

package wrapper

const (
	raceShare  = 10
	raceFactor = 10
)
