package rows

import (
	"fmt"
	"strings"
	"testing"
)

// A cache gives what was put in it, keeps so many values and no more, and none whose
// text is long.
func TestCache(t *testing.T) {
	var c cache[int]
	if value, place := c.get(nil); value != 0 || place != nil {
		t.Errorf("the empty text: %d, %v", value, place)
	}
	for i := range 10 * maxPlaces {
		text := fmt.Sprint(i)
		_, place := c.get([]byte(text))
		if place == nil {
			t.Fatalf("%s is known before it was put in", text)
		}
		*place = entry[int]{text, i}
		if value, place := c.get([]byte(text)); value != i || place != nil {
			t.Fatalf("%s is %d, %v", text, value, place)
		}
		if len(c.places) > maxPlaces {
			t.Fatalf("%d places", len(c.places))
		}
	}
	if len(c.places) != maxPlaces {
		t.Errorf("%d places for many texts", len(c.places))
	}
	long := []byte(strings.Repeat("x", maxCached+1))
	for range 2 {
		value, place := c.get(long)
		if value != 0 || place == nil {
			t.Fatal("a long text is kept")
		}
		*place = entry[int]{string(long), 1}
	}
	var few cache[int]
	for range 1000 {
		if _, place := few.get([]byte("the same")); place != nil {
			*place = entry[int]{"the same", 1}
		}
	}
	if len(few.places) != minPlaces {
		t.Errorf("%d places for one text", len(few.places))
	}
}

// Two texts that come to the same place are both kept.
func TestCacheKeepsTwoInAPlace(t *testing.T) {
	var c cache[int]
	c.get([]byte("first"))
	first, _ := c.at([]byte("first"))
	other := ""
	for i := 0; other == ""; i++ {
		if place, _ := c.at(fmt.Append(nil, i)); place == first {
			other = fmt.Sprint(i)
		}
	}
	for i, text := range []string{"first", other} {
		_, place := c.get([]byte(text))
		*place = entry[int]{text, i}
	}
	for i, text := range []string{"first", other} {
		if value, place := c.get([]byte(text)); value != i || place != nil {
			t.Errorf("%s is forgotten", text)
		}
	}
}
