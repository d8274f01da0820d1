package main

import (
	"fmt"
	"math"
	"math/big"
	"time"
)

// billing is a billing period: from a day to the day before the same day of the next
// month.
type billing struct{ first, last time.Time }

// billingFrom returns the billing period that begins on a day. Where the next month
// has no such day, it ends before that month's last one: what the vendor does then is
// not documented.
func billingFrom(first time.Time) billing {
	next := first.AddDate(0, 1, 0)
	if next.Day() != first.Day() {
		next = next.AddDate(0, 0, -next.Day())
	}
	return billing{first, next.AddDate(0, 0, -1)}
}

// forecast says how much of an allowance is used up to the last day that can have
// data, and whether it lasts to the end of its period if each day to come is as the
// average of those so far.
func (b billing) forecast(used, allowance int64, last time.Time) (words string, over bool) {
	whole := daysBetween(b.first, b.last)
	counted := min(daysBetween(b.first, last), whole)
	words = fmt.Sprintf("used %s of %s (%s) ", thousands(used), thousands(allowance), percentOf(used, allowance))
	if counted == whole {
		return words + fmt.Sprintf("in all %s; %s", dayCount(whole), distance(used, allowance)), used > allowance
	}
	pace := new(big.Int).Mul(big.NewInt(used), big.NewInt(int64(whole)))
	end := int64(math.MaxInt64)
	if pace.Div(pace, big.NewInt(int64(counted))); pace.IsInt64() {
		end = pace.Int64()
	}
	return words + fmt.Sprintf("after %d of %s; at this pace %s by %s, %s. This is an estimate: it takes each day to come for the average of those so far, and the last of them may not be counted whole.",
		counted, dayCount(whole), thousands(end), b.last.Format("2 Jan"), distance(end, allowance)), end > allowance
}

// distance says how far a number of requests is from the allowance.
func distance(n, allowance int64) string {
	switch {
	case n > allowance:
		return percentOf(n-allowance, allowance) + " over"
	case n < allowance:
		return percentOf(allowance-n, allowance) + " under"
	}
	return "just as much as allowed"
}

// percentOf writes a part of a whole in a sentence.
func percentOf(part, whole int64) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}
