package usagetest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// requestToken asks the token endpoint for a token.
func (f *fake) requestToken(id, secret, grant string) (response *http.Response, body string) {
	f.t.Helper()
	request := f.request("POST", tokenPath, url.Values{"grant_type": {grant}}.Encode())
	request.SetBasicAuth(id, secret)
	return f.do(request)
}

type token struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
}

func (f *fake) grantedToken() (token token) {
	f.t.Helper()
	_, body := f.requestToken("demo-client", "demo-secret", "client_credentials")
	if err := json.Unmarshal([]byte(body), &token); err != nil {
		f.t.Fatalf("%s: %v", body, err)
	}
	return token
}

func TestTokenRequests(t *testing.T) {
	server := newFake(t, usagetest.Config{ClientID: "id:1", ClientSecret: "%/ä"})
	for _, test := range []struct {
		name, id, secret, grant string
		status                  int
		body                    string
	}{
		{"granted", "id%3A1", "%25%2F%C3%A4", "client_credentials", 200, `"token_type":"bearer"`},
		{"wrong secret", "id%3A1", "wrong", "client_credentials", 400, `"error":"invalid_client"`},
		{"wrong id", "wrong", "%25%2F%C3%A4", "client_credentials", 400, `"error":"invalid_client"`},
		{"secret not escaped", "id%3A1", "%/ä", "client_credentials", 400, `"error":"invalid_client"`},
		{"other grant", "id%3A1", "%25%2F%C3%A4", "password", 400, `"error":"unsupported_grant_type"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, body := server.requestToken(test.id, test.secret, test.grant)
			check(t, "status", response.StatusCode, test.status)
			checkContains(t, "body", body, test.body)
			check(t, "has a description", strings.Contains(body, `"error_description":"`), test.status == 400)
		})
	}
}

func TestTokenLifetime(t *testing.T) {
	for _, test := range []struct {
		name      string
		config    usagetest.Config
		expiresIn int
		status    int
	}{
		{"default", usagetest.Config{}, 86400, 404},
		{"part of a second, expired", usagetest.Config{TokenTTL: time.Nanosecond}, 1, 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := newFake(t, test.config)
			granted := server.grantedToken()
			check(t, "expires_in", granted.ExpiresIn, test.expiresIn)
			for name, token := range map[string]string{"granted": granted.AccessToken, "of Token": server.Token()} {
				response, _ := server.send("GET", noResults, token, "")
				check(t, "status with a token "+name, response.StatusCode, test.status)
			}
		})
	}
}
