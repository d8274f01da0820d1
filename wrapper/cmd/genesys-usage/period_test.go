package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestPeriodNote(t *testing.T) {
	now := time.Date(2026, 11, 24, 23, 30, 0, 0, time.FixedZone("", -5*60*60)) // the 25th in UTC
	for _, test := range []struct {
		interval, want string
	}{
		{"2026-10-01/2026-10-31", ""},
		{"2018-01-01/2026-11-24", ""},
		{"2026-11-20/2026-11-25", "the report is on 2026-11-20 to 2026-11-25, and only days from 2018-01-01 to 2026-11-24 can have data"},
		{"2026-11/2026-11", "the report is on 2026-11-01 to 2026-11-30, and only days from 2018-01-01 to 2026-11-24 can have data"},
		{"2017-12-31/2018-01-31", "the report is on 2017-12-31 to 2018-01-31, and only days from 2018-01-01 to 2026-11-24 can have data"},
		{"P1M/2026-11-30", ""}, // not known here
	} {
		if got := newPeriod(question{interval: test.interval}, false, now).note; got != test.want {
			t.Errorf("%s: %s", test.interval, got)
		}
	}
}

// How fresh the data of jobs is, is not documented, so today may be in it.
func TestPeriodNoteOfJobs(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for interval, want := range map[string]string{
		"2026-11-01/2026-11-24": "",
		"2026-11-01/2026-11-30": "the report is on 2026-11-01 to 2026-11-30, and only days up to 2026-11-24 can have data; how fresh that of jobs is, is not documented",
	} {
		if got := newPeriod(question{interval: interval}, true, now).note; got != want {
			t.Errorf("%s: %s", interval, got)
		}
	}
}

func TestPeriodLabels(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		interval    string
		granularity string
		date, want  string
	}{
		{"2026-08-25/2026-11-30", month, "2026-08-01", "Aug 2026, from the 25th"},
		{"2026-08-25/2026-11-30", month, "2026-08-25", "Aug 2026, from the 25th"},
		{"2026-08-25/2026-11-30", month, "2026-09-01", "Sep 2026"},
		{"2026-08-25/2026-11-30", month, "2026-11-01", "Nov 2026, to the 23rd"},
		{"2026-08-02/2026-08-30", month, "2026-08-01", "Aug 2026, from the 2nd to the 30th"},
		{"2026-08-01/2026-08-31", month, "2026-08-01", "Aug 2026"},
		{"2026-08-12/2026-08-21", week, "2026-08-10", "week of 2026-08-10, from the 12th"},
		{"2026-08-12/2026-08-21", week, "2026-08-17", "week of 2026-08-17, to the 21st"},
		{"2026-08-10/2026-08-23", week, "2026-08-17", "week of 2026-08-17"},
		{"2026-08-10/2026-08-23", day, "2026-08-10", "2026-08-10"},
		{"", month, "2026-08-01", "Aug 2026"},
		{"", "", "2026-08-01", "2026-08-01"},
	} {
		date, err := time.Parse(time.DateOnly, test.date)
		if err != nil {
			t.Fatal(err)
		}
		if got := newPeriod(question{interval: test.interval, granularity: test.granularity}, false, now).label(date); got != test.want {
			t.Errorf("%s by %s: %s is %q, want %q", test.interval, test.granularity, test.date, got, test.want)
		}
	}
	for n, want := range map[int]string{1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 22: "22nd", 23: "23rd", 30: "30th", 31: "31st"} {
		if got := ordinal(n); got != want {
			t.Errorf("%d is %s", n, got)
		}
	}
}

// Table, page and standard error say what is only partly there.
func TestPartlyInTheInterval(t *testing.T) {
	clearEnvironment(t)
	file := t.TempDir() + "/page.html"
	code, stdout, stderr := genesysUsage(t, "-demo", "-interval", "2017-12-01/2018-02-10", "-granularity", "month", "-html", file, "-format", "table")
	page, err := os.ReadFile(file)
	if code != 0 || err != nil || !strings.Contains(stderr, "mind: the report is on 2017-12-01 to 2018-02-10, and only days from 2018-01-01") {
		t.Errorf("exit %d, %v, %s", code, err, stderr)
	}
	for _, got := range []string{stdout, string(page)} {
		if !strings.Contains(got, "Feb 2018, to the 10th") || !strings.Contains(got, "Jan 2018") || strings.Contains(got, "Jan 2018, ") && got == stdout {
			t.Errorf("%s", got)
		}
	}
	if !strings.Contains(string(page), "Only partly in the interval: Feb 2018, to the 10th.") || !strings.Contains(string(page), "only days from 2018-01-01") {
		t.Errorf("%s", page)
	}
}

// Package doc, README and page say in the same words what the numbers mean.
func TestMeaningIsSaidInTheSameWords(t *testing.T) {
	for _, file := range []string{"../../doc.go", "../../../README.md"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := regexp.MustCompile(`\s+(// )?`).ReplaceAllString(string(data), " ")
		for _, sentence := range meaning {
			if !strings.Contains(text, sentence) {
				t.Errorf("%s does not say %q", file, sentence)
			}
		}
	}
}
