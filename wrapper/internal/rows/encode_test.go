package rows_test

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
	"github.com/oapi-codegen/runtime/types"
)

type methodName string

// loudText says itself how it is written.
type loudText string

func (l loudText) MarshalText() ([]byte, error) { return []byte(l + "!"), nil }

type nestedRef struct {
	ID   string `json:"id,omitempty,omitzero"`
	Name string `json:"name,omitempty,omitzero"`
}

// everything has a field of each kind that the generator makes, or may come to make.
type everything struct {
	Name     string         `json:"name,omitempty,omitzero"`
	Method   methodName     `json:"httpMethod,omitempty,omitzero"`
	Requests int64          `json:"requests,omitempty,omitzero"`
	Small    int32          `json:"small,omitempty"`
	Plain    int            `json:"plain,omitzero"`
	Own      bool           `json:"own"`
	Share    float64        `json:"share,omitempty"`
	Loud     loudText       `json:"loud"`
	Time     time.Time      `json:"time,omitzero"`
	Day      types.Date     `json:"day,omitzero"`
	Client   nestedRef      `json:"client,omitzero"`
	ID       types.UUID     `json:"uuid,omitempty,omitzero"`
	Pointer  *int64         `json:"pointer,omitempty"`
	Names    []string       `json:"names,omitempty,omitzero"`
	Counts   map[string]int `json:"counts,omitempty,omitzero"`
	Any      any            `json:"any,omitempty"`
	Hidden   string         `json:"-"`
}

const zeros = `"name":"","httpMethod":"","requests":0,"small":0,"plain":0,"own":false,"share":0,"loud":"!"`

