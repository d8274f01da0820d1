package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// A request passes all layers in their order: the retry adds the token to each attempt,
// and the log is below it. Requests for tokens have a retry of their own.
func TestStack(t *testing.T) {
	var mu sync.Mutex
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, request.URL.Path+" "+request.Header.Get("Authorization"))
		switch {
		case len(got) == 1, len(got) == 3:
			w.WriteHeader(http.StatusServiceUnavailable)
		case request.URL.Path == "/oauth/token":
			io.WriteString(w, `{"access_token":"T","token_type":"bearer","expires_in":86400}`)
		default:
			io.WriteString(w, "{}")
		}
	}))
	defer server.Close()
	var log strings.Builder
	config := newConfig(nil, Credentials{ClientID: "id", ClientSecret: "s"})
	config.LoginURL = server.URL
	config.Origin, _ = url.Parse(server.URL)
	config.Logger, config.Retry.Initial = newTextLogger(&log), 1
	request, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/query", strings.NewReader(requestBody))
	if err != nil {
		t.Fatal(err)
	}
	response, err := New(config).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "status", response.StatusCode, 200)
	want := []string{"/oauth/token Basic aWQ6cw==", "/oauth/token Basic aWQ6cw==", "/query Bearer T", "/query Bearer T"}
	if !slices.Equal(got, want) {
		t.Errorf("requests: got %q, want %q", got, want)
	}
	check(t, "attempts to log in in the log", strings.Count(log.String(), "msg=request method=POST host="+
		config.Origin.Host+" path=/oauth/token"), 2)
	check(t, "attempts of the request in the log", strings.Count(log.String(), "msg=request method=POST host="+
		config.Origin.Host+" path=/query"), 2)
	check(t, "retries in the log", strings.Count(log.String(), "msg=retrying"), 2)
	checkOmits(t, "log", log.String(), "aWQ6cw", "Bearer")
}

func TestStackWithASource(t *testing.T) {
	var sent []string
	base := roundTripper(func(request *http.Request) (*http.Response, error) {
		sent = append(sent, request.Header.Get("Authorization"))
		return newResponse(request, 200, ""), nil
	})
	source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "own"})
	_, err := newStack(base, Credentials{Source: source}).RoundTrip(newRequest(t, "GET"))
	checkError(t, "request", err, nil)
	check(t, "tokens sent", strings.Join(sent, ", "), "Bearer own")
}

// An address without a host is one of the API, below the path of its base URL.
func TestAddressWithoutAHost(t *testing.T) {
	for _, test := range []struct {
		name, base, address, want string
	}{
		{"path", "https://api.example.com", "/api/v2/organizations/me",
			"https://api.example.com/api/v2/organizations/me"},
		{"query", "https://api.example.com", "/api/v2/x?x=1&y=%2F", "https://api.example.com/api/v2/x?x=1&y=%2F"},
		{"escapes", "https://api.example.com", "/api/v2/a%2Fb%20c", "https://api.example.com/api/v2/a%2Fb%20c"},
		{"slash at the end", "https://api.example.com", "/api/v2/", "https://api.example.com/api/v2/"},
		{"base with a path", "https://proxy.example.com/genesys", "/api/v2/a%2Fb?x=1",
			"https://proxy.example.com/genesys/api/v2/a%2Fb?x=1"},
		{"base with a slash", "https://proxy.example.com/genesys/", "/api/v2/x",
			"https://proxy.example.com/genesys/api/v2/x"},
		{"relative path", "https://api.example.com", "api/v2/x", "https://api.example.com/api/v2/x"},
		{"with a host", "https://proxy.example.com/genesys", "https://proxy.example.com/genesys/api/v2/a%2Fb?x=1",
			"https://proxy.example.com/genesys/api/v2/a%2Fb?x=1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var sent, line, host string
			config := newConfig(roundTripper(func(request *http.Request) (*http.Response, error) {
				sent, line, host = request.URL.String(), request.URL.RequestURI(), request.Host
				return newResponse(request, 200, ""), nil
			}), static)
			var err error
			if config.Origin, err = url.Parse(test.base); err != nil {
				t.Fatal(err)
			}
			client := &http.Client{Transport: New(config)}
			response, err := client.Get(test.address)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			check(t, "address sent", sent, test.want)
			check(t, "address in the request line", config.Origin.Scheme+"://"+config.Origin.Host+line, test.want)
			if host != "" {
				check(t, "Host header", host, config.Origin.Host)
			}
			check(t, "address of the response", response.Request.URL.String(), test.want)
			check(t, "origin", config.Origin.String(), test.base)
		})
	}
}

