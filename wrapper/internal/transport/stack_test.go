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

func newStack(base http.RoundTripper, credentials Credentials) *Stack {
	return New(Config{
		Base: base, Origin: &url.URL{Scheme: "https", Host: "api.example.com"}, Retry: defaultRetry, UserAgent: "agent", Logger: discardLog, Credentials: credentials,
	})
}

// A layer that does not send a request closes its body, as a RoundTripper does.
func TestBodiesAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := roundTripper(func(request *http.Request) (*http.Response, error) {
			request.Body.Close() // as one that sends does
			return respond(request, 429, "", "Retry-After", "60"), nil
		})
		source := tokenSource(func() (*oauth2.Token, error) { return nil, errors.New("no token") })
		for _, test := range []struct {
			name, address string
			credentials   Credentials
		}{
			{"another host", "https://elsewhere.example.com/", Credentials{AccessToken: "T"}},
			{"no token", "https://api.example.com/", Credentials{Source: source}},
			{"a rate limit beyond the deadline", "https://api.example.com/", Credentials{AccessToken: "T"}},
		} {
			for _, copies := range []bool{false, true} {
				stack := newStack(refused, test.credentials)
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				for range 2 { // the second one meets the pause
					closed, copyClosed := 0, 0
					body, copied := &closeCounter{io.NopCloser(strings.NewReader("x")), &closed}, &closeCounter{io.NopCloser(strings.NewReader("x")), &copyClosed}
					request, err := http.NewRequestWithContext(ctx, http.MethodPut, test.address, body)
					if err != nil {
						t.Fatal(err)
					}
					if copies {
						request.GetBody = func() (io.ReadCloser, error) { return copied, nil }
					}
					if response, err := stack.RoundTrip(request); err == nil {
						response.Body.Close()
					}
					if closed == 0 || copies && copyClosed == 0 {
						t.Errorf("%s: the body is closed %d times, its copy %d", test.name, closed, copyClosed)
					}
				}
			}
		}
	})
}

// What a RoundTripper of somebody else's may do, and net/http puts up with.
func TestBodiesThatAreNotThere(t *testing.T) {
	stack := newStack(roundTripper(func(request *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 204, Request: request}, nil
	}), Credentials{AccessToken: "T"})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "https://api.example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.GetBody = func() (io.ReadCloser, error) { return http.NoBody, nil }
	response, err := stack.RoundTrip(request)
	if err != nil || response.StatusCode != 204 {
		t.Fatalf("%v, %v", response, err)
	}
	if data, err := io.ReadAll(response.Body); len(data) > 0 || err != nil || response.Body.Close() != nil {
		t.Errorf("%q, %v", data, err)
	}
}

// idler is a transport with idle connections.
type idler struct {
	roundTripper
	closed int
}

func (i *idler) CloseIdleConnections() { i.closed++ }

func TestIdleConnectionsAreClosed(t *testing.T) {
	base := &idler{}
	client := &http.Client{Transport: newStack(base, Credentials{AccessToken: "T"})}
	if client.CloseIdleConnections(); base.closed != 1 {
		t.Errorf("closed %d times", base.closed)
	}
	(&http.Client{Transport: newStack(roundTripper(nil), Credentials{AccessToken: "T"})}).CloseIdleConnections() // has none
}

// The cause of a context's end is in the error, wherever that comes from.
func TestCausesAreKept(t *testing.T) {
	cause := errors.New("the user is gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	stack := newStack(roundTripper(func(*http.Request) (*http.Response, error) {
		cancel(cause)
		return nil, ctx.Err()
	}), Credentials{AccessToken: "T"})
	for range 2 { // the second time, it has ended before
		_, err := stack.RoundTrip(newRequest(t, http.MethodGet).WithContext(ctx))
		if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
			t.Errorf("%v", err)
		}
	}
}

// A pause of the rate limit is no stall, and no part of what a request takes.
func TestStackPauseAndStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		sent := 0
		stack := New(Config{
			Origin: origin, Credentials: Credentials{AccessToken: "T"}, UserAgent: "agent", Logger: newTextLogger(&log),
			Retry: Retry{MaxAttempts: 1, Initial: 1, Max: 1, Stall: time.Minute},
			Base: roundTripper(func(request *http.Request) (*http.Response, error) {
				switch sent++; sent {
				case 1:
					return respond(request, 429, "", "Retry-After", "150"), nil
				case 2:
					return respond(request, 200, ""), nil
				}
				<-request.Context().Done()
				return nil, request.Context().Err()
			}),
		})
		for _, test := range []struct {
			status  int
			stalled bool
			took    time.Duration
		}{
			{429, false, 0},
			{200, false, 150 * time.Second},
			{0, true, time.Minute},
		} {
			start := time.Now()
			response, err := stack.RoundTrip(newRequest(t, "GET"))
			if _, stalled := errors.AsType[*stallError](err); stalled != test.stalled || time.Since(start) != test.took {
				t.Errorf("%v after %v, want %v", err, time.Since(start), test.took)
			}
			if test.status != 0 && (err != nil || response.StatusCode != test.status) {
				t.Errorf("%v, %v, want %d", response, err, test.status)
			}
		}
		if n := strings.Count(log.String(), "duration=0s"); n != 2 {
			t.Errorf("%d of 2 answers came at once: %s", n, &log)
		}
	})
}

// Do reads the answer to a POST, unless the request says who does, and to nothing
// else.
func TestDoReadsPosts(t *testing.T) {
	read := 0
	for _, test := range []struct {
		name   string
		method string
		reader Reader
		body   string // what is left of it
		read   int
	}{
		{"GET", "GET", nil, "no JSON", 0},
		{"POST with a Reader", "POST", func(*http.Response) error {
			read++
			return nil
		}, "", 1},
	} {
		request := newRequest(t, test.method)
		if test.reader != nil {
			request = request.WithContext(WithReader(request.Context(), test.reader))
		}
		read = 0
		response, err := (&Stack{outermost: newRetry(&outcomes{t: t, all: []outcome{{status: 200, body: "no JSON"}}})}).Do(request)
		if err != nil || read != test.read {
			t.Errorf("%s: %v, read %d times", test.name, err, read)
			continue
		}
		if body, err := io.ReadAll(response.Body); err != nil || string(body) != test.body {
			t.Errorf("%s: %q, %v is left", test.name, body, err)
		}
	}
}
