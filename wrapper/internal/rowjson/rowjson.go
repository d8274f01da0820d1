// Package rowjson writes usage rows as the API does: with their zeros and empty
// strings, which gen.APIUsageRow leaves out when it is marshalled, and without a
// date where there is none.
package rowjson

import (
	"reflect"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// complete is gen.APIUsageRow with other tags. It is made of it, so that a field
// that a regeneration adds is written too.
var complete = func() reflect.Type {
	row := reflect.TypeFor[gen.APIUsageRow]()
	fields := make([]reflect.StructField, row.NumField())
	for i := range fields {
		fields[i] = row.Field(i)
		if fields[i].Type != reflect.TypeFor[time.Time]() {
			name, _, _ := strings.Cut(fields[i].Tag.Get("json"), ",")
			fields[i].Tag = reflect.StructTag(`json:"` + name + `"`)
		}
	}
	return reflect.StructOf(fields)
}()

// Encode writes one row as a JSON object.
func Encode(encoder *jsontext.Encoder, row *gen.APIUsageRow) error {
	return json.MarshalEncode(encoder, reflect.ValueOf(row).Elem().Convert(complete).Interface(), jsontext.AllowInvalidUTF8(true))
}
