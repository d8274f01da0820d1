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

// check wants the first n rows, each once.
func (r *reader) check(t *testing.T, n int) {
	t.Helper()
	if !inOrder(r.got, n) {
		t.Errorf("rows %v, want 1 to %d", r.got, n)
	}
}

var errCut = errors.New("connection reset")

// cut is the beginning of a body, and then an error.
func cut(body string, at int) io.Reader {
	return io.MultiReader(strings.NewReader(body[:at]), iotest.ErrReader(errCut))
}

// readTruncated reads the beginning of a body.
func (r *reader) readTruncated(t *testing.T, body string, at int) {
	t.Helper()
	err := r.read(cut(body, at))
	checkTransient(t, fmt.Sprint("truncated at ", at), err)
	if !errors.Is(err, errCut) {
		t.Errorf("truncated at %d: error %v, want %v", at, err, errCut)
	}
}

func TestResumeAnywhere(t *testing.T) {
	const n = 20
	body := numberedRows(n)
	for first := range len(body) {
		for _, second := range []int{0, first / 2, first, (first + len(body)) / 2} {
			r := newReader()
			r.readTruncated(t, body, first)
			r.readTruncated(t, body, second)
			if err := r.read(strings.NewReader(body)); err != nil {
				t.Errorf("truncated at %d and %d: %v", first, second, err)
			}
			if r.check(t, n); t.Failed() {
				t.Fatalf("truncated at %d and %d", first, second)
			}
		}
	}
}

// A copy that ends early without an error of the connection is a truncated one, too.
func TestResumeAfterAShortCopy(t *testing.T) {
	body := numberedRows(20)
	r := newReader()
	r.readTruncated(t, body, len(body)/2)
	checkTransient(t, "a shorter copy", r.read(strings.NewReader(body[:len(body)/4])))
	if err := r.read(strings.NewReader(body)); err != nil {
		t.Error(err)
	}
	r.check(t, 20)
}

// A copy with another content is not resumed, whichever way it differs.
func TestResumeNoticesAnotherContent(t *testing.T) {
	const before = 10 // rows
	body := numberedRows(20)
	middle := strings.Index(body, `{"clientName":"Demo 10"`)
	for _, test := range []struct{ name, other string }{
		{"another value", strings.Replace(body, "Demo 3", "Demo X", 1)},
		{"another order", strings.NewReplacer("Demo 3", "Demo 4", "Demo 4", "Demo 3").Replace(body)},
		{"fewer rows", numberedRows(5)},
		{"a row less", strings.Replace(body, `{"clientName":"Demo 3","requests":4},`, "", 1)},
		{"a row more", strings.Replace(body, `{"clientName":"Demo 3"`, `{},{"clientName":"Demo 3"`, 1)},
		{"another order of keys", strings.Replace(body, `{"results"`, `{"queryStatus":"Complete","results"`, 1)},
		{"no rows", `{"queryStatus":"Running"}`},
		{"the last byte", body[:middle-1] + " " + body[middle:]},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newReader()
			r.readTruncated(t, body, middle)
			r.check(t, before)
			err := r.read(strings.NewReader(test.other))
			if !errors.Is(err, ErrChanged) {
				t.Errorf("error %v, want %v", err, ErrChanged)
			}
			r.check(t, before)
		})
	}
	t.Run("in the middle of a value", func(t *testing.T) {
		r := newReader()
		r.readTruncated(t, body, middle+10)
		if err := r.read(strings.NewReader(strings.Replace(body, "Demo 3", "Demo X", 1))); !errors.Is(err, ErrChanged) {
			t.Errorf("error %v, want %v", err, ErrChanged)
		}
	})
	t.Run("after a copy that was read further", func(t *testing.T) {
		r := newReader()
		r.readTruncated(t, body, middle)
		r.readTruncated(t, body, 30)
		if err := r.read(strings.NewReader(strings.Replace(body, "Demo 3", "Demo X", 1))); !errors.Is(err, ErrChanged) {
			t.Errorf("error %v, want %v", err, ErrChanged)
		}
	})
}

