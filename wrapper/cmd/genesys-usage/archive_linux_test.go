package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// The archive of a release is all that a machine needs: it is unpacked into a root
// directory that has nothing else, no Go, shell or certificates. .ci/release runs this.
func TestArchive(t *testing.T) {
	archive := os.Getenv("GENESYS_USAGE_ARCHIVE")
	if archive == "" || os.Geteuid() != 0 {
		t.Skip("needs an archive in GENESYS_USAGE_ARCHIVE, and root")
	}
	dir := t.TempDir()
	if output, err := exec.CommandContext(t.Context(), "tar", "-xzf", archive, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if got, want := namesIn(t, dir), "LICENSE README.md genesys-usage"; got != want {
		t.Errorf("the archive has %s, want %s", got, want)
	}
	environment, closeAll := company(t, usagetest.Config{})
	defer closeAll()
	environment = slices.DeleteFunc(environment, func(entry string) bool {
		if file, ok := strings.CutPrefix(entry, "SSL_CERT_FILE="); ok {
			if err := os.Link(file, filepath.Join(dir, "authority.pem")); err != nil {
				t.Fatal(err)
			}
		}
		return strings.HasPrefix(entry, "SSL_CERT_")
	})
	for _, test := range []struct {
		name, args     string
		more           []string // environment
		code           int
		stdout, stderr string
	}{
		{"the version", "-version", nil, 0, "genesys-usage v", ""},
		{"the demo", "-demo -last 7d", nil, 0, "\nDemo ", "36 rows"},
		{"no credentials", "-last 7d", []string{"GENESYSCLOUD_OAUTHCLIENT_ID="}, 1, "", "GENESYSCLOUD_OAUTHCLIENT_ID"},
		{"no certificates", "-last 7d", nil, 1, "", "SSL_CERT_FILE"},
		{"a report", "-last 7d", []string{"SSL_CERT_FILE=/authority.pem"}, 0, "\nDemo Wallboard", "4 rows"},
		{"a file", "-last 7d -o /report.xlsx", []string{"SSL_CERT_FILE=/authority.pem"}, 0, "", "28 rows"},
	} {
		t.Run(test.name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), "/genesys-usage", strings.Fields(test.args)...)
			command.Env = append(environment, test.more...)
			command.Dir = "/"
			command.SysProcAttr = &syscall.SysProcAttr{Chroot: dir}
			var stdout, stderr bytes.Buffer
			command.Stdout, command.Stderr = &stdout, &stderr
			_ = command.Run()
			if got := command.ProcessState.ExitCode(); got != test.code {
				t.Errorf("exit code %d, want %d", got, test.code)
			}
			if !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
				t.Errorf("want %q and %q in\n%s%s", test.stdout, test.stderr, &stdout, &stderr)
			}
			t.Logf("genesys-usage %s\n%s%.1000s", test.args, &stderr, &stdout)
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "report.xlsx")); err != nil {
		t.Error(err)
	}
}
