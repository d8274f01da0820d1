package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// report lists what a new document changes for programs that import this module.
type report struct {
	same                 bool
	breaking, compatible []string
	gone                 bool     // operations are gone: nothing is written
	broken               []string // lines of this module that do not compile
}

// String returns the report as text.
func (r *report) String() string {
	if r.same {
		return "Nothing has changed.\n"
	}
	list := func(title string, changes []string) string {
		if len(changes) == 0 {
			return ""
		}
		return title + "\n  - " + strings.Join(changes, "\n  - ") + "\n"
	}
	text := list("Breaking: programs that import this module may not compile or work. The next version is a major one.",
		r.breaking) + list("Compatible: the next version is a minor one.", r.compatible)
	return cmp.Or(text, "Texts, order and the like only, nothing that apidiff or oasdiff compares: the next version is a patch.\n") +
		list("To be edited by hand (packages that import these may follow):", r.broken)
}

func (r *report) add(breaking bool, change string) {
	if change = oneLine(change); breaking {
		r.breaking = append(r.breaking, change)
	} else {
		r.compatible = append(r.compatible, change)
	}
}

// compare adds the changes of the server, of the exported API of package gen, and on the wire.
// arrange has put the operations of the older document where they are now.
func (r *report) compare(t *tools, spec []byte, old, current object) error {
	before, _ := server(old)
	if after, _ := server(current); before != after {
		r.add(true, fmt.Sprintf("server: changed from %q to %q", before, after))
	}
	apidiff := t.generate(spec)
	if failed, ok := errors.AsType[*toolError](t.err); ok {
		return failed.advise(old, current)
	}
	r.addGo(apidiff)
	if len(r.breaking) > 0 { // other changes break nobody: TestRegenerationNeedsNoEdits
		r.broken = t.broken()
	}
	base, err := encode(old)
	t.err = cmp.Or(t.err, err)
	output := t.tool("oasdiff", "changelog", t.write("base.yaml", base), t.write("usage.yaml", spec),
		"--format", "json", "--severity-levels", "api/trim/tools/oasdiff-levels.txt")
	var changes []wireChange
	t.err = cmp.Or(t.err, json.Unmarshal(output, &changes))
	r.addWire(changes)
	return t.err
}

// addPermissions adds a change of the permissions that an operation requires. It breaks
// programs if permissions that sufficed no longer do.
func (r *report) addPermissions(was, now operation) {
	before, sufficient := permissions(was)
	after, required := permissions(now)
	isRefused := func(held []string) bool {
		isMissing := func(permission string) bool { return !slices.Contains(held, permission) }
		isMet := func(needed []string) bool { return !slices.ContainsFunc(needed, isMissing) }
		return !slices.ContainsFunc(required, isMet)
	}
	if before != after {
		r.add(slices.ContainsFunc(sufficient, isRefused),
			fmt.Sprintf("%s: required permissions changed from %s to %s", was, before, after))
	}
}

// permissions returns the permissions that an operation requires, by an extension of the
// vendor's, as text, and the sets of which each is enough.
func permissions(o operation) (text string, sufficient [][]string) {
	var required struct {
		Type        string
		Permissions []string
	}
	extension, _ := json.Marshal(o.node["x-inin-requires-permissions"])
	if json.Unmarshal(extension, &required) != nil { // of an unknown form: nobody has it
		required.Permissions = []string{string(extension)}
	}
	slices.Sort(required.Permissions)
	sufficient = [][]string{required.Permissions}
	if strings.EqualFold(required.Type, "ANY") && len(required.Permissions) > 0 {
		sufficient = slices.Collect(slices.Chunk(required.Permissions, 1))
	}
	return fmt.Sprintf("%s%q", required.Type, required.Permissions), sufficient
}

// uses say what hand-written code makes of names that are new in package gen.
var uses = []struct {
	name *regexp.Regexp
	use  string
}{
	{regexp.MustCompile(`^(Query|Job)Status[^.:]+:`), "wrapper polls on at a status that it does not know; a final one has to be named there"},
	{regexp.MustCompile(`^(APIUsageRow|UsageJobRow)\.`), "in rows; the reports of the command do not have it, nor the rows that usagetest makes up"},
	{regexp.MustCompile(`^(APIUsageQuery|UsageJobQuery)\.|^UsageQuerySortBy|^(Job)?(Granularity|GroupBy|HTTPMethod|Metric)[^.:]+:`),
		"neither the command nor usagetest knows it"},
}

// addGo adds the changes that apidiff reports of package gen, in its words.
func (r *report) addGo(output string) {
	title := ""
	for text := range strings.Lines(output) {
		change, ok := strings.CutPrefix(text, "- ")
		if !ok {
			title = text
			continue
		}
		for _, of := range uses {
			if of.name.MatchString(change) && strings.HasSuffix(change, ": added\n") {
				change += "(" + of.use + ")"
			}
		}
		r.add(title == "Incompatible changes:\n", "package gen: "+change)
	}
}

// wireChange is an entry of oasdiff's changelog.
type wireChange struct {
	ID, Text, Operation, Path  string
	Level                      int // 3 is an error: it breaks clients
	BaseSource, RevisionSource struct{ Line int }
}

// terms returns what the text has in backquotes, first the property, or what else has changed.
func (c wireChange) terms() []string { return strings.Split(c.Text+"````", "`")[1:] }

// replaces reports whether a change adds the property of a response that another one removes, in
// another letter case.
func (c wireChange) replaces(other wireChange) bool {
	if !strings.HasPrefix(other.ID, "response-") || !strings.HasSuffix(other.ID, "-property-removed") ||
		!strings.HasSuffix(c.ID, "-property-added") || c.Operation != other.Operation || c.Path != other.Path {
		return false
	}
	added, removed := c.terms(), other.terms()
	return strings.EqualFold(added[0], removed[0]) && added[2] == removed[2] // the status
}

// addWire adds the changes of oasdiff's changelog, in its words. A change of a schema is in the
// changelog once for each response that contains the schema, and is added once. Some levels of
// its own are replaced, see tools/oasdiff-levels.txt.
func (r *report) addWire(changes []wireChange) {
	seen := map[wireChange]bool{} // without the place
	for _, c := range changes {
		text := strings.TrimLeft(c.Operation+" "+c.Path+": "+c.Text, " :")
		if slices.ContainsFunc(changes, func(other wireChange) bool { return other.replaces(c) }) {
			text += "; the one in another letter case is read in its place: compare them by hand"
		}
		if c.ID == "request-property-became-required" || c.ID == "new-required-request-property" {
			text += `; programs that do not set it send its zero value in Go, such as "", 0, null or the year 1`
		}
		what := c.terms()[0]
		if strings.Contains(c.ID, "property") { // which has another path in each response
			what = path.Base(what)
		}
		if c.Text, c.Operation, c.Path = what, "", ""; !seen[c] {
			r.add(c.Level == 3, text)
		}
		seen[c] = true
	}
}
