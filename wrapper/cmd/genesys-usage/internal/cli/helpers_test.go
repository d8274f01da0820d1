package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/demo"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// now is the time of the tests: 23 November 2026 is the last day that can have data.
var now = time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)

// october is a day of that month.
func october(day int) time.Time { return time.Date(2026, 10, day, 0, 0, 0, 0, time.UTC) }

// result is what a call of the command came to.
type result struct {
	code           int
	stdout, stderr string
}

// genesysUsage runs the command, with -demo.
func genesysUsage(t *testing.T, args string) result {
	t.Helper()
	return genesysUsageOn(t, demo.Organization(), strings.Fields(args)...)
}

// genesysUsageOn runs the command, with -demo, on an organization.
func genesysUsageOn(t *testing.T, organization usagetest.Config, args ...string) result {
	t.Helper()
	clearEnvironment(t)
	var stdout, stderr bytes.Buffer
	command := Command{Args: append([]string{"-demo"}, args...), Stdout: &stdout, Stderr: &stderr, Now: now,
		Fake: organization}
	code := command.Run(t.Context())
	return result{code, stdout.String(), stderr.String()}
}

// want checks the exit code.
func (r result) want(t *testing.T, code int) result {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d\n%s%s", r.code, code, r.stdout, r.stderr)
	}
	return r
}

// contains checks that a text contains others, and names what it is.
func contains(t *testing.T, what, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not contain %q:\n%.3000s", what, want, text)
		}
	}
}

// lacks checks that a text contains none of others.
func lacks(t *testing.T, what, text string, nevers ...string) {
	t.Helper()
	for _, never := range nevers {
		if strings.Contains(text, never) {
			t.Errorf("%s contains %q:\n%.3000s", what, never, text)
		}
	}
}

func clearEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"GENESYSCLOUD_REGION", "GENESYSCLOUD_OAUTHCLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_SECRET", "GENESYSCLOUD_ACCESS_TOKEN",
		"COLUMNS",
	} {
		t.Setenv(name, "")
	}
}

// rowsOf is an organization whose queries have these rows.
func rowsOf(rows []gen.APIUsageRow) usagetest.Config {
	return usagetest.Config{Rows: func(gen.APIUsageQuery) []gen.APIUsageRow { return slices.Clone(rows) }}
}

// jobRows returns rows as the jobs API has them.
func jobRows(rows []gen.APIUsageRow) []gen.UsageJobRow {
	jobs := make([]gen.UsageJobRow, len(rows))
	for i, r := range rows {
		jobs[i] = gen.UsageJobRow{OAuthClient: gen.DomainEntityRef{ID: r.ClientID, Name: r.ClientName},
			RequestCount: r.Requests, Status429: r.Status429}
	}
	return jobs
}

var someRows = []gen.APIUsageRow{{ClientID: "c-1", ClientName: "Demo Dialer", Requests: 12_350}}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// namesIn returns the names in a folder.
func namesIn(t *testing.T, dir string) string {
	t.Helper()
	entries, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	hidden, _ := filepath.Glob(filepath.Join(dir, ".*"))
	var names []string
	for _, entry := range append(hidden, entries...) {
		names = append(names, filepath.Base(entry))
	}
	return strings.Join(names, " ")
}