func TestEncoder(t *testing.T) {
	ten := int64(10)
	for _, test := range []struct {
		name string
		row  everything
		want string
	}{
		{"zeros are written, what is not there is not", everything{}, "{" + zeros + "}"},
		{
			"a value of each kind",
			everything{
				Name: "Zürich \"x\"\n", Method: "GET", Requests: math.MaxInt64, Small: math.MinInt32, Plain: -1, Own: true, Share: 0.5, Loud: "a",
				Time: time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC), Day: types.Date{Time: time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC)},
				Client: nestedRef{Name: "c"}, ID: types.UUID{15: 1}, Pointer: &ten, Names: []string{"<a&b>", ""}, Counts: map[string]int{"a": 0}, Any: 1, Hidden: "h",
			},
			`{"name":"Zürich \"x\"\n","httpMethod":"GET","requests":9223372036854775807,"small":-2147483648,"plain":-1,"own":true,"share":0.5,"loud":"a!",` +
				`"time":"2026-10-02T00:00:00Z","day":"2026-10-02","client":{"id":"","name":"c"},"uuid":"00000000-0000-0000-0000-000000000001",` +
				`"pointer":10,"names":["<a&b>",""],"counts":{"a":0},"any":1}`,
		},
		{"invalid UTF-8 is replaced", everything{Name: "a\xffb", Names: []string{"\xff"}}, "{" + `"name":"a` + "\ufffd" + `b"` + zeros[len(`"name":""`):] + `,"names":["` + "\ufffd" + `"]}`},
		{"no time in another zone is none", everything{Time: time.Time{}.In(time.FixedZone("", 3600))}, "{" + zeros + "}"},
		{"a time with an offset", everything{Time: time.Date(2026, 10, 2, 1, 2, 3, 4000, time.FixedZone("", -7200))}, "{" + zeros + `,"time":"2026-10-02T01:02:03.000004-02:00"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			encoder := rows.NewEncoder[everything]()
			for range 2 { // nothing stays from the one before
				if _, err := encoder.Append(nil, &everything{Name: "another", Any: 2, Own: true}); err != nil {
					t.Fatal(err)
				}
				got, err := encoder.Append([]byte("before "), &test.row)
				got = bytes.ReplaceAll(got, []byte(`\ufffd`), []byte("\ufffd")) // Go 1.27 writes what is replaced as it is
				if err != nil || string(got) != "before "+test.want {
					t.Fatalf("%s, %v\nwant   %s", got, err, test.want)
				}
				if !json.Valid(got[len("before "):]) {
					t.Fatalf("%s is not JSON", got)
				}
			}
		})
	}
}

func TestEncoderOrder(t *testing.T) {
	got, err := rows.NewEncoder[everything]("own", "no such key", "loud", "requests").Append(nil, &everything{})
	if want := `{"own":false,"loud":"!","requests":0,"name":"","httpMethod":"","small":0,"plain":0,"share":0}`; err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
}

func TestEncoderWithout(t *testing.T) {
	got, err := rows.NewEncoder[everything]("own").Without("name", "small", "share", "plain", "no such key").Append(nil, &everything{Name: "a", Small: 1})
	if want := `{"own":false,"httpMethod":"","requests":0,"loud":"!"}`; err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
}

// What the tags or methods of a struct say beyond names is left to package json.
func TestEncoderOfOtherTypes(t *testing.T) {
	type embedded struct {
		nestedRef
		Loud loudText `json:"loud"`
	}
	type quoted struct {
		N int `json:"n,string"`
	}
	type untagged struct{ Name string }
	type nested struct {
		Quoted quoted `json:"quoted"`
	}
	checkEncoded(t, embedded{nestedRef{ID: "1"}, "a"}, `{"id":"1","loud":"a!"}`)
	checkEncoded(t, quoted{5}, `{"n":"5"}`)
	checkEncoded(t, untagged{"x"}, `{"Name":"x"}`)
	checkEncoded(t, nested{quoted{5}}, `{"quoted":{"n":"5"}}`)
	checkEncoded(t, loudText("a"), `"a!"`)
	checkEncoded(t, map[string]int{"a": 1}, `{"a":1}`)
}

func checkEncoded[R any](t *testing.T, row R, want string) {
	t.Helper()
	if got, err := rows.NewEncoder[R]().Append(nil, &row); err != nil || string(got) != want {
		t.Errorf("%T: %s, %v, want %s", row, got, err, want)
	}
}

func TestEncoderErrors(t *testing.T) {
	for name, bad := range map[string]everything{
		"a number that JSON has not": {Share: math.NaN()},
		"a value that JSON has not":  {Any: func() {}},
		"a year that JSON has not":   {Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if got, err := rows.NewEncoder[everything]().Append(nil, &bad); err == nil {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// A row like the vendor's takes no allocation.
type usageRow struct {
	ClientID   string     `json:"clientId"`
	ClientName string     `json:"clientName"`
	Date       time.Time  `json:"date"`
	Method     methodName `json:"httpMethod"`
	Org        string     `json:"organizationId"`
	Requests   int64      `json:"requests"`
	Status200  int64      `json:"status200"`
	Status300  int64      `json:"status300"`
	Status400  int64      `json:"status400"`
	Status429  int64      `json:"status429"`
	Status500  int64      `json:"status500"`
	Template   string     `json:"templateUri"`
	UserID     string     `json:"userId"`
}

var typicalRow = usageRow{
	ClientID: "7de3af44-0000-4f9b-af45-72f4a14037cc", ClientName: "Demo Wallboard Production", Date: time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC), Method: "GET",
	Requests: 12345, Status200: 12000, Status400: 345, Template: "api/v2/routing/queues/{id}/members",
}

func TestEncoderDoesNotAllocate(t *testing.T) {
	encoder, buffer := rows.NewEncoder[usageRow](), make([]byte, 0, 1<<10)
	if n := testing.AllocsPerRun(100, func() { buffer, _ = encoder.Append(buffer[:0], &typicalRow) }); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
	var back usageRow
	if err := json.Unmarshal(buffer, &back); err != nil || !reflect.DeepEqual(back, typicalRow) {
		t.Errorf("%s comes back as %+v, %v", buffer, back, err)
	}
}

func BenchmarkEncoder(b *testing.B) {
	encoder, buffer := rows.NewEncoder[usageRow](), make([]byte, 0, 1<<10)
	var err error
	for b.Loop() {
		if buffer, err = encoder.Append(buffer[:0], &typicalRow); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(buffer)))
}
