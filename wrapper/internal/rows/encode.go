package rows

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/oapi-codegen/runtime/types"
)

// An Encoder writes rows as the vendor does: with their zeros and empty strings,
// which generated types leave out when marshalled, and without a date or a nested
// object where there is none. A [time.Time] is written with its time of day, a
// [types.Date] without. Invalid UTF-8 is replaced.
//
// It follows the json tags of R, so that a field that a regeneration adds is
// written too. It is not safe for concurrent use.
type Encoder[R any] struct {
	row    R        // the one being written, which the members point into
	plain  bool     // only package json knows how to write an R
	object []member // if not
}

// member is a member of an object to be written.
type member struct {
	key   string
	name  []byte        // the key, quoted, and a colon
	omit  bool          // if zero
	value reflect.Value // the struct's field
	// pointer is to the field, as *string, *bool, *int, *int32, *int64, *time.Time
	// or *types.Date; or it is the []member of a struct; or nil: left to package json.
	pointer any
}

// NewEncoder returns an encoder of rows whose first keys are these, in this order,
// as far as R has them. The others follow in the order of R's fields.
func NewEncoder[R any](first ...string) *Encoder[R] {
	e := &Encoder[R]{}
	members, ok := membersOf(reflect.ValueOf(&e.row).Elem())
	place := func(m member) int {
		if i := slices.Index(first, m.key); i >= 0 {
			return i
		}
		return len(first)
	}
	slices.SortStableFunc(members, func(a, b member) int { return place(a) - place(b) })
	e.object, e.plain = members, !ok
	return e
}

// Without leaves members out, and returns the encoder. Where only package json knows
// how to write an R, it changes nothing.
func (e *Encoder[R]) Without(keys ...string) *Encoder[R] {
	e.object = slices.DeleteFunc(e.object, func(m member) bool { return slices.Contains(keys, m.key) })
	return e
}

// Append appends a row to dst as a JSON object, without a newline. It fails where
// R has a field whose value has no JSON; dst then ends in a part of the row.
func (e *Encoder[R]) Append(dst []byte, row *R) ([]byte, error) {
	e.row = *row
	if e.plain {
		return appendJSON(dst, &e.row)
	}
	return appendObject(dst, e.object)
}

// membersOf returns what the fields of a struct are written as, unless its tags or
// methods say more than what they are called.
func membersOf(object reflect.Value) (members []member, ok bool) {
	if object.Kind() != reflect.Struct || marshalsItself(object) {
		return nil, false
	}
	for i := range object.NumField() {
		field := object.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" && options == "":
			continue
		case field.Anonymous, !field.IsExported(), name == "":
			return nil, false
		}
		for option := range strings.SplitSeq(options, ",") {
			if option != "" && option != "omitempty" && option != "omitzero" {
				return nil, false
			}
		}
		m := member{key: name, value: object.Field(i)}
		m.name, _ = jsontext.AppendQuote(nil, name)
		m.name = append(m.name, ':')
		m.pointer, m.omit = pointerTo(m.value)
		members = append(members, m)
	}
	return members, true
}

// pointerTo returns what member.pointer is for a value, and whether a zero is left
// out: a date, an object or a list, which is then not there, unlike a number.
func pointerTo(value reflect.Value) (pointer any, omit bool) {
	switch pointer := value.Addr().Interface().(type) {
	case *time.Time, *types.Date:
		return pointer, true
	}
	var basic reflect.Type
	switch value.Kind() {
	case reflect.String:
		basic = reflect.TypeFor[*string]()
	case reflect.Bool:
		basic = reflect.TypeFor[*bool]()
	case reflect.Int:
		basic = reflect.TypeFor[*int]()
	case reflect.Int32:
		basic = reflect.TypeFor[*int32]()
	case reflect.Int64:
		basic = reflect.TypeFor[*int64]()
	case reflect.Struct:
		if members, ok := membersOf(value); ok {
			return members, true
		}
		return nil, true
	case reflect.Array, reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice:
		return nil, true
	}
	if basic == nil || marshalsItself(value) {
		return nil, false
	}
	return value.Addr().Convert(basic).Interface(), false
}

func marshalsItself(value reflect.Value) bool {
	switch value.Addr().Interface().(type) {
	case json.Marshaler, encoding.TextMarshaler:
		return true
	}
	return false
}

// absent tells whether a member is left out.
func (m *member) absent() bool {
	switch pointer := m.pointer.(type) {
	case *time.Time:
		return pointer.IsZero()
	case *types.Date:
		return pointer.IsZero()
	}
	return m.omit && m.value.IsZero()
}

func appendObject(dst []byte, members []member) ([]byte, error) {
	var err error
	dst = append(dst, '{')
	empty := len(dst)
	for i := range members {
		m := &members[i]
		if m.absent() {
			continue
		}
		if len(dst) > empty {
			dst = append(dst, ',')
		}
		dst = append(dst, m.name...)
		switch pointer := m.pointer.(type) {
		case *string:
			dst, _ = jsontext.AppendQuote(dst, *pointer) // the error is that of UTF-8 that it has replaced
		case *bool:
			dst = strconv.AppendBool(dst, *pointer)
		case *int:
			dst = strconv.AppendInt(dst, int64(*pointer), 10)
		case *int32:
			dst = strconv.AppendInt(dst, int64(*pointer), 10)
		case *int64:
			dst = strconv.AppendInt(dst, *pointer, 10)
		case *time.Time:
			if dst, err = pointer.AppendText(append(dst, '"')); err == nil {
				dst = append(dst, '"')
			}
		case *types.Date:
			dst = append(pointer.AppendFormat(append(dst, '"'), time.DateOnly), '"')
		case []member:
			dst, err = appendObject(dst, pointer)
		default:
			dst, err = appendJSON(dst, m.value.Addr().Interface())
		}
		if err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func appendJSON(dst []byte, value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return append(dst, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...), err
}
