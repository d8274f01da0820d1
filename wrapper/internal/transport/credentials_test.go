package transport

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// A positive number is the life of a token, and anything else an unknown one.
func TestLoginExpiry(t *testing.T) {
	for expires, want := range map[string]time.Duration{
		`3600`: time.Hour, `"3600"`: time.Hour, `3600.5`: time.Hour + 500*time.Millisecond, `0.5`: time.Second / 2,
		`1e99`: 1e9 * time.Second, `0`: 0, `-1`: 0, `null`: 0, `""`: 0, `"soon"`: 0, `"NaN"`: 0, `{}`: 0, `[3600]`: 0,
	} {
		bubble(t, expires, func(t *testing.T) {
			body := `{"access_token":"T","token_type":"bearer","scope":1,"expires_in":` + expires + `}`
			token, err := decodeToken(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			check(t, "token", token.AccessToken, "T")
			check(t, "type", token.TokenType, "bearer")
			check(t, "has an expiry", !token.Expiry.IsZero(), want > 0)
			check(t, "life", max(0, time.Until(token.Expiry)), want)
		})
	}
}

// A response that refuses the credentials is an *oauth2.RetrieveError that says so. Any
// other does not blame them, and none is quoted.
func TestLoginResponses(t *testing.T) {
	const (
		fetching      = "fetching a token from login.example.com: "
		reading       = fetching + "POST /oauth/token: reading the response with status 200 (correlation id abc): "
		check400      = " (correlation id abc); check the client id and secret, and that they belong to this region"
		invalidClient = `{"error":"invalid_client","description":"SECRET","error_description":"wrong\nsecret"}`
		refused       = ": invalid_client: wrong secret" + check400
		noReason      = ": no reason given" + check400
	)
	elsewhere := []string{"Location", "https://elsewhere.example.com/"}
	for _, test := range []struct {
		name    string
		outcome outcome
		want    string // after fetching
		sent    int    // 1: permanent
	}{
		{"400", outcome{status: 400, body: invalidClient}, "400 Bad Request" + refused, 1},
		{"401", outcome{status: 401, body: invalidClient}, "401 Unauthorized" + refused, 1},
		{"403 of OAuth", outcome{status: 403, body: invalidClient}, "403 Forbidden" + refused, 1},
		{"401, HTML", outcome{status: 401, body: "<html>SECRET"}, "401 Unauthorized" + noReason, 1},
		{"401, words for a code", outcome{status: 401, body: `{"error":"SECRET"}`}, "401 Unauthorized" + noReason, 1},
		{"401, code alone", outcome{status: 401, body: `{"error":"a_b"}`}, "401 Unauthorized: a_b" + check400, 1},
		{"400, truncated", outcome{status: 400, reader: iotest.ErrReader(io.ErrUnexpectedEOF)},
			"400 Bad Request" + noReason, 1},
		{"400, endless", outcome{status: 400, reader: newEndless()}, "400 Bad Request" + noReason, 1},
		{"302", outcome{status: 302, body: invalidClient, headers: elsewhere}, "POST /oauth/token: 302 Found", 1},
		{"403, HTML", outcome{status: 403, body: "<html>SECRET"}, "POST /oauth/token: 403 Forbidden", 1},
		{"403, another error", outcome{status: 403, body: `{"error":{"code":1}}`}, "POST /oauth/token: 403 Forbidden", 1},
		{"407", outcome{status: 407, body: invalidClient}, "POST /oauth/token: 407 Proxy Authentication Required", 1},
		{"429", outcome{status: 429, body: invalidClient}, "POST /oauth/token: 429 Too Many Requests", 5},
		{"501", outcome{status: 501, body: invalidClient}, "POST /oauth/token: 501 Not Implemented", 1},
		{"no connection", outcome{err: io.ErrUnexpectedEOF}, "unexpected EOF", 5},
		{"timeout", outcome{err: os.ErrDeadlineExceeded}, "i/o timeout", 5},
		{"no HTTP", outcome{err: errors.New("SECRET")}, "the response is not valid HTTP, or the Transport failed; " +
			"details are left out, as they may have a token", 5},
		{"truncated", truncated, reading + "truncated: unexpected EOF", 5},
		{"HTML", outcome{status: 200, body: "<html>SECRET"}, reading + "not JSON", 5},
		{"byte order mark", outcome{status: 200, body: "\ufeff{}"}, reading + "not JSON", 5},
		{"text after the object", outcome{status: 200, body: `{"access_token":"SECRET"}x`}, reading + "not JSON", 5},
		{"blank", outcome{status: 200, body: " \r\n"}, reading + "empty response", 5},
		{"endless", outcome{status: 200, reader: newEndless()}, reading + "not JSON", 5},
		{"an array", outcome{status: 200, body: ` ["SECRET"]`}, reading + "not a JSON object", 1},
		{"no token", outcome{status: 200, body: `{"token":"SECRET"}`}, reading + "no access_token in the response", 1},
		{"token of another shape", outcome{status: 200, body: `{"access_token":["SECRET"]}`},
			reading + "no access_token in the response", 1},
		{"200 with an error", outcome{status: 200, body: invalidClient}, reading + "no access_token in the response", 1},
	} {
		bubble(t, test.name, func(t *testing.T) {
			test.outcome.headers = append(test.outcome.headers, CorrelationHeader, "abc")
			base := newOutcomes(t, test.outcome)
			var log strings.Builder
			config := newConfig(hosts{loginHost: base}, clientCredentials)
			config.Logger = newTextLogger(&log)
			err := New(config).Read(newRequest(t, "GET"), readAll)
			mark := map[bool]error{true: failure.ErrBlocked}[test.sent == 1]
			checkFailure(t, err, fetching+strings.TrimPrefix(test.want, fetching), mark)
			check(t, "requests sent", len(base.sent), test.sent)

			refused, ok := errors.AsType[*oauth2.RetrieveError](err)
			check(t, "refused", ok, strings.HasSuffix(test.want, check400))
			if ok {
				check(t, "headers of the request in a refusal", len(refused.Response.Request.Header), 0)
				check(t, "path of the request in a refusal", refused.Response.Request.URL.Path, "/oauth/token")
				check(t, "status in a refusal", refused.Response.StatusCode, test.outcome.status)
				check(t, "body in a refusal", string(refused.Body), "")
			}
			if status, ok := errors.AsType[*statusError](err); ok {
				check(t, "status", status.status, test.outcome.status)
				check(t, "body", status.body, "")
			}
			pair := url.QueryEscape(clientCredentials.ClientID) + ":" + url.QueryEscape(clientCredentials.ClientSecret)
			checkOmits(t, "error and log", fmt.Sprintf("%v %+v %#v %#v %s", err, err, err, refused, log.String()), "SECRET",
				clientCredentials.ClientSecret, url.QueryEscape(clientCredentials.ClientSecret),
				base64.StdEncoding.EncodeToString([]byte(pair)))
		})
	}
}

// A token that cannot be obtained ends the request: its attempts do not multiply those
// of fetching it.
func TestSourceFails(t *testing.T) {
	refusedBy := func(status int) error {
		return fmt.Errorf("vault: %w", &oauth2.RetrieveError{Response: &http.Response{StatusCode: status}})
	}
	for _, test := range []struct {
		name      string
		err, mark error
	}{
		{"an error", errors.New("the vault is sealed"), nil},
		{"refused", refusedBy(401), failure.ErrBlocked},
		{"down", refusedBy(503), nil},
		{"a refusal without a response", &oauth2.RetrieveError{ErrorCode: "invalid_client"}, nil},
	} {
		for sent, name := range []string{"first", "after a 401"} {
			bubble(t, test.name+", "+name, func(t *testing.T) {
				calls := 0
				base := newOutcomes(t, outcome{status: 401})
				err := newStack(base, Credentials{Source: tokenSource(func() (*oauth2.Token, error) {
					if calls++; calls <= sent {
						return &oauth2.Token{AccessToken: "T"}, nil
					}
					return nil, test.err
				})}).Read(newRequest(t, "POST"), readAll)
				checkFailure(t, err, "fetching a token from the token source: "+test.err.Error(), test.mark)
				checkError(t, "request", err, test.err)
				check(t, "calls", calls, sent+1)
				check(t, "requests sent", len(base.sent), sent)
			})
		}
	}
}
