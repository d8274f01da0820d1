package transport

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
)

const id, secret = "the id", "s%cret:+"

// login is the stack that requests for tokens go through, on top of a function.
func login(answer func(*http.Request) (*http.Response, error)) *tokenCache {
	return Credentials{ClientID: id, ClientSecret: secret, LoginURL: "https://login.example.com"}.tokens(newRetry(roundTripper(answer)), discardLog)
}

func TestClientCredentials(t *testing.T) {
	tokens := login(func(request *http.Request) (*http.Response, error) {
		user, password, _ := request.BasicAuth()
		user, _ = url.QueryUnescape(user)
		password, _ = url.QueryUnescape(password)
		body, _ := io.ReadAll(request.Body)
		if request.Method != "POST" || request.URL.String() != "https://login.example.com/oauth/token" || user != id || password != secret ||
			string(body) != "grant_type=client_credentials" || request.Header.Get("User-Agent") != "agent" {
			t.Errorf("%s %s as %s:%s with %s, %v", request.Method, request.URL, user, password, body, request.Header)
		}
		return respond(request, 200, `{"access_token":"T","token_type":"bearer","expires_in":86400}`, "Content-Type", "text/plain"), nil
	})
	token, err := tokens.get(t.Context())
	if err != nil || token.AccessToken != "T" || time.Until(token.Expiry) < 23*time.Hour {
		t.Errorf("token %v, %v", token, err)
	}
}

// What the login host says of the credentials is an *oauth2.RetrieveError; what
// says nothing of them is not, and does not blame them.
func TestLoginAnswers(t *testing.T) {
	refusal := `{"error":"invalid_client","description":"d","error_description":"wrong secret"}`
	for _, test := range []struct {
		name    string
		outcome outcome
		refused bool
		status  int // of a LoginError
		sent    int
		want    string
	}{
		{name: "400", outcome: outcome{status: 400, body: refusal}, refused: true, sent: 1, want: "wrong secret"},
		{name: "401", outcome: outcome{status: 401, body: refusal}, refused: true, sent: 1, want: "wrong secret"},
		{name: "403, HTML", outcome: outcome{status: 403, body: "<html>" + strings.Repeat("x", 10_000)}, refused: true, sent: 1, want: "403 Forbidden"},
		{name: "400, cut", outcome: outcome{status: 400, reader: iotest.ErrReader(io.ErrUnexpectedEOF)}, refused: true, sent: 1, want: "400 Bad Request"},
		{name: "400, endless", outcome: outcome{status: 400, reader: newEndless()}, refused: true, sent: 1, want: "400 Bad Request"},
		{name: "200 with an error", outcome: outcome{status: 200, body: refusal}, refused: true, sent: 1, want: "wrong secret"},
		{name: "408", outcome: outcome{status: 408}, status: 408, sent: 5, want: "408"},
		{name: "429", outcome: outcome{status: 429}, status: 429, sent: 5, want: "429"},
		{name: "429 for too long", outcome: outcome{status: 429, headers: []string{"Retry-After", "3600"}}, status: 429, sent: 1, want: "429"},
		{name: "500", outcome: outcome{status: 500}, status: 500, sent: 5, want: "500"},
		{name: "503", outcome: outcome{status: 503, body: "<html>"}, status: 503, sent: 5, want: "503 Service Unavailable"},
		{name: "302", outcome: outcome{status: 302, headers: []string{"Location", "https://elsewhere.example.com/"}}, status: 302, sent: 1, want: "302"},
		{name: "307", outcome: outcome{status: 307, headers: []string{"Location", "https://elsewhere.example.com/"}}, status: 307, sent: 1, want: "307"},
		{name: "no connection", outcome: outcome{err: io.ErrUnexpectedEOF}, sent: 5, want: "unexpected EOF"},
		{name: "HTML", outcome: outcome{status: 200, body: "<html>"}, sent: 5, want: "not JSON"},
		{name: "empty", outcome: outcome{status: 200}, sent: 5, want: "empty"},
		{name: "endless", outcome: outcome{status: 200, reader: newEndless()}, sent: 1, want: "larger than"},
		{name: "no token", outcome: outcome{status: 200, body: `{"token_type":"bearer"}`}, sent: 1, want: "missing access_token"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent, closed := 0, 0
				test.outcome.headers = append(test.outcome.headers, CorrelationHeader, "abc")
				tokens := login(func(request *http.Request) (*http.Response, error) {
					sent++
					response, err := test.outcome.respond(request)
					if err == nil {
						response.Body = &closeCounter{response.Body, &closed}
					}
					return response, err
				})
				// Through the whole of a request: its attempts do not multiply these.
				_, err := newRetry(&token{origin: origin, tokens: tokens}).RoundTrip(newRequest(t, "GET"))
				refused, isRefused := errors.AsType[*oauth2.RetrieveError](err)
				if isRefused != test.refused || strings.Contains(fmt.Sprint(err), "check the client id") != test.refused {
					t.Errorf("a refusal: %v: %v", isRefused, err)
				}
				if isRefused && (refused.Response.Request.Header != nil || refused.Response.Request.GetBody != nil || len(refused.Body) > 512) {
					t.Errorf("the error carries the request, or %d bytes", len(refused.Body))
				}
				answer, isLogin := errors.AsType[*LoginError](err)
				if isLogin != (test.status != 0) || isLogin && (answer.Response.StatusCode != test.status || answer.Response.Request.URL.Path != "/oauth/token" || answer.Response.Request.Header != nil) {
					t.Errorf("an answer of the login host: %v: %v", isLogin, err)
				}
				if sent != test.sent || test.outcome.err == nil && closed < sent {
					t.Errorf("sent %d times, want %d, and %d answers closed", sent, test.sent, closed)
				}
				if !strings.Contains(err.Error(), test.want) || (isRefused || isLogin) && !strings.Contains(err.Error(), "abc") {
					t.Errorf("%q or its correlation id is not in %v", test.want, err)
				}
				if passes := Transient(err); passes != (TransientStatus(test.status) || test.name == "no connection") {
					t.Errorf("passes: %v: %v", passes, err)
				}
				for _, hidden := range []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id) + ":" + url.QueryEscape(secret)))} {
					if strings.Contains(fmt.Sprintf("%v %+v %#v %#v", err, err, err, refused), hidden) {
						t.Errorf("the secret is in %v", err)
					}
				}
			})
		})
	}
}
