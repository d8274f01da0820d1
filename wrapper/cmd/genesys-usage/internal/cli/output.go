package cli

import (
	"bufio"
	"errors"
	"io"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/outfile"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/render"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/terminal"
)

// output is a report that is being written: to a file, or to standard output.
type output struct {
	name    string // of -o; "-" is standard output
	form    *render.Form
	file    *outfile.File // nil: standard output
	buffer  *bufio.Writer // nil: it is not open
	writer  render.Writer
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
func (out *output) open(c *Command) (err error) {
	to := c.Stdout
	switch {
	case out.name != "-":
		file, err := outfile.Create(out.name)
		if err != nil {
			return err
		}
		out.file, to = file, file
	case outfile.IsClosed(to):
		return errors.New("it is closed; name a file with -o, or /dev/null to discard the report")
	case out.form.Binary && terminal.Is(to):
		return errors.New("it is a terminal, and the form is binary; name a file with -o")
	}
	c.progress.NoStatus = c.progress.NoStatus || out.form.Streamed && terminal.Is(to) // not among rows
	options := c.render
	options.Width, options.Terminal = terminal.Width(to), terminal.Is(to)
	out.buffer = bufio.NewWriterSize(to, 64<<10)
	out.writer, err = out.form.New(out.buffer, &c.Query, options)
	return err
}

// close completes the output; its file is not in its place yet.
func (out *output) close() error {
	if err := out.buffer.Flush(); err != nil {
		return err
	}
	return out.file.Close()
}

// abort removes all files that were not committed.
func (c *Command) abort() {
	for _, out := range c.outputs {
		if closer, ok := out.writer.(io.Closer); ok {
			_ = closer.Close() // it contains nothing but temporary data
		}
		out.file.Abort()
	}
}
