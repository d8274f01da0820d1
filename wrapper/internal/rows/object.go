package rows

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// objectDecoder decodes JSON objects into one value, over and over. It reads
// each value once and stores the common types by itself, in a fraction of the
// time that package json takes. Everything else, and every value that is not as
// expected, it leaves to package json: types that the generator may come to use,
// and the errors.
//
// It follows the struct's own fields and json tags, so what a regeneration adds
// arrives.
type objectDecoder struct {
	target any                  // what is decoded into
	fields []any                // pointers to its fields
	names  []string             // and their names, quoted, as they are in JSON
	index  map[string]int       // their places, by those names
	after  []int                // the place of the field that came after each last time; the last: first of all
	seen   []int                // the object that a field was last seen in
	object int                  // the number of this object
	texts  map[string]string    // the strings seen lately, by what they are in JSON
	times  map[string]time.Time // and the times
	buffer []byte               // of a string on its way into texts
	plain  bool                 // only package json knows how to decode this type
}

func newObjectDecoder(target any) (*objectDecoder, error) {
	d := &objectDecoder{target: target, index: map[string]int{}, texts: map[string]string{}, times: map[string]time.Time{}}
	value := reflect.ValueOf(target).Elem()
	if value.Kind() == reflect.Chan || value.Kind() == reflect.Func {
		return nil, fmt.Errorf("a %T cannot be read from JSON", target)
	}
	if d.plain = decodesItself(target) || value.Kind() != reflect.Struct; d.plain {
		return d, nil
	}
	for i := range value.NumField() {
		field := value.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" && options == "":
			continue
		case field.Anonymous, !field.IsExported(), name == "", !onlyOmits(options):
			d.plain = true
			return d, nil
		}
		name = strconv.Quote(name)
		d.index[name] = len(d.fields)
		d.names = append(d.names, name)
		d.fields = append(d.fields, pointer(value.Field(i)))
	}
	d.after = make([]int, len(d.fields)+1)
	d.seen = make([]int, len(d.fields))
	return d, nil
}

// decodesItself tells values that know by themselves how to be decoded, as
// generated types with additional properties do.
func decodesItself(target any) bool {
	switch target.(type) {
	case json.Unmarshaler, encoding.TextUnmarshaler:
		return true
	}
	return false
}

// pointer returns the pointer to a field, to its kind where its type is a string's
// or an integer's other name.
func pointer(field reflect.Value) any {
	p := field.Addr()
	if decodesItself(p.Interface()) {
		return p.Interface()
	}
	switch field.Kind() {
	case reflect.String:
		p = p.Convert(reflect.TypeFor[*string]())
	case reflect.Int64:
		p = p.Convert(reflect.TypeFor[*int64]())
	}
	return p.Interface()
}

// has tells whether the struct has a field for a key.
func (d *objectDecoder) has(key string) bool {
	_, ok := d.index[strconv.Quote(key)]
	return ok
}

// onlyOmits tells whether the options of a json tag say nothing about decoding.
func onlyOmits(options string) bool {
	for option := range strings.SplitSeq(options, ",") {
		if option != "" && option != "omitempty" && option != "omitzero" {
			return false
		}
	}
	return true
}

// decode reads one object into the struct, which the caller has set to zero. The
// value of a special key, which the struct has a field for, reads itself.
func (d *objectDecoder) decode(decoder *jsontext.Decoder, what, special string, read func() error) error {
	if d.plain {
		value, err := decoder.ReadValue()
		if err != nil {
			return err
		}
		return unmarshal(decoder, value, d.target)
	}
	if err := expect(decoder, '{', what); err != nil {
		return err
	}
	d.object++
	last := len(d.fields)
	for decoder.PeekKind() != '}' {
		name, err := decoder.ReadValue()
		if err != nil {
			return err
		}
		i, ok := d.find(name, last)
		if !ok {
			if err := decoder.SkipValue(); err != nil {
				return err
			}
			continue
		}
		last = i
		if d.seen[i] == d.object {
			return fmt.Errorf("the key %s comes twice, the second time at byte %d", d.names[i], decoder.InputOffset())
		}
		d.seen[i] = d.object
		if read != nil && d.names[i] == `"`+special+`"` {
			if err := read(); err != nil {
				return err
			}
			continue
		}
		value, err := decoder.ReadValue()
		if err != nil {
			return err
		}
		if !d.store(d.fields[i], value) {
			if err := unmarshal(decoder, value, d.fields[i]); err != nil {
				return fmt.Errorf("%s%w", d.names[i], err)
			}
		}
	}
	_, err := decoder.ReadToken()
	return err
}

