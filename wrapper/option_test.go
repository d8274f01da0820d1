package wrapper

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// tokenSource is a source of a token that does not change.
func tokenSource(token string) oauth2.TokenSource {
	return oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token})
}

func TestNewRefusesBadInput(t *testing.T) {
	token := WithAccessToken("T")
	for _, test := range []struct {
		name    string
		region  Region
		options []Option
		want    string
	}{
		{"no credential", USEast1, nil, "no credential: use WithClientCredentials, WithAccessToken or WithTokenSource"},
		{"no region", "", []Option{token}, "no region"},
		{"unknown region", "mars-north-1", []Option{token}, `unknown region "mars-north-1"`},
		{"unknown region, base URL", "mars-north-1", []Option{token, WithBaseURL("https://example.com")},
			`unknown region "mars-north-1"`},
		{"no login URL", "", []Option{WithClientCredentials("id", "secret"), WithBaseURL("https://example.com")},
			"no region"},

		{"empty token", USEast1, []Option{WithAccessToken("")}, "WithAccessToken: the token is empty"},
		{"token with a line break", USEast1, []Option{WithAccessToken("SECRET\n")},
			"WithAccessToken: the token contains white space"},
		{"token with other letters", USEast1, []Option{WithAccessToken("SECRET\u00e4")},
			"WithAccessToken: the token contains non-ASCII"},
		{"empty id", USEast1, []Option{WithClientCredentials("", "SECRET")}, "WithClientCredentials: the id is empty"},
		{"id with a blank", USEast1, []Option{WithClientCredentials(" SECRET", "s")},
			"WithClientCredentials: the id contains white space"},
		{"empty secret", USEast1, []Option{WithClientCredentials("id", "")}, "WithClientCredentials: the secret is empty"},
		{"secret with a line break", USEast1, []Option{WithClientCredentials("id", "SECRET\r\n")},
			"the secret contains white space or control characters"},
		{"secret with a blank", USEast1, []Option{WithClientCredentials("id", "SEC RET")},
			"WithClientCredentials: the secret contains"},
		{"secret with a no-break space", USEast1, []Option{WithClientCredentials("id", "SECRET\u00a0")},
			"the secret contains"},
		{"secret with a byte order mark", USEast1, []Option{WithClientCredentials("id", "\ufeffSECRET")},
			"the secret contains"},
		{"secret with a control character", USEast1, []Option{WithClientCredentials("id", "SECRET\x00")},
			"the secret contains"},
		{"nil source", USEast1, []Option{WithTokenSource(nil)}, "no credential"},

		{"empty user agent", USEast1, []Option{token, WithUserAgent("")}, "WithUserAgent"},
		{"user agent with a line break", USEast1, []Option{token, WithUserAgent("a\r\nb: c")}, "WithUserAgent"},
		{"user agent with a control character", USEast1, []Option{token, WithUserAgent("a\x7f")}, "WithUserAgent"},

		{"base URL: http", USEast1, []Option{token, WithBaseURL("http://api.mypurecloud.com")},
			"neither https nor http to a loopback"},
		{"base URL: http, nearly loopback", USEast1, []Option{token, WithBaseURL("http://127.0.0.1.example.com")},
			"neither https"},
		{"base URL: http, another address", USEast1, []Option{token, WithBaseURL("http://10.0.0.1")}, "neither https"},
		{"base URL: a port alone", USEast1, []Option{token, WithBaseURL("https://:8443")}, "is not a URL with a host"},
		{"base URL: no scheme", USEast1, []Option{token, WithBaseURL("api.mypurecloud.com")}, "is not a URL with a host"},
		{"base URL: empty", USEast1, []Option{token, WithBaseURL("")}, "is not a URL with a host"},
		{"base URL: a host that net/http asks a proxy for", "", []Option{token, WithBaseURL("http://LOCALHOST:8080")},
			"neither https"},
		{"base URL: other scheme", USEast1, []Option{token, WithBaseURL("ftp://localhost")}, "neither https"},
		{"base URL: credentials", USEast1, []Option{token, WithBaseURL("https://u:SECRET@example.com")},
			"WithBaseURL: the address contains credentials"},
		{"base URL: query", USEast1, []Option{token, WithBaseURL("https://example.com/?a=b")}, "query"},
		{"base URL: empty query", USEast1, []Option{token, WithBaseURL("https://example.com/?")}, "query"},
		{"base URL: fragment", USEast1, []Option{token, WithBaseURL("https://example.com/#a")}, "fragment"},
		{"login URL: http", USEast1, []Option{token, WithLoginURL("http://login.mypurecloud.com")}, "WithLoginURL"},

		{"polling: negative Initial", USEast1, []Option{token, WithPolling(Polling{Initial: -1})},
			"WithPolling: Initial or Max is negative"},
		{"polling: negative Max", USEast1, []Option{token, WithPolling(Polling{Max: -1})},
			"WithPolling: Initial or Max is negative"},
		{"polling: Max below Initial", USEast1, []Option{token, WithPolling(Polling{Initial: 2, Max: 1})},
			"WithPolling: Max is less"},
		{"polling: shrinking", USEast1, []Option{token, WithPolling(Polling{Multiplier: 0.5})}, "WithPolling: Multiplier"},
		{"polling: no number", USEast1, []Option{token, WithPolling(Polling{Multiplier: math.NaN()})},
			"WithPolling: Multiplier"},
		{"retry: negative MaxAttempts", USEast1, []Option{token, WithRetry(Retry{MaxAttempts: -1})},
			"WithRetry: MaxAttempts or Stall is negative"},
		{"retry: negative Initial", USEast1, []Option{token, WithRetry(Retry{Initial: -1})},
			"WithRetry: Initial or Max is negative"},
		{"retry: negative Stall", USEast1, []Option{token, WithRetry(Retry{Stall: -1})},
			"WithRetry: MaxAttempts or Stall is negative"},
		{"retry: Max below Initial", USEast1, []Option{token, WithRetry(Retry{Initial: 2, Max: 1})},
			"WithRetry: Max is less"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, err := New(test.region, test.options...)
			checkError(t, err, test.want)
			check(t, "Retryable", Retryable(err), false)
			if client != nil {
				t.Error("a client beside the error")
			}
			if err != nil && strings.Contains(err.Error(), "SECRET") {
				t.Errorf("the secret is in %q", err)
			}
		})
	}
}

