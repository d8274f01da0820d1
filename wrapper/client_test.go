package wrapper

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestNewFromEnv(t *testing.T) {
	const missing = "missing environment variables: "
	const credential = envAccessToken + " (or both " + envClientID + " and " + envClientSecret + ")"
	type env map[string]string
	for _, test := range []struct {
		name    string
		env     env
		options []Option
		want    string // the first request, or
		wantErr string
	}{
		{"nothing", nil, nil, "", missing + envRegion + ", " + credential},
		{"no region", env{envAccessToken: "T"}, nil, "", missing + envRegion},
		{"no credential", env{envRegion: "us-east-1"}, nil, "", missing + credential},
		{"no region and no secret", env{envClientID: "id"}, nil, "", missing + envRegion + ", " + envClientSecret},
		{"no id", env{envRegion: "us-east-1", envClientSecret: "s"}, nil, "", missing + envClientID},
		{"no region, and a bad token", env{envAccessToken: "T\n"}, nil, "", envAccessToken + " contains white space"},
		{"unknown region", env{envRegion: "mars", envAccessToken: "T"}, nil, "", envRegion + `: unknown region "mars"`},
		{"token with a blank", env{envRegion: "us-east-1", envAccessToken: "T T"}, nil, "",
			envAccessToken + " contains white space"},
		{"secret with a line break", env{envRegion: "us-east-1", envClientID: "id", envClientSecret: "s\n"}, nil, "",
			envClientSecret + " contains white space or control characters"},
		{"id with a byte order mark", env{envRegion: "us-east-1", envClientID: "\ufeffid", envClientSecret: "s"}, nil, "",
			envClientID + " contains white space or control characters"},
		{"a bad option", env{envRegion: "us-east-1", envAccessToken: "T"}, []Option{WithAccessToken("")}, "",
			"the token is empty"},

		{"token", env{envRegion: "mypurecloud.de", envAccessToken: "T"}, nil, "api.mypurecloud.de Bearer T", ""},
		{"region with underscores", env{envRegion: "me_central_1", envAccessToken: "T"}, nil,
			"api.mec1.pure.cloud Bearer T", ""},
		{"client", env{envRegion: "us-east-1", envClientID: "id", envClientSecret: "s"}, nil,
			"login.mypurecloud.com Basic aWQ6cw==", ""},
		{"token and client", env{envRegion: "us-east-1", envAccessToken: "T", envClientID: "id", envClientSecret: "s"}, nil,
			"api.mypurecloud.com Bearer T", ""},
		{"options alone", nil, []Option{WithBaseURL("https://example.com"), WithAccessToken("T")}, "example.com Bearer T",
			""},
		{"options beat the environment", env{envRegion: "us-east-1", envAccessToken: "bad token"},
			[]Option{WithAccessToken("T")},
			"api.mypurecloud.com Bearer T", ""},
		{"a source beats the environment", env{envRegion: "us-east-1", envAccessToken: "T"},
			[]Option{WithTokenSource(tokenSource("S"))}, "api.mypurecloud.com Bearer S", ""},
		{"options have all that a region has", env{envRegion: "mars"},
			[]Option{WithBaseURL("https://example.com"), WithAccessToken("T")},
			"example.com Bearer T", ""},
		{"a login URL beats the environment", env{envRegion: "us-east-1", envClientID: "id", envClientSecret: "s"},
			[]Option{WithLoginURL("https://example.com")}, "example.com Basic aWQ6cw==", ""},
		{"an address and a token need no region", env{envAccessToken: "T"}, []Option{WithBaseURL("https://example.com")},
			"example.com Bearer T", ""},
		{"options need a region", nil, []Option{WithAccessToken("T")}, "", missing + envRegion},
		{"client credentials need a login URL", nil, []Option{WithBaseURL("https://example.com"),
			WithClientCredentials("id", "s")},
			"", missing + envRegion},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, name := range []string{envRegion, envClientID, envClientSecret, envAccessToken} {
				t.Setenv(name, test.env[name])
			}
			got, err := firstRequest(t, NewFromEnv, test.options...)
			checkError(t, err, test.wantErr)
			check(t, "Retryable", Retryable(err), false)
			check(t, "first request", got, test.want)
		})
	}
}

