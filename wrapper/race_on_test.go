//go:build race

package wrapper

const (
	manyRows   = 50_000
	raceFactor = 10
)
