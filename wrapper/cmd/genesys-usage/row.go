package main

import (
	"strings"
	"time"
)

// row is what table and page need to know of a row, of either generation.
type row struct {
	group
	counts
	clientName string
	date       time.Time // zero without a granularity
}

// group is what a row is for.
type group struct {
	client                                         string // its id, or its name where there is none
	organization, user, platform, method, endpoint string
}

// counts are numbers of requests.
type counts struct {
	requests, status200, status300, status400, status500, status429 int64 // 429s are in status400 too
}

func (c *counts) add(d *counts) {
	c.requests += d.requests
	c.status200 += d.status200
	c.status300 += d.status300
	c.status400 += d.status400
	c.status500 += d.status500
	c.status429 += d.status429
}

// errors are the requests with an error, 429s included: status400 has them.
func (c *counts) errors() int64 { return c.status400 + c.status500 }

// matches tells whether any name of a row holds a text, which is in lower case.
func (r *row) matches(text string) bool {
	for _, name := range [...]string{r.clientName, r.client, r.organization, r.user, r.platform, r.method, r.endpoint} {
		if strings.Contains(strings.ToLower(name), text) {
			return true
		}
	}
	return false
}
