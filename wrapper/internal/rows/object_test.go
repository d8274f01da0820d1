package rows

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/oapi-codegen/runtime/types"
)

// largerRow is what a regeneration might make of a row one day.
type largerRow struct {
	ClientID string            `json:"clientId,omitempty,omitzero"`
	Requests int64             `json:"requests,omitempty,omitzero"`
	Date     time.Time         `json:"date,omitzero"`
	Status   int32             `json:"status,omitempty,omitzero"`
	Ratio    float64           `json:"ratio,omitempty,omitzero"`
	Internal bool              `json:"internal,omitempty,omitzero"`
	Kind     gen.Metric        `json:"kind,omitempty,omitzero"`
	Tags     []string          `json:"tags,omitempty,omitzero"`
	Labels   map[string]string `json:"labels,omitempty,omitzero"`
	Limit    gen.Limit         `json:"limit,omitzero"`
	Region   *string           `json:"region,omitempty"`
}

func decodeObjects[T any](body string) ([]T, error) {
	decoder := jsontext.NewDecoder(strings.NewReader(body), lenient, jsontext.AllowDuplicateNames(true))
	var value T
	object, err := newObjectDecoder(&value)
	if err != nil {
		return nil, err
	}
	var all []T
	for decoder.PeekKind() == '{' {
		var zero T
		value = zero
		text, err := decoder.ReadValue()
		if err != nil {
			return nil, err
		}
		if err := object.decode(text, decoder.InputOffset()); err != nil {
			return nil, err
		}
		all = append(all, value)
	}
	return all, nil
}

func TestObjectDecoderFollowsItsType(t *testing.T) {
	const full = `{"clientId":"a","requests":9007199254740993,"date":"2026-01-01T00:00:00Z","status":-7,"ratio":0.5,"internal":true,"kind":"Requests","tags":["x","y"],"labels":{"k":"v"},"limit":{"key":"k","value":3},"region":"r"}`
	const body = full + `{}` + full
	testObjectDecoder[largerRow](t, body)
	testObjectDecoder[renamedRow](t, body)
	testObjectDecoder[untaggedRow](t, body)
	testObjectDecoder[ownRow](t, body)
	testObjectDecoder[embeddingRow](t, body)
	testObjectDecoder[stringRow](t, `{"requests":"1"}`)
}

type (
	renamedRow struct {
		Other string `json:"clientId"`
		Skip  string `json:"-"`
	}
	// untaggedRow has a field that has its own name in JSON, in any letter case.
	untaggedRow struct {
		ClientID string
		Requests int64 `json:"requests"`
	}
	// ownRow decodes itself, as generated types with additional properties do.
	ownRow struct{ keys int }
	// embeddingRow has fields that are not its own.
	embeddingRow struct {
		Embedded
		Requests int64 `json:"requests"`
	}
	Embedded struct {
		ClientID string `json:"clientId"`
	}
	// stringRow has a number in a string.
	stringRow struct {
		Requests int64 `json:"requests,string"`
	}
)

func (r *ownRow) UnmarshalJSON(data []byte) error {
	var fields map[string]any
	err := json.Unmarshal(data, &fields)
	r.keys = len(fields)
	return err
}

