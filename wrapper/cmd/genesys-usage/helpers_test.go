package main

import (
	"bytes"
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"github.com/oapi-codegen/runtime/types"
)

var update = flag.Bool("update", false, "write the golden files anew")

// now is when the tests take place: 23 November 2026 is the last day that can have
// data.
var now = time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)

// october is a day of that month.
func october(day int) time.Time { return time.Date(2026, 10, day, 0, 0, 0, 0, time.UTC) }

// genesysUsage runs the command on the made-up organization of -demo.
func genesysUsage(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return genesysUsageOn(t, usagetest.Config{}, args...)
}

// genesysUsageOn runs the command on an organization, which -demo is about.
func genesysUsageOn(t *testing.T, organization usagetest.Config, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	clearEnvironment(t)
	var out, err bytes.Buffer
	code = runAt(t.Context(), args, &out, &err, now, organization)
	return code, out.String(), err.String()
}

// rowsOf is an organization that answers each query with rows, and each job with the
// same.
func rowsOf(rows []gen.APIUsageRow) usagetest.Config {
	return usagetest.Config{
		Rows: func(gen.APIUsageQuery) []gen.APIUsageRow { return slices.Clone(rows) },
		JobRows: func(gen.UsageJobQuery) []gen.UsageJobRow {
			jobs := make([]gen.UsageJobRow, len(rows))
			for i, r := range rows {
				jobs[i] = gen.UsageJobRow{
					Date: types.Date{Time: r.Date}, HTTPMethod: gen.JobHTTPMethod(r.HTTPMethod), TemplateURI: r.TemplateURI, RequestCount: r.Requests,
					Status200: r.Status200, Status300: r.Status300, Status400: r.Status400, Status429: r.Status429, Status500: r.Status500,
				}
				if r.ClientID != "" {
					jobs[i].OauthClient = gen.DomainEntityRef{ID: r.ClientID, Name: r.ClientName, SelfURI: "/api/v2/oauth/clients/" + r.ClientID}
				}
			}
			return jobs
		},
	}
}

func clearEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"GENESYSCLOUD_REGION", "GENESYSCLOUD_OAUTHCLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_SECRET", "GENESYSCLOUD_ACCESS_TOKEN", "NO_COLOR", "COLUMNS",
	} {
		t.Setenv(name, "")
	}
}

// golden compares a report with the one in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got = withoutNewFields(t, name, got, want)
	gotLines, wantLines := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		if i >= len(gotLines) || i >= len(wantLines) || gotLines[i] != wantLines[i] {
			t.Errorf("%s differs from line %d on:\n%s\nwant\n%s", name, i+1, strings.Join(gotLines[min(i, len(gotLines)):], "\n"), strings.Join(wantLines[min(i, len(wantLines)):], "\n"))
			return
		}
	}
}

var jsonMember = regexp.MustCompile(`,?"(\w+)":("(?:[^"\\]|\\.)*"|[^,"{}\[\]]+)`)

// withoutNewFields takes out of a CSV or JSON report the fields that its golden file
// knows nothing of: those that a regeneration has added to rows.
func withoutNewFields(t *testing.T, name string, got, want []byte) []byte {
	t.Helper()
	switch filepath.Ext(name) {
	case ".csv":
		records, err := csv.NewReader(bytes.NewReader(got)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(string(want), "\r\n")
		known := strings.Split(head, ",")
		var keep []int
		for i, column := range records[0] {
			if slices.Contains(known, column) {
				keep = append(keep, i)
			}
		}
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		w.UseCRLF = true
		for _, record := range records {
			kept := make([]string, len(keep))
			for i, from := range keep {
				kept[i] = record[from]
			}
			if err := w.Write(kept); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		return out.Bytes()
	case ".json", ".ndjson":
		known := map[string]bool{}
		for _, member := range jsonMember.FindAllSubmatch(want, -1) {
			known[string(member[1])] = true
		}
		got = jsonMember.ReplaceAllFunc(got, func(member []byte) []byte {
			if known[string(jsonMember.FindSubmatch(member)[1])] {
				return member
			}
			return nil
		})
		return bytes.ReplaceAll(got, []byte("{,"), []byte("{"))
	}
	return got
}

var (
	goldenRows = []gen.APIUsageRow{
		{ClientID: "c-2", ClientName: "Demo Wallboard", Status200: 12_300, Status400: 45, Status500: 5, Requests: 12_350},
		{ClientID: "c-1", ClientName: "Demo Dialer", Status200: 1_000_000, Status300: 7, Status400: 234_560, Status429: 200_000, Requests: 1_234_567},
		{ClientID: "c-3", ClientName: "Demo Dialer", Status200: 1, Requests: 1},
		{ClientID: "c-4", ClientName: "=HYPERLINK(\"x\")\x1b[31m, <i>;\"@SUM(1)\"", Requests: 0},
		{ClientID: "c-5", ClientName: "Zürich 東京", Status200: 50, Requests: 50},
		{ClientID: "c-6", ClientName: "Demo Export of the Recordings of the Whole Organization, Each Night, for 東京 and Zürich", Status200: 900, Status400: 100, Status429: 2, Requests: 1_000},
		{Requests: 7, Status200: 7},
	}
	goldenDays = []gen.APIUsageRow{
		{Date: october(4), TemplateURI: "api/v2/users", HTTPMethod: "GET", Status200: 30, Requests: 30},
		{Date: october(1), TemplateURI: "api/v2/users", HTTPMethod: "POST", Status200: 10, Requests: 10},
		{Date: october(1), TemplateURI: "api/v2/users", HTTPMethod: "GET", Status200: 20, Status500: 1, Requests: 21},
	}
)

func newTestClient(t *testing.T, server *usagetest.Server) *wrapper.Client {
	t.Helper()
	client, err := wrapper.New("", server.Options()...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}
