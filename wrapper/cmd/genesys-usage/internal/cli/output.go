package cli

import (
	"bufio"
	"context"
	"io"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/outfile"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/render"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
)

// output is a report that is being written: to a file, or to standard output.
type output struct {
	target
	file   *outfile.File // nil: standard output
	buffer *bufio.Writer
	writer render.Writer
}

type outputs []*output

const bufferSize = 64 << 10

// openOutputs opens all outputs, so that what cannot be written is refused before
// anything is asked. It returns those that are open with an error too.
func openOutputs(ctx context.Context, o *options, stdout io.Writer) (outputs, error) {
	var all outputs
	for _, t := range o.outputs {
		out := &output{target: t}
		all = append(all, out)
		if err := out.open(ctx, o, stdout); err != nil {
			return all, &outputError{out, err}
		}
	}
	return all, nil
}

func (out *output) open(ctx context.Context, o *options, stdout io.Writer) (err error) {
	to := stdout
	if out.target.file == "-" {
		err = checkStdout(stdout, out.form)
	} else if out.file, err = outfile.Create(ctx, out.target.file); err == nil {
		to = out.file
	}
	if err != nil {
		return err
	}
	options := o.render
	options.Width = widthOf(to)
	options.Terminal = isTerminal(to)
	out.buffer = bufio.NewWriterSize(to, bufferSize)
	out.writer, err = render.New(out.form, out.buffer, &o.query, options)
	return err
}

// each calls a function for each output, and says which one an error is about.
func (all outputs) each(do func(*output) error) error {
	for _, out := range all {
		if err := do(out); err != nil {
			return &outputError{out, err}
		}
	}
	return nil
}

// commit completes all outputs, and then puts all files in place.
func (all outputs) commit() error {
	err := all.each(func(out *output) error {
		if err := out.buffer.Flush(); err != nil || out.file == nil {
			return err
		}
		return out.file.Close()
	})
	if err != nil {
		return err
	}
	return all.each(func(out *output) error {
		if out.file == nil {
			return nil
		}
		return out.file.Commit()
	})
}

// abort removes the files that were not committed. What standard output has got so far
// stays.
func (all outputs) abort() {
	for _, out := range all {
		if out.writer != nil {
			_ = out.writer.Close() // whether a temporary file could be removed changes nothing
		}
		if out.file != nil {
			out.file.Abort()
		} else if out.buffer != nil {
			_ = out.buffer.Flush() // an error was reported already
		}
	}
}

// written says which files there are.
func (all outputs) written() string {
	var names []string
	for _, out := range all {
		if out.file != nil {
			names = append(names, text.Name(out.target.file))
		}
	}
	if names == nil {
		return ""
	}
	return " in " + text.Join(names, "and")
}

// outputError is an error of writing a report.
type outputError struct {
	output *output
	err    error
}

func (e *outputError) Error() string {
	name := e.output.target.file
	if name == "-" {
		name = "standard output"
	}
	return name + ": " + e.err.Error()
}

func (e *outputError) Unwrap() error { return e.err }
