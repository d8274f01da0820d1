package usagetest_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// meet sends a request that meets a fault, and returns what comes of it: at most 1
// MiB of the body.
func meet(t *testing.T, fault usagetest.Fault) (response *http.Response, body string, err error) {
	t.Helper()
	server := newFake(t, usagetest.Config{Fault: func(*http.Request) usagetest.Fault { return fault }})
	response, err = http.DefaultTransport.RoundTrip(server.request("GET", noResults, ""))
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response, string(data), err
}

func TestConnectionFaults(t *testing.T) {
	const body, half = `{"a":"0123456789"}`, `{"a":"012`
	for _, test := range []struct {
		name     string
		fault    usagetest.ConnectionFault
		received string // at most: a reset can overtake the body
	}{
		{"refuse", usagetest.Refuse, ""},
		{"reset before", usagetest.ResetBefore, ""},
		{"reset during", usagetest.ResetDuring, half},
		{"cut", usagetest.Cut, half},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, got, err := meet(t, usagetest.Fault{Connection: test.fault, Body: []byte(body)})
			if !strings.HasPrefix(test.received, got) {
				t.Errorf("got body %q, want %q", got, test.received)
			}
			if err == nil {
				t.Error("got no error")
			}
			if test.fault == usagetest.Cut {
				check(t, "body before the cut", got, half)
				check(t, "is an unexpected end", errors.Is(err, io.ErrUnexpectedEOF), true)
			}
		})
	}
	t.Run("reset after", func(t *testing.T) {
		_, got, _ := meet(t, usagetest.Fault{Connection: usagetest.ResetAfter, Body: []byte(body)})
		if !strings.HasPrefix(body, got) {
			t.Errorf("got body %q, want %q", got, body)
		}
	})
	t.Run("endless", func(t *testing.T) {
		_, got, err := meet(t, usagetest.Fault{Connection: usagetest.Endless, Body: []byte(body)})
		check(t, "error", err, nil)
		check(t, "length", len(got), 1<<20)
		check(t, "body", strings.TrimRight(got, " "), strings.TrimSuffix(body, "}"))
	})
}

// A request that is refused has no effect; one whose connection is reset before the
// response has.
func TestEffectOfConnectionFaults(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault usagetest.ConnectionFault
		polls int
	}{
		{"refuse", usagetest.Refuse, 0},
		{"reset before", usagetest.ResetBefore, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			fault := usagetest.Fault{Connection: test.fault}
			server := newFake(t, usagetest.Config{RunningPolls: 1, Fault: func(request *http.Request) usagetest.Fault {
				if request.Header.Get("Faulty") == "" {
					return usagetest.Fault{}
				}
				return fault
			}})
			path := server.submit(`{"interval":"` + january + `"}`)
			request := server.request("GET", path, "")
			request.Header.Set("Authorization", "Bearer "+server.Token())
			request.Header.Set("Faulty", "yes")
			if response, err := http.DefaultTransport.RoundTrip(request); err == nil {
				response.Body.Close()
				t.Errorf("got status %d", response.StatusCode)
			}
			requests := server.Requests()
			check(t, "status of the request", requests[len(requests)-1].Status, 0)
			_, body := server.get(path)
			check(t, "complete on the next poll", strings.Contains(body, `"Complete"`), test.polls == 1)
		})
	}
}

// A stall, and a switch of protocols, leave the client without a byte until
// somebody closes the connection.
func TestStalledBodies(t *testing.T) {
	upgrade := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"demo"}}
	for _, test := range []struct {
		name  string
		fault usagetest.Fault
		body  string
	}{
		{"stall", usagetest.Fault{Connection: usagetest.Stall, Body: []byte("abcd")}, "ab"},
		{"101", usagetest.Fault{Status: http.StatusSwitchingProtocols, Header: upgrade}, ""},
	} {
		for _, closer := range []string{"client", "server"} {
			t.Run(test.name+", closed by the "+closer, func(t *testing.T) {
				server := newFake(t, usagetest.Config{Fault: func(*http.Request) usagetest.Fault { return test.fault }})
				response, err := http.DefaultTransport.RoundTrip(server.request("GET", noResults, ""))
				if err != nil {
					t.Fatal(err)
				}
				defer response.Body.Close()
				_, isConnection := response.Body.(io.Writer)
				check(t, "body is the connection", isConnection, test.fault.Status == http.StatusSwitchingProtocols)
				got := make([]byte, len(test.body))
				if _, err := io.ReadFull(response.Body, got); err != nil {
					t.Fatal(err)
				}
				check(t, "body before the stall", string(got), test.body)
				if closer == "client" {
					response.Body.Close()
				}
				server.Close() // returns: the request does not block it
				if _, err := response.Body.Read(make([]byte, 1)); err == nil {
					t.Error("got more of the body")
				}
			})
		}
	}
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
	} {
		t.Run(test.name, func(t *testing.T) {
			response, body, err := meet(t, test.fault)
			if err != nil {
				t.Fatal(err)
			}
			check(t, "status", response.StatusCode, test.status)
			for key, values := range test.header {
				check(t, key, response.Header.Values(key), values)
			}
			checkContains(t, "body", body, test.body)
		})
	}
	t.Run("empty body", func(t *testing.T) {
		_, body, err := meet(t, usagetest.Fault{Body: []byte{}})
		check(t, "error", err, nil)
		check(t, "body", body, "")
	})
}

// What was just submitted may not be known everywhere yet.
func TestNotFoundAtFirst(t *testing.T) {
	var polls atomic.Int32
	server := newFake(t, usagetest.Config{RunningPolls: 1, Fault: func(request *http.Request) usagetest.Fault {
		if request.Method == http.MethodGet && polls.Add(1) <= 2 {
			return usagetest.Fault{Status: http.StatusNotFound}
		}
		return usagetest.Fault{}
	}})
	path := server.submit(`{"interval":"` + january + `"}`)
	var got []int
	for range 4 {
		response, _ := server.get(path)
		got = append(got, response.StatusCode)
	}
	check(t, "statuses of the polls", got, []int{404, 404, 200, 200})
	_, body := server.get(path)
	checkContains(t, "last poll", body, string(gen.QueryStatusComplete))
}

func TestRandomFaults(t *testing.T) {
	faults := usagetest.TransientFaults()
	choices := func(seed uint64, share float64, faults ...usagetest.Fault) (names []string) {
		choose := usagetest.RandomFaults(seed, share, faults...)
		for range 1000 {
			names = append(names, choose(nil).Name)
		}
		return names
	}
	met := choices(1, 0.2, faults...)
	check(t, "choices of the same seed", choices(1, 0.2, faults...), met)
	check(t, "another seed has the same choices", slices.Equal(met, choices(2, 0.2, faults...)), false)

	none := make([]string, 1000)
	check(t, "choices from no faults", choices(1, 1), none)
	check(t, "choices of no share", choices(1, 0, faults...), none)
	if slices.Contains(choices(1, 1, faults...), "") {
		t.Error("a share of 1 leaves a request without a fault")
	}
	count := map[string]int{}
	for _, name := range met {
		count[name]++
	}
	if n := 1000 - count[""]; n < 150 || n > 250 {
		t.Errorf("%d of 1,000 requests meet a fault, want 20 %%", n)
	}
	for _, fault := range faults {
		if count[fault.Name] == 0 {
			t.Errorf("no request meets %q", fault.Name)
		}
	}
}