// fetchBody requests an address by an HTTPClient, and returns the status and the body.
func fetchBody(client *http.Client, address string) (int, string, error) {
	response, err := client.Get(address)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

// The HTTPClient has our transport under it, and leaves responses as they are.
func TestHTTPClient(t *testing.T) {
	var sent []string
	client := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
		sent = append(sent, fmt.Sprint(request.URL, " ", request.Header.Get("Authorization"), " ", request.UserAgent()))
		switch {
		case request.URL.Path == "/moved":
			http.Redirect(w, request, "/elsewhere", http.StatusFound)
		case len(sent) == 1:
			reply(w, down)
		default:
			reply(w, "not JSON")
		}
	}, WithUserAgent("agent"))
	status, body, err := fetchBody(client.HTTPClient(), "/api/v2/users?a=b")
	checkError(t, err, "")
	check(t, "status", status, http.StatusOK)
	check(t, "body", body, "not JSON")
	status, _, err = fetchBody(client.HTTPClient(), "/moved")
	checkError(t, err, "")
	check(t, "status of a redirect", status, http.StatusFound)
	check(t, "requests", strings.Join(sent, ", "),
		"/api/v2/users?a=b Bearer T agent, /api/v2/users?a=b Bearer T agent, /moved Bearer T agent")
	_, _, err = fetchBody(client.HTTPClient(), "https://elsewhere.example.com/api/v2/users")
	checkError(t, err, "refusing to send the token")
}

// Addresses with a path, of a gateway say, keep it in every request.
func TestAddressesWithAPath(t *testing.T) {
	var got, login string
	base := newTestClient(t, func(w http.ResponseWriter, request *http.Request) {
		if strings.HasSuffix(request.URL.Path, "/oauth/token") {
			login = request.URL.Path
			reply(w, tokenBody)
			return
		}
		got = request.URL.Path
		fmt.Fprint(w, `{"executionId":"id","id":"id","queryStatus":"Running"}`)
	}).baseURL
	client, err := New("", WithBaseURL(base+"gateway/v1/"), WithLoginURL(base+"login/"), WithClientCredentials("id", "s"))
	checkError(t, err, "")
	for _, test := range []struct {
		name string
		send func() error
		want string
	}{
		{"Submit", func() error { _, err := client.Submit(t.Context(), someQuery); return err }, "/api/v2/usage/query"},
		{"Poll", func() error { _, err := client.Execution("id").Poll(t.Context()); return err },
			"/api/v2/usage/query/id/results"},
		{"SubmitJob", func() error { _, err := client.SubmitJob(t.Context(), someJobQuery); return err }, jobsPath},
		{"Job.Poll", func() error { _, err := client.Job("id").Poll(t.Context()); return err }, jobsPath + "/id"},
		{"API", func() error { _, err := client.API().PostUsageQueryWithResponse(t.Context(), someQuery); return err },
			"/api/v2/usage/query"},
		{"HTTPClient", func() error { _, _, err := fetchBody(client.HTTPClient(), "/api/v2/users"); return err },
			"/api/v2/users"},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkError(t, test.send(), "")
			check(t, "path", got, "/gateway/v1"+test.want)
		})
	}
	check(t, "path of the login", login, "/login/oauth/token")
}

// Whatever call needs a token has an *APIError if the login host is down, those of the
// generated client and of the HTTPClient, too.
func TestLoginOutageOfOtherCalls(t *testing.T) {
	credentials := newBubbleClient(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, down) },
		WithClientCredentials("id", "secret"), WithRetry(Retry{MaxAttempts: 1}))
	for name, call := range map[string]func() error{
		"HTTPClient": func() error { _, _, err := fetchBody(credentials.HTTPClient(), "/api/v2/users"); return err },
		"API": func() error {
			_, err := credentials.API().PostUsageQueryWithResponse(t.Context(), someQuery)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := call()
			api := checkStatus(t, err, http.StatusServiceUnavailable)
			check(t, "Path", api.Path, "/oauth/token")
			check(t, "Retryable", Retryable(err), true)
		})
	}
}
