package usagetest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

func getToken(t *testing.T, server *usagetest.Server) string {
	t.Helper()
	response, body := tokenRequest(t, server, "demo-client", "demo-secret", "client_credentials")
	var token struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(body), &token); err != nil || response.StatusCode != 200 || token.TokenType != "bearer" || token.ExpiresIn != 86400 {
		t.Fatalf("%d %s, %v", response.StatusCode, body, err)
	}
	return token.AccessToken
}

func tokenRequest(t *testing.T, server *usagetest.Server, id, secret, grant string) (*http.Response, string) {
	t.Helper()
	request, _ := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/oauth/token", strings.NewReader(url.Values{"grant_type": {grant}}.Encode()))
	request.SetBasicAuth(id, secret)
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, _ := io.ReadAll(response.Body)
	return response, string(data)
}

func TestTokenRequests(t *testing.T) {
	server := newServer(t, usagetest.Config{})
	for _, test := range []struct{ id, secret, grant, want string }{
		{"demo-client", "wrong", "client_credentials", "invalid_client"},
		{"wrong", "demo-secret", "client_credentials", "invalid_client"},
		{"demo-client", "demo-secret", "password", "unsupported_grant_type"},
	} {
		response, body := tokenRequest(t, server, test.id, test.secret, test.grant)
		if response.StatusCode/100 != 4 || !strings.Contains(body, test.want) || !strings.Contains(body, `"error_description"`) {
			t.Errorf("%+v: %d %s", test, response.StatusCode, body)
		}
	}
	getToken(t, server)
}

func TestTokensEnd(t *testing.T) {
	server := newServer(t, usagetest.Config{TokenTTL: time.Nanosecond})
	_, body := tokenRequest(t, server, "demo-client", "demo-secret", "client_credentials")
	if !strings.Contains(body, `"expires_in":1`) {
		t.Errorf("a token for a part of a second: %s", body)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	json.Unmarshal([]byte(body), &token)
	if response, _ := call(t, "GET", server.URL+"/api/v2/usage/query/x/results", token.AccessToken, ""); response.StatusCode != 401 {
		t.Errorf("an expired token: %d", response.StatusCode)
	}

	server = newServer(t, usagetest.Config{})
	revoked := getToken(t, server)
	server.RevokeTokens()
	if response, _ := call(t, "GET", server.URL+"/api/v2/usage/query/x/results", revoked, ""); response.StatusCode != 401 {
		t.Errorf("a revoked token: %d", response.StatusCode)
	}
}
