//go:build soak

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// A million rows through a proxy take memory that does not grow with them, or not much
// where a form needs groups: 32,000 of them, on 31 days.
func TestAMillionRows(t *testing.T) {
	const days, clients, endpoints = 31, 320, 101
	var rows []gen.APIUsageRow
	environment, closeAll := company(t, usagetest.Config{Rows: func(gen.APIUsageQuery) []gen.APIUsageRow {
		if rows == nil {
			rows = manyRows(days, clients, endpoints)
		}
		return rows
	}})
	defer closeAll()
	for _, test := range []struct {
		extensions string
		most       int64 // MiB
	}{{"csv", 64}, {"ndjson", 64}, {"html", 256}, {"xlsx", 256}, {"html xlsx", 256}} {
		t.Run(test.extensions, func(t *testing.T) {
			dir := t.TempDir()
			args := []string{"-interval", "2026-10-01/2026-10-31", "-granularity", "day", "-group-by", "client,endpoint"}
			for _, extension := range strings.Fields(test.extensions) {
				args = append(args, "-o", filepath.Join(dir, "report."+extension))
			}
			status := filepath.Join(dir, "status")
			command, stderr := process(t, append(environment, "GENESYS_USAGE_STATUS="+status), args...)
			if err := command.Run(); err != nil {
				t.Fatalf("%v\n%s", err, stderr)
			}
			peak := peakOf(t, status)
			t.Logf("%s: a peak of %d MiB, %v", test.extensions, peak, command.ProcessState.UserTime().Round(time.Second/10))
			if peak > test.most {
				t.Errorf("a peak of %d MiB, want %d at most", peak, test.most)
			}
			if want := "1,001,920 rows"; !strings.Contains(stderr.String(), want) {
				t.Errorf("%s, want %s", stderr, want)
			}
			for _, extension := range strings.Fields(test.extensions) {
				if info, err := os.Stat(filepath.Join(dir, "report."+extension)); err != nil || info.Size() == 0 {
					t.Errorf("report.%s: %v, %v", extension, info, err)
				}
			}
		})
	}
}

// peakOf returns the peak of a process's memory, in MiB. (The rusage of a child includes
// that of its parent before exec.)
func peakOf(t *testing.T, status string) int64 {
	t.Helper()
	data, err := os.ReadFile(status)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); err == nil {
			return kilobytes >> 10
		}
	}
	t.Fatalf("no VmHWM in %s", data)
	return 0
}

// manyRows returns rows of all clients on all endpoints on all days, in no order of days.
func manyRows(days, clients, endpoints int) []gen.APIUsageRow {
	rows := make([]gen.APIUsageRow, 0, days*clients*endpoints)
	first := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	for c := range clients {
		id, name := fmt.Sprintf("9f32b7cf-7418-4cc1-b4e7-%012d", c), fmt.Sprint("Demo Client ", c)
		for e := range endpoints {
			endpoint := fmt.Sprintf("api/v2/demo/endpoints/{id}/number/%d", e)
			for day := range days {
				rows = append(rows, gen.APIUsageRow{
					Date: first.AddDate(0, 0, (day*7)%days), ClientID: id, ClientName: name, TemplateURI: endpoint,
					Requests: int64(c + e), Status200: int64(c), Status400: int64(e),
				})
			}
		}
	}
	return rows
}