// The request of the caller is not changed.
func TestAddressWithoutAHostIsACopy(t *testing.T) {
	request := newRequest(t, "GET")
	request.URL, request.Host = &url.URL{Path: "/api/v2/x"}, "elsewhere.example.com"
	var host string
	_, err := newStack(roundTripper(func(request *http.Request) (*http.Response, error) {
		host = request.Host
		return newResponse(request, 200, ""), nil
	}), static).RoundTrip(request)
	checkError(t, "request", err, nil)
	check(t, "Host header", host, "")
	check(t, "address of the caller's request", request.URL.String(), "/api/v2/x")
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
			request, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = stack.RoundTrip(request)
			check(t, "permanent", failure.IsPermanent(err), true)
			checkContains(t, "error", errorText(err), "is not the API at https://api.example.com")
		})
	}
	check(t, "requests sent", len(base.sent), 0)
}

// A request that is not sent has its body closed, as a RoundTripper does.
func TestRequestBodiesAreClosed(t *testing.T) {
	noToken := tokenSource(func() (*oauth2.Token, error) { return nil, errors.New("no token") })
	for _, test := range []struct {
		name, address string
		credentials   Credentials
		paused        bool
	}{
		{name: "sent", address: "https://api.example.com/", credentials: static},
		{name: "another host", address: "https://elsewhere.example.com/", credentials: static},
		{name: "no token", address: "https://api.example.com/", credentials: Credentials{Source: noToken}},
		{name: "a pause beyond the deadline", address: "https://api.example.com/", credentials: static, paused: true},
	} {
		for name, rewindable := range map[string]bool{"with GetBody": true, "without GetBody": false} {
			bubble(t, test.name+"/"+name, func(t *testing.T) {
				throttled := outcome{status: 429, headers: []string{"Retry-After", "60"}}
				stack := newStack(newOutcomes(t, throttled), test.credentials)
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				if test.paused {
					stack.RoundTrip(newRequest(t, "POST").WithContext(ctx))
				}
				opened, closed := 1, 0
				newBody := func() io.ReadCloser {
					return &closeFunc{strings.NewReader(requestBody), func() { closed++ }}
				}
				request, err := http.NewRequestWithContext(ctx, http.MethodPut, test.address, newBody())
				if err != nil {
					t.Fatal(err)
				}
				if rewindable {
					request.GetBody = func() (io.ReadCloser, error) {
						opened++
						return newBody(), nil
					}
				}
				stack.RoundTrip(request)
				check(t, "bodies closed", closed, opened)
			})
		}
	}
}

// A pause of the rate limit is no stall, and no part of the duration of a request.
func TestPauseIsNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		sent := 0
		config := newConfig(roundTripper(func(request *http.Request) (*http.Response, error) {
			switch sent++; sent {
			case 1:
				return newResponse(request, 429, "", "Retry-After", "150"), nil
			case 2:
				return newResponse(request, 200, ""), nil
			}
			<-request.Context().Done()
			return nil, request.Context().Err()
		}), static)
		config.Logger, config.Retry.MaxAttempts = newTextLogger(&log), 1
		stack := New(config)
		for _, test := range []struct {
			want string
			took time.Duration
		}{
			{"GET /api/v2/usage/query: 429 Too Many Requests", 0},
			{"", 150 * time.Second},
			{"the response stalled: no byte for 1m0s: i/o timeout", time.Minute},
		} {
			start := time.Now()
			err := stack.Read(newRequest(t, "GET"), readNothing)
			check(t, "error", errorText(err), test.want)
			check(t, "duration", time.Since(start), test.took)
		}
		check(t, "requests of no duration in the log", strings.Count(log.String(), "duration=0s"), 2)
	})
}
