package wrapper

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// objectDecoder decodes JSON objects into one struct, over and over. It reads
// each value once and stores the common types by itself, in a fraction of the
// time that json.UnmarshalDecode takes. Everything else, and every value that is
// not as expected, it leaves to package json: types that the generator may come
// to use, and the errors.
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
	plain  bool                 // only package json knows how to decode this type
}

func newObjectDecoder(target any) *objectDecoder {
	d := &objectDecoder{target: target, index: map[string]int{}, texts: map[string]string{}, times: map[string]time.Time{}}
	switch target.(type) {
	case json.Unmarshaler, json.UnmarshalerFrom:
		d.plain = true
		return d
	}
	value := reflect.ValueOf(target).Elem()
	for i := range value.NumField() {
		field := value.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" && options == "":
			continue
		case field.Anonymous, !field.IsExported(), name == "", !onlyOmits(options):
			d.plain = true
			return d
		}
		name = strconv.Quote(name)
		d.index[name] = len(d.fields)
		d.names = append(d.names, name)
		d.fields = append(d.fields, value.Field(i).Addr().Interface())
	}
	d.after = make([]int, len(d.fields)+1)
	d.seen = make([]int, len(d.fields))
	return d
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

// decode reads one object into the struct, which the caller has set to zero.
// Special values, by key, read themselves.
func (d *objectDecoder) decode(decoder *jsontext.Decoder, what string, special map[string]func() error) error {
	if d.plain && special == nil {
		return json.UnmarshalDecode(decoder, d.target)
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
		if special != nil {
			if read := special[strings.Trim(d.names[i], `"`)]; read != nil {
				if err := read(); err != nil {
					return err
				}
				continue
			}
		}
		value, err := decoder.ReadValue()
		if err != nil {
			return err
		}
		if !d.store(d.fields[i], value) {
			if err := json.Unmarshal(value, d.fields[i], lenient); err != nil {
				return fmt.Errorf("%s, at byte %d: %w", d.names[i], decoder.InputOffset()-int64(len(value)), err)
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
		if len(value) == len(`""`) && value[0] == '"' {
			*field = ""
			return true
		}
		known, ok := d.texts[string(value)]
		if ok {
			*field = known
			return true
		}
		return remember(d.texts, field, value)
	case *time.Time:
		known, ok := d.times[string(value)]
		if ok {
			*field = known
			return true
		}
		return remember(d.times, field, value)
	}
	return false
}

// Values longer than this, or more than this many different ones, are not kept
// to be shared.
const (
	maxSharedLen = 256
	maxShared    = 8 << 10
)

// remember decodes a string or time that was not seen lately, and keeps it, so
// that all that are written alike are the same one: names, templates and dates
// repeat in hundreds of rows.
func remember[T any](seen map[string]T, field *T, value jsontext.Value) bool {
	if value.Kind() != '"' || json.Unmarshal(value, field, lenient) != nil {
		return false
	}
	if len(value) <= maxSharedLen {
		if len(seen) >= maxShared {
			clear(seen)
		}
		seen[string(value)] = *field
	}
	return true
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
