package main

import "path"

// level is what a change means for a Go program that imports this module.
type level int

const (
	other      level = iota // nothing: texts, order
	compatible              // it compiles and works as before
	breaking                // it may not
)

func (l level) String() string {
	return [...]string{"other", "compatible", "breaking"}[l]
}

// levels says where oasdiff's judgement is not ours. It asks whether a peer over
// HTTP gets on with the new API; here a field of a response that goes is a field
// of a Go struct that goes, and a value that comes is one more constant. The
// first pattern that matches the id of a change holds. Of what no row names,
// oasdiff's errors and warnings are breaking, and its information is compatible.
var levels = []struct {
	pattern string
	level   level
}{
	// Names that programs use.
	{"response-*-property-removed*", breaking},
	{"response-*enum-value-removed", breaking},
	{"response-non-success-status-removed", breaking},
	{"request-property-removed*", breaking},
	{"request-parameter-removed*", breaking},
	{"api-*removed-with-deprecation", breaking},
	{"api-operation-id-removed", breaking},
	// Types of fields and signatures of methods.
	{"response-*-type-specialized", breaking},
	{"response-*-became-enum", breaking},
	{"response-*-became-not-nullable", breaking},
	{"request-*-type-generalized", breaking},
	{"request-*-became-not-enum", breaking},
	{"request-*-became-nullable", breaking},
	{"*-all-of-*", breaking},
	{"*-any-of-*", breaking},
	{"*-one-of-*", breaking},
	{"new-optional-request-parameter", breaking},

	{"response-*enum-value-added", compatible},
	{"response-*-became-optional", compatible},
	{"api-security-scope-added", compatible},
	{"api-deprecated-sunset-missing", compatible},
	{"*-property-deprecated-sunset-missing", compatible},

	// What Go types do not say.
	{"response-*-max-*", other},
	{"response-*-min-*", other},
	{"response-*-pattern-*", other},
	{"*-default-value-*", other},
	{"api-security-component-*", other},
	{"api-schema-removed", other},
	{"api-tag-*", other},
}

// levelOf returns the level of a change by its id, and by the level that oasdiff
// gives it: 1 is information, 2 a warning, 3 an error.
func levelOf(id string, oasdiff int) level {
	for _, row := range levels {
		if ok, _ := path.Match(row.pattern, id); ok {
			return row.level
		}
	}
	if oasdiff > 1 {
		return breaking
	}
	return compatible
}
