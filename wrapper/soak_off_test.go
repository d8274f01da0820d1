//go:build !soak

package wrapper

// Soak says whether tests of load, chaos and size run in their large form, which the
// build tag soak asks for.
const (
	Soak     = false
	manyRows = 100_000 / raceFactor
)
