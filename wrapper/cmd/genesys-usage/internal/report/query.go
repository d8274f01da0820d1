// Package report is what is asked about API usage and what came of it, as plain values:
// period, query, row, totals, comparison, allowance and the report made of them. It knows
// no flag, no terminal and no API client.
package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// Query is what is asked of one of the vendor's two usage APIs.
type Query struct {
	Jobs        bool        // the jobs API; otherwise the queries API
	Interval    string      // ISO-8601
	Granularity Granularity //
	GroupBy     []Dimension // in the order of the columns
}

// Granularity is the size of the steps that rows are split by.
type Granularity string

// The granularities.
const (
	NoSteps Granularity = ""
	Day     Granularity = "Day"
	Week    Granularity = "Week"
	Month   Granularity = "Month"
)

func (g Granularity) String() string { return strings.ToLower(cmp.Or(string(g), "none")) }

// Grouping says in words what rows are for.
func (q *Query) Grouping() string {
	words := "by " + text.Join(q.GroupBy, "and")
	if g := q.Granularity; g != NoSteps {
		words += fmt.Sprintf(", %s by %s", g, g)
	}
	return words
}

// Dimension is something that rows are broken down by.
type Dimension int

// The dimensions, in the order of their columns.
const (
	Client Dimension = iota
	User
	Endpoint
	Method
	Organization
	Platform
	numDimensions = iota
)

// Dimensions returns the dimensions of an API, in the order of their columns.
func Dimensions(jobs bool) []Dimension {
	if jobs {
		return []Dimension{Client, User, Endpoint, Method, Platform}
	}
	return []Dimension{Client, User, Endpoint, Method, Organization}
}

func (d Dimension) String() string {
	return [numDimensions]string{"client", "user", "endpoint", "method", "organization", "platform"}[d]
}

// Metric is a counter of a row, or Errors.
type Metric int

// The metrics, in the order of their columns.
const (
	Requests Metric = iota
	Status200
	Status300
	Status400 // with Status429
	Status429
	Status500
	numCounters = iota
	// Errors is the sum of Status400 and Status500. It is in no row.
	Errors Metric = numCounters
)

// Counters are the metrics that rows have.
var Counters = []Metric{Requests, Status200, Status300, Status400, Status429, Status500}

var metrics = [...]struct{ name, title, words string }{
	{"requests", "REQUESTS", "requests"},
	{name: "status200"},
	{name: "status300"},
	{name: "status400"},
	{"status429", "429", "refused requests (429)"},
	{name: "status500"},
	{"errors", "ERRORS", "requests with an error (4xx, 5xx)"},
}

func (m Metric) String() string { return metrics[m].name }

// Title returns the title of a column of the table, of those that groups are ranked by.
func (m Metric) Title() string { return metrics[m].title }

// Words returns what is counted, for a sentence.
func (m Metric) Words() string { return metrics[m].words }
