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
	const noRegion, unknown = "no region, nor WithBaseURL", `unknown region "mars-north-1"`
	token, address := WithAccessToken("T"), WithBaseURL("https://example.com")
	for _, test := range []struct {
		name    string
		region  Region
		options []Option
		want    string
	}{
		{"no credential", USEast1, nil, "no credential: use WithClientCredentials, WithAccessToken or WithTokenSource"},
		{"no region", "", []Option{token}, noRegion},
		{"unknown region", "mars-north-1", []Option{token}, unknown},
		{"unknown region, base URL", "mars-north-1", []Option{token, address}, unknown},
		{"no login URL", "", []Option{WithClientCredentials("id", "secret"), address}, noRegion},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(test.region, test.options...)
			checkError(t, err, test.want)
			check(t, "Retryable", Retryable(err), false)
		})
	}
}

func TestOptionsRefuseBadInput(t *testing.T) {
	const (
		theToken  = "WithAccessToken: the token "
		theID     = "WithClientCredentials: the id "
		theSecret = "WithClientCredentials: the secret "
		space     = "contains white space or control characters"
		noHost    = "is not a URL with a host"
		badWaits  = "Initial is negative or greater than Max"
		plain     = "is neither https nor http to a loopback address"
	)
	for _, test := range []struct {
		name   string
		option Option
		want   string
	}{
		{"empty token", WithAccessToken(""), theToken + "is empty"},
		{"token with a line break", WithAccessToken("SECRET\n"), theToken + space},
		{"token with other letters", WithAccessToken("SECRET\u00e4"), theToken + "contains non-ASCII"},
		{"empty id", WithClientCredentials("", "SECRET"), theID + "is empty"},
		{"id with a blank", WithClientCredentials(" SECRET", "s"), theID + space},
		{"empty secret", WithClientCredentials("id", ""), theSecret + "is empty"},
		{"secret with a line break", WithClientCredentials("id", "SECRET\r\n"), theSecret + space},
		{"secret with a no-break space", WithClientCredentials("id", "SECRET\u00a0"), theSecret + space},
		{"secret with a byte order mark", WithClientCredentials("id", "\ufeffSECRET"), theSecret + space},
		{"secret with a control character", WithClientCredentials("id", "SECRET\x00"), theSecret + space},
		{"nil source", WithTokenSource(nil), "no credential"},

		{"empty user agent", WithUserAgent(""), "WithUserAgent"},
		{"user agent with a line break", WithUserAgent("a\r\nb: c"), "WithUserAgent"},
		{"user agent with a control character", WithUserAgent("a\x7f"), "WithUserAgent"},

		{"http", WithBaseURL("http://api.mypurecloud.com"), "WithBaseURL: the address " + plain},
		{"http, nearly loopback", WithBaseURL("http://127.0.0.1.example.com"), plain},
		{"http, another address", WithBaseURL("http://10.0.0.1"), plain},
		{"http, a host that net/http asks a proxy for", WithBaseURL("http://LOCALHOST:8080"), plain},
		{"another scheme", WithBaseURL("ftp://localhost"), plain},
		{"a port alone", WithBaseURL("https://:8443"), noHost},
		{"no scheme", WithBaseURL("api.mypurecloud.com"), noHost},
		{"no address", WithBaseURL(""), noHost},
		{"credentials", WithBaseURL("https://u:SECRET@example.com"), "contains credentials"},
		{"query", WithBaseURL("https://example.com/?a=b"), "query"},
		{"empty query", WithBaseURL("https://example.com/?"), "query"},
		{"fragment", WithBaseURL("https://example.com/#a"), "fragment"},
		{"login URL", WithLoginURL("http://login.mypurecloud.com"), "WithLoginURL: the address " + plain},

		{"polling: negative Initial", WithPolling(Polling{Initial: -1}), "WithPolling: " + badWaits},
		{"polling: negative Max", WithPolling(Polling{Max: -1}), "WithPolling: " + badWaits},
		{"polling: Max below Initial", WithPolling(Polling{Initial: 2, Max: 1}), "WithPolling: " + badWaits},
		{"polling: shrinking", WithPolling(Polling{Multiplier: 0.5}), "WithPolling: Multiplier"},
		{"polling: no number", WithPolling(Polling{Multiplier: math.NaN()}), "WithPolling: Multiplier"},
		{"retry: negative MaxAttempts", WithRetry(Retry{MaxAttempts: -1}), "WithRetry: MaxAttempts or Stall is negative"},
		{"retry: negative Initial", WithRetry(Retry{Initial: -1}), "WithRetry: " + badWaits},
		{"retry: negative Stall", WithRetry(Retry{Stall: -1}), "WithRetry: MaxAttempts or Stall is negative"},
		{"retry: Max below Initial", WithRetry(Retry{Initial: 2, Max: 1}), "WithRetry: " + badWaits},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, err := New(USEast1, WithAccessToken("T"), test.option)
			checkError(t, err, test.want)
			check(t, "Retryable", Retryable(err), false)
			check(t, "client", client, nil)
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
