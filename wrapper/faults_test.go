package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"golang.org/x/oauth2"
)

// outcomes are faults for all ways in which a call can end.
func outcomes() map[string]func(*http.Request) usagetest.Fault {
	all := map[string]func(*http.Request) usagetest.Fault{"nothing": nil}
	for _, fault := range usagetest.TransientFaults() {
		for _, path := range []string{tokenPath, submitPath, resultPath} {
			all[fault.Name+" at "+path] = on(path, fault)
		}
	}
	for _, path := range []string{tokenPath, submitPath, resultPath} {
		all["400 at "+path] = on(path, usagetest.Fault{Status: 400})
		all["endless at "+path] = on(path, usagetest.Fault{Connection: usagetest.Endless})
		all["endless error at "+path] = on(path, usagetest.Fault{Status: 400, Connection: usagetest.Endless})
		all["held at "+path] = on(path, usagetest.Fault{Delay: time.Hour})
		for _, status := range []int{301, 302, 303, 307, 308} {
			all[fmt.Sprint(status, " at ", path)] = on(path, redirectTo("http://127.0.0.1:1/", status))
		}
	}
	all["failed"] = on(resultPath, usagetest.Fault{QueryStatus: gen.QueryStatusFailed})
	return all
}

// redirectTo is a redirect to an address.
func redirectTo(location string, status int) usagetest.Fault {
	return usagetest.Fault{Status: status, Header: http.Header{"Location": {location}}}
}

// fails is what an error of a query has to be.
type fails func(*testing.T, error)

// withStatus wants an *APIError of the API.
func withStatus(status int) fails {
	return func(t *testing.T, err error) {
		api, ok := errors.AsType[*wrapper.APIError](err)
		if !ok {
			t.Fatalf("error %v, want an *APIError", err)
		}
		if api.StatusCode != status {
			t.Errorf("status %d, want %d", api.StatusCode, status)
		}
		if api.CorrelationID == "" {
			t.Error("no correlation id")
		}
		if !strings.Contains(err.Error(), api.CorrelationID) {
			t.Errorf("the text does not have the correlation id: %v", err)
		}
	}
}

// withLoginStatus wants an *APIError of the login host that does not blame the secret.
func withLoginStatus(status int) fails {
	return func(t *testing.T, err error) {
		withStatus(status)(t, err)
		if api, ok := errors.AsType[*wrapper.APIError](err); ok && api.Path != tokenPath {
			t.Errorf("path %s, want %s", api.Path, tokenPath)
		}
		if _, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
			t.Errorf("error %v, want no *oauth2.RetrieveError", err)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error blames the secret: %v", err)
		}
	}
}

// refused wants an *oauth2.RetrieveError.
func refused(t *testing.T, err error) {
	if _, ok := errors.AsType[*oauth2.RetrieveError](err); !ok {
		t.Errorf("error %v, want an *oauth2.RetrieveError", err)
	}
	if want := "check the client id and secret"; !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q in it", err, want)
	}
}

// withText wants an error with a text in it.
func withText(text string) fails {
	return func(t *testing.T, err error) {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %v, want %q in it", err, text)
		}
	}
}

