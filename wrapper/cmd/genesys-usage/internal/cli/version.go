package cli

import (
	"cmp"
	"runtime/debug"
)

// version returns the line of -version: the tag, what it was built from, and Go's version.
// That is the commit where there was a checkout; a module that the go command downloaded
// has none, and is named by its checksum, as in go.sum.
func version(info *debug.BuildInfo) string {
	source, modified := info.Main.Sum, ""
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			source = "commit " + setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true":
			modified = " with changes"
		}
	}
	return "genesys-usage " + info.Main.Version + " (" + cmp.Or(source, "source unknown") + modified + ") " +
		info.GoVersion + "\n"
}
