// Package rows decodes the rows of a JSON response while it arrives. It knows neither
// HTTP nor what the rows are about.
package rows

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/oapi-codegen/runtime/types"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// maxValue bounds a single value of a response, in bytes. A row is about 300 bytes long;
// the length of the response is not bounded.
const maxValue = 1 << 20

// The errors of a response that has content, but cannot be read to its end.
var (
	// ErrTruncated is wrapped where the same response may be read later.
	ErrTruncated = errors.New("truncated or not JSON")
	// ErrChanged is wrapped where a truncated response had other content on retry, after
	// some of its rows were yielded.
	ErrChanged = errors.New("response was truncated, and its content changed on retry; the rows received are incomplete")
)

// A Stream decodes a response of type Result: a JSON object with an array of rows of type
// Row. After a truncated response, Read takes the same response again and resumes after
// the last row yielded, provided that the bytes before are identical. It is not safe
// for concurrent use.
type Stream[Result, Row any] struct {
	fields  *Fields
	yielded int    // rows
	prefix  prefix // ends with the last row yielded
}

// NewStream returns a Stream that has read nothing yet.
func NewStream[Result, Row any](fields *Fields) *Stream[Result, Row] {
	return &Stream[Result, Row]{fields: fields, prefix: prefix{seed: maphash.MakeSeed()}}
}

// Read decodes a response. It yields each row that was not yielded before, along with the
// fields of the response that were decoded so far; both are valid only during the call.
// Keys may come in any order and letter case, and unknown ones are ignored. Of a key that
// comes twice the last one counts, but a second array of rows is an error. Read returns an
// error of yield as it is. The error wraps ErrTruncated or ErrChanged, or is permanent for
// a response that does not fit the types.
func (s *Stream[Result, Row]) Read(body io.Reader, yield func(*Result, *Row) error) (*Result, error) {
	source := &source{body: body, prefix: s.prefix}
	source.hash.SetSeed(s.prefix.seed)
	source.decoder = jsontext.NewDecoder(source, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))

	result := new(Result)
	var stopErr error // ends Read, whatever is left of the response
	row := new(Row)
	decodeRow := func(decoder *jsontext.Decoder, number int, all *[]Row) error {
		if number <= s.yielded {
			return decoder.SkipValue()
		}
		*row = *new(Row)
		if err := jsonv2.UnmarshalDecode(decoder, row); err != nil {
			return err
		}
		if yield == nil {
			*all = append(*all, *row)
			return nil
		}
		if stopErr = source.checkPrefix(); stopErr == nil {
			s.yielded, s.prefix.length = number, decoder.InputOffset()
			s.prefix.sum = source.sum(s.prefix.length)
			stopErr = yield(result, row)
		}
		return stopErr
	}
	array := false // of rows
	err := decodeObject(source.decoder, result, s.fields, func(decoder *jsontext.Decoder, all *[]Row) error {
		if array {
			return errors.New("a second array of rows")
		}
		array = decoder.PeekKind() == '['
		return decodeArray(decoder, func(decoder *jsontext.Decoder, number int) error {
			return decodeRow(decoder, number, all)
		})
	})
	if err == nil {
		err = source.checkPrefix()
	}
	switch {
	case stopErr != nil:
		return nil, stopErr
	case source.err != nil:
		return nil, source.err
	case err != nil:
		return nil, err
	}
	return result, nil
}

// Decode decodes a response and its rows, with the errors of Stream.Read.
func Decode[Result, Row any](body io.Reader, fields *Fields) (*Result, error) {
	return NewStream[Result, Row](fields).Read(body, nil)
}

// Fields says which fields of a result are not decoded strictly. Nil means none.
type Fields = jsonv2.Unmarshalers

// Lenient decodes values of type T as DecodeLenient does. A value of another shape is
// passed to mismatch after that, unless it is empty.
func Lenient[T any](mismatch func(*T)) *Fields {
	return jsonv2.UnmarshalFromFunc(func(decoder *jsontext.Decoder, value *T) error {
		data, err := decoder.ReadValue()
		if err != nil {
			return err
		}
		if !DecodeLenient(data, value) && strings.Trim(string(data), "[]\" \t\r\n") != "" {
			mismatch(value)
		}
		return nil
	})
}

// DecodeLenient decodes the fields of data that have the type of their field in value,
// and leaves the others as they are. It reports whether all did.
func DecodeLenient(data []byte, value any) bool {
	return json.Unmarshal(data, value) == nil // package json goes on after a field of another type
}

