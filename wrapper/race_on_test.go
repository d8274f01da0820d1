//go:build race

package wrapper

const raceFactor = 10
