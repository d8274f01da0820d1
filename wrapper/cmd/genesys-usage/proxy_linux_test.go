package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // the machine may have none

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// company is an organization as a company reaches it: over TLS, through a CONNECT proxy,
// with an authority of its own. It returns the environment for it, and a function that
// closes it and returns the addresses that the proxy was asked for. (Only on Linux do
// programs take SSL_CERT_FILE.)
func company(t *testing.T, organization usagetest.Config) (environment []string, closeAll func() map[string]bool) {
	t.Helper()
	organization.ClientID, organization.ClientSecret = "id", "secret"
	fake := usagetest.NewServer(organization)
	server := httptest.NewUnstartedServer(fake)
	certificate, authority := newCertificate(t, "api.mypurecloud.de", "login.mypurecloud.de")
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.StartTLS()
	tunnels := make(chan string, 100)
	proxy := httptest.NewServer(connectTo(server.Listener.Addr().String(), tunnels))
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "authority.pem"), authority, 0o600); err != nil {
		t.Fatal(err)
	}
	environment = []string{
		"HTTPS_PROXY=" + proxy.URL, "SSL_CERT_FILE=" + filepath.Join(dir, "authority.pem"), "SSL_CERT_DIR=" + dir,
		"GENESYSCLOUD_REGION=eu-central-1", "GENESYSCLOUD_OAUTHCLIENT_ID=id", "GENESYSCLOUD_OAUTHCLIENT_SECRET=secret",
	}
	return environment, func() map[string]bool {
		proxy.Close()
		server.Close()
		fake.Close()
		close(tunnels)
		asked := map[string]bool{}
		for host := range tunnels {
			asked[host] = true
		}
		return asked
	}
}

// The days of a report are those of the flags, in any time zone. The organization has 100
// requests on each day that an interval names.
func TestDaysThroughAProxy(t *testing.T) {
	environment, closeAll := company(t, usagetest.Config{Rows: func(query gen.APIUsageQuery) []gen.APIUsageRow {
		from, to, _ := strings.Cut(query.Interval, "/")
		first, err1 := time.Parse(time.DateOnly, from)
		last, err2 := time.Parse(time.DateOnly, to)
		if err1 != nil || err2 != nil {
			t.Errorf("the interval %q is not one of dates", query.Interval)
		}
		days := int64(last.Sub(first)/(24*time.Hour)) + 1
		return []gen.APIUsageRow{{ClientID: "c", ClientName: "Demo", Status200: 100 * days, Requests: 100 * days}}
	}})
	var all sync.WaitGroup // they wait most of the time
	for _, zone := range []string{"UTC", "Asia/Tokyo", "America/Los_Angeles"} {
		for args, want := range map[string]int64{
			"-month 2025-09": 3000, "-month 2026-02": 2800, "-month 2024-02": 2900, "-last 7d": 700, "-last 1d": 100,
			"-last 2w":                        1400,
			"-interval 2025-08-25/2025-09-24": 3100,
		} {
			all.Go(func() {
				run, stderr := process(t, append(environment, "TZ="+zone), append(strings.Fields(args), "-format", "ndjson")...)
				output, err := run.Output()
				if err != nil {
					t.Errorf("%s in %s: %v\n%s", args, zone, err, stderr)
					return
				}
				var row struct{ Requests int64 }
				if err := json.Unmarshal(output, &row); err != nil {
					t.Errorf("%s in %s: %v: %s", args, zone, err, output)
				}
				if row.Requests != want {
					t.Errorf("%s in %s: %d requests, want %d", args, zone, row.Requests, want)
				}
			})
		}
	}
	all.Wait()
	want := map[string]bool{"api.mypurecloud.de:443": true, "login.mypurecloud.de:443": true}
	if got := closeAll(); !maps.Equal(got, want) {
		t.Errorf("the proxy was asked for %v, want %v", got, want)
	}
}

// connectTo is a proxy that makes each tunnel end at one address.
func connectTo(address string, tunnels chan<- string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodConnect {
			http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
			return
		}
		tunnels <- request.Host
		there, err := net.Dial("tcp", address)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer there.Close()
		w.WriteHeader(http.StatusOK)
		here, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		go func() {
			io.Copy(there, buffered)
			there.(*net.TCPConn).CloseWrite()
		}()
		io.Copy(here, there)
	})
}

// newCertificate makes an authority, in PEM, and a certificate of it.
func newCertificate(t *testing.T, hosts ...string) (certificate tls.Certificate, authority []byte) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	template := func(serial int64) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "Demo"},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		}
	}
	root := template(1)
	root.IsCA, root.BasicConstraintsValid, root.KeyUsage = true, true, x509.KeyUsageCertSign
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey)
	must(err)
	leaf := template(2)
	leaf.DNSNames = hosts
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	der, err := x509.CreateCertificate(rand.Reader, leaf, root, &key.PublicKey, rootKey)
	must(err)
	authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, authority
}
