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
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// objectDecoder decodes JSON objects into one value, over and over. It stores the
// common types by itself, in a fraction of the time that package json takes.
// Everything else, and every value that is not as expected, it leaves to package
// json: types that the generator may come to use, and the errors.
//
// It follows the struct's own fields and json tags, so what a regeneration adds
// arrives.
type objectDecoder struct {
	target any            // what is decoded into
	fields []any          // pointers to its fields
	names  []string       // and their names, quoted, as they are in JSON
	index  map[string]int // their places, by those names
	after  []int          // the place of the field that came after each last time; the last: first of all
	seen   []int          // the object that a field was last seen in
	last   int            // the field that came last in this object
	object int            // the number of this object
	texts  cache[string]
	times  cache[time.Time]
	buffer []byte // of a string with escapes on its way into texts
	plain  bool   // only package json knows how to decode this type
}

func newObjectDecoder(target any) (*objectDecoder, error) {
	d := &objectDecoder{target: target, index: map[string]int{}}
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

// decode decodes one object, a valid text that ends at an offset, into the struct,
// which the caller has set to zero.
func (d *objectDecoder) decode(text jsontext.Value, end int64) error {
	if d.plain {
		return unmarshal(text, d.target, end)
	}
	d.begin()
	end -= int64(len(text)) // where it begins
	for at := afterBlanks(text, 1); text[at] != '}'; {
		var i int
		var known bool
		i, known, at = d.name(text, at)
		if known {
			if err := d.see(i, end+int64(at)); err != nil {
				return err
			}
		}
		at = afterBlanks(text, afterBlanks(text, at)+1) // behind the colon
		value := at
		at = valueEnd(text, value)
		if known {
			if err := d.set(i, text[value:at], end+int64(at)); err != nil {
				return err
			}
		}
		if at = afterBlanks(text, at); text[at] == ',' {
			at = afterBlanks(text, at+1)
		}
	}
	return nil
}

// name returns the place of the field that the name at a place is of, if there is
// one, and where the name ends. The field that came next the last time makes for a
// good guess: all rows have their keys in the same order.
func (d *objectDecoder) name(text jsontext.Value, at int) (i int, known bool, end int) {
	if i = d.after[d.last]; i < len(d.names) {
		if end = at + len(d.names[i]); end <= len(text) && string(text[at:end]) == d.names[i] {
			return i, true, end
		}
	}
	end = valueEnd(text, at)
	i, known = d.find(text[at:end])
	return i, known, end
}

// begin begins another object.
func (d *objectDecoder) begin() {
	d.object++
	d.last = len(d.fields)
}

// see notes that a field was seen in this object, at an offset.
func (d *objectDecoder) see(i int, offset int64) error {
	if d.seen[i] == d.object {
		return fmt.Errorf("the key %s comes twice, the second time at byte %d", d.names[i], offset)
	}
	d.seen[i] = d.object
	d.after[d.last], d.last = i, i
	return nil
}

// set stores a value, which ends at an offset, in a field.
func (d *objectDecoder) set(i int, value jsontext.Value, end int64) error {
	if d.store(d.fields[i], value) {
		return nil
	}
	if err := unmarshal(value, d.fields[i], end); err != nil {
		return fmt.Errorf("%s%w", d.names[i], err)
	}
	return nil
}

// find returns the place of the field that a name, quoted, is of, if there is one.
func (d *objectDecoder) find(name jsontext.Value) (i int, known bool) {
	if i, known = d.index[string(name)]; known || bytes.IndexByte(name, '\\') < 0 {
		return i, known
	}
	unquoted, _ := jsontext.AppendUnquote(nil, name)
	i, known = d.index[strconv.Quote(string(unquoted))]
	return i, known
}

// store stores a value if it knows how to.
func (d *objectDecoder) store(field any, value jsontext.Value) bool {
	switch field := field.(type) {
	case *int64:
		n, ok := parseInt(value)
		*field = n
		return ok
	case *string:
		if value[0] != '"' {
			return false
		}
		text := value[1 : len(value)-1]
		if len(text) == 0 {
			*field = ""
			return true
		}
		if bytes.IndexByte(text, '\\') >= 0 {
			// The error is that of UTF-8 that it has replaced.
			d.buffer, _ = jsontext.AppendUnquote(d.buffer[:0], value)
			text = d.buffer
		}
		known, slot := d.texts.get(text)
		if slot != nil {
			if known = string(text); !utf8.Valid(text) {
				return false // which package json replaces
			}
			*slot = entry[string]{known, known}
		}
		*field = known
		return true
	case *time.Time:
		if value[0] != '"' {
			return false
		}
		text := value[1 : len(value)-1]
		known, slot := d.times.get(text)
		if slot != nil {
			var ok bool
			if known, ok = parseTime(text); !ok {
				return false
			}
			*slot = entry[time.Time]{string(text), known}
		}
		*field = known
		return true
	}
	return false
}

// unmarshal leaves a value, which ends at an offset, to package json.
func unmarshal(value jsontext.Value, target any, end int64) error {
	if err := json.Unmarshal(value, target); err != nil {
		return &valueError{end - int64(len(value)), err}
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

const localTime = "2006-01-02T15:04:05"

// parseTime reads a time in RFC 3339, one without an offset, which is in UTC, a date,
// which is its start in UTC, or "".
func parseTime(text []byte) (time.Time, bool) {
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
