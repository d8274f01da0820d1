package rows

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// numberedRows is a response of n rows, which are numbered by their requests.
func numberedRows(n int) string {
	var rows []string
	for i := range n {
		rows = append(rows, fmt.Sprintf(`{"clientName":"Demo %d","requests":%d}`, i, i+1))
	}
	return completeBody(strings.Join(rows, ","))
}

// reader collects the numbers of the rows that a Stream yields.
type reader struct {
	stream *Stream[result, row]
	got    []int64
}

func newReader() *reader { return &reader{stream: NewStream[result, row](nil)} }

func (r *reader) read(body io.Reader) error {
	_, err := r.stream.Read(body, func(_ *result, row *row) error {
		r.got = append(r.got, row.Requests)
		return nil
	})
	return err
}

// inOrder reports whether rows are the first n, each once.
func inOrder(rows []int64, n int) bool {
	for i, number := range rows {
		if number != int64(i+1) {
			return false
		}
	}
	return len(rows) == n
}

var errCut = errors.New("connection reset")

// cut is the beginning of a body, and then an error.
func cut(body string, at int) io.Reader {
	return io.MultiReader(strings.NewReader(body[:at]), iotest.ErrReader(errCut))
}

// A copy with another content is not resumed, whichever way it differs, if rows of the
// first one were yielded.
func TestResumeOtherContent(t *testing.T) {
	body := numberedRows(20)
	middle := strings.Index(body, `{"clientName":"Demo 10"`)
	replace := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(body) }
	for _, test := range []struct {
		name  string
		cuts  []int // of the first copies
		other string
		err   error
		rows  int
	}{
		{"another value", []int{middle}, replace("Demo 3", "Demo X"), ErrChanged, 10},
		{"another order", []int{middle}, replace("Demo 3", "Demo 4", "Demo 4", "Demo 3"), ErrChanged, 10},
		{"fewer rows", []int{middle}, numberedRows(5), ErrChanged, 10},
		{"a row less", []int{middle}, replace(`{"clientName":"Demo 3","requests":4},`, ""), ErrChanged, 10},
		{"a row more", []int{middle}, replace(`{"clientName":"Demo 3"`, `{},{"clientName":"Demo 3"`), ErrChanged, 10},
		{"another order of keys", []int{middle}, replace(`{"results"`, `{"queryStatus":"Complete","results"`), ErrChanged, 10},
		{"no rows", []int{middle}, `{"queryStatus":"Running"}`, ErrChanged, 10},
		{"the last row", []int{middle}, replace("Demo 9", "Demo X"), ErrChanged, 10},
		{"cut in a value", []int{middle + 10}, replace("Demo 3", "Demo X"), ErrChanged, 10},
		{"a shorter copy in between", []int{middle, 30}, replace("Demo 3", "Demo X"), ErrChanged, 10},
		{"a row that was cut", []int{middle + 30}, replace("Demo 10", "Demo X"), nil, 20},
		{"after the cut", []int{middle}, replace("Demo 15", "Demo X"), nil, 20},
		{"no row was yielded", []int{40}, numberedRows(3), nil, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newReader()
			for _, at := range test.cuts {
				checkError(t, "a copy that is truncated", r.read(cut(body, at)), errCut)
			}
			checkError(t, "the other copy", r.read(strings.NewReader(test.other)), test.err)
			if !inOrder(r.got, test.rows) {
				t.Errorf("got rows %v, want 1 to %d", r.got, test.rows)
			}
		})
	}
}

