package rows

import (
	"encoding/json"
	"testing"
)

// FuzzScan takes valid objects apart as encoding/json does.
func FuzzScan(f *testing.F) {
	for _, object := range []string{
		`{}`, ` { } `, `{"a":1}`, `{ "a" : [ 1 , {"b":"]}"} ] , "c":"\\" }`, `{"a":"\"","b":{"c":[[],{}]},"d":-1.5e+3,"e":null}`,
		"{\t\"a\"\r\n:\ttrue\r\n}", `{"a\\\"":"\\\\\""}`, `{"":""}`,
	} {
		f.Add([]byte(object))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want map[string]json.RawMessage
		if json.Unmarshal(text, &want) != nil || want == nil {
			return
		}
		got := map[string]string{}
		for at := afterBlanks(text, afterBlanks(text, 0)+1); text[at] != '}'; {
			end := valueEnd(text, at)
			name := text[at:end]
			at = afterBlanks(text, afterBlanks(text, end)+1)
			end = valueEnd(text, at)
			value := text[at:end]
			if at = afterBlanks(text, end); text[at] == ',' {
				at = afterBlanks(text, at+1)
			}
			var key string
			if err := json.Unmarshal(name, &key); err != nil {
				t.Fatalf("%s: the name %s", text, name)
			}
			got[key] = string(value)
		}
		for key, value := range want {
			if got[key] != string(value) {
				t.Fatalf("%s: %q is %s, want %s", text, key, got[key], value)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %q", text, got)
		}
	})
}
