package cli

import (
	"context"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/fetch"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/render"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// run is what a report is made with.
type run struct {
	*options
	progress *progress
	outputs  outputs
	totals   *report.Totals
	ranked   bool // some form needs groups
}

// report runs the query, and writes its report in each form. It reports whether the
// allowance is exceeded at this pace.
func (c *Command) report(ctx context.Context, o *options) (over bool, err error) {
	progress := newProgress(o, c.Stderr, c.Now)
	defer progress.done()
	progress.streams = isTerminal(c.Stdout) && slices.ContainsFunc(o.outputs, func(t target) bool { return t.file == "-" && !t.form.Ranked() })
	client, closeDemo, err := c.newClient(o, progress)
	if err != nil {
		return false, err
	}
	defer closeDemo()
	outputs, err := openOutputs(ctx, o, c.Stdout)
	defer outputs.abort()
	if err != nil {
		return false, err
	}
	r := &run{o, progress, outputs, report.NewTotals(), o.has(render.Form.Ranked)}
	if r.ranked { // many groups take much memory, which is cheap to collect more often
		defer debug.SetGCPercent(debug.SetGCPercent(25))
	}

	operation := fetch.Resume(client, &o.query, o.resume)
	if o.resume == "" {
		progress.note("querying %s", &o.period)
		if o.period.Warning != "" {
			progress.note("warning: %s", o.period.Warning)
		}
		if operation, err = fetch.Submit(ctx, client, &o.query); err != nil {
			return false, err
		}
	}
	progress.note("query %s", text.Name(operation.ID))
	defer func() {
		if err != nil {
			err = &submittedError{operation.ID, err}
		}
	}()
	if err := r.receive(ctx, operation, r.add); err != nil {
		return false, err
	}
	if o.before != nil {
		progress.note("querying %s", o.before)
		before := o.query
		before.Interval, before.Granularity = o.before.Interval, report.NoSteps
		operation, err := fetch.Submit(ctx, client, &before)
		if err != nil {
			return false, err
		}
		if err := r.receive(ctx, operation, r.addBefore); err != nil {
			return false, err
		}
	}
	return r.finish(c)
}

// receive passes on each row of a query that matches.
func (r *run) receive(ctx context.Context, operation *fetch.Operation, add func(*report.Row) error) error {
	defer r.progress.done()
	match := strings.ToLower(r.match)
	var rows int64
	for row, err := range operation.Rows(ctx) {
		if err != nil {
			return err
		}
		if match != "" && !row.Matches(match) {
			continue
		}
		rows++
		r.progress.received(rows)
		if err := add(row); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) add(row *report.Row) error {
	if r.ranked {
		r.totals.Add(row)
	} else {
		r.totals.Count(row)
	}
	return r.outputs.each(func(o *output) error { return o.writer.Row(row) })
}

func (r *run) addBefore(row *report.Row) error {
	r.totals.AddBefore(row)
	return nil
}

// finish writes the report, and puts all files in place once all are complete.
func (r *run) finish(c *Command) (over bool, err error) {
	parts := report.Report{
		Made: c.Now, Region: regionName(r.options), Demo: r.demo, Query: r.query, Period: r.period,
		Match: r.match, Sort: r.sort, Allowance: r.allowance,
	}
	if r.before != nil {
		parts.Comparison = &report.Comparison{Period: *r.before}
	}
	made := report.New(parts, r.totals)
	if err := r.outputs.each(func(o *output) error { return o.writer.Finish(made) }); err != nil {
		return false, err
	}
	if err := r.outputs.commit(); err != nil {
		return false, err
	}
	r.progress.note("%s rows%s", text.Thousands(made.Rows), r.outputs.written())
	if made.Allowance == nil {
		return false, nil
	}
	over = made.Allowance.Over()
	if !slices.ContainsFunc(r.outputs, func(o *output) bool { return o.file == nil && o.form == render.Table }) {
		r.progress.quiet = r.progress.quiet && !over // the exit code needs its reason
		r.progress.note("allowance: %s", made.Allowance)
	}
	return over, nil
}
