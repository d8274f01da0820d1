package transport

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

var clientCredentials = Credentials{ClientID: "the id", ClientSecret: "s%cret:+"}

const invalidClient = `{"error":"invalid_client","description":"d","error_description":"wrong secret"}`

func TestLoginRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stack := newStack(roundTripper(func(request *http.Request) (*http.Response, error) {
			user, password, _ := request.BasicAuth()
			if request.URL.Host == "api.example.com" {
				check(t, "token", request.Header.Get("Authorization"), "Bearer T")
				return newResponse(request, 200, "{}"), nil
			}
			user, _ = url.QueryUnescape(user)
			password, _ = url.QueryUnescape(password)
			body, err := io.ReadAll(request.Body)
			checkError(t, "reading the body", err, nil)
			check(t, "method", request.Method, "POST")
			check(t, "address", request.URL.String(), "https://login.example.com/oauth/token")
			check(t, "client id", user, clientCredentials.ClientID)
			check(t, "client secret", password, clientCredentials.ClientSecret)
			check(t, "body", string(body), "grant_type=client_credentials")
			check(t, "User-Agent", request.Header.Get("User-Agent"), "agent")
			return newResponse(request, 200, `{"access_token":"T","token_type":"bearer","expires_in":86400}`,
				"Content-Type", "text/plain"), nil
		}), clientCredentials)
		checkError(t, "request", stack.Read(newRequest(t, "GET"), readNothing), nil)
		token, err := stack.retry.tokens.get(t.Context())
		checkError(t, "token", err, nil)
		check(t, "life of the token", time.Until(token.Expiry), 24*time.Hour)
	})
}

