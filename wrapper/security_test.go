package wrapper_test

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"golang.org/x/oauth2"
)

// Markers that are recognized wherever they get to.
const (
	markedID     = "MARKED-ID"
	markedSecret = "MARKED%SECRET+/="
	markedToken  = "MARKEDTOKEN"
)

// hidden are the forms in which a secret travels.
func hidden() []string {
	escaped := url.QueryEscape(markedSecret)
	return []string{
		markedSecret, escaped, url.PathEscape(markedSecret), base64.StdEncoding.EncodeToString([]byte(markedSecret)),
		base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(markedID) + ":" + escaped)), markedToken,
		base64.StdEncoding.EncodeToString([]byte(markedToken)),
	}
}

// No secret is in what fmt prints of any exported type, in an error or a log, whether all
// is well or the login host or the API refuses the credentials.
func TestSecretsDoNotGetOut(t *testing.T) {
	query := gen.APIUsageQuery{Interval: "2026-10-01/2026-10-31"}
	tokenBody := []byte(`{"access_token":"` + markedToken + `","token_type":"bearer","expires_in":3600}`)
	for name, faults := range map[string]map[string]usagetest.Fault{
		"well":           {},
		"secret refused": {"/oauth/token": {Status: http.StatusUnauthorized}},
		"token refused":  {"/api/v2/usage/query": {Status: http.StatusUnauthorized}},
	} {
		for _, credential := range []string{"client credentials", "token", "source"} {
			t.Run(name+"/"+credential, func(t *testing.T) {
				var all strings.Builder // of what is printed
				server := usagetest.NewServer(usagetest.Config{ClientID: markedID, ClientSecret: markedSecret,
					Fault: func(request *http.Request) usagetest.Fault {
						if fault, ok := faults[request.URL.Path]; ok || request.URL.Path != "/oauth/token" {
							return fault
						}
						return usagetest.Fault{Body: tokenBody} // refused by the fake's API
					}})
				defer server.Close()
				handler := slog.NewTextHandler(&all, &slog.HandlerOptions{Level: slog.LevelDebug})
				options := append(server.Options(), wrapper.WithLogger(slog.New(handler)),
					wrapper.WithRetry(wrapper.Retry{MaxAttempts: 2, Initial: 1}))
				switch credential {
				case "token":
					options = append(options, wrapper.WithAccessToken(markedToken))
				case "source":
					source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: markedToken})
					options = append(options, wrapper.WithTokenSource(source))
				}
				client, err := wrapper.New("", options...)
				if err != nil {
					t.Fatal(err)
				}
				execution, submitErr := client.Submit(t.Context(), query)
				rows, err := client.Execution("id").Wait(t.Context())
				response, apiErr := client.API().PostUsageQueryWithResponse(t.Context(), query)
				printed := []any{client, options, client.API(), client.HTTPClient(), execution, submitErr, rows, err, apiErr}
				if response != nil {
					sent := response.HTTPResponse.Request
					printed = append(printed, response, response.HTTPResponse.Header, sent.Header, sent.URL)
				}
				for _, value := range printed {
					print(&all, value)
				}
				for _, secret := range hidden() {
					if i := strings.Index(all.String(), secret); i >= 0 {
						t.Errorf("%s is in %q", secret, all.String()[max(i-200, 0):min(i+100, all.Len())])
					}
				}
			})
		}
	}
}

// print prints a value in all ways, and the errors that it wraps.
func print(all *strings.Builder, value any) {
	fmt.Fprintf(all, "%v %+v %#v %s %q\n", value, value, value, value, value)
	switch err := value.(type) {
	case interface{ Unwrap() error }:
		print(all, err.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range err.Unwrap() {
			print(all, err)
		}
	case *oauth2.RetrieveError:
		print(all, err.Response)
		print(all, *err.Response)
		print(all, string(err.Body))
	}
}
