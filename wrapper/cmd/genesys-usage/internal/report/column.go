package report

import "github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"

// Column is one of the columns that rows have in every form.
type Column struct {
	Name  string         // such as clientId
	Value func(*Row) any // a string, an int64 or a [time.Time], which is zero if it is not known
}

// Columns returns the columns of a query's rows: what was asked for and nothing else, in
// the same order for both APIs.
func Columns(q *Query) []Column {
	var columns []Column
	add := func(name string, value func(*Row) any) { columns = append(columns, Column{name, value}) }
	if q.Granularity != NoSteps {
		add("date", func(r *Row) any { return r.Date })
	}
	names := [numDimensions]string{"clientId", "userId", "templateUri", "httpMethod", "organizationId", "platform"}
	for _, d := range q.GroupBy {
		add(names[d], func(r *Row) any { return text.Clean(r.Names[d]) })
		if d == Client {
			add("clientName", func(r *Row) any { return text.Clean(r.ClientName) })
		}
	}
	for _, m := range Counters {
		add(m.String(), func(r *Row) any { return r.Counts[m] })
	}
	return columns
}
