package usagetest

import (
	"bufio"
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
		pointer := reflect.PointerTo(withZeros(reflect.TypeFor[R]()))
		for i := range rows {
			if i > 0 {
				out.WriteByte(',')
			}
			// Types that differ in their tags alone convert without a copy.
			row, err := json.Marshal(reflect.ValueOf(&rows[i]).Convert(pointer).Interface())
			if err != nil {
				return err
			}
			if _, err := out.Write(row); err != nil {
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
// omit zero strings, numbers and booleans. Dates, objects and lists keep them.
func withZeros(row reflect.Type) reflect.Type {
	options := strings.NewReplacer(",omitempty", "", ",omitzero", "")
	fields := reflect.VisibleFields(row)
	for i, field := range fields {
		switch field.Type.Kind() {
		case reflect.Struct, reflect.Slice, reflect.Map, reflect.Array, reflect.Pointer, reflect.Interface:
		default:
			fields[i].Tag = reflect.StructTag(options.Replace(string(field.Tag)))
		}
	}
	return reflect.StructOf(fields)
}