// An address may have a password in an odd place, so none is quoted.
func TestAddressesAreNotQuoted(t *testing.T) {
	for _, address := range []string{
		"https://u:SECRET@example.com", "https://u:SECRET@", "https://SECRET@example.com", "//u:SECRET@example.com",
		"u:SECRET@example.com", "https://u:SECRET@exa mple.com", "https://u:SECRET@example.com\x7f",
		"\x00https://u:SECRET@example.com", "https://u:%SECRET@example.com", "https://u:SECRET@example.com:port",
		"https://example.com#u:SECRET@", "https://example.com?u:SECRET@", "https:u:SECRET@example.com",
		"http://u:SECRET@localhost", "ftp://u:SECRET@localhost", "https://[u:SECRET@example.com", "u:SECRET@mypurecloud.com",
	} {
		for option, create := range map[string]func() (*Client, error){
			"WithBaseURL":  func() (*Client, error) { return New(USEast1, WithAccessToken("T"), WithBaseURL(address)) },
			"WithLoginURL": func() (*Client, error) { return New(USEast1, WithAccessToken("T"), WithLoginURL(address)) },
			"region":       func() (*Client, error) { return New(Region(address), WithAccessToken("T")) },
			envRegion: func() (*Client, error) {
				t.Setenv(envRegion, address)
				return NewFromEnv(WithAccessToken("T"))
			},
		} {
			if strings.Contains(address, "\x00") && option == envRegion {
				continue // which no environment can have
			}
			_, err := create()
			checkError(t, err, option)
			if err != nil && strings.Contains(strings.ToUpper(err.Error()), "SECRET") {
				t.Errorf("%q: the secret is in %q", address, err)
			}
		}
	}
}

func TestNewTakes(t *testing.T) {
	token := WithAccessToken("T")
	for _, test := range []struct {
		name    string
		region  Region
		options []Option
	}{
		{"a domain that is not listed", "afs1.pure.cloud", []Option{token}},
		{"addresses in place of a region", "", []Option{WithClientCredentials("id", "secret"),
			WithBaseURL("https://example.com/api/"), WithLoginURL("https://[::1]:8443")}},
		{"a base URL and a token", "", []Option{token, WithBaseURL("http://127.0.0.5:8080")}},
		{"localhost", "", []Option{token, WithBaseURL("http://localhost:8080")}},
		{"no http.Client", EUWest1, []Option{token, WithHTTPClient(nil)}},
		{"an http.Client without a Transport", EUWest1, []Option{token, WithHTTPClient(&http.Client{})}},
		{"a secret with any printable characters", EUWest1, []Option{WithClientCredentials("an+id", "s%cret+:/ä")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(test.region, test.options...)
			checkError(t, err, "")
		})
	}
}

