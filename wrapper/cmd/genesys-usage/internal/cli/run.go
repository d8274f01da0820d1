package cli

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/fetch"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/render"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// run connects, and writes the report in each form. It reports whether the allowance is
// exceeded at this pace.
func (c *Command) run(ctx context.Context) (over bool, err error) {
	closeDemo, err := c.connect()
	if err != nil {
		return false, err
	}
	defer closeDemo()
	return c.write(ctx)
}

// write opens the outputs, submits the query or resumes it, and writes its report.
func (c *Command) write(ctx context.Context) (over bool, err error) {
	defer c.abort()
	if err := c.each(func(out *output) error { return out.open(c) }); err != nil {
		return false, err
	}
	if c.Allowance != nil && c.Period.Over() && !c.start.IsZero() && !c.has("interval") {
		c.progress.warn("warning: this period is over; -period-start %d is the period that yesterday is in", c.startDay)
	}
	totals := report.NewTotals()
	add := totals.Count
	if c.any(ranked) {
		add = totals.Add
		defer debug.SetGCPercent(debug.SetGCPercent(25)) // groups are much memory, which is cheap to collect
	}
	operation := fetch.Resume(c.client, &c.Query, c.given["resume"])
	if !c.has("resume") {
		if operation, err = c.submit(ctx, &c.Query, &c.Period); err != nil {
			return false, err
		}
	}
	byChart := !c.has("granularity") && c.Query.Granularity == report.Day
	if byChart && c.any(func(f *render.Form) bool { return !f.Charted }) {
		c.progress.note("rows are by day, for the chart of the page or workbook; -granularity none changes that")
	}
	c.id = operation.ID
	c.progress.note("query %s", text.Name(c.id))
	err = c.receive(ctx, operation, func(row *report.Row) error {
		add(row)
		return c.each(func(out *output) error { return out.writer.Row(row) })
	})
	if err != nil {
		return false, err
	}
	if c.Comparison != nil {
		query := c.Query
		query.Interval, query.Granularity = c.Comparison.Period.Interval, report.NoSteps
		operation, err := c.submit(ctx, &query, &c.Comparison.Period)
		if err == nil {
			err = c.receive(ctx, operation, func(row *report.Row) error { totals.AddBefore(row); return nil })
		}
		if err != nil {
			return false, err
		}
	}
	return c.finish(totals)
}

func (c *Command) submit(ctx context.Context, q *report.Query, period *report.Period) (*fetch.Operation, error) {
	c.progress.note("querying %s", period)
	if period.Warning != "" {
		c.progress.warn("warning: %s", period.Warning)
	}
	return fetch.Submit(ctx, c.client, q)
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
			c.progress.status("%s", text.Count(rows, "row"))
		}
		if err := add(row); err != nil {
			return err
		}
	}
	return nil
}

// finish writes the report, and puts all files in place once all are complete.
func (c *Command) finish(totals *report.Totals) (over bool, err error) {
	result := report.New(c.Report, totals)
	c.progress.clear()
	for _, step := range []func(*output) error{
		func(out *output) error { return out.writer.Finish(result) }, (*output).close,
		func(out *output) error { return out.file.Commit() },
	} {
		if err := c.each(step); err != nil {
			return false, err
		}
	}
	c.progress.note("%s, %s", text.Count(result.Rows, "row"), result.Query.Grouping())
	if c.Allowance == nil {
		return false, nil
	}
	over = c.Allowance.Over()
	shown := slices.ContainsFunc(c.outputs, func(out *output) bool { return out.name == "-" && out.form == render.Forms[0] })
	shown = shown && isTerminal(c.Stdout)
	c.progress.quiet = shown || c.progress.quiet && !over // exit code 3 needs its reason
	c.progress.note("allowance: %s", c.Allowance.Verdict())
	return over, nil
}

// each calls a function for each output, and notes for which of them it fails.
func (c *Command) each(do func(*output) error) error {
	for _, out := range c.outputs {
		if err := do(out); err != nil {
			out.failure = err
			return fmt.Errorf("%s: %w", out, err)
		}
	}
	return nil
}
