package usagetest

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/oapi-codegen/runtime/types"
)

type method string

type reference struct {
	ID   string `json:"id,omitempty,omitzero"`
	Name string `json:"name,omitempty,omitzero"`
}

// generatedRow has a field of each kind that the generator makes, or may come to make.
type generatedRow struct {
	Name    string         `json:"name,omitempty,omitzero"`
	Method  method         `json:"method,omitempty,omitzero"`
	Count   int64          `json:"count,omitempty,omitzero"`
	Small   int32          `json:"small,omitempty"`
	Own     bool           `json:"own,omitzero"`
	Share   float64        `json:"share,omitempty"`
	Time    time.Time      `json:"time,omitzero"`
	Day     types.Date     `json:"day,omitzero"`
	Client  reference      `json:"client,omitzero"`
	ID      types.UUID     `json:"id,omitempty,omitzero"`
	Pointer *int64         `json:"pointer,omitempty"`
	Names   []string       `json:"names,omitempty,omitzero"`
	Counts  map[string]int `json:"counts,omitempty,omitzero"`
	Any     any            `json:"any,omitempty"`
}

const zeros = `"name":"","method":"","count":0,"small":0,"own":false,"share":0`

// Strings and numbers have their zeros; dates, objects and lists without a value are not
// there.
func TestRows(t *testing.T) {
	seven := int64(7)
	day := time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name string
		rows []generatedRow
		want string
	}{
		{"no rows", nil, `[]`},
		{"zeros", []generatedRow{{}}, `[{` + zeros + `}]`},
		{"two rows", []generatedRow{{}, {Names: []string{"a"}}}, `[{` + zeros + `},{` + zeros + `,"names":["a"]}]`},
		{"a value of each kind", []generatedRow{{
			Name: "Zürich \"x\"\n", Method: "GET", Count: math.MaxInt64, Small: math.MinInt32, Own: true, Share: 0.5,
			Time: day.Add(time.Microsecond), Day: types.Date{Time: day}, Client: reference{Name: "c"},
			ID: types.UUID{15: 1}, Pointer: &seven, Names: []string{"a", ""}, Counts: map[string]int{"a": 0}, Any: 1,
		}}, `[{"name":"Zürich \"x\"\n","method":"GET","count":9223372036854775807,"small":-2147483648,` +
			`"own":true,"share":0.5,"time":"2026-10-02T00:00:00.000001Z","day":"2026-10-02",` +
			`"client":{"name":"c"},"id":"00000000-0000-0000-0000-000000000001","pointer":7,"names":["a",""],` +
			`"counts":{"a":0},"any":1}]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got strings.Builder
			if err := rowsResponse("rows", test.rows, map[string]any{"status": "done"}).body(&got); err != nil {
				t.Fatal(err)
			}
			if want := `{"rows":` + test.want + `,"status":"done"}`; got.String() != want {
				t.Errorf("got  %s\nwant %s", got.String(), want)
			}
		})
	}
}