// A response that refuses the credentials is an *oauth2.RetrieveError that says so. Any
// other does not blame them.
func TestLoginResponses(t *testing.T) {
	for _, test := range []struct {
		name      string
		outcome   outcome
		refused   bool
		status    int // of a status error; 0: none
		permanent bool
		sent      int
		want      string
	}{
		{name: "400", outcome: outcome{status: 400, body: invalidClient}, refused: true, permanent: true, sent: 1,
			want: "wrong secret"},
		{name: "401", outcome: outcome{status: 401, body: invalidClient}, refused: true, permanent: true, sent: 1,
			want: "wrong secret"},
		{name: "403 of OAuth", outcome: outcome{status: 403, body: invalidClient}, refused: true, permanent: true,
			sent: 1, want: "wrong secret"},
		{name: "401, HTML", outcome: outcome{status: 401, body: "<html>" + strings.Repeat("x", 10_000)}, refused: true,
			permanent: true, sent: 1, want: "401 Unauthorized"},
		{name: "400, truncated", outcome: outcome{status: 400, reader: iotest.ErrReader(io.ErrUnexpectedEOF)},
			refused: true, permanent: true, sent: 1, want: "400 Bad Request"},
		{name: "400, endless", outcome: outcome{status: 400, reader: newEndless()}, refused: true, permanent: true,
			sent: 1, want: "400 Bad Request"},
		{name: "200 with an error", outcome: outcome{status: 200, body: invalidClient}, permanent: true, sent: 1,
			want: "no access_token in the response"},
		{name: "302", outcome: outcome{status: 302, headers: []string{"Location", "https://elsewhere.example.com/"}},
			status: 302, permanent: true, sent: 1, want: "302 Found"},
		{name: "307", outcome: outcome{status: 307, headers: []string{"Location", "https://elsewhere.example.com/"}},
			status: 307, permanent: true, sent: 1, want: "307 Temporary Redirect"},
		{name: "403, HTML", outcome: outcome{status: 403, body: "<html>"}, status: 403, permanent: true, sent: 1,
			want: "403 Forbidden"},
		{name: "403 with an error of something else", outcome: outcome{status: 403, body: `{"error":{"code":1}}`},
			status: 403, permanent: true, sent: 1, want: "403 Forbidden"},
		{name: "403 with words for an error", outcome: outcome{status: 403, body: `{"error":"Access denied"}`},
			status: 403, permanent: true, sent: 1, want: "403 Forbidden"},
		{name: "407", outcome: outcome{status: 407, body: "<html>proxy"}, status: 407, permanent: true, sent: 1,
			want: "407 Proxy Authentication Required"},
		{name: "407, JSON", outcome: outcome{status: 407, body: `{"error":"proxy"}`}, status: 407, permanent: true,
			sent: 1, want: "407 Proxy Authentication Required"},
		{name: "408", outcome: outcome{status: 408, body: invalidClient}, status: 408, sent: 5,
			want: "408 Request Timeout"},
		{name: "429", outcome: outcome{status: 429, body: invalidClient}, status: 429, sent: 5,
			want: "429 Too Many Requests"},
		{name: "429 for too long", outcome: outcome{status: 429, headers: []string{"Retry-After", "3600"}}, status: 429,
			sent: 1, want: "429 Too Many Requests"},
		{name: "500", outcome: outcome{status: 500, body: invalidClient}, status: 500, sent: 5,
			want: "500 Internal Server Error"},
		{name: "501", outcome: outcome{status: 501, body: invalidClient}, status: 501, permanent: true, sent: 1,
			want: "501 Not Implemented"},
		{name: "503", outcome: outcome{status: 503, body: "<html>"}, status: 503, sent: 5,
			want: "503 Service Unavailable"},
		{name: "no connection", outcome: outcome{err: io.ErrUnexpectedEOF}, sent: 5, want: "unexpected EOF"},
		{name: "truncated", outcome: truncated, sent: 5, want: "truncated: unexpected EOF"},
		{name: "HTML", outcome: outcome{status: 200, body: "<html>"}, sent: 5, want: "not JSON"},
		{name: "empty", outcome: outcome{status: 200}, sent: 5, want: "empty response"},
		{name: "endless", outcome: outcome{status: 200, reader: newEndless()}, sent: 5, want: "not JSON"},
		{name: "no token", outcome: outcome{status: 200, body: `{"token_type":"bearer"}`}, permanent: true, sent: 1,
			want: "no access_token in the response"},
		{name: "JSON of another shape", outcome: outcome{status: 200, body: `[]`}, permanent: true, sent: 1,
			want: "not a JSON object"},
		{name: "no content", outcome: outcome{status: 204}, sent: 5, want: "empty response"},
		{name: "malformed token", outcome: outcome{status: 200, body: `{"access_token":"a\nb"}`}, permanent: true,
			sent: 1, want: "the token is empty or malformed"},
	} {
		bubble(t, test.name, func(t *testing.T) {
			test.outcome.headers = append(test.outcome.headers, CorrelationHeader, "abc")
			base := newOutcomes(t, test.outcome)
			stack := newStack(roundTripper(func(request *http.Request) (*http.Response, error) {
				check(t, "host", request.URL.Host, "login.example.com")
				request.Body = nil // base has its own to expect
				return base.RoundTrip(request)
			}), clientCredentials)
			err := stack.Read(newRequest(t, "GET"), readNothing)
			if err == nil {
				t.Fatal("error: got none")
			}
			checkContains(t, "error", err.Error(), test.want)
			checkOmits(t, "error", err.Error(), `Post "https://`) // the address once more
			check(t, "permanent", failure.IsPermanent(err), test.permanent)
			check(t, "requests sent", len(base.sent), test.sent)
			check(t, "open bodies", base.open, 0)

			refused, ok := errors.AsType[*oauth2.RetrieveError](err)
			check(t, "refused", ok, test.refused)
			check(t, "blames the secret", strings.Contains(err.Error(), "check the client id and secret"), test.refused)
			if ok {
				checkContains(t, "refusal", err.Error(), "fetching a token from login.example.com: ",
					fmt.Sprintf("%d %s: ", test.outcome.status, http.StatusText(test.outcome.status)),
					" (correlation id abc); ")
				checkRefusal(t, refused)
			}
			status, ok := errors.AsType[*statusError](err)
			check(t, "a status", ok, test.status != 0)
			if ok {
				check(t, "status", status.status, test.status)
				check(t, "path", status.path, "/oauth/token")
				check(t, "body", status.body, "")
			}
			pair := url.QueryEscape(clientCredentials.ClientID) + ":" + url.QueryEscape(clientCredentials.ClientSecret)
			checkOmits(t, "error", fmt.Sprintf("%v %+v %#v %#v", err, err, err, refused),
				clientCredentials.ClientSecret, url.QueryEscape(clientCredentials.ClientSecret),
				base64.StdEncoding.EncodeToString([]byte(pair)))
		})
	}
}

