package usagetest_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// newFaulty returns a server all of whose requests meet a fault.
func newFaulty(t *testing.T, fault usagetest.Fault) *fake {
	t.Helper()
	return newFake(t, usagetest.Config{Fault: func(*http.Request) usagetest.Fault { return fault }})
}

func TestConnectionFaults(t *testing.T) {
	for _, test := range []struct {
		name   string
		fault  usagetest.ConnectionFault
		body   string
		err    error
		status int
	}{
		{"drop", usagetest.Drop, "", io.EOF, 0},
		{"cut", usagetest.Cut, `{"a":"012`, io.ErrUnexpectedEOF, 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := newFaulty(t, usagetest.Fault{Connection: test.fault, Body: []byte(`{"a":"0123456789"}`)})
			response, err := http.DefaultTransport.RoundTrip(server.request("GET", noResults, ""))
			var body []byte
			if err == nil {
				defer response.Body.Close()
				body, err = io.ReadAll(response.Body)
			}
			check(t, "body", string(body), test.body)
			if !errors.Is(err, test.err) {
				t.Errorf("error %v, want %v", err, test.err)
			}
			check(t, "status of the request", server.Requests()[0].Status, test.status)
		})
	}
}

// A stall leaves the client without a byte until somebody closes the connection.
func TestStall(t *testing.T) {
	for _, closer := range []string{"client", "server"} {
		t.Run("closed by the "+closer, func(t *testing.T) {
			server := newFaulty(t, usagetest.Fault{Connection: usagetest.Stall, Body: []byte("abcd")})
			response, err := http.DefaultTransport.RoundTrip(server.request("GET", noResults, ""))
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			got := make([]byte, 2)
			if _, err := io.ReadFull(response.Body, got); err != nil {
				t.Fatal(err)
			}
			check(t, "body before the stall", string(got), "ab")
			if closer == "client" {
				response.Body.Close()
			}
			server.Close() // returns: the request does not block it
			if _, err := response.Body.Read(got); err == nil {
				t.Error("got more of the body")
			}
		})
	}
}

// A request whose connection is dropped has its effect.
func TestDropHasItsEffect(t *testing.T) {
	server := newFake(t, usagetest.Config{
		RunningPolls: 1, Fault: usagetest.Once(usagetest.Results, usagetest.Fault{Connection: usagetest.Drop}),
	})
	path := server.submit(`{"interval":"` + january + `"}`)
	request := server.request("GET", path, "")
	request.Header.Set("Authorization", "Bearer "+server.Token())
	transport := &http.Transport{DisableKeepAlives: true} // so that it does not repeat the request
	if response, err := transport.RoundTrip(request); err == nil {
		response.Body.Close()
		t.Errorf("got status %d", response.StatusCode)
	}
	check(t, "status of the next poll", server.statuses(path, 1), []string{"Complete"})
}

func TestResponseFaults(t *testing.T) {
	elsewhere := http.Header{"Location": {"https://example.com/"}}
	for _, test := range []struct {
		name   string
		fault  usagetest.Fault
		status int
		header http.Header
		body   string
	}{
		{"none", usagetest.Fault{}, 401,
			http.Header{"Content-Type": {"application/json"}}, `"code":"authentication.required"`},
		{"status", usagetest.Fault{Status: 429}, 429,
			http.Header{"Retry-After": nil}, `"code":"too.many.requests.retry.after"`},
		{"unusual status", usagetest.Fault{Status: 522}, 522, nil, `"status":522`},
		{"header", usagetest.Fault{Status: 429, Header: http.Header{"retry-after": {"7"}}}, 429,
			http.Header{"Retry-After": {"7"}}, `"status":429`},
		{"header removed", usagetest.Fault{Header: http.Header{"inin-correlation-id": nil}}, 401,
			http.Header{"Inin-Correlation-Id": nil}, `"status":401`},
		{"redirect", usagetest.Fault{Status: 307, Header: elsewhere, Body: []byte("moved")}, 307, elsewhere, "moved"},
		{"body", usagetest.Fault{Body: []byte("<html>"), Header: http.Header{"Content-Type": {"text/html"}}},
			401, http.Header{"Content-Type": {"text/html"}}, "<html>"},
		{"empty body", usagetest.Fault{Body: []byte{}}, 401, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, body := newFaulty(t, test.fault).send("GET", noResults, "", "")
			check(t, "status", response.StatusCode, test.status)
			for key, values := range test.header {
				check(t, key, response.Header.Values(key), values)
			}
			checkContains(t, "body", body, test.body)
			check(t, "body is empty", body == "", test.body == "")
		})
	}
}

// Requests of a kind, and no others, meet the faults, one each.
func TestOnce(t *testing.T) {
	for _, test := range []struct {
		kind usagetest.RequestKind
		want []int // the statuses of all requests, twice
	}{
		{usagetest.Token, []int{503, 200, 202, 404, 404, 504, 200, 202, 404, 404}},
		{usagetest.Submit, []int{200, 503, 202, 404, 404, 200, 504, 202, 404, 404}},
		{usagetest.Results, []int{200, 200, 202, 503, 404, 200, 200, 202, 504, 404}},
	} {
		faults := []usagetest.Fault{{Status: 503}, {}, {Status: 504}}
		if test.kind == usagetest.Token { // of which there are half as many
			faults = slices.Delete(faults, 1, 2)
		}
		server := newFake(t, usagetest.Config{Fault: usagetest.Once(test.kind, faults...)})
		for range 3 {
			server.requestToken("demo-client", "demo-secret", "client_credentials")
			server.post(queryPath, `{"interval":"`+january+`"}`)
			server.post(jobPath, `{"interval":"`+daysFromNow(-1, -1)+`"}`)
			server.get(noResults)
			server.get(jobPath + "/unknown")
		}
		var got []int
		for _, request := range server.Requests() {
			got = append(got, request.Status)
		}
		check(t, "statuses", got, append(test.want, 200, 200, 202, 404, 404))
	}
}

func TestDelay(t *testing.T) {
	server := newFake(t, usagetest.Config{
		Latency: time.Millisecond,
		Fault:   usagetest.Once(usagetest.Results, usagetest.Fault{Delay: 30 * time.Millisecond}),
	})
	began := time.Now()
	server.get(noResults)
	if took := time.Since(began); took < 31*time.Millisecond {
		t.Errorf("the response took %v, want 31 ms at least", took)
	}
}

// Close ends a request that is delayed.
func TestCloseEndsDelays(t *testing.T) {
	delayed := make(chan bool, 1)
	server := newFake(t, usagetest.Config{Fault: func(*http.Request) usagetest.Fault {
		delayed <- true
		return usagetest.Fault{Delay: time.Hour}
	}})
	failed := make(chan error)
	go func() {
		response, err := http.Get(server.URL + noResults)
		if err == nil {
			response.Body.Close()
		}
		failed <- err
	}()
	<-delayed
	server.Close()
	if err := <-failed; err == nil {
		t.Error("a request that Close ended got a response")
	}
}
