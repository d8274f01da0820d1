package rows

import "hash/maphash"

// cache has values that were decoded lately, by their text: names, templates and
// dates repeat in hundreds of rows, and those that are written alike are the same
// ones in memory. Each text has one of two places, which it loses to others that come
// there. The zero cache has the zero value for the empty text, and grows to so many
// places as it needs.
type cache[T any] struct {
	seed   maphash.Seed
	places []entry[T] // a power of two
	missed int        // since it grew
}

type entry[T any] struct {
	text  string
	value T
}

const (
	minPlaces, maxPlaces = 64, 4 << 10

	// maxCached is how long a text is at most that is kept.
	maxCached = 256
)

// get returns the value of a text, or the place that it is to be put in, which is
// no more than a place to forget where the text is too long to keep.
func (c *cache[T]) get(text []byte) (value T, place *entry[T]) {
	if len(text) > maxCached {
		return value, new(entry[T])
	}
	if c.places == nil {
		c.grow()
	}
	first, second := c.at(text)
	if first.text == string(text) {
		return first.value, nil
	}
	if second.text == string(text) {
		return second.value, nil
	}
	if c.missed++; c.missed > len(c.places)/2 && len(c.places) < maxPlaces {
		c.grow()
		first, second = c.at(text)
	}
	*second = *first
	return value, first
}

// at returns the two places of a text.
func (c *cache[T]) at(text []byte) (first, second *entry[T]) {
	i := int(maphash.Bytes(c.seed, text)) & (len(c.places) - 2)
	return &c.places[i], &c.places[i+1]
}

// grow forgets everything.
func (c *cache[T]) grow() {
	c.seed, c.missed = maphash.MakeSeed(), 0
	c.places = make([]entry[T], max(minPlaces, 8*len(c.places)))
}