// find returns the place of the field that a name, quoted, is of. The last one
// found makes for a good guess: all rows have their keys in the same order.
func (d *objectDecoder) find(name jsontext.Value, last int) (i int, ok bool) {
	if guess := d.after[last]; guess < len(d.names) && string(name) == d.names[guess] {
		return guess, true
	}
	if i, ok = d.index[string(name)]; !ok {
		if name.Kind() != '"' || bytes.IndexByte(name, '\\') < 0 {
			return 0, false
		}
		unquoted, _ := jsontext.AppendUnquote(nil, name)
		if i, ok = d.index[strconv.Quote(string(unquoted))]; !ok {
			return 0, false
		}
	}
	d.after[last] = i
	return i, true
}

// store stores a value if it knows how to.
func (d *objectDecoder) store(field any, value jsontext.Value) bool {
	switch field := field.(type) {
	case *int64:
		n, ok := parseInt(value)
		*field = n
		return ok
	case *string:
		switch {
		case value.Kind() != '"':
			return false
		case len(value) == len(`""`):
			*field = ""
			return true
		}
		known, ok := d.texts[string(value)]
		if !ok {
			// The error is that of UTF-8 that it has replaced.
			d.buffer, _ = jsontext.AppendUnquote(d.buffer[:0], value)
			known = string(d.buffer)
			keep(d.texts, value, known)
		}
		*field = known
		return true
	case *time.Time:
		known, ok := d.times[string(value)]
		if !ok {
			if known, ok = parseTime(value); !ok {
				return false
			}
			keep(d.times, value, known)
		}
		*field = known
		return true
	}
	return false
}

// unmarshal leaves a value to package json.
func unmarshal(decoder *jsontext.Decoder, value jsontext.Value, target any) error {
	if err := json.Unmarshal(value, target); err != nil {
		return &valueError{decoder.InputOffset() - int64(len(value)), err}
	}
	return nil
}

// valueError is that of a value that is JSON, but not what was expected.
type valueError struct {
	offset int64
	err    error
}

func (e *valueError) Error() string { return fmt.Sprintf(", at byte %d: %v", e.offset, e.err) }
func (e *valueError) Unwrap() error { return e.err }

// Values longer than this, or more than this many different ones, are not kept
// to be shared: names, templates and dates repeat in hundreds of rows.
const (
	maxSharedLen = 256
	maxShared    = 8 << 10
)

func keep[T any](seen map[string]T, value jsontext.Value, decoded T) {
	if len(value) > maxSharedLen {
		return
	}
	if len(seen) >= maxShared {
		clear(seen)
	}
	seen[string(value)] = decoded
}

const localTime = "2006-01-02T15:04:05"

// parseTime reads a time in RFC 3339, one without an offset, which is in UTC, a date,
// which is its start in UTC, or "".
func parseTime(value jsontext.Value) (time.Time, bool) {
	text, ok := bytes.CutPrefix(value, []byte(`"`))
	if !ok {
		return time.Time{}, false
	}
	text = text[:len(text)-1]
	if len(text) == 0 {
		return time.Time{}, true
	}
	layout := time.RFC3339
	switch len(text) {
	case len(time.DateOnly):
		layout = time.DateOnly
	case len(localTime):
		layout = localTime
	}
	t, err := time.Parse(layout, string(text))
	return t, err == nil
}

// parseInt reads an integer of up to 18 digits, which needs no check for overflow.
func parseInt(value jsontext.Value) (int64, bool) {
	digits := value
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(value) {
		n = -n
	}
	return n, true
}