// decodeObject decodes the only value of a response, an object, whose rows decodeRows
// takes.
func decodeObject[Result, Row any](
	decoder *jsontext.Decoder, result *Result, fields *Fields,
	decodeRows func(*jsontext.Decoder, *[]Row) error,
) error {
	if kind := decoder.PeekKind(); kind != '{' && kind != jsontext.KindInvalid {
		return failure.Permanentf("unexpected response: a JSON %v", kind)
	}
	err := jsonv2.UnmarshalDecode(decoder, result, jsonv2.MatchCaseInsensitiveNames(true),
		jsonv2.WithUnmarshalers(jsonv2.JoinUnmarshalers(
			jsonv2.UnmarshalFromFunc(decodeRows),
			jsonv2.UnmarshalFromFunc(decodeTime),
			jsonv2.UnmarshalFromFunc(decodeDate),
			fields,
		)))
	if err == nil {
		switch token, tokenErr := decoder.ReadToken(); {
		case tokenErr == io.EOF: //nolint:errorlint // a wrapped one is an error
			return nil
		case tokenErr == nil:
			return fmt.Errorf("%w: unexpected %v after the JSON value", ErrTruncated, token.Kind())
		default:
			err = tokenErr
		}
	}
	text := failure.Quote(err.Error()) // which quotes the response
	_, syntax := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case err == io.EOF: //nolint:errorlint // a wrapped one is not that of an empty body
		return fmt.Errorf("empty response: %w", io.ErrUnexpectedEOF)
	case syntax:
		return fmt.Errorf("%w: %s", ErrTruncated, text)
	}
	return failure.Permanent(errors.New(text))
}

// decodeArray decodes an array, or null, by a function for each of its elements,
// which are numbered from 1 on.
func decodeArray(decoder *jsontext.Decoder, decode func(decoder *jsontext.Decoder, number int) error) error {
	switch token, err := decoder.ReadToken(); {
	case err != nil:
		return err
	case token.Kind() == 'n':
		return nil
	case token.Kind() != '[':
		return fmt.Errorf("the rows are a JSON %v", token.Kind())
	}
	for number := 1; decoder.PeekKind() != ']'; number++ {
		if err := decode(decoder, number); err != nil {
			return err
		}
	}
	_, err := decoder.ReadToken()
	return err
}

// decodeTime decodes a date with or without a time, and that with or without an
// offset. Null and "" are zero.
func decodeTime(decoder *jsontext.Decoder, t *time.Time) error {
	*t = time.Time{}
	value, err := decoder.ReadValue()
	if err != nil || t.UnmarshalJSON(value) == nil { // null is nil; no allocation
		return err
	}
	var text string
	if err := jsonv2.Unmarshal(value, &text, jsontext.AllowInvalidUTF8(true)); err != nil {
		return fmt.Errorf("a JSON %v for a date", value.Kind())
	}
	if text == "" {
		return nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05", time.RFC3339} {
		if *t, err = time.Parse(layout, text); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%.50q is not a date", text)
}

// decodeDate decodes a date as decodeTime does, whose type would refuse null and "".
func decodeDate(decoder *jsontext.Decoder, date *types.Date) error {
	return decodeTime(decoder, &date.Time)
}

// prefix identifies the beginning of a response.
type prefix struct {
	seed   maphash.Seed
	length int64
	sum    uint64
}

// source passes a body on to the decoder, and compares its beginning with the prefix.
type source struct {
	body    io.Reader
	decoder *jsontext.Decoder
	prefix  prefix
	err     error // of Read, other than io.EOF

	length   int64 // read so far
	hash     maphash.Hash
	unhashed []byte // the end of what was read, of the buffer
	buffer   []byte
}

func (s *source) Read(p []byte) (n int, err error) {
	if s.err != nil { // the decoder forgets an error that it met when it looked ahead
		return 0, s.err
	}
	if s.length-s.decoder.InputOffset() > maxValue {
		s.err = failure.Permanentf("a value exceeds %d bytes", maxValue)
		return 0, s.err
	}
	if unread := s.prefix.length - s.length; unread > 0 {
		p = p[:min(int64(len(p)), unread)]
	}
	n, err = s.body.Read(p)
	s.hash.Write(s.unhashed)
	s.buffer = append(s.buffer[:0], p[:n]...)
	s.unhashed = s.buffer
	s.length += int64(n)
	switch {
	case n > 0 && s.length == s.prefix.length && s.sum(s.length) != s.prefix.sum:
		n, err, s.err = 0, ErrChanged, ErrChanged
	case failure.IsPermanent(err): // the context has ended
		s.err = err
	case err != nil && err != io.EOF:
		s.err = fmt.Errorf("%w: %w", ErrTruncated, err)
	}
	return n, err
}

// sum returns the hash of what was read up to an offset, which is in the last piece read.
func (s *source) sum(offset int64) uint64 {
	n := int64(len(s.unhashed)) - (s.length - offset)
	s.hash.Write(s.unhashed[:n])
	s.unhashed = s.unhashed[n:]
	return s.hash.Sum64()
}

// checkPrefix returns an error if less was read than the prefix.
func (s *source) checkPrefix() error {
	if s.length < s.prefix.length {
		return ErrChanged
	}
	return nil
}
