package main

// meaning is what the numbers mean, in the words of package wrapper's doc.
var meaning = []string{
	"Days are UTC days, and the last day of an interval is in it.",
	"The counts are about a day old: today is not in them, and they reach back to 2018.",
	"Requests answered with 429 are counted in status429 and, with all other 4xx, in status400.",
	"The vendor's own OAuth clients are not in the counts; the vendor leaves them out of its API Usage view too, which it calls aligned with billing.",
}

// jobMeaning is what the numbers of the successor mean. How fresh they are is not
// documented.
var jobMeaning = []string{
	meaning[0],
	"How fresh the counts of jobs are is not documented.",
	"Requests answered with 429 are counted in status429.",
	"All requests are counted, those of the vendor's own OAuth clients included, and not just the billable ones; the vendor says not to determine bills by them.",
}

// meaning returns what the numbers of this report mean.
func (s *settings) meaning() []string {
	if s.jobs {
		return jobMeaning
	}
	return meaning
}
