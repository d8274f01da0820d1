package cli

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/render"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/text"
	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
)

// The defaults of flags.
const defaultLast, defaultGroupBy = "30d", "client"

// options are what the flags say.
type options struct {
	report.Spec
	outputs  []*output
	render   render.Options // but for what depends on the output
	timeout  time.Duration
	today    time.Time         // the UTC day, or that of -as-of
	start    time.Time         // of -month or -period-start; zero if only its day is given
	startDay int               // of the month; 0 without -month and -period-start
	given    map[string]string // the values of the flags that were given, by name; "" for a boolean
	files    []string          // of -o
	format   *render.Form      // of -format
}

// parse reads the command line. The error is flag.ErrHelp for -h.
func parse(args []string, now time.Time) (*options, error) {
	o := &options{timeout: time.Hour, given: map[string]string{}, format: render.Forms[0],
		render: render.Options{Top: -1}, today: interval.Day(now)}
	o.Made = now
	flags := o.flags()
	if err := flags.Parse(args); err != nil || o.has("version") {
		return o, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	o.Query.Jobs, o.Demo, o.Match = o.has("jobs"), o.has("demo"), o.given["match"]
	steps := []func() error{o.setRegion, o.setOutputs, o.setQuery, o.setPeriod, o.setAllowance, o.setCompare}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// flags returns the flags. What a flag means by itself is read as it is parsed.
func (o *options) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("genesys-usage", flag.ContinueOnError)
	flags.SetOutput(io.Discard)                // Run prints errors and help
	later := func(string) error { return nil } // its meaning depends on other flags
	for name, parse := range map[string]func(string) error{
		"last": later, "interval": later, "group-by": later, "match": later, "resume": later, "region": later,
		"as-of": func(s string) (err error) {
			o.today, err = time.Parse(time.DateOnly, s)
			return want(err, "a day such as 2026-11-24")
		},
		"month": func(s string) (err error) {
			o.start, err = time.Parse("2006-01", s)
			o.startDay = 1
			return want(err, "a month such as 2026-10")
		},
		"period-start": func(s string) (err error) {
			if o.startDay, err = strconv.Atoi(s); err == nil && o.startDay >= 1 && o.startDay <= 31 {
				return nil
			}
			o.start, err = time.Parse(time.DateOnly, s)
			o.startDay = o.start.Day()
			return want(err, "a day of the month, 1 to 31, or a day such as 2026-11-21")
		},
		"granularity": text.Choose(&o.Query.Granularity,
			[]report.Granularity{report.Day, report.Week, report.Month, report.NoSteps}),
		"sort": text.Choose(&o.Sort, []report.Metric{report.Requests, report.Status429, report.Errors}),
		"top": func(s string) error {
			top, err := strconv.ParseUint(s, 10, 31)
			o.render.Top = int(top)
			return want(err, "a number of groups, or 0 for all")
		},
		"allowance": func(s string) (err error) { o.Limit, err = text.ParseCount(s); return err },
		"o":         func(s string) error { o.files = append(o.files, s); return nil },
		"format":    text.Choose(&o.format, render.Forms),
		"timeout": func(s string) (err error) {
			o.timeout, err = time.ParseDuration(s)
			return want(err, "a time such as 90s or 10m")
		},
	} {
		flags.Func(name, "", func(s string) error {
			if s == "" {
				return errors.New("it is empty")
			}
			o.given[name] = s
			return parse(s)
		})
	}
	for _, name := range []string{"jobs", "compare", "q", "v", "demo", "version"} {
		flags.BoolFunc(name, "", func(s string) error {
			if o.given[name] = ""; s != "true" {
				return errors.New("it takes no value")
			}
			return nil
		})
	}
	return flags
}

// has reports whether a flag was given.
func (o *options) has(name string) bool {
	_, ok := o.given[name]
	return ok
}

// setRegion finds the region, unless there is none.
func (o *options) setRegion() error {
	name := cmp.Or(o.given["region"], os.Getenv("GENESYSCLOUD_REGION"))
	if o.Demo || name == "" {
		return nil
	}
	region, err := wrapper.ParseRegion(name)
	o.Region = string(region)
	return err
}

// want returns an error that says what is wanted, if there is one.
func want(err error, words string) error {
	if err != nil {
		return errors.New("want " + words)
	}
	return nil
}
