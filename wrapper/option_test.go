package wrapper

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

func TestNewRefusesBadInput(t *testing.T) {
	token := WithAccessToken("T")
	for _, test := range []struct {
		name    string
		region  Region
		options []Option
		want    string
	}{
		{"no credential", USEast1, nil, "no credential"},
		{"two credentials", USEast1, []Option{token, WithClientCredentials("id", "secret")}, "more than one credential"},
		{"one credential twice", USEast1, []Option{token, token}, "more than one credential"},
		{"no region", "", []Option{token}, "unknown region"},
		{"unknown region", "mars-north-1", []Option{token}, `unknown region "mars-north-1"`},
		{"unknown region, base URL", "mars-north-1", []Option{token, WithBaseURL("https://example.com")}, `unknown region "mars-north-1"`},
		{"no login URL", "", []Option{WithClientCredentials("id", "secret"), WithBaseURL("https://example.com")}, "unknown region"},
		{"empty token", USEast1, []Option{WithAccessToken("")}, "the token is empty"},
		{"token with a line break", USEast1, []Option{WithAccessToken("SECRET\n")}, "WithAccessToken"},
		{"token with other letters", USEast1, []Option{WithAccessToken("T\u00e4")}, "WithAccessToken"},
		{"token and source", USEast1, []Option{token, WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{}))}, "more than one credential"},
		{"empty id", USEast1, []Option{WithClientCredentials("", "secret")}, "WithClientCredentials"},
		{"empty secret", USEast1, []Option{WithClientCredentials("id", "")}, "WithClientCredentials"},
		{"nil source", USEast1, []Option{WithTokenSource(nil)}, "the source is nil"},
		{"nil client", USEast1, []Option{token, WithHTTPClient(nil)}, "the client is nil"},
		{"nil logger", USEast1, []Option{token, WithLogger(nil)}, "the logger is nil"},
		{"empty user agent", USEast1, []Option{token, WithUserAgent("")}, "WithUserAgent"},
		{"user agent with a line break", USEast1, []Option{token, WithUserAgent("a\r\nb: c")}, "WithUserAgent"},
		{"user agent with other letters", USEast1, []Option{token, WithUserAgent("\u00e4")}, "WithUserAgent"},
		{"base URL: http", USEast1, []Option{token, WithBaseURL("http://api.mypurecloud.com")}, "neither https nor http to a loopback"},
		{"base URL: http, nearly loopback", USEast1, []Option{token, WithBaseURL("http://127.0.0.1.example.com")}, "neither https"},
		{"base URL: http, another address", USEast1, []Option{token, WithBaseURL("http://10.0.0.1")}, "neither https"},
		{"base URL: a port alone", USEast1, []Option{token, WithBaseURL("https://:8443")}, "no host"},
		{"base URL: no scheme", USEast1, []Option{token, WithBaseURL("api.mypurecloud.com")}, "no host"},
		{"base URL: empty", USEast1, []Option{token, WithBaseURL("")}, "no host"},
		{"base URL: other scheme", USEast1, []Option{token, WithBaseURL("ftp://localhost")}, "neither https"},
		{"base URL: credentials", USEast1, []Option{token, WithBaseURL("https://u:SECRET@example.com")}, "holds credentials"},
		{"base URL: credentials, no URL", USEast1, []Option{token, WithBaseURL("https://u:SECRET@exa mple.com")}, "not a URL"},
		{"base URL: query", USEast1, []Option{token, WithBaseURL("https://example.com/?a=b")}, "query"},
		{"base URL: empty query", USEast1, []Option{token, WithBaseURL("https://example.com/?")}, "query"},
		{"base URL: fragment", USEast1, []Option{token, WithBaseURL("https://example.com/#a")}, "fragment"},
		{"login URL: http", USEast1, []Option{token, WithLoginURL("http://login.mypurecloud.com")}, "WithLoginURL"},
		{"polling: negative", USEast1, []Option{token, WithPolling(Polling{Initial: -1})}, "negative"},
		{"polling: negative Max", USEast1, []Option{token, WithPolling(Polling{Max: -1})}, "negative"},
		{"polling: Max before Initial", USEast1, []Option{token, WithPolling(Polling{Initial: time.Minute, Max: time.Second})}, "Max is less"},
		{"polling: shrinking", USEast1, []Option{token, WithPolling(Polling{Multiplier: 0.5})}, "Multiplier"},
		{"polling: no number", USEast1, []Option{token, WithPolling(Polling{Multiplier: math.NaN()})}, "Multiplier"},
		{"no progress", USEast1, []Option{token, WithProgress(nil)}, "the function is nil"},
		{"retry: negative", USEast1, []Option{token, WithRetry(Retry{MaxAttempts: -1})}, "negative"},
		{"retry: negative Initial", USEast1, []Option{token, WithRetry(Retry{Initial: -1})}, "negative"},
		{"retry: negative Max", USEast1, []Option{token, WithRetry(Retry{Max: -1})}, "negative"},
		{"retry: negative Stall", USEast1, []Option{token, WithRetry(Retry{Stall: -1})}, "negative"},
		{"retry: Max before Initial", USEast1, []Option{token, WithRetry(Retry{Initial: time.Minute, Max: time.Second})}, "Max is less"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, err := New(test.region, test.options...)
			if err == nil || client != nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q, want %q in it", err, test.want)
			}
			if strings.Contains(err.Error(), "SECRET") {
				t.Errorf("the secret is in %q", err)
			}
		})
	}
}

