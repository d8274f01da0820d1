//go:build soak

package wrapper

const (
	Soak     = true
	manyRows = 1_000_000 / raceFactor
)
