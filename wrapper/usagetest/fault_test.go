package usagetest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// get asks for results that do not exist, whose answer is an error body, and
// reads no more than 1 MiB of it.
func get(t *testing.T, fault usagetest.Fault) (status int, header http.Header, body string, err error) {
	t.Helper()
	server := newServer(t, usagetest.Config{Fault: func(*http.Request) usagetest.Fault { return fault }})
	transport := &http.Transport{ResponseHeaderTimeout: 5 * time.Second}
	defer transport.CloseIdleConnections()
	request, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/api/v2/usage/query/x/results", nil)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, nil, "", err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, response.Header, string(data), err
}

func TestConnectionFaults(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault usagetest.ConnectionFault
		ok    func(body string, err error) bool
	}{
		{"refuse", usagetest.Refuse, func(body string, err error) bool { return err != nil && body == "" }},
		{"reset before", usagetest.ResetBefore, func(body string, err error) bool { return err != nil && body == "" }},
		{"reset during", usagetest.ResetDuring, func(body string, err error) bool { return err != nil && !strings.HasSuffix(body, "}") }},
		{"cut", usagetest.Cut, func(body string, err error) bool {
			return errors.Is(err, io.ErrUnexpectedEOF) && strings.HasPrefix(body, "{") && !strings.HasSuffix(body, "}")
		}},
		{"endless", usagetest.Endless, func(body string, err error) bool {
			return err == nil && len(body) == 1<<20 && strings.HasSuffix(body, "  ")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, _, body, err := get(t, usagetest.Fault{Connection: test.fault}); !test.ok(body, err) {
				t.Errorf("body %.100q, error %v", body, err)
			}
		})
	}
}

func TestStallLastsUntilTheClientLeaves(t *testing.T) {
	server := newServer(t, usagetest.Config{Fault: func(*http.Request) usagetest.Fault {
		return usagetest.Fault{Connection: usagetest.Stall}
	}})
	response, err := http.Get(server.URL + "/api/v2/usage/query/x/results")
	if err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 1<<10)
	if n, err := response.Body.Read(buffer); n == 0 || err != nil {
		t.Errorf("nothing comes before the stall: %v", err)
	}
	response.Body.Close()
	server.Close() // returns: nothing holds it up
}

func TestAnswerFaults(t *testing.T) {
	status, header, body, err := get(t, usagetest.Fault{Status: 429, Header: http.Header{"retry-after": {"7"}, "ININ-Correlation-Id": nil}})
	if status != 429 || header.Get("Retry-After") != "7" || header.Values("ININ-Correlation-Id") != nil || !strings.Contains(body, "too.many.requests") || err != nil {
		t.Errorf("429: %d %v %s, %v", status, header, body, err)
	}
	status, header, body, err = get(t, usagetest.Fault{Status: 307, Header: http.Header{"Location": {"https://example.com/"}}, Body: []byte("moved")})
	if status != 307 || header.Get("Location") != "https://example.com/" || body != "moved" || err != nil {
		t.Errorf("307: %d %v %s, %v", status, header, body, err)
	}
	status, header, body, err = get(t, usagetest.Fault{Body: []byte{}, Header: http.Header{"Content-Type": {"text/html"}}})
	if status != 401 || header.Get("Content-Type") != "text/html" || body != "" || err != nil {
		t.Errorf("empty: %d %v %s, %v", status, header, body, err)
	}
}

func TestRandomFaults(t *testing.T) {
	faults := usagetest.TransientFaults()
	choices := func(seed uint64) (names []string) {
		choose := usagetest.RandomFaults(seed, 0.2, faults...)
		for range 1000 {
			names = append(names, choose(nil).Name)
		}
		return names
	}
	one, again, other := choices(1), choices(1), choices(2)
	if strings.Join(one, ",") != strings.Join(again, ",") || strings.Join(one, ",") == strings.Join(other, ",") {
		t.Error("not the same for one seed, or not another for another")
	}
	met := map[string]int{}
	for _, name := range one {
		met[name]++
	}
	if n := 1000 - met[""]; n < 150 || n > 250 || len(met) != len(faults)+1 {
		t.Errorf("%d of 1,000 met a fault, of %d kinds", n, len(met)-1)
	}
	if usagetest.RandomFaults(1, 1)(nil).Name != "" {
		t.Error("a fault out of none")
	}
}
