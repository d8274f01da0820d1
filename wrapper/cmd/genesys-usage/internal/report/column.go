package report

// Column is one of the columns that rows have in every form.
type Column struct {
	Name  string // such as clientId
	Kind  Kind
	value int // a Dimension or Metric, or clientName
}

// Kind is what the values of a column are.
type Kind int

// The kinds of columns.
const (
	Text Kind = iota
	Date
	Number
)

const clientName = -1

// Columns returns the columns of a query's rows: what was asked for and nothing else, in
// the same order for both APIs.
func Columns(q *Query) []Column {
	var columns []Column
	if q.Granularity != NoSteps {
		columns = append(columns, Column{"date", Date, 0})
	}
	names := [numDimensions]string{"clientId", "userId", "templateUri", "httpMethod", "organizationId", "platform"}
	for _, d := range q.GroupBy {
		columns = append(columns, Column{names[d], Text, int(d)})
		if d == Client {
			columns = append(columns, Column{"clientName", Text, clientName})
		}
	}
	for _, m := range Counters {
		columns = append(columns, Column{m.String(), Number, int(m)})
	}
	return columns
}

// Text returns the value of a row in a column of the kind Text.
func (c *Column) Text(r *Row) string {
	if c.value == clientName {
		return r.ClientName
	}
	return r.Names[c.value]
}

// Number returns the value of a row in a column of the kind Number. The value in a column
// of the kind Date is r.Date.
func (c *Column) Number(r *Row) int64 { return r.Counts[c.value] }
