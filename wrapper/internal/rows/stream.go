// Package rows reads rows out of JSON as it arrives, and writes them as JSON. It
// knows neither where the JSON comes from nor what the rows are about.
package rows

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// readBuffer is what is read from the network at once.
	readBuffer = 32 << 10
	// maxValue bounds a single value or run of blanks of an answer, whose size as
	// a whole is not bounded. A row is some 300 bytes.
	maxValue = 1 << 20
)

// buffers are shared: most answers are a few bytes.
var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, readBuffer) }}

// lenient takes what servers send: a bad byte in a name is replaced and does not
// lose a report.
var lenient = jsontext.AllowInvalidUTF8(true)

// ErrChanged says that an answer that broke off was another one when it was asked
// for again, so that there is no going on with its rows.
var ErrChanged = errors.New("the answer broke off, and is another one now that it was asked for again: the rows so far are not the whole report")

// A Stream reads an answer of type A, a JSON object with an array of rows of type
// R. Where the answer breaks off, Read may be called with another copy of it, and
// goes on behind the last row that it handed on, once a hash has shown that the
// copy is the same as far as the first one was read. It is not safe for concurrent
// use.
type Stream[A, R any] struct {
	member string // the array's
	handed int    // rows
	read   prefix // of the copy that was read the furthest
}

// NewStream returns a Stream of the rows in a member of the answer.
func NewStream[A, R any](member string) *Stream[A, R] {
	return &Stream[A, R]{member: member, read: prefix{seed: maphash.MakeSeed()}}
}

// Read reads a copy of the answer and hands on each row that was not, with what is
// known of the rest of the answer by then; each must copy what it keeps of them.
// The keys of an object may come in any order, and unknown ones are ignored; a
// known one that comes twice is an error. So is an error that each returns.
func (s *Stream[A, R]) Read(body io.Reader, each func(*A, *R) error) (*A, error) {
	source := &source{body: body, before: s.read}
	source.hash.SetSeed(s.read.seed)
	buffer := buffers.Get().(*bufio.Reader)
	defer func() { buffer.Reset(nil); buffers.Put(buffer) }()
	buffer.Reset(source)
	// Duplicate keys are found among the known ones, at less cost.
	decoder := jsontext.NewDecoder(buffer, lenient, jsontext.AllowDuplicateNames(true))
	source.decoder = decoder

	var answer A
	top, err := newObjectDecoder(&answer)
	if err != nil {
		return nil, err
	}
	if top.plain || !top.has(s.member) {
		return nil, fmt.Errorf("no rows can be read into the member %q of a %T", s.member, answer)
	}
	err = s.readAnswer(decoder, top, func() error {
		return s.readRows(decoder, source, func(row *R) error { return each(&answer, row) })
	})
	switch {
	case err == nil:
		if err = end(decoder); err == nil && source.length < s.read.length {
			err = ErrChanged
		}
	case err == io.EOF: //nolint:errorlint // what the decoder says of a body without a value
		err = fmt.Errorf("the body is empty: %w", io.ErrUnexpectedEOF)
	}
	if err == nil {
		return &answer, nil
	}
	if s.handed > 0 && source.length > s.read.length {
		s.read.length, s.read.sum = source.length, source.hash.Sum64()
	}
	return nil, err
}

// readAnswer reads the object that has the rows.
func (s *Stream[A, R]) readAnswer(decoder *jsontext.Decoder, top *objectDecoder, readRows func() error) error {
	if err := expect(decoder, '{', "the answer"); err != nil {
		return err
	}
	rows := strconv.Quote(s.member)
	top.begin()
	for decoder.PeekKind() != '}' {
		name, err := decoder.ReadValue()
		if err != nil {
			return err
		}
		i, known := top.find(name)
		if known {
			err = top.see(i, decoder.InputOffset())
		}
		switch {
		case err != nil:
		case !known:
			err = decoder.SkipValue()
		case top.names[i] == rows:
			err = readRows()
		default:
			var value jsontext.Value
			if value, err = decoder.ReadValue(); err == nil {
				err = top.set(i, value, decoder.InputOffset())
			}
		}
		if err != nil {
			return err
		}
	}
	_, err := decoder.ReadToken()
	return err
}

