package main

import (
	"os"
	"testing"
)

// The test binary is the command, too.
func TestMain(m *testing.M) {
	if os.Getenv("GENESYS_USAGE_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}
