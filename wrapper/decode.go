package wrapper

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// readBuffer is what is read from the network at once.
	readBuffer = 32 << 10
	// maxValue bounds a single value or run of blanks of an answer, whose size as
	// a whole is not bounded. A row is some 300 bytes.
	maxValue = 1 << 20
)

// lenient takes what the vendor sends: a bad byte in a name is replaced and does
// not lose a report.
var lenient = jsontext.AllowInvalidUTF8(true)

// answer is an answer to a poll, less its rows.
type answer struct {
	result     gen.APIUsageQueryResult
	retryAfter time.Duration
}

// decode reads the answer to a poll as it arrives, and hands its rows to the
// sink. It takes the keys of an object in any order and ignores unknown ones; a
// known key that comes twice is an error. Errors say at which row and byte.
func decode(body io.Reader, rows rowSink) (*answer, error) {
	bounded := &boundedReader{reader: bufio.NewReaderSize(body, readBuffer)}
	// Duplicate keys are found among the known ones, at less cost.
	decoder := jsontext.NewDecoder(bounded, lenient, jsontext.AllowDuplicateNames(true))
	bounded.decoder = decoder

	var a answer
	top := newObjectDecoder(&a.result)
	results := func() error { return decodeRows(decoder, rows, &a.result.QueryStatus) }
	err := top.decode(decoder, "the answer", map[string]func() error{"results": results})
	if err == nil {
		_, err = decoder.ReadToken()
		if err == io.EOF { //nolint:errorlint // any other end is not the end
			return &a, nil
		}
		if err == nil {
			err = &jsontext.SyntacticError{ByteOffset: decoder.InputOffset(), Err: errors.New("more than one JSON value")}
		}
	}
	if errors.Is(err, errLeft) {
		return nil, errLeft
	}
	if err == io.EOF { //nolint:errorlint // what the decoder says of a body without a value
		err = fmt.Errorf("the body is empty: %w", io.ErrUnexpectedEOF)
	}
	return nil, err
}

// decodeRows reads the array of rows, or null.
func decodeRows(decoder *jsontext.Decoder, rows rowSink, status *gen.QueryStatus) error {
	if decoder.PeekKind() == 'n' {
		return decoder.SkipValue()
	}
	if err := expect(decoder, '[', "results"); err != nil {
		return err
	}
	var row gen.APIUsageRow
	object := newObjectDecoder(&row)
	for number := 1; decoder.PeekKind() != ']'; number++ {
		row = gen.APIUsageRow{}
		if err := object.decode(decoder, "the row", nil); err != nil {
			return fmt.Errorf("row %d: %w", number, err)
		}
		if !rows.add(&row, *status) {
			return errLeft
		}
	}
	_, err := decoder.ReadToken()
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

// boundedReader reads on only while the decoder gets on: no value may be larger
// than maxValue.
type boundedReader struct {
	reader  io.Reader
	decoder *jsontext.Decoder
	read    int64
}

func (r *boundedReader) Read(p []byte) (int, error) {
	if r.read-r.decoder.InputOffset() > maxValue {
		return 0, errTooLarge
	}
	n, err := r.reader.Read(p)
	r.read += int64(n)
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

// isCut tells a body that breaks off or is not JSON from one that is JSON with
// other values than expected.
func isCut(err error) bool {
	var (
		read   *readError
		syntax *jsontext.SyntacticError
		typed  *json.SemanticError
	)
	return !errors.As(err, &typed) &&
		(errors.As(err, &read) || errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF))
}