// checkRefusal checks what is left of a RetrieveError.
func checkRefusal(t *testing.T, refused *oauth2.RetrieveError) {
	t.Helper()
	check(t, "headers of the request in a refusal", len(refused.Response.Request.Header), 0)
	check(t, "a GetBody in a refusal", refused.Response.Request.GetBody != nil, false)
	check(t, "path of the request in a refusal", refused.Response.Request.URL.Path, "/oauth/token")
	check(t, "correlation id in a refusal", refused.Response.Header.Get(CorrelationHeader), "abc")
}

// The text of a refusal is short, and on one line.
func TestRefusalText(t *testing.T) {
	for _, test := range []struct {
		name, body, want string
	}{
		{"code and description", invalidClient, "invalid_client: wrong secret"},
		{"code", `{"error":"invalid_client"}`, "invalid_client"},
		{"HTML", "<html>\n<body>", "no reason given"},
		{"description of lines", `{"error":"invalid_client","error_description":"a\nb"}`, "invalid_client: a b"},
		{"empty", "", "no reason given"},
	} {
		t.Run(test.name, func(t *testing.T) {
			stack := newStack(loginHost(outcome{status: 401, body: test.body}), clientCredentials)
			err := stack.Read(newRequest(t, "GET"), readNothing)
			check(t, "text", errorText(err), "fetching a token from login.example.com: 401 Unauthorized: "+
				test.want+"; check the client id and secret, and that they belong to this region")
		})
	}
}

// loginHost is a base that is a login host.
func loginHost(outcome outcome) roundTripper {
	return func(request *http.Request) (*http.Response, error) { return outcome.respond(request), nil }
}

// Callers who wait for a login host that is down share one series of attempts, and its
// error.
func TestLoginIsDownForAll(t *testing.T) {
	const callers, message = 20, `{"message":"the login is down","code":"service.unavailable"}`
	for _, test := range []struct {
		name    string
		outcome outcome
		sent    int
	}{
		{"503", outcome{status: 503, body: message}, 5},
		{"429 for an hour", outcome{status: 429, body: message, headers: []string{"Retry-After", "3600"}}, 1},
		{"403 of a firewall", outcome{status: 403, body: message}, 1},
	} {
		bubble(t, test.name, func(t *testing.T) {
			sent := 0
			stack := newStack(roundTripper(func(request *http.Request) (*http.Response, error) {
				sent++
				time.Sleep(time.Second)
				return test.outcome.respond(request), nil
			}), clientCredentials)
			var all sync.WaitGroup
			for range callers {
				all.Go(func() {
					err := stack.Read(newRequest(t, "GET"), readNothing)
					status, ok := errors.AsType[*statusError](err)
					if !ok {
						t.Errorf("error: got %v, want a statusError", err)
						return
					}
					check(t, "status", status.status, test.outcome.status)
					check(t, "body", status.body, "")
				})
			}
			all.Wait()
			check(t, "requests sent", sent, test.sent)
		})
	}
}

func TestSourceFails(t *testing.T) {
	refusedBy := func(status int, body string) error {
		response := &http.Response{StatusCode: status}
		return fmt.Errorf("vault: %w", &oauth2.RetrieveError{Response: response, Body: []byte(body)})
	}
	for _, test := range []struct {
		name      string
		err       error
		permanent bool
	}{
		{"an error", errors.New("the vault is sealed"), false},
		{"refused", refusedBy(401, ""), true},
		{"refused by a firewall", refusedBy(403, ""), true},
		{"down", refusedBy(503, ""), false},
		{"a refusal without a response", &oauth2.RetrieveError{ErrorCode: "invalid_client"}, false},
	} {
		bubble(t, test.name, func(t *testing.T) {
			calls := 0
			base := newOutcomes(t, good)
			stack := newStack(base, Credentials{Source: tokenSource(func() (*oauth2.Token, error) {
				calls++
				return nil, test.err
			})})
			err := stack.Read(newRequest(t, "GET"), readNothing)
			check(t, "text", errorText(err), "fetching a token from the token source: "+test.err.Error())
			checkError(t, "request", err, test.err)
			check(t, "permanent", failure.IsPermanent(err), test.permanent)
			check(t, "calls", calls, 1)
			check(t, "requests sent", len(base.sent), 0)
		})
	}
}
