package cli

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/fetch"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// run connects, opens the outputs, submits the query or resumes it, and writes its report. It
// returns the exit code.
func (c *Command) run(ctx context.Context) (code int, err error) {
	closeDemo, err := c.connect()
	if err != nil {
		return exitFailed, err
	}
	defer closeDemo()
	defer c.abort()
	for _, out := range c.outputs {
		if err := out.open(ctx, c); err != nil {
			return exitFailed, fmt.Errorf("%s: %w", out, err)
		}
	}
	if c.any(ranked) { // groups are much memory, which is cheap to collect
		defer debug.SetGCPercent(debug.SetGCPercent(25))
	}
	totals := report.NewTotals(c.Spec, c.any(ranked))
	operation, before, err := c.submit(ctx)
	if err != nil {
		return exitFailed, err
	}
	err = c.receive(ctx, operation, func(row *report.Row) error {
		if !totals.Add(row) {
			return nil
		}
		return c.each(func(out *output) error { return out.writer.Row(row) })
	})
	if err == nil && before != nil {
		err = c.receive(ctx, before, func(row *report.Row) error { totals.AddBefore(row); return nil })
	}
	if err != nil {
		return exitFailed, err
	}
	return c.finish(totals.Report())
}

// submit submits the query, or resumes it, and submits the one of the period before, which
// runs at the same time.
func (c *Command) submit(ctx context.Context) (operation, before *fetch.Operation, err error) {
	if c.Period.Warning != "" {
		c.progress.Warn("warning: %s", c.Period.Warning)
	}
	if c.Limit > 0 && c.Period.Over() && !c.start.IsZero() {
		c.progress.Warn("warning: this period is over; for the current one, use -period-start %d", c.startDay)
	}
	if !c.has("granularity") && c.Query.Granularity == report.Day && c.any(streamed) {
		c.progress.Note("a chart or a forecast needs daily rows, so all files get them")
	}
	if c.has("resume") {
		operation = fetch.Resume(c.client, &c.Query, c.given["resume"])
	} else {
		c.progress.Note("querying %s", &c.Period)
		c.progress.Status("connecting")
		if operation, err = fetch.Submit(ctx, c.client, &c.Query); err != nil {
			return nil, nil, err
		}
	}
	c.id = operation.ID
	c.progress.Note("query %s", text.Name(c.id))
	if c.Compare == nil {
		return operation, nil, nil
	}
	query := c.Query
	query.Interval, query.Granularity = c.Compare.Interval, report.NoSteps
	c.progress.Note("querying %s", c.Compare)
	before, err = fetch.Submit(ctx, c.client, &query)
	return operation, before, err
}

// receive calls a function with each row of a query that matches.
func (c *Command) receive(ctx context.Context, operation *fetch.Operation, add func(*report.Row) error) error {
	match := strings.ToLower(c.Match)
	var rows int64
	for row, err := range operation.Rows(ctx) {
		if err != nil {
			return err
		}
		if match != "" && !row.Matches(match) {
			continue
		}
		if rows++; rows%10_000 == 0 {
			c.progress.Status("%s", text.Count(rows, "row"))
		}
		if err := add(row); err != nil {
			return err
		}
	}
	return nil
}

// finish writes the report, and says what came of it.
func (c *Command) finish(r *report.Report) (code int, err error) {
	c.progress.Status("")
	_ = c.each(func(out *output) error { return out.finish(r) })
	if err := c.failures(); err != nil {
		return exitFailed, err
	}
	c.progress.Note("%s, %s", text.Count(r.Rows, "row"), r.Query.Grouping())
	if r.Outside > 0 {
		c.progress.Warn("warning: %s dated outside the period, and not counted", text.Count(r.Outside, "row"))
	}
	a := r.Allowance
	switch {
	case a == nil:
		return exitOK, nil
	case a.Doubt != "":
		code = exitNotSure
	case a.Over():
		code = exitOver
	}
	c.progress.Quiet = c.progress.Quiet && code == exitOK // the exit code needs its reason
	c.progress.Note("allowance: %s", a.Verdict())
	return code, nil
}
