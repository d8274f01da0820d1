package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/outfile"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/render"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/terminal"
)

// output is a report that is being written: to a file, or to standard output.
type output struct {
	name    string // of -o; "-" is standard output
	form    *render.Form
	file    *outfile.File // nil: it is not open
	buffer  *bufio.Writer
	writer  render.Writer
	done    bool // the report is complete
	failure error
}

func (out *output) String() string {
	if out.name == "-" {
		return "standard output"
	}
	return out.name
}

// open opens the output, so that what cannot be written is refused before anything is
// asked.
func (out *output) open(ctx context.Context, c *Command) (err error) {
	options := c.render
	if out.name != "-" {
		out.file, err = outfile.Create(ctx, out.name)
	} else {
		options.Width, options.Terminal = terminal.Width(c.Stdout)
		out.file = outfile.Direct(ctx, c.Stdout)
	}
	switch {
	case err != nil:
		return err
	case out.form.Binary && options.Terminal:
		return errors.New("it is a terminal, and the form is binary; name a file with -o")
	}
	c.progress.NoStatus = c.progress.NoStatus || out.form.Streamed && options.Terminal // no status among rows
	out.buffer = bufio.NewWriterSize(out.file, 64<<10)
	out.writer, err = out.form.New(out.buffer, &c.Query, options)
	return err
}

// finish completes the report, and puts it in its place.
func (out *output) finish(r *report.Report) error {
	if err := out.writer.Finish(r); err != nil {
		return err
	}
	if err := out.buffer.Flush(); err != nil {
		return err
	}
	if err := out.file.Close(); err != nil {
		return err
	}
	out.done = true
	return out.file.Commit()
}

// each calls a function for each output that has not failed: one that fails does not cost the
// others. If none is left, the error is that of all.
func (c *Command) each(do func(*output) error) error {
	left := false
	for _, out := range c.outputs {
		if out.failure != nil {
			continue
		}
		if err := do(out); err != nil {
			out.failure = fmt.Errorf("%s: %w", out, err)
		}
		left = left || out.failure == nil
	}
	if left {
		return nil
	}
	return c.failures()
}

// failures returns why outputs have failed, or nil.
func (c *Command) failures() error {
	var all []error
	for _, out := range c.outputs {
		all = append(all, out.failure)
	}
	return errors.Join(all...)
}

// abort removes all files that were not committed.
func (c *Command) abort() {
	for _, out := range c.outputs {
		if closer, ok := out.writer.(io.Closer); ok {
			_ = closer.Close() // it contains nothing but temporary data
		}
		if out.file != nil {
			out.file.Abort()
		}
	}
}
