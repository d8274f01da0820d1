package transport

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// A request passes all layers in their order: the retry adds the token to each attempt,
// and the log is below it. Requests for tokens have a retry of their own. The caller's
// request has no token afterwards.
func TestStack(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		got = append(got, request.URL.Path+" "+request.Header.Get("Authorization"))
		check(t, "User-Agent", request.Header.Get("User-Agent"), "agent")
		body, _ := io.ReadAll(request.Body)
		switch {
		case len(got) == 1, len(got) == 3:
			w.WriteHeader(http.StatusServiceUnavailable)
		case request.URL.Path == "/oauth/token":
			check(t, "method", request.Method, "POST")
			check(t, "body", string(body), "grant_type=client_credentials")
			check(t, "Content-Type", request.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
			io.WriteString(w, `{"access_token":"T","token_type":"bearer","expires_in":86400}`)
		default:
			check(t, "body", string(body), requestBody)
			io.WriteString(w, "{}")
		}
	}))
	defer server.Close()
	var log strings.Builder
	config := newConfig(nil, clientCredentials)
	config.Origin, _ = url.Parse(server.URL)
	config.LoginURL, config.Logger, config.Retry.Initial = server.URL, newTextLogger(&log), 1
	request, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/query", strings.NewReader(requestBody))
	if err != nil {
		t.Fatal(err)
	}
	response, err := New(config).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "status", response.StatusCode, 200)
	check(t, "request of the response", response.Request, request)
	check(t, "headers of the caller's request", len(request.Header), 0)
	response.Body.Close()
	basic := base64.StdEncoding.EncodeToString([]byte("the+id:s%25cret%3A%2B")) // escaped, as RFC 6749 has it
	login := "/oauth/token Basic " + basic
	want := []string{login, login, "/query Bearer T", "/query Bearer T"}
	if !slices.Equal(got, want) {
		t.Errorf("requests: got %q, want %q", got, want)
	}
	for _, path := range []string{"/oauth/token", "/query"} {
		check(t, path+" in the log", strings.Count(log.String(), " msg=request method=POST host="+
			config.Origin.Host+" path="+path), 2)
		check(t, "retries of "+path+" in the log", strings.Count(log.String(), "level=INFO msg=retrying method=POST path="+
			path+" attempt=1 delay="), 1)
	}
	checkContains(t, "log", log.String(), `error="503 Service Unavailable"`, `error="POST /oauth/token: 503 Service Unavailable"`)
	checkOmits(t, "log", log.String(), basic, "Bearer")
}

// An address without a host is one of the API, below the path of its base URL. The request
// of the caller is not changed.
func TestAddressWithoutAHost(t *testing.T) {
	for _, test := range []struct {
		name, base, address, want string
	}{
		{"path", "https://api.example.com", "/api/v2/organizations/me",
			"https://api.example.com/api/v2/organizations/me"},
		{"query and escapes", "https://api.example.com", "/api/v2/a%2Fb%20c/?x=1&y=%2F",
			"https://api.example.com/api/v2/a%2Fb%20c/?x=1&y=%2F"},
		{"base with a path", "https://proxy.example.com/genesys", "/api/v2/a%2Fb?x=1",
			"https://proxy.example.com/genesys/api/v2/a%2Fb?x=1"},
		{"base with a slash", "https://proxy.example.com/genesys/", "/api/v2/x",
			"https://proxy.example.com/genesys/api/v2/x"},
		{"relative path", "https://api.example.com", "api/v2/x", "https://api.example.com/api/v2/x"},
		{"with a host", "https://proxy.example.com/genesys", "https://proxy.example.com/genesys/api/v2/a%2Fb?x=1",
			"https://proxy.example.com/genesys/api/v2/a%2Fb?x=1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := newRequest(t, "GET")
			address, err1 := url.Parse(test.address)
			origin, err2 := url.Parse(test.base)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			request.URL = address
			config := newConfig(roundTripper(func(request *http.Request) (*http.Response, error) {
				check(t, "address sent", request.URL.String(), test.want)
				return newResponse(request, 200, ""), nil
			}), static)
			config.Origin = origin
			response, err := New(config).RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			check(t, "address of the response", response.Request.URL.String(), test.want)
			check(t, "address of the caller's request", request.URL.String(), test.address)
			check(t, "origin", origin.String(), test.base)
		})
	}
}

// The token is for one host only.
func TestOtherHostsAreRefused(t *testing.T) {
	base := newOutcomes(t, good)
	stack := newStack(base, static)
	for _, address := range []string{
		"https://elsewhere.example.com/", "http://api.example.com/", "https://api.example.com:8443/",
		"//elsewhere.example.com/", "https:/api/v2/x", "https://api.example.com.elsewhere.example.com/",
	} {
		t.Run(address, func(t *testing.T) {
			request := newRequest(t, "POST")
			var err error
			if request.URL, err = url.Parse(address); err != nil {
				t.Fatal(err)
			}
			_, err = stack.RoundTrip(request)
			check(t, "permanent", failure.IsPermanent(err), true)
			checkContains(t, "error", errorText(err), "is not the API at https://api.example.com")
		})
	}
	check(t, "requests sent", len(base.sent), 0)
}