// readRows reads the array of rows, or null.
func (s *Stream[A, R]) readRows(decoder *jsontext.Decoder, source *source, each func(*R) error) error {
	if decoder.PeekKind() == 'n' {
		return decoder.SkipValue()
	}
	if err := expect(decoder, '[', s.member); err != nil {
		return err
	}
	var row, zero R
	object, err := newObjectDecoder(&row)
	if err != nil {
		return err
	}
	for number := 1; decoder.PeekKind() != ']'; number++ {
		if number <= s.handed {
			if err := decoder.SkipValue(); err != nil {
				return err
			}
			continue
		}
		if kind := decoder.PeekKind(); kind != '{' && kind != jsontext.KindInvalid {
			return fmt.Errorf("row %d, after byte %d, is a JSON %v", number, decoder.InputOffset(), kind)
		}
		value, err := decoder.ReadValue()
		if err != nil {
			return fmt.Errorf("row %d: %w", number, err)
		}
		row = zero
		if err := object.decode(value, decoder.InputOffset()); err != nil {
			return fmt.Errorf("row %d: %w", number, err)
		}
		if source.length < s.read.length {
			return ErrChanged
		}
		s.handed = number
		if err := each(&row); err != nil {
			return err
		}
	}
	_, err = decoder.ReadToken()
	return err
}

// end finds nothing but blanks behind the answer.
func end(decoder *jsontext.Decoder) error {
	_, err := decoder.ReadToken()
	switch err {
	case io.EOF: //nolint:errorlint // any other end is not the end
		return nil
	case nil:
		return &jsontext.SyntacticError{ByteOffset: decoder.InputOffset(), Err: errors.New("more than one JSON value")}
	}
	return err
}

// expect reads the token that begins a value of a kind.
func expect(decoder *jsontext.Decoder, kind jsontext.Kind, what string) error {
	if got := decoder.PeekKind(); got != kind && got != jsontext.KindInvalid {
		return fmt.Errorf("%s, after byte %d, is a JSON %v", what, decoder.InputOffset(), got)
	}
	_, err := decoder.ReadToken()
	return err
}

// prefix is how an answer begins.
type prefix struct {
	seed   maphash.Seed
	length int64
	sum    uint64
}

// source is a body on its way to the decoder. It hashes what it reads, buffer by
// buffer, compares it to what was read before, and reads on only while the decoder
// gets on.
type source struct {
	body    io.Reader
	decoder *jsontext.Decoder
	before  prefix
	length  int64 // read so far
	hash    maphash.Hash
}

func (s *source) Read(p []byte) (int, error) {
	if s.length-s.decoder.InputOffset() > maxValue+readBuffer {
		return 0, errTooLarge
	}
	if left := s.before.length - s.length; left > 0 {
		p = p[:min(int64(len(p)), left)]
	}
	n, err := s.body.Read(p)
	s.hash.Write(p[:n])
	s.length += int64(n)
	if n > 0 && s.length == s.before.length && s.hash.Sum64() != s.before.sum {
		return 0, ErrChanged
	}
	if err != nil && err != io.EOF {
		err = &readError{err}
	}
	return n, err
}

var errTooLarge = fmt.Errorf("a value is larger than %d bytes", maxValue)

// readError is an error of reading, not of what was read.
type readError struct{ err error }

func (e *readError) Error() string { return "the body breaks off: " + e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// Broken tells the error of a body that breaks off or is no JSON from that of one
// with other values than expected: another copy may be whole.
func Broken(err error) bool {
	var (
		read   *readError
		syntax *jsontext.SyntacticError
		value  *valueError
	)
	return !errors.As(err, &value) && !errors.Is(err, errTooLarge) && !errors.Is(err, ErrChanged) &&
		(errors.As(err, &read) || errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF))
}

// Decode reads a small value: what is behind its first MiB is cut off.
func Decode(body io.Reader, value any) error {
	data, err := io.ReadAll(io.LimitReader(body, maxValue))
	if err != nil {
		return &readError{err}
	}
	return json.Unmarshal(data, value)
}
