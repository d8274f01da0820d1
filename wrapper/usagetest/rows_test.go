package usagetest

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/oapi-codegen/runtime/types"
)

type text string

// loud marshals itself.
type loud string

func (l loud) MarshalText() ([]byte, error) { return []byte(l + "!"), nil }

type reference struct {
	ID   string `json:"id,omitempty,omitzero"`
	Name string `json:"name,omitempty,omitzero"`
}

// generatedRow has a field of each kind that the generator makes, or may come to make.
type generatedRow struct {
	Name    string         `json:"name,omitempty,omitzero"`
	Method  text           `json:"method,omitempty,omitzero"`
	Count   int64          `json:"count,omitempty,omitzero"`
	Small   int32          `json:"small,omitempty"`
	Zero    int            `json:"zero,omitzero"`
	Own     bool           `json:"own,omitempty,omitzero"`
	Share   float64        `json:"share,omitempty"`
	Quoted  int64          `json:"quoted,string,omitempty"`
	Loud    loud           `json:"loud,omitempty,omitzero"`
	Time    time.Time      `json:"time,omitzero"`
	Day     types.Date     `json:"day,omitzero"`
	Client  reference      `json:"client,omitzero"`
	ID      types.UUID     `json:"id,omitempty,omitzero"`
	Pointer *int64         `json:"pointer,omitempty"`
	Names   []string       `json:"names,omitempty,omitzero"`
	Counts  map[string]int `json:"counts,omitempty,omitzero"`
	Any     any            `json:"any,omitempty"`
	Hidden  string         `json:"-"`
	private string
}

// selfMarshaling is what the generator makes of additional properties.
type selfMarshaling struct {
	Count                int64          `json:"count,omitempty"`
	AdditionalProperties map[string]any `json:"-"`
}

func (s selfMarshaling) MarshalJSON() ([]byte, error) { return json.Marshal(s.AdditionalProperties) }

const zeros = `"name":"","method":"","count":0,"small":0,"zero":0,"own":false,"share":0,"quoted":"0","loud":"!"`

func TestRows(t *testing.T) {
	seven := int64(7)
	day := time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name string
		got  *response
		want string
	}{
		{"no rows", rowsOf[generatedRow](), `[]`},
		{"zeros", rowsOf(generatedRow{private: "p"}), `[{` + zeros + `}]`},
		{"two rows", rowsOf(generatedRow{}, generatedRow{Names: []string{"a"}}),
			`[{` + zeros + `},{` + zeros + `,"names":["a"]}]`},
		{"a value of each kind", rowsOf(generatedRow{
			Name: "Zürich \"x\"\n", Method: "GET", Count: math.MaxInt64, Small: math.MinInt32, Zero: -1, Own: true,
			Share: 0.5, Quoted: 5, Loud: "a", Time: day.Add(time.Microsecond), Day: types.Date{Time: day},
			Client: reference{Name: "c"}, ID: types.UUID{15: 1}, Pointer: &seven, Names: []string{"<a&b>", ""},
			Counts: map[string]int{"a": 0}, Any: 1, Hidden: "h",
		}), `[{"name":"Zürich \"x\"\n","method":"GET","count":9223372036854775807,"small":-2147483648,"zero":-1,` +
			`"own":true,"share":0.5,"quoted":"5","loud":"a!","time":"2026-10-02T00:00:00.000001Z","day":"2026-10-02",` +
			`"client":{"name":"c"},"id":"00000000-0000-0000-0000-000000000001","pointer":7,"names":["<a&b>",""],` +
			`"counts":{"a":0},"any":1}]`},
		{"rows that marshal themselves", rowsOf(selfMarshaling{AdditionalProperties: map[string]any{"a": 1}}),
			`[{"a":1}]`},
		{"rows that are no structs", rowsOf(map[string]int{"a": 1}), `[{"a":1}]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := `{"rows":` + test.want + `,"status":"done"}`
			if got := string(test.got.bytes()); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func rowsOf[R any](rows ...R) *response {
	return rowsResponse("rows", rows, map[string]any{"status": "done"})
}

func TestRowsWithInvalidUTF8AreJSON(t *testing.T) {
	if body := rowsOf(generatedRow{Name: "a\xffb"}).bytes(); !json.Valid(body) {
		t.Errorf("got %s", body)
	}
}

func TestRowsWithoutJSON(t *testing.T) {
	for _, test := range []struct {
		name string
		row  generatedRow
	}{
		{"number", generatedRow{Share: math.NaN()}},
		{"value", generatedRow{Any: func() {}}},
		{"year", generatedRow{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var body bytes.Buffer
			if err := rowsOf(test.row).body(&body); err == nil {
				t.Errorf("no error, but %s", &body)
			}
		})
	}
}

// The generated rows of both APIs have their zeros, and neither dates nor
// references without a value.
func TestGeneratedRows(t *testing.T) {
	for _, test := range []struct {
		name    string
		body    []byte
		present []string
		absent  []string
	}{
		{"query", rowsOf(gen.APIUsageRow{}).bytes(), []string{`"clientId":""`, `"status429":0`}, []string{`"date"`}},
		{"job", rowsOf(gen.UsageJobRow{}).bytes(), []string{`"platform":""`, `"requestCount":0`},
			[]string{`"date"`, `"oauthClient"`, `"user"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, key := range test.present {
				if !strings.Contains(string(test.body), key) {
					t.Errorf("got %s, want %s in it", test.body, key)
				}
			}
			for _, key := range test.absent {
				if strings.Contains(string(test.body), key) {
					t.Errorf("got %s, want no %s in it", test.body, key)
				}
			}
		})
	}
}