// Wherever the first copy broke off, and in whichever pieces the next one comes: once its
// content turns out to be another one, no row of it is yielded, however small the rows are
// that it has in place of the first ones.
func TestResumeYieldsNothingOfOtherContent(t *testing.T) {
	body := numberedRows(12)
	first := strings.Index(body, "},") + 1
	for _, other := range []string{
		strings.Replace(body, "Demo 0", "Demo X", 1),
		strings.Replace(body, `Demo 1","requests":2`, `Demo X"`, 1), // a row that ends where the cut was
		strings.Replace(body, `{"clientName"`, strings.Repeat("{},", 12)+`{"clientName"`, 1),
	} {
		for at := first; at < len(body); at++ {
			if yielded := body[:strings.LastIndex(body[:at], "}")+1]; strings.HasPrefix(other, yielded) {
				continue
			}
			for _, piece := range []int{1, 2, 7, 64} {
				r := newReader()
				checkError(t, "first copy", r.read(cut(body, at)), errCut)
				yielded := len(r.got)
				checkError(t, "other copy", r.read(&pieces{strings.NewReader(other), piece}), ErrChanged)
				if !inOrder(r.got, yielded) || t.Failed() {
					t.Fatalf("cut at %d, pieces of %d: got rows %v, want 1 to %d", at, piece, r.got, yielded)
				}
			}
		}
	}
}

// pieces is a body that comes in pieces of some bytes.
type pieces struct {
	io.Reader
	size int
}

func (p *pieces) Read(b []byte) (int, error) { return p.Reader.Read(b[:min(len(b), p.size)]) }

// What comes in place of the rest of a response does not keep the next copy from being resumed.
func TestResumeAfterGarbage(t *testing.T) {
	body := numberedRows(20)
	for name, copied := range map[string]string{
		"in place of a row":     body[:strings.Index(body, `{"clientName":"Demo 10"`)] + "upstream error",
		"after the last row":    strings.TrimSuffix(body, "}") + "upstream error",
		"after the object":      body + "}",
		"much after the object": body + strings.Repeat("x", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			r := newReader()
			checkError(t, "first copy", r.read(strings.NewReader(copied)), ErrTruncated)
			checkError(t, "next copy", r.read(strings.NewReader(body)), nil)
			if !inOrder(r.got, 20) {
				t.Errorf("got rows %v, want 1 to 20", r.got)
			}
		})
	}
}

// FuzzResume truncates a response anywhere, any number of times, and changes a byte of
// some copies: all rows come once and in order, or there is an error.
func FuzzResume(f *testing.F) {
	for seed := range uint64(64) {
		f.Add(seed, []byte{byte(4 * seed), 200, byte(7 * seed)})
	}
	f.Add(uint64(0), []byte{255, 255, 0, 7, 7, 7})
	const n = 300 // more than a buffer holds
	body := numberedRows(n)
	f.Fuzz(func(t *testing.T, seed uint64, cuts []byte) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := newReader()
		rows, damaged := 0, false
		for _, c := range cuts {
			at := min(int(c)*len(body)/255+random.IntN(100), len(body))
			copied, changed := []byte(body), len(body)
			if at > 0 && random.IntN(4) == 0 {
				changed = random.IntN(at)
				copied[changed] ^= byte(1 + random.IntN(255))
			}
			err := r.read(io.MultiReader(bytes.NewReader(copied[:at]), iotest.ErrReader(errCut)))
			if err == nil {
				t.Fatal("no error of a truncated copy")
			}
			if failure.IsPermanent(err) || errors.Is(err, ErrChanged) {
				return // it says so
			}
			if len(r.got) > rows && changed < endOfRow(copied, len(r.got)) {
				damaged = true // the byte is in a row that was yielded
			}
			rows = len(r.got)
		}
		switch err := r.read(strings.NewReader(body)); {
		case err == nil && damaged:
			t.Fatal("a changed byte was not noticed")
		case err == nil && !inOrder(r.got, n):
			t.Fatalf("%d rows: %v", len(r.got), r.got)
		case err != nil && !errors.Is(err, ErrChanged):
			t.Fatal(err)
		}
	})
}

// endOfRow returns where a row ends, of rows that contain no objects.
func endOfRow(body []byte, number int) (end int) {
	for range number {
		end += bytes.IndexByte(body[end:], '}') + 1
	}
	return end
}
