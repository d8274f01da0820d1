package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// An operation is kept by its method and path, and by its id where nothing is there any more.
func TestKeep(t *testing.T) {
	list := func(text string) (all []operation) { // "get /a A, post /b B"
		for one := range strings.SplitSeq(text, ", ") {
			fields := append(strings.Fields(one), "")
			all = append(all, operation{method: fields[0], path: fields[1], id: fields[2], node: object{}})
		}
		return all
	}
	for _, test := range []struct{ name, old, document, kept, others string }{
		{"another id", "get /a A", "get /a X", "GET /a A", ""},
		{"another path", "get /a A", "get /b A", "GET /b A", ""},
		{"another method", "get /a A", "post /a A", "POST /a A", ""},
		{"another name of a parameter", "get /a/{x} A", "get /a/{y} A", "GET /a/{x} A", ""},
		{"the id at another path, too", "get /a A", "get /0 A, get /a A", "GET /a A", "GET /0 A"},
		{"the id at another path, and another one where it was", "get /a A", "get /0 A, get /a X", "GET /a A", "GET /0 A"},
		{"ids exchanged", "get /a A, get /b B", "get /a B, get /b A", "GET /a A, GET /b B", ""},
		{"the id of one that is gone", "get /a A, get /b B", "get /b A", "GET /b B", ""},
		{"a new one", "get /a A", "get /a A, get /b B, get /c C", "GET /a A, GET /b B", "GET /c C"},
		{"no id", "get /a A", "get /a, get /b", "GET /a A", "GET /b "},
		{"one that is not kept any more", "get /a A, get /c C", "get /a A, get /c C", "GET /a A", "GET /c C"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := func(all []operation) string {
				texts := make([]string, len(all))
				for i, o := range all {
					texts[i] = fmt.Sprint(o, " ", o.id)
				}
				return strings.Join(texts, ", ")
			}
			d := &document{}
			equal(t, "kept", text(d.keep(list(test.document), list(test.old), []string{"A", "B"})), test.kept)
			equal(t, "others", text(d.others), test.others)
		})
	}
}

func TestServer(t *testing.T) {
	for document, want := range map[string]string{
		`{"host": "A.example", "basePath": "/"}`:                                        "https://a.example ",
		`{"host": "a.example", "basePath": "/api/", "schemes": ["http", "https"]}`:      "https://a.example /api",
		`{"host": "a.example", "schemes": ["http"]}`:                                    "http://a.example ",
		`{"servers": [{"url": "https://a.example:443/api"}, {"url": "https://b"}]}`:     "https://a.example /api",
		`{"servers": [{"url": "https://{h}", "variables": {"h": {"default": "a/b"}}}]}`: "https://a /b",
		`{"servers": [{"url": "https://{h}"}]}`:                                         "https://{h} ",
		`{"servers": [{"url": "/api"}]}`:                                                " /api",
	} {
		var root object
		if err := json.Unmarshal([]byte(document), &root); err != nil {
			t.Fatal(err)
		}
		address, base := server(root)
		equal(t, document, address+" "+base, want)
	}
}