// Wherever the first copy broke off, and in whichever pieces the next one comes: once its
// content turns out to be another one, no row of it is yielded.
func TestResumeYieldsNothingOfAnotherContent(t *testing.T) {
	body := numberedRows(12)
	other := strings.Replace(body, "Demo 0", "Demo X", 1)
	for at := strings.Index(body, "},") + 1; at < len(body); at++ {
		for piece := 1; piece < 100; piece += 3 {
			r := newReader()
			r.readTruncated(t, body, at)
			yielded := len(r.got)
			if err := r.read(&pieces{strings.NewReader(other), piece}); !errors.Is(err, ErrChanged) {
				t.Fatalf("cut at %d, pieces of %d: error %v, want %v", at, piece, err, ErrChanged)
			}
			if !inOrder(r.got, yielded) {
				t.Fatalf("cut at %d, pieces of %d: rows %v, want 1 to %d", at, piece, r.got, yielded)
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

// After the place where the first copy was truncated, there is nothing to compare.
func TestResumeTakesAnotherRest(t *testing.T) {
	body := numberedRows(20)
	r := newReader()
	r.readTruncated(t, body, strings.Index(body, `{"clientName":"Demo 10"`))
	if err := r.read(strings.NewReader(strings.Replace(body, "Demo 15", "Demo X", 1))); err != nil {
		t.Error(err)
	}
	r.check(t, 20)
}

// No row of another content is yielded before all bytes are compared, however small the
// rows are that it has in place of the first ones.
func TestResumeComparesBeforeTheNextRow(t *testing.T) {
	const n = 5000 // many buffers
	body := numberedRows(n)
	r := newReader()
	r.readTruncated(t, body, len(body)-1)
	other := strings.Replace(body, "{\"clientName\"", strings.Repeat("{},", n)+"{\"clientName\"", 1)
	if err := r.read(strings.NewReader(other)); !errors.Is(err, ErrChanged) {
		t.Errorf("error %v, want %v", err, ErrChanged)
	}
	if len(r.got) != n {
		t.Errorf("%d rows, want %d: rows of another content were yielded", len(r.got), n)
	}
}

// While no row was yielded, another content is as good as the first.
func TestResumeWithoutRows(t *testing.T) {
	r := newReader()
	r.readTruncated(t, `{"queryStatus":"Running","results":[{"requests"`, 40)
	if err := r.read(strings.NewReader(numberedRows(3))); err != nil {
		t.Error(err)
	}
	r.check(t, 3)
}

// FuzzResume truncates a response anywhere, any number of times, and changes a byte of
// some copies: all rows come once and in order, or there is an error.
func FuzzResume(f *testing.F) {
	f.Add(uint64(1), []byte{1, 200, 30})
	f.Add(uint64(2), []byte{255, 255, 0, 7, 7, 7})
	f.Add(uint64(3), []byte{})
	const n = 300 // more than a buffer holds
	body := numberedRows(n)
	f.Fuzz(func(t *testing.T, seed uint64, cuts []byte) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := newReader()
		rows, damaged := 0, false
		for _, c := range cuts {
			at := min(int(c)*len(body)/255+random.IntN(100), len(body))
			copied := []byte(body)
			if at > 0 && random.IntN(4) == 0 {
				copied[random.IntN(at)] ^= byte(1 + random.IntN(255))
			}
			err := r.read(io.MultiReader(bytes.NewReader(copied[:at]), iotest.ErrReader(errCut)))
			if err == nil {
				t.Fatal("no error of a truncated copy")
			}
			if failure.IsPermanent(err) || errors.Is(err, ErrChanged) {
				return // it says so
			}
			if len(r.got) > rows && !bytes.Equal(copied[:at], []byte(body)[:at]) {
				damaged = true // rows of this copy were yielded
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
