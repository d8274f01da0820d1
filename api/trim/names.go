package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"strings"
)

// goNames are what programs call things: the types of the generated client, as they
// are before it is generated anew.
type goNames map[string]ast.Expr

// readGoNames reads them from the generated file.
func readGoNames(file string) (goNames, error) {
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	names := goNames{}
	for _, declaration := range tree.Decls {
		if group, ok := declaration.(*ast.GenDecl); ok {
			for _, spec := range group.Specs {
				if typed, ok := spec.(*ast.TypeSpec); ok {
					names[typed.Name.Name] = typed.Type
				}
			}
		}
	}
	return names, nil
}

// body returns the type of an operation's request, where status is empty, or of its
// response.
func (g goNames) body(operation, status string) ast.Expr {
	for name, typed := range g {
		switch structure, ok := typed.(*ast.StructType); {
		case status == "" && strings.EqualFold(name, operation+"JSONRequestBody"):
			return typed
		case ok && status != "" && strings.EqualFold(name, operation+"Response"):
			for _, field := range structure.Fields.List {
				if len(field.Names) == 1 && field.Names[0].Name == "JSON"+status {
					return field.Type
				}
			}
		}
	}
	return nil
}

// field follows a path of property names from a type, as far as it goes: to the type
// that has the last property, its field and the name of that field's type.
func (g goNames) field(from ast.Expr, path string) (owner, field, typed string) {
	for property := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		from = element(from)
		if property == "items" {
			if name, ok := from.(*ast.Ident); ok {
				typed = name.Name
			}
			continue
		}
		name, ok := from.(*ast.Ident)
		if !ok {
			return "", "", ""
		}
		structure, ok := g[name.Name].(*ast.StructType)
		if !ok {
			return "", "", ""
		}
		owner, field, typed, from = name.Name, "", "", nil
		for _, f := range structure.Fields.List {
			if key, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ","); key == property {
				field, from = f.Names[0].Name, f.Type
				if name, ok := element(from).(*ast.Ident); ok {
					typed = name.Name
				}
			}
		}
	}
	return owner, field, typed
}

// element is what a type points to or is a list of.
func element(typed ast.Expr) ast.Expr {
	switch t := typed.(type) {
	case *ast.StarExpr:
		return t.X
	case *ast.ArrayType:
		return t.Elt
	}
	return typed
}

var quoted = regexp.MustCompile("`([^`]*)`")

// say tells a change in the words of a program that imports the generated client, or
// returns "" where there are none.
func (g goNames) say(e entry) string {
	var words []string
	for _, match := range quoted.FindAllStringSubmatch(e.Text, -1) {
		words = append(words, match[1])
	}
	if len(words) == 0 {
		return ""
	}
	path, status := words[0], ""
	isEnum := strings.Contains(e.ID, "enum-value")
	if isEnum && len(words) > 1 {
		path = words[1]
	}
	if strings.HasPrefix(e.ID, "response-") {
		status = words[len(words)-1]
	}
	owner, field, typed := g.field(g.body(e.OperationID, status), path)
	removed, added := strings.HasSuffix(e.ID, "-removed"), strings.HasSuffix(e.ID, "-added")
	switch isProperty := strings.Contains(e.ID, "property") && !strings.Contains(e.ID, "-of-"); {
	case owner == "", !isProperty:
	case isEnum && typed != "" && added:
		return fmt.Sprintf("gen.%s has a new value, `%s`", typed, words[0])
	case isEnum && typed != "" && removed:
		return fmt.Sprintf("gen.%s has lost its value `%s`", typed, words[0])
	case isEnum:
	case removed && field != "":
		return fmt.Sprintf("%s.%s is gone", owner, field)
	case field == "" && (added || strings.HasPrefix(e.ID, "new-")):
		return fmt.Sprintf("%s has a new field, `%s`", owner, path[strings.LastIndexByte(path, '/')+1:])
	case strings.HasSuffix(e.ID, "-changed") && field != "" && len(words) > 3:
		return fmt.Sprintf("%s.%s is another type: `%s` was `%s`", owner, field, words[3], words[2])
	}
	return ""
}
