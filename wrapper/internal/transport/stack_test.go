package transport

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/oauth2"
)

// What goes out has been through all layers, and in their order: retry around
// token, so that an attempt has the token of its time, and the log below both.
func TestStack(t *testing.T) {
	var mu sync.Mutex
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, request.URL.Path+" "+request.Header.Get("Authorization"))
		switch {
		case request.URL.Path == "/oauth/token":
			w.Write([]byte(`{"access_token":"T","token_type":"bearer","expires_in":86400}`))
		case len(got) == 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			w.Write([]byte("{}"))
		}
	}))
	defer server.Close()
	address, _ := url.Parse(server.URL)
	var log strings.Builder
	config := Config{
		Origin: address, Retry: defaultRetry, UserAgent: "agent", Logger: newTextLogger(&log),
		Credentials: Credentials{ClientID: "id", ClientSecret: "s", LoginURL: server.URL},
	}
	config.Retry.Initial = 1
	request, _ := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/query", strings.NewReader(theBody))
	response, err := New(config).Do(request)
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("%v, %v", response, err)
	}
	want := []string{"/oauth/token Basic aWQ6cw==", "/query Bearer T", "/query Bearer T"}
	if !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	for _, want := range []string{"path=/oauth/token attempt=1", "path=/query attempt=1", "path=/query attempt=2", "retrying"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in %s", want, &log)
		}
	}
	if strings.Contains(log.String(), "aWQ6cw") || strings.Contains(log.String(), "Bearer") {
		t.Errorf("secrets in %s", &log)
	}

	// A source of the caller's, and a base of its own.
	got = nil
	config.Credentials = Credentials{Source: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "own"})}
	config.Base = roundTripper(func(request *http.Request) (*http.Response, error) {
		return respond(request, 200, "", "Sent", request.Header.Get("Authorization")), nil
	})
	response, err = New(config).RoundTrip(request)
	if err != nil || response.Header.Get("Sent") != "Bearer own" || len(got) != 0 {
		t.Errorf("%v, %v", response, err)
	}
}
