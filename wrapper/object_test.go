package wrapper

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/go-json-experiment/json/jsontext"
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
	object := newObjectDecoder(&value)
	var all []T
	for decoder.PeekKind() == '{' {
		var zero T
		value = zero
		if err := object.decode(decoder, "the row", nil); err != nil {
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
	testObjectDecoder[ownRow](t, body)
	testObjectDecoder[embeddingRow](t, body)
	testObjectDecoder[stringRow](t, `{"requests":"1"}`)
}

type (
	renamedRow struct {
		Other string `json:"clientId"`
		Skip  string `json:"-"`
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
			t.Fatalf("%s: no value for a %T", name, field)
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

func TestObjectDecoderKeepsFewStrings(t *testing.T) {
	var body strings.Builder
	for i := range 3 * maxShared {
		fmt.Fprintf(&body, `{"userId":"%d","clientName":"%d%s"}`, i, i, strings.Repeat("x", maxSharedLen))
	}
	decoder := jsontext.NewDecoder(strings.NewReader(body.String()), lenient)
	var row gen.APIUsageRow
	object := newObjectDecoder(&row)
	for i := range 3 * maxShared {
		if err := object.decode(decoder, "the row", nil); err != nil || row.UserID != fmt.Sprint(i) || len(row.ClientName) < maxSharedLen {
			t.Fatalf("row %d: %+v, %v", i, row, err)
		}
		row = gen.APIUsageRow{}
		if len(object.texts) > maxShared {
			t.Fatalf("%d strings are kept", len(object.texts))
		}
	}
}
