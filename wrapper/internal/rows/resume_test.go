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
)

// someRows is an answer of n rows, which are numbered by their requests.
func someRows(n int) string {
	var b strings.Builder
	b.WriteString(`{"results":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"clientName":"Demo %d","requests":%d}`, i, i+1)
	}
	return b.String() + `],"queryStatus":"Complete"}`
}

// reader collects the numbers of the rows that a Stream hands on.
type reader struct {
	stream *Stream[answer, row]
	got    []int64
}

func newReader() *reader { return &reader{stream: NewStream[answer, row]("results")} }

func (r *reader) read(body io.Reader) error {
	_, err := r.stream.Read(body, func(_ *answer, row *row) error {
		r.got = append(r.got, row.Requests)
		return nil
	})
	return err
}

// inOrder tells whether rows are the first n, each once.
func inOrder(rows []int64, n int) bool {
	for i, number := range rows {
		if number != int64(i+1) {
			return false
		}
	}
	return len(rows) == n
}

var errCut = errors.New("connection reset")

func cut(body string, at int) io.Reader {
	return io.MultiReader(strings.NewReader(body[:at]), iotest.ErrReader(errCut))
}

func TestResumeWhereverItBreaksOff(t *testing.T) {
	const n = 20
	body := someRows(n)
	for first := range len(body) {
		for _, second := range []int{0, first / 2, first, (first + len(body)) / 2} {
			r := newReader()
			for _, at := range []int{first, second} {
				if err := r.read(cut(body, at)); !errors.Is(err, errCut) || !Broken(err) {
					t.Fatalf("cut at %d, %d: %v", first, second, err)
				}
			}
			if err := r.read(strings.NewReader(body)); err != nil || !inOrder(r.got, n) {
				t.Fatalf("cut at %d, %d: %v, %v", first, second, r.got, err)
			}
		}
	}
}

// A copy that is another answer is not gone on with, whichever way it differs.
func TestResumeNoticesAnotherAnswer(t *testing.T) {
	body := someRows(20)
	middle := strings.Index(body, `{"clientName":"Demo 10"`)
	for name, other := range map[string]string{
		"another value":     strings.Replace(body, "Demo 3", "Demo X", 1),
		"another order":     strings.NewReplacer("Demo 3", "Demo 4", "Demo 4", "Demo 3").Replace(body),
		"fewer rows":        someRows(5),
		"a row less":        strings.Replace(body, `{"clientName":"Demo 3","requests":4},`, "", 1),
		"a row more":        strings.Replace(body, `{"clientName":"Demo 3"`, `{},{"clientName":"Demo 3"`, 1),
		"another key order": strings.Replace(body, `{"results"`, `{"queryStatus":"Complete","results"`, 1),
		"no rows":           `{"queryStatus":"Running"}`,
		"the last byte":     body[:middle-1] + " " + body[middle:],
	} {
		r := newReader()
		if err := r.read(cut(body, middle)); !errors.Is(err, errCut) || !inOrder(r.got, 10) {
			t.Fatalf("%s: %v, %v", name, r.got, err)
		}
		err := r.read(strings.NewReader(other))
		if !errors.Is(err, ErrChanged) || Broken(err) || !inOrder(r.got, 10) {
			t.Errorf("%s: %v, %v", name, r.got, err)
		}
	}
	// It is noticed in the middle of a value too.
	inRow := newReader()
	inRow.read(cut(body, middle+10))
	if err := inRow.read(strings.NewReader(strings.Replace(body, "Demo 3", "Demo X", 1))); !errors.Is(err, ErrChanged) || Broken(err) {
		t.Errorf("in the middle of a row: %v", err)
	}
	// Behind the place where the first one broke off, there is nothing to compare.
	r := newReader()
	r.read(cut(body, middle))
	if err := r.read(strings.NewReader(strings.Replace(body, "Demo 15", "Demo X", 1))); err != nil || !inOrder(r.got, 20) {
		t.Errorf("%v, %v", r.got, err)
	}
}

// No row of another answer is handed on before all bytes are compared, however
// small the rows are that it has in place of the first ones.
func TestResumeComparesBeforeTheNextRow(t *testing.T) {
	const n = 5000 // many buffers
	body := someRows(n)
	r := newReader()
	if err := r.read(cut(body, len(body)-1)); !errors.Is(err, errCut) || !inOrder(r.got, n) {
		t.Fatalf("%d rows, %v", len(r.got), err)
	}
	other := strings.Replace(body, "{\"clientName\"", strings.Repeat("{},", n)+"{\"clientName\"", 1)
	if err := r.read(strings.NewReader(other)); !errors.Is(err, ErrChanged) || !inOrder(r.got, n) {
		t.Errorf("%d rows of another answer, %v", len(r.got)-n, err)
	}
}

// While no row was handed on, another answer is as good as the first.
func TestResumeWithoutRows(t *testing.T) {
	r := newReader()
	if err := r.read(cut(`{"queryStatus":"Running","results":[{"requests"`, 40)); !Broken(err) {
		t.Fatal(err)
	}
	if err := r.read(strings.NewReader(someRows(3))); err != nil || !inOrder(r.got, 3) {
		t.Errorf("%v, %v", r.got, err)
	}
}

// FuzzResume cuts an answer anywhere, any number of times, and swaps a byte of some
// copies: all rows come once and in order, or there is an error.
func FuzzResume(f *testing.F) {
	f.Add(uint64(1), []byte{1, 200, 30})
	f.Add(uint64(2), []byte{255, 255, 0, 7, 7, 7})
	f.Add(uint64(3), []byte{})
	const n = 300 // more than a buffer holds
	body := someRows(n)
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
				t.Fatal("no error of a copy that breaks off")
			}
			if !Broken(err) {
				return // it says so
			}
			if len(r.got) > rows && !bytes.Equal(copied[:at], []byte(body)[:at]) {
				damaged = true // rows of this copy were handed on
			}
			rows = len(r.got)
		}
		switch err := r.read(strings.NewReader(body)); {
		case err == nil && (damaged || !inOrder(r.got, n)):
			t.Fatalf("damaged: %v, %d rows: %v", damaged, len(r.got), r.got)
		case err != nil && !errors.Is(err, ErrChanged):
			t.Fatal(err)
		}
	})
}
