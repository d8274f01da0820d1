package cli

import (
	"runtime/debug"
	"testing"
)

func TestVersionText(t *testing.T) {
	module := func(version, sum string) debug.Module { return debug.Module{Version: version, Sum: sum} }
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"}
	modified := func(value string) debug.BuildSetting { return debug.BuildSetting{Key: "vcs.modified", Value: value} }
	for _, test := range []struct {
		name     string
		main     debug.Module
		settings []debug.BuildSetting
		want     string
	}{
		{"a release", module("v1.2.3", ""), []debug.BuildSetting{commit, modified("false")},
			"genesys-usage v1.2.3 (commit 0123456789abcdef0123456789abcdef01234567) go1.26.8\n"},
		{"a checkout", module("v1.2.4-0.20261129034810-0123456789ab+dirty", ""),
			[]debug.BuildSetting{commit, modified("true")}, "genesys-usage v1.2.4-0.20261129034810-0123456789ab+dirty" +
				" (commit 0123456789abcdef0123456789abcdef01234567 with changes) go1.26.8\n"},
		{"go install", module("v1.2.3", "h1:sum="), nil, "genesys-usage v1.2.3 (h1:sum=) go1.26.8\n"},
		{"without version control", module("(devel)", ""), nil, "genesys-usage (devel) (source unknown) go1.26.8\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			info := &debug.BuildInfo{GoVersion: "go1.26.8", Main: test.main, Settings: test.settings}
			if got := version(info); got != test.want {
				t.Errorf("got  %swant %s", got, test.want)
			}
		})
	}
}
