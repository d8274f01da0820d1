package main

// view is what is to be seen of a report, in table and page.
type view struct {
	*settings
	question question // with what the answer tells of it
	measure  metric   // what rows are ranked by
	sums     *sums
	clients  map[string]string
	forecast string // whether the allowance lasts, in words
	over     bool
}

func newView(s *settings, sums *sums) *view {
	v := &view{settings: s, question: sums.asked(s.question), sums: sums, clients: sums.clients()}
	var err error
	if v.measure, err = v.question.measureOf(s.sort); err != nil { // only of a query that was taken up
		v.measure, _ = v.question.measureOf("")
	}
	if s.allowance > 0 {
		v.forecast, v.over = s.billing.forecast(sums.total.requests, s.allowance, s.period.last)
	}
	return v
}
