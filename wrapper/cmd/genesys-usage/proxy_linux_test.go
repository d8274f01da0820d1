package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
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
	"testing"
	"time"

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

// The command works behind a proxy, with an authority of the company's own.
func TestThroughAProxy(t *testing.T) {
	asked := make(chan string, 1)
	environment, closeAll := company(t, usagetest.Config{Rows: func(query gen.APIUsageQuery) []gen.APIUsageRow {
		asked <- query.Interval
		return []gen.APIUsageRow{{ClientID: "c", ClientName: "Demo", Requests: 700}}
	}})
	run, stderr := process(t, environment, "-as-of", "2026-11-24", "-last", "7d", "-format", "ndjson")
	output, err := run.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	if got, want := <-asked, "2026-11-17/2026-11-23"; got != want {
		t.Errorf("the interval is %s, want %s", got, want)
	}
	if want := `"requests":700`; !strings.Contains(string(output), want) {
		t.Errorf("got %s, want %s", output, want)
	}
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

// newCertificate makes a certificate that is its own authority, which it returns in PEM.
func newCertificate(t *testing.T, hosts ...string) (certificate tls.Certificate, authority []byte) {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Demo"}, DNSNames: hosts, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, authority
}
