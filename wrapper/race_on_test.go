//go:build race

package wrapper

const (
	raceShare  = 20
	raceFactor = 10
)