func testObjectDecoder[T any](t *testing.T, body string) {
	t.Run(reflect.TypeFor[T]().Name(), func(t *testing.T) {
		got, err := decodeObjects[T](body)
		if err != nil {
			t.Fatal(err)
		}
		var want []T
		for decoder := json.NewDecoder(strings.NewReader(body)); decoder.More(); {
			var value T
			if err := decoder.Decode(&value); err != nil {
				t.Fatal(err)
			}
			want = append(want, value)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	})
}

// All fields of the generated row arrive, whichever they are.
func TestObjectDecoderKnowsTheWholeRow(t *testing.T) {
	var want gen.APIUsageRow
	value := reflect.ValueOf(&want).Elem()
	var members []string
	for i := range value.NumField() {
		name, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
		switch field := value.Field(i).Addr().Interface().(type) {
		case *string:
			*field = fmt.Sprint("value ", i)
			members = append(members, fmt.Sprintf("%q:%q", name, *field))
		case *int64:
			*field = int64(i + 1)
			members = append(members, fmt.Sprintf("%q:%d", name, *field))
		case *time.Time:
			*field = time.Date(2026, 1, i+1, 0, 0, 0, 0, time.UTC)
			members = append(members, fmt.Sprintf("%q:%q", name, field.Format(time.RFC3339)))
		default:
			t.Logf("%s: no value for a %T, which package json decodes", name, field)
		}
	}
	got, err := decodeObjects[gen.APIUsageRow]("{" + strings.Join(members, ",") + "}")
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func TestObjectDecoderSharesStrings(t *testing.T) {
	rows, err := decodeObjects[gen.APIUsageRow](`{"clientName":"the same name"}{"clientName":"the same name"}`)
	if err != nil {
		t.Fatal(err)
	}
	first, second := unsafe.StringData(rows[0].ClientName), unsafe.StringData(rows[1].ClientName)
	if first != second {
		t.Error("a name that comes twice is kept twice")
	}
}

type (
	// propertiesRow has additional properties, as oapi-codegen makes them.
	propertiesRow struct {
		Requests             int64             `json:"requests,omitempty"`
		AdditionalProperties map[string]string `json:"-"`
	}
	union  struct{ union json.RawMessage }
	nested struct {
		ID   string            `json:"id,omitempty,omitzero"`
		Deep *nested           `json:"deep,omitempty"`
		List []nested          `json:"list,omitempty"`
		Map  map[string]nested `json:"map,omitempty"`
	}
	named    string
	number   int64
	texting  string
	typesRow struct {
		String    string                 `json:"string,omitempty"`
		Named     named                  `json:"named,omitempty"`
		Texting   texting                `json:"texting,omitempty"`
		Number    number                 `json:"number,omitempty"`
		Int       int                    `json:"int,omitempty"`
		Int8      int8                   `json:"int8,omitempty"`
		Int32     int32                  `json:"int32,omitempty"`
		Int64     int64                  `json:"int64,omitempty"`
		Uint64    uint64                 `json:"uint64,omitempty"`
		Float32   float32                `json:"float32,omitempty"`
		Float64   float64                `json:"float64,omitempty"`
		Bool      bool                   `json:"bool,omitempty"`
		Time      time.Time              `json:"time,omitzero"`
		Date      types.Date             `json:"date,omitzero"`
		UUID      types.UUID             `json:"uuid,omitzero"`
		Email     types.Email            `json:"email,omitempty"`
		Bytes     []byte                 `json:"bytes,omitempty"`
		Any       any                    `json:"any,omitempty"`
		Raw       json.RawMessage        `json:"raw,omitempty"`
		Union     union                  `json:"union,omitzero"`
		Strings   []string               `json:"strings,omitempty"`
		Names     []named                `json:"names,omitempty"`
		Map       map[string]any         `json:"map,omitempty"`
		Counts    map[string]int64       `json:"counts,omitempty"`
		Nested    nested                 `json:"nested,omitzero"`
		Inline    struct{ A, B string }  `json:"inline,omitzero"`
		Rows      []propertiesRow        `json:"rows,omitempty"`
		Extra     propertiesRow          `json:"extra,omitzero"`
		Array     [2]int                 `json:"array,omitempty"`
		StringP   *string                `json:"stringP,omitempty"`
		NamedP    *named                 `json:"namedP,omitempty"`
		Int64P    *int64                 `json:"int64P,omitempty"`
		BoolP     *bool                  `json:"boolP,omitempty"`
		FloatP    *float64               `json:"floatP,omitempty"`
		TimeP     *time.Time             `json:"timeP,omitempty"`
		DateP     *types.Date            `json:"dateP,omitempty"`
		UUIDP     *types.UUID            `json:"uuidP,omitempty"`
		NestedP   *nested                `json:"nestedP,omitempty"`
		StringsP  *[]string              `json:"stringsP,omitempty"`
		MapP      *map[string]string     `json:"mapP,omitempty"`
		UnionP    *union                 `json:"unionP,omitempty"`
		Interface interface{ Unknown() } `json:"interface,omitempty"`
		Ignored   chan int               `json:"-"`
	}
)

func (r *propertiesRow) UnmarshalJSON(data []byte) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	r.AdditionalProperties = map[string]string{}
	for key, value := range object {
		if key == "requests" {
			if err := json.Unmarshal(value, &r.Requests); err != nil {
				return err
			}
			continue
		}
		r.AdditionalProperties[key] = string(value)
	}
	return nil
}

func (u *union) UnmarshalJSON(data []byte) error { return u.union.UnmarshalJSON(data) }

func (x *texting) UnmarshalText(text []byte) error {
	*x = texting("text " + string(text))
	return nil
}

// Whatever a generated type holds arrives as encoding/json has it.
func TestObjectDecoderTypes(t *testing.T) {
	const n = `{"id":"x","deep":{"id":"y","list":[{"id":"z"}]},"map":{"k":{"id":"v"}}}`
	const full = `{"string":"s","named":"n","texting":"t","number":7,"int":-1,"int8":8,"int32":32,"int64":9007199254740993,"uint64":18446744073709551615,` +
		`"float32":0.5,"float64":1e100,"bool":true,"time":"2026-10-02T03:04:05Z","date":"2026-10-02","uuid":"7de3af44-c0b3-4f9b-af45-72f4a14037cc","email":"a@example.com",` +
		`"bytes":"AQID","any":{"a":[1,"b",null]},"raw":{"a": 1},"union":{"kind":"x"},"strings":["a","b"],"names":["a"],"map":{"a":1},"counts":{"a":1},"nested":` + n + `,` +
		`"inline":{"A":"a","B":"b"},"rows":[{"requests":1,"x":2}],"extra":{"requests":1,"x":2},"array":[1,2],"stringP":"s","namedP":"n","int64P":5,"boolP":false,"floatP":0.25,` +
		`"timeP":"2026-10-02T03:04:05Z","dateP":"2026-10-02","uuidP":"7de3af44-c0b3-4f9b-af45-72f4a14037cc","nestedP":` + n + `,"stringsP":[],"mapP":{},"unionP":[1],"interface":null}`
	testObjectDecoder[typesRow](t, full+`{}`+full)
	testObjectDecoder[nested](t, n+n)
	testObjectDecoder[propertiesRow](t, `{"requests":1,"x":"y"}{}{"z":[1]}`)
	testObjectDecoder[union](t, `{"kind":"x"}`)
	testObjectDecoder[map[string]any](t, `{"a":1}{"b":2}`)
	testObjectDecoder[map[string]nested](t, `{"a":`+n+`}`)
	testObjectDecoder[any](t, `{"a":1}`)
	testObjectDecoder[json.RawMessage](t, `{"a":1}`)
	testObjectDecoder[*nested](t, n)
	testObjectDecoder[struct{}](t, `{"a":1}{}`)
}

// What cannot be decoded is an error, wherever it stands.
func TestTypesThatCannotBeDecoded(t *testing.T) {
	const body = `{"results":[{"x":1}]}`
	read := func(name string, err error) {
		t.Helper()
		if err == nil || Broken(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	type rowsOf[R any] struct {
		Results []R `json:"results"`
	}
	_, err := NewStream[rowsOf[chan int], chan int]("results").Read(strings.NewReader(body), func(*rowsOf[chan int], *chan int) error { return nil })
	read("rows that are channels", err)
	_, err = NewStream[rowsOf[func()], func()]("results").Read(strings.NewReader(body), func(*rowsOf[func()], *func()) error { return nil })
	read("rows that are functions", err)
	type channel struct {
		X chan int `json:"x"`
	}
	_, err = NewStream[rowsOf[channel], channel]("results").Read(strings.NewReader(body), func(*rowsOf[channel], *channel) error { return nil })
	read("a channel in a row", err)
	_, err = NewStream[propertiesRow, row]("results").Read(strings.NewReader(body), func(*propertiesRow, *row) error { return nil })
	read("an answer that decodes itself", err)
	_, err = NewStream[map[string]any, row]("results").Read(strings.NewReader(body), func(*map[string]any, *row) error { return nil })
	read("an answer that is a map", err)
	_, err = NewStream[answer, row]("entities").Read(strings.NewReader(body), func(*answer, *row) error { return nil })
	read("an answer without such a member", err)
	// Whatever a type says of a value, the value is there as a whole.
	type hastyRow struct {
		X hasty `json:"x"`
	}
	_, err = NewStream[rowsOf[hastyRow], hastyRow]("results").Read(strings.NewReader(`{"results":[{"x":"a"}]}`), func(*rowsOf[hastyRow], *hastyRow) error { return nil })
	read("a type that wants more", err)
}

// hasty is a text that is always too short.
type hasty string

func (*hasty) UnmarshalText([]byte) error { return io.ErrUnexpectedEOF }
