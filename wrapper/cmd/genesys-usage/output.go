package main

import (
	"bufio"
	"crypto/rand"
	"io"
	"os"

	"github.com/genesyscloud-go/usage/gen"
)

// outputs are the reports to write, each to its own file or standard output.
type outputs struct {
	writers []writer
	files   []*wholeFile
	buffer  *bufio.Writer
}

func newOutputs(s *settings, stdout io.Writer) (*outputs, error) {
	o := &outputs{}
	bars := unicodeBars
	if s.plain || s.output != "" || !isTerminal(stdout) {
		bars = plainBars
	}
	if s.format != "" {
		out := stdout
		if s.output != "" {
			file, err := o.create(s.output)
			if err != nil {
				return nil, err
			}
			out = file
		}
		o.buffer = bufio.NewWriter(out)
		switch s.format {
		case "table":
			o.writers = append(o.writers, &table{out: o.buffer, bars: bars, top: s.top, time: s.period, all: len(s.query.Metrics) > 0})
		case "csv":
			o.writers = append(o.writers, newCSV(o.buffer))
		default:
			o.writers = append(o.writers, newJSON(o.buffer, s.format == "ndjson"))
		}
	}
	if s.html != "" {
		file, err := o.create(s.html)
		if err != nil {
			o.abandon()
			return nil, err
		}
		o.writers = append(o.writers, &page{out: file, top: s.top, interval: s.query.Interval, time: s.period, demo: s.demo})
	}
	return o, nil
}

func (o *outputs) create(name string) (*wholeFile, error) {
	file, err := createWhole(name)
	if err == nil {
		o.files = append(o.files, file)
	}
	return file, err
}

func (o *outputs) write(row *gen.APIUsageRow) error {
	for _, w := range o.writers {
		if err := w.write(row); err != nil {
			return err
		}
	}
	return nil
}

// commit finishes the reports and puts the files in their places.
func (o *outputs) commit() error {
	for _, w := range o.writers {
		if err := w.finish(); err != nil {
			return err
		}
	}
	if o.buffer != nil {
		if err := o.buffer.Flush(); err != nil {
			return err
		}
	}
	for _, file := range o.files {
		if err := file.commit(); err != nil {
			return err
		}
	}
	return nil
}

// abandon removes what was not committed. Rows that were streamed to standard
// output so far stay: they are there already.
func (o *outputs) abandon() {
	if o.buffer != nil && len(o.files) == 0 {
		_ = o.buffer.Flush() // what failed is known
	}
	for _, file := range o.files {
		file.abandon()
	}
}

// wholeFile is a file that appears under its name when it is complete.
type wholeFile struct {
	*os.File
	name string
	done bool
}

func createWhole(name string) (*wholeFile, error) {
	temporary, err := os.OpenFile(name+"."+rand.Text()+".tmp", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) // less the umask
	if err != nil {
		return nil, err
	}
	return &wholeFile{File: temporary, name: name}, nil
}

func (f *wholeFile) commit() error {
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), f.name); err != nil {
		return err
	}
	f.done = true
	return nil
}

func (f *wholeFile) abandon() {
	if !f.done {
		f.done = true
		f.Close()
		os.Remove(f.Name())
	}
}
