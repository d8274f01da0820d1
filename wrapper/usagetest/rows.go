package usagetest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
)

// rowsResponse returns a response with rows, which come before the other members,
// as in the vendor's.
func rowsResponse[R any](key string, rows []R, others map[string]any) *response {
	return newResponse(http.StatusOK, func(w io.Writer) error {
		out := bufio.NewWriterSize(w, 32<<10)
		fmt.Fprintf(out, `{"%s":[`, key)
		var row bytes.Buffer
		encoder := json.NewEncoder(&row)
		encoder.SetEscapeHTML(false)
		pointer := reflect.PointerTo(withZeros(reflect.TypeFor[R]()))
		for i := range rows {
			if i > 0 {
				out.WriteByte(',')
			}
			row.Reset()
			// Types that differ in their tags alone convert without a copy.
			if err := encoder.Encode(reflect.ValueOf(&rows[i]).Convert(pointer).Interface()); err != nil {
				return err
			}
			if _, err := out.Write(bytes.TrimSuffix(row.Bytes(), []byte("\n"))); err != nil {
				return err
			}
		}
		rest, err := json.Marshal(others)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "],%s", rest[1:])
		return out.Flush()
	})
}

// withZeros returns a struct type like a given one, but without the options that
// omit zero strings, numbers and booleans. Dates, objects and lists keep them. A
// type that marshals itself is returned as it is.
func withZeros(row reflect.Type) reflect.Type {
	if row.Kind() != reflect.Struct || reflect.PointerTo(row).Implements(reflect.TypeFor[json.Marshaler]()) {
		return row
	}
	options := strings.NewReplacer(",omitempty", "", ",omitzero", "")
	fields := make([]reflect.StructField, row.NumField())
	for i := range fields {
		fields[i] = row.Field(i)
		switch fields[i].Type.Kind() {
		case reflect.Struct, reflect.Slice, reflect.Map, reflect.Array, reflect.Pointer, reflect.Interface:
		default:
			fields[i].Tag = reflect.StructTag(options.Replace(string(fields[i].Tag)))
		}
	}
	return reflect.StructOf(fields)
}