// firstRequest is where the first request of a client goes, and with what.
func firstRequest(t *testing.T, create func(...Option) (*Client, error), options ...Option) (sent string, err error) {
	t.Helper()
	client, err := create(append(options, WithHTTPClient(&http.Client{
		Transport: roundTripper(func(request *http.Request) (*http.Response, error) {
			sent = request.URL.Host + " " + request.Header.Get("Authorization")
			return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: http.NoBody}, nil
		}),
	}))...)
	if err != nil {
		return "", err
	}
	if _, err := client.Execution("id").Poll(t.Context()); err == nil {
		t.Error("no error of the first request")
	}
	return sent, nil
}

// A later option beats an earlier one; the three for credentials are one.
func TestTheLastOptionHolds(t *testing.T) {
	token, source := WithAccessToken("T"), WithTokenSource(tokenSource("S"))
	client := WithClientCredentials("id", "s")
	for _, test := range []struct {
		name    string
		options []Option
		want    string
	}{
		{"token, source", []Option{token, source}, "api.mypurecloud.com Bearer S"},
		{"source, token", []Option{source, token}, "api.mypurecloud.com Bearer T"},
		{"client credentials, token", []Option{client, token}, "api.mypurecloud.com Bearer T"},
		{"client credentials, source", []Option{client, source}, "api.mypurecloud.com Bearer S"},
		{"token, client credentials", []Option{token, client}, "login.mypurecloud.com Basic aWQ6cw=="},
		{"source, client credentials", []Option{source, client}, "login.mypurecloud.com Basic aWQ6cw=="},
		{"two tokens", []Option{token, WithAccessToken("U")}, "api.mypurecloud.com Bearer U"},
		{"two base URLs", []Option{token, WithBaseURL("https://a.example.com"), WithBaseURL("https://b.example.com")},
			"b.example.com Bearer T"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := firstRequest(t, func(options ...Option) (*Client, error) { return New(USEast1, options...) },
				test.options...)
			checkError(t, err, "")
			check(t, "first request", got, test.want)
		})
	}
}

func TestRetryDefaults(t *testing.T) {
	const half = 500 * time.Millisecond
	for _, test := range []struct {
		name        string
		given, want Retry
	}{
		{"none given", Retry{}, Retry{5, half, 30 * time.Second, time.Minute}},
		{"MaxAttempts", Retry{MaxAttempts: 1}, Retry{1, half, 30 * time.Second, time.Minute}},
		{"Initial above the default of Max", Retry{Initial: time.Minute}, Retry{5, time.Minute, time.Minute, time.Minute}},
		{"Max below the default of Initial", Retry{Max: 1}, Retry{5, 1, 1, time.Minute}},
		{"Stall", Retry{Stall: 1}, Retry{5, half, 30 * time.Second, 1}},
	} {
		got, err := test.given.withDefaults()
		checkError(t, err, "")
		check(t, test.name, got, test.want)
	}
}

func TestPollingDefaults(t *testing.T) {
	const half = 500 * time.Millisecond
	for _, test := range []struct {
		name        string
		given, want Polling
	}{
		{"none given", Polling{}, Polling{half, 10 * time.Second, 1.5, time.Hour}},
		{"Initial above the default of Max", Polling{Initial: time.Minute},
			Polling{time.Minute, time.Minute, 1.5, time.Hour}},
		{"Max below the default of Initial", Polling{Max: 1}, Polling{1, 1, 1.5, time.Hour}},
		{"Multiplier", Polling{Multiplier: 1}, Polling{half, 10 * time.Second, 1, time.Hour}},
		{"no Timeout", Polling{Timeout: -1}, Polling{half, 10 * time.Second, 1.5, -1}},
	} {
		got, err := test.given.withDefaults()
		checkError(t, err, "")
		check(t, test.name, got, test.want)
	}
}
