package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/internal/interval"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// settings are what the flags say.
type settings struct {
	question question
	period   period
	jobs     bool
	resume   string
	region   wrapper.Region

	match     string // "" matches all
	sort      string
	compare   bool
	earlier   string // the interval to compare with
	before    period
	allowance int64
	billing   billing // of the allowance

	format  string // "" if -html alone is wanted
	output  string
	html    string
	top     int  // groups, or 0 for all
	limited bool // to the first rows on a terminal: -top does not say otherwise
	plain   bool

	timeout      time.Duration
	quiet        bool
	verbose      bool
	demo         bool
	organization usagetest.Config // of the demo

	now   time.Time
	again []string // the flags that say all this once more, but for -resume
}

// setInterval sets the interval of the question, and the billing period, from
// whichever flag says it.
func (s *settings) setInterval(last, month, start string) error {
	switch {
	case month != "":
		first, err := time.Parse("2006-01", month)
		if err != nil {
			return fmt.Errorf("-month %q: want a month such as 2026-10", month)
		}
		s.billing = billingFrom(first)
		s.question.interval = wrapper.Month(first.Year(), first.Month())
	case start != "":
		first, err := time.Parse(time.DateOnly, start)
		if err != nil {
			return fmt.Errorf("-period-start %q: want a day such as 2026-11-21", start)
		}
		s.billing = billingFrom(first)
		if s.question.interval != "" { // which days of it were asked for
			return nil
		}
		end := s.billing.last
		if yesterday := yesterday(s.now); yesterday.Before(end) {
			end = yesterday
		}
		if end.Before(first) {
			return fmt.Errorf("-period-start %s: the counts are about a day old, so nothing is known of that day yet", start)
		}
		s.question.interval = wrapper.Days(first, end)
	case s.question.interval != "":
		return checkInterval(s.question.interval)
	case s.resume != "":
	default:
		if last == "" {
			last = "30d"
		}
		unit := map[byte]int{'d': 1, 'w': 7}[last[len(last)-1]]
		n, err := strconv.Atoi(last[:len(last)-1])
		if err != nil || unit == 0 || n < 1 || n > 10_000 {
			return fmt.Errorf("-last %q: want a number of days or weeks, such as 7d or 4w", last)
		}
		today := interval.Day(s.now)
		s.question.interval = wrapper.Days(today.AddDate(0, 0, -n*unit), today.AddDate(0, 0, -1))
	}
	return nil
}

// checkInterval finds what is no interval. ISO-8601 has more ways to write one than are
// known here.
func checkInterval(of string) error {
	if !strings.Contains(of, "/") {
		return fmt.Errorf("-interval %q: want two days, such as 2026-10-01/2026-10-31", of)
	}
	if i, ok := interval.Parse(of); ok && i.End.Before(i.Start) {
		return fmt.Errorf("-interval %q ends before it starts", of)
	}
	return nil
}

// setTimeout reads the value of -timeout.
func (s *settings) setTimeout(value string) error {
	var err error
	if s.timeout, err = time.ParseDuration(value); err != nil || s.timeout < 0 {
		return fmt.Errorf("-timeout %q: want a time such as 90s, 10m or 1h, or 0 for never", value)
	}
	return nil
}

// setAllowance reads the value of -allowance.
func (s *settings) setAllowance(value string) error {
	var err error
	switch s.allowance, err = strconv.ParseInt(value, 10, 64); {
	case err != nil || s.allowance < 1:
		return fmt.Errorf("-allowance %q: want a number of requests such as 1500000", value)
	case s.billing.first.IsZero():
		return errors.New("-allowance needs its period: -period-start with its first day, such as 2026-11-21, or -month")
	case s.period.known() == 0:
		return fmt.Errorf("-allowance: the counts are about a day old, so nothing is known yet of %s", s.period.words)
	case s.jobs:
		return errors.New("-allowance is about requests that count for billing, and -jobs counts all: leave -jobs out")
	case s.match != "":
		return errors.New("-allowance is about all requests, and -match keeps some: leave -match out")
	case !s.question.has("Requests"):
		return errors.New("-allowance needs requests in -metrics")
	}
	return nil
}

// setCompare sets what to compare with.
func (s *settings) setCompare(wholeMonth bool) error {
	if !s.question.has("Requests") {
		return errors.New("-compare needs requests in -metrics")
	}
	if s.question.interval == "" {
		return errors.New("-compare with -resume needs -interval or -month, to know what came before")
	}
	var err error
	if s.earlier, err = periodBefore(s.question.interval, wholeMonth); err != nil {
		return err
	}
	before := s.question
	before.interval = s.earlier
	s.before = newPeriod(before, s.jobs, s.now)
	if s.before.asked > 0 && s.before.known() == 0 {
		return fmt.Errorf("-compare: nothing is known of the period before, %s", s.before.words)
	}
	if s.jobs {
		return checkJobPeriod("the period before, "+s.before.words+",", s.earlier, s.now)
	}
	return nil
}
