package main

import (
	"context"
	"io"
	"runtime/debug"
	"strings"
	"time"
)

// report asks for a report and writes it. It tells whether the allowance does not
// last.
func report(ctx context.Context, s *settings, stdout, stderr io.Writer) (over bool, err error) {
	if s.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.timeout)
		defer cancel()
	}
	progress := newProgress(s, stderr)
	defer progress.done()
	client, closeDemo, err := newClient(s, progress, stderr)
	if err != nil {
		return false, err
	}
	defer closeDemo()
	targets, err := openTargets(ctx, s, stdout)
	if err != nil {
		return false, err
	}
	defer targets.abandon()
	if s.jobs {
		return ask(ctx, s, jobs(client), targets, progress)
	}
	return ask(ctx, s, queries(client), targets, progress)
}

// stream writes rows of type R as they come.
type stream[R any] interface {
	write(*R) error
	// finish is called once, after the last row.
	finish() error
}

// newStream returns the stream of a format, without some fields, or nil if it has none.
func newStream[R any](format string, out io.Writer, without []string) stream[R] {
	switch format {
	case "csv":
		return newCSV[R](out, without)
	case "json", "ndjson":
		return newJSON[R](out, format == "ndjson", without)
	}
	return nil
}

// ask asks one generation, and writes what it answers.
func ask[R any](ctx context.Context, s *settings, g generation[R], targets *targets, progress *progress) (over bool, err error) {
	query := g.resume(s.resume)
	if s.resume == "" {
		progress.note("asking for %s", s.period.words)
		if s.period.note != "" {
			progress.note("mind: %s", s.period.note)
		}
		if query, err = g.submit(ctx, &s.question); err != nil {
			return false, err
		}
	}
	defer func() {
		if err != nil {
			err = &submittedError{query.ID(), err}
		}
	}()
	progress.note("query %s", shorten(clean(query.ID()), maxName))

	sums := newSums()
	stream := newStream[R](s.format, targets.report, s.question.notAsked())
	progress.streams = stream != nil && targets.report != nil && isTerminal(targets.report.out)
	keep := s.format == "table" || s.html != ""
	if keep { // and many groups are a lot of memory, which is cheap to look through
		defer debug.SetGCPercent(debug.SetGCPercent(25))
	}
	undated := s.resume == "" && s.question.granularity == ""
	rows, err := receive(ctx, s, g, query, progress, func(raw *R, r *row) error {
		if undated {
			r.date = time.Time{}
		}
		if keep {
			sums.add(r)
		} else {
			sums.total.add(&r.counts)
		}
		if stream != nil {
			return targets.report.because(stream.write(raw))
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	if s.compare {
		progress.note("asking for %s", s.before.words)
		earlier := s.question
		earlier.interval, earlier.granularity = s.earlier, ""
		before, err := g.submit(ctx, &earlier)
		if err != nil {
			return false, err
		}
		if _, err := receive(ctx, s, g, before, progress, func(_ *R, r *row) error { sums.addBefore(r); return nil }); err != nil {
			return false, err
		}
	}
	if stream != nil {
		if err := targets.report.because(stream.finish()); err != nil {
			return false, err
		}
	}
	v := newView(s, sums)
	over = v.over
	if err := targets.write(v); err != nil {
		return false, err
	}
	progress.note("%s rows", thousands(rows))
	if v.forecast != "" && s.format != "table" {
		progress.quiet = progress.quiet && !over // the exit code wants its reason
		progress.note("%s", v.forecast)
	}
	return over, nil
}

// receive hands on each row of a query that is to be kept, and counts them.
func receive[R any](ctx context.Context, s *settings, g generation[R], query submitted[R], progress *progress, each func(*R, *row) error) (rows int64, err error) {
	defer progress.done()
	var raw R // one for all rows: each would be an allocation
	match := strings.ToLower(s.match)
	for next, err := range query.Rows(ctx) {
		if err != nil {
			return rows, err
		}
		raw = next
		r := g.read(&raw)
		if match != "" && !r.matches(match) {
			continue
		}
		rows++
		progress.received(rows)
		if err := each(&raw, &r); err != nil {
			return rows, err
		}
	}
	return rows, nil
}