// Faults that last end in the error that says so.
func TestLastingFaults(t *testing.T) {
	elsewhere := newUsageServer(t, usagetest.Config{})
	redirect := func(status int) usagetest.Fault { return redirectTo(elsewhere.URL+"/api/v2/usage/query", status) }
	after := func(retryAfter string) usagetest.Fault {
		return usagetest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {retryAfter}}}
	}
	body := func(body string) usagetest.Fault { return usagetest.Fault{Body: []byte(body)} }
	status := func(status int) usagetest.Fault { return usagetest.Fault{Status: status} }
	queryFailed := func(t *testing.T, err error) {
		if !errors.Is(err, wrapper.ErrQueryFailed) {
			t.Errorf("error %v, want %v", err, wrapper.ErrQueryFailed)
		}
	}
	for _, test := range []struct {
		name  string
		path  string
		fault usagetest.Fault
		want  fails
	}{
		{"400", submitPath, status(400), withStatus(400)},
		{"403", submitPath, status(403), withStatus(403)},
		{"409", resultPath, status(409), withStatus(409)},
		{"413", submitPath, status(413), withStatus(413)},
		{"401 for ever", submitPath, status(401), withStatus(401)},
		{"429 for too long", submitPath, after("3600"), withStatus(429)},
		{"429 for ever", resultPath, after("99999999999999999999"), withStatus(429)},
		{"429 until a date", resultPath, after("Fri, 31 Dec 9999 23:59:59 GMT"), withStatus(429)},
		{"503 for ever", resultPath, status(503), withText("last poll failed: GET /api/v2/usage/query/")},
		{"301", resultPath, redirect(301), withStatus(301)},
		{"302", submitPath, redirect(302), withStatus(302)},
		{"303", submitPath, redirect(303), withStatus(303)},
		{"307 with a body", submitPath, redirect(307), withStatus(307)},
		{"308 with a body", submitPath, redirect(308), withStatus(308)},
		{"error without end", submitPath, usagetest.Fault{Status: 400, Connection: usagetest.Endless}, withStatus(400)},
		{"submit response without end", submitPath, usagetest.Fault{Connection: usagetest.Endless},
			withText("1048576 bytes")},
		{"results without end", resultPath, usagetest.Fault{Connection: usagetest.Endless}, withText("1048576 bytes")},
		{"never JSON", submitPath, body("<html>"), withText("not JSON")},
		{"results never JSON", resultPath, body("<html>"), withText("invalid character '<'")},
		{"results always empty", resultPath, usagetest.Fault{Body: []byte{}}, withText("empty")},
		{"no execution id", submitPath, body("{}"), withText(`invalid id ""`)},
		{"an execution id of another type", submitPath, body(`{"executionId":1}`), withText("(correlation id ")},
		{"a row of another type", resultPath, body(`{"results":[{"requests":"many"}],"queryStatus":"Complete"}`),
			withText("/results/0/requests")},
		{"failed", resultPath, usagetest.Fault{QueryStatus: gen.QueryStatusFailed}, queryFailed},
		{"always reset", resultPath, usagetest.Fault{Connection: usagetest.ResetBefore}, withText("last poll failed: ")},
		{"token: 400", tokenPath, status(400), refused},
		{"token: 403 HTML", tokenPath, usagetest.Fault{Status: 403, Body: []byte("<html>")}, withLoginStatus(403)},
		{"token: 307", tokenPath, redirect(307), withLoginStatus(307)},
		{"token: 308", tokenPath, redirect(308), withLoginStatus(308)},
		{"token: 302", tokenPath, redirect(302), withLoginStatus(302)},
		{"token: 503 for ever", tokenPath, status(503), withLoginStatus(503)},
		{"token: 429 for too long", tokenPath, after("3600"), withLoginStatus(429)},
		{"token: without end", tokenPath, usagetest.Fault{Connection: usagetest.Endless}, withText("1048576 bytes")},
		{"token: refusal without end", tokenPath, usagetest.Fault{Status: 400, Connection: usagetest.Endless}, refused},
		{"token: error with status 200", tokenPath, body(`{"error":"invalid_client"}`), refused},
		{"token: none in the response", tokenPath, body(`{"token_type":"bearer"}`), withText("missing access_token")},
		{"token: never JSON", tokenPath, body("<html>"), withText("not JSON")},
		{"token: always expired", tokenPath, usagetest.Fault{TokenTTL: -time.Hour}, withStatus(401)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newUsageServer(t, usagetest.Config{Fault: on(test.path, test.fault)})
			// An outage of the results is waited out, for so long.
			client := mustNew(t, append(patient(server),
				wrapper.WithRetry(wrapper.Retry{MaxAttempts: 3, Initial: 1, Max: time.Millisecond}),
				wrapper.WithPolling(wrapper.Polling{Initial: 1, Max: time.Millisecond, Timeout: 50 * time.Millisecond}))...)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := client.Query(ctx, january)
			if err == nil {
				t.Fatal("no error")
			}
			if ctx.Err() != nil {
				t.Errorf("it lasted for a minute: %v", err)
			}
			test.want(t, err)
			_, got := errors.AsType[*wrapper.ExecutionError](err)
			if want := test.path == resultPath; got != want {
				t.Errorf("is an *ExecutionError: %v, want %v: %v", got, want, err)
			}
		})
	}
	t.Cleanup(func() {
		if n := len(elsewhere.Requests()); n > 0 {
			t.Errorf("%d redirects were followed", n)
		}
	})
}
