package wrapper

import "errors"

// A sink takes the rows of one page after the other.
type sink[R any] interface {
	// add takes a row, which it must copy to keep it.
	add(*R) error
	// whole says that the page is.
	whole()
	// restart takes back the rows of a page that is not whole, and tells whether it
	// could.
	restart() bool
}

// collector keeps rows: in pieces, because a slice that grows by append leaves five
// times its size behind.
type collector[R any] struct {
	pieces [][]R
	n      int // rows
	kept   int // of them in whole pages
}

const maxPiece = 4096

func (c *collector[R]) add(row *R) error {
	last := len(c.pieces) - 1
	if last < 0 || len(c.pieces[last]) == cap(c.pieces[last]) {
		size := 16
		if last >= 0 {
			size = min(2*cap(c.pieces[last]), maxPiece)
		}
		c.pieces = append(c.pieces, make([]R, 0, size))
		last++
	}
	c.pieces[last] = append(c.pieces[last], *row)
	c.n++
	return nil
}

func (c *collector[R]) whole() { c.kept = c.n }

func (c *collector[R]) restart() bool {
	for c.n > c.kept {
		last := len(c.pieces) - 1
		drop := min(len(c.pieces[last]), c.n-c.kept)
		c.n -= drop
		if c.pieces[last] = c.pieces[last][:len(c.pieces[last])-drop]; len(c.pieces[last]) == 0 {
			c.pieces = c.pieces[:last]
		}
	}
	return true
}

// rows returns what was collected, never nil, and forgets it.
func (c *collector[R]) rows() []R {
	rows := make([]R, 0, c.n)
	for i, piece := range c.pieces {
		rows = append(rows, piece...)
		c.pieces[i] = nil // the garbage collector may have it while the others are copied
	}
	c.pieces, c.n, c.kept = nil, 0, 0
	return rows
}

// handover hands rows on as they come.
type handover[R any] struct {
	yield func(R, error) bool
	began bool // this page
	left  bool // the loop was left: nothing more may be handed on
}

var errLeft = errors.New("the loop was left")

func (h *handover[R]) add(row *R) error {
	h.began = true
	if h.left = !h.yield(*row, nil); h.left {
		return errLeft
	}
	return nil
}

func (h *handover[R]) whole()        { h.began = false }
func (h *handover[R]) restart() bool { return !h.began }