func TestNewTakes(t *testing.T) {
	token := WithAccessToken("T")
	for _, test := range []struct {
		name    string
		region  Region
		options []Option
	}{
		{"a region", EUWest1, []Option{token}},
		{"a domain", "mypurecloud.ie", []Option{token}},
		{"a source", EUWest1, []Option{WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "T"}))}},
		{"addresses in place of a region", "", []Option{WithClientCredentials("id", "secret"), WithBaseURL("https://example.com/api/"), WithLoginURL("https://[::1]:8443")}},
		{"a base URL and a token", "", []Option{token, WithBaseURL("http://127.0.0.5:8080")}},
		{"a base URL and a source", "", []Option{WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "T"})), WithBaseURL("https://example.com")}},
		{"localhost", "", []Option{token, WithBaseURL("http://LocalHost:8080")}},
		{"an http.Client without a Transport", EUWest1, []Option{token, WithHTTPClient(&http.Client{})}},
		{"a nil option", EUWest1, []Option{nil, token}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := New(test.region, test.options...); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNewFromEnv(t *testing.T) {
	const missingCredential = envAccessToken + " (or both " + envClientID + " and " + envClientSecret + ")"
	for _, test := range []struct {
		name    string
		env     map[string]string
		options []Option
		want    string // of the error, or where the first request goes and with what
	}{
		{"nothing", nil, nil, "missing in the environment: " + envRegion + ", " + missingCredential},
		{"no region", map[string]string{envAccessToken: "T"}, nil, "missing in the environment: " + envRegion},
		{"no credential", map[string]string{envRegion: "us-east-1"}, nil, "missing in the environment: " + missingCredential},
		{"no secret", map[string]string{envClientID: "id"}, nil, envRegion + ", " + envClientSecret},
		{"no id", map[string]string{envRegion: "us-east-1", envClientSecret: "s"}, nil, "environment: " + envClientID},
		{"unknown region", map[string]string{envRegion: "mars", envAccessToken: "T"}, nil, envRegion + `: unknown region "mars"`},
		{"bad token", map[string]string{envRegion: "us-east-1", envAccessToken: "T T"}, nil, envAccessToken},
		{"token", map[string]string{envRegion: "mypurecloud.de", envAccessToken: "T"}, nil, "api.mypurecloud.de Bearer T"},
		{"client", map[string]string{envRegion: "us-east-1", envClientID: "id", envClientSecret: "s"}, nil, "login.mypurecloud.com Basic aWQ6cw=="},
		{"both", map[string]string{envRegion: "us-east-1", envAccessToken: "T", envClientID: "id", envClientSecret: "s"}, nil, "api.mypurecloud.com Bearer T"},
		{"options alone", nil, []Option{WithBaseURL("https://example.com"), WithAccessToken("T")}, "example.com Bearer T"},
		{"options beat the environment", map[string]string{envRegion: "us-east-1", envAccessToken: "bad token"}, []Option{WithAccessToken("T")}, "api.mypurecloud.com Bearer T"},
		{"options say all that a region would", map[string]string{envRegion: "mars"}, []Option{WithBaseURL("https://example.com"), WithAccessToken("T")}, "example.com Bearer T"},
		{"addresses beat the environment", map[string]string{envRegion: "us-east-1", envClientID: "id", envClientSecret: "s"}, []Option{WithLoginURL("https://example.com")}, "example.com Basic aWQ6cw=="},
		{"options need a region", nil, []Option{WithAccessToken("T")}, "missing in the environment: " + envRegion},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, name := range []string{envRegion, envClientID, envClientSecret, envAccessToken} {
				t.Setenv(name, test.env[name])
			}
			var sent string
			client, err := NewFromEnv(append(test.options, WithHTTPClient(&http.Client{Transport: roundTripper(func(request *http.Request) (*http.Response, error) {
				sent = request.URL.Host + " " + request.Header.Get("Authorization")
				return respond(request, 400, ""), nil
			})}))...)
			if err != nil {
				sent = err.Error()
			} else if _, err := client.Execution("id").Poll(t.Context()); err == nil {
				t.Error("no error")
			}
			if !strings.Contains(sent, test.want) {
				t.Errorf("%q, want %q in it", sent, test.want)
			}
		})
	}
}

func TestRetryDefaults(t *testing.T) {
	for _, test := range []struct{ given, want Retry }{
		{Retry{}, Retry{5, 500 * time.Millisecond, 30 * time.Second, time.Minute}},
		{Retry{MaxAttempts: 1}, Retry{1, 500 * time.Millisecond, 30 * time.Second, time.Minute}},
		{Retry{Initial: time.Minute}, Retry{5, time.Minute, time.Minute, time.Minute}},
		{Retry{Max: time.Millisecond}, Retry{5, time.Millisecond, time.Millisecond, time.Minute}},
	} {
		if got, err := test.given.withDefaults(); err != nil || got != test.want {
			t.Errorf("%+v becomes %+v, %v, want %+v", test.given, got, err, test.want)
		}
	}
}

func TestPollingDefaults(t *testing.T) {
	for _, test := range []struct{ given, want Polling }{
		{Polling{}, Polling{500 * time.Millisecond, 10 * time.Second, 1.5, time.Hour}},
		{Polling{Initial: time.Minute}, Polling{time.Minute, time.Minute, 1.5, time.Hour}},
		{Polling{Max: time.Millisecond}, Polling{time.Millisecond, time.Millisecond, 1.5, time.Hour}},
		{Polling{Timeout: -1}, Polling{500 * time.Millisecond, 10 * time.Second, 1.5, -1}},
	} {
		if got, err := test.given.withDefaults(); err != nil || got != test.want {
			t.Errorf("%+v becomes %+v, %v, want %+v", test.given, got, err, test.want)
		}
	}
}
