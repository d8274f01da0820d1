package main

import (
	"context"
	"errors"
	"io"
)

// targets are where the reports go.
type targets struct {
	report *target // of table, CSV or JSON; nil if there is none
	page   *target
}

func openTargets(ctx context.Context, s *settings, stdout io.Writer) (*targets, error) {
	t := &targets{}
	var err error
	if s.format != "" {
		if t.report, err = openTarget(ctx, s.output, stdout); err != nil {
			return nil, err
		}
	}
	if s.html != "" {
		if t.page, err = openTarget(ctx, s.html, stdout); err != nil {
			t.abandon()
			return nil, err
		}
		if t.report != nil && t.report.isSame(t.page) {
			t.abandon()
			return nil, errors.New("two reports into one file: give -html and -o, or standard output, another one")
		}
	}
	return t, nil
}

// write writes table and page, completes all reports, and puts files in their places
// when all are whole.
func (t *targets) write(v *view) error {
	if v.format == "table" {
		if err := t.report.because(newTable(v, t.report, screenOf(t.report.out)).write()); err != nil {
			return err
		}
	}
	if t.page != nil {
		if err := t.page.because(newPage(v, t.page).write()); err != nil {
			return err
		}
	}
	for _, target := range t.all() {
		if err := target.finish(); err != nil {
			return err
		}
	}
	for _, target := range t.all() {
		if err := target.commit(); err != nil {
			return err
		}
	}
	return nil
}

func (t *targets) abandon() {
	for _, target := range t.all() {
		target.abandon()
	}
}

// all returns those that there are.
func (t *targets) all() []*target {
	var all []*target
	for _, target := range []*target{t.report, t.page} {
		if target != nil {
			all = append(all, target)
		}
	}
	return all
}
