package wrapper_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"golang.org/x/oauth2"
)

// No secret is in what fmt prints of any exported type. The simulation looks for them in
// errors and logs.
func TestSecretsDoNotGetOut(t *testing.T) {
	const id, secret, token = "MARKED-ID", "MARKED%SECRET+/=", "MARKEDTOKEN"
	escaped := url.QueryEscape(secret)
	encode := base64.StdEncoding.EncodeToString
	hidden := []string{ // the forms in which they travel
		secret, escaped, url.PathEscape(secret), encode([]byte(secret)), encode([]byte(url.QueryEscape(id) + ":" + escaped)),
		token, encode([]byte(token)),
	}
	server := usagetest.NewServer(usagetest.Config{ClientID: id, ClientSecret: secret})
	defer server.Close()
	hidden = append(hidden, server.Token())
	for name, credential := range map[string]wrapper.Option{
		"client credentials": wrapper.WithClientCredentials(id, secret),
		"token":              wrapper.WithAccessToken(token),
		"source":             wrapper.WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token})),
	} {
		t.Run(name, func(t *testing.T) {
			options := append(server.Options(), credential)
			client, err := wrapper.New("", options...)
			if err != nil {
				t.Fatal(err)
			}
			query := gen.APIUsageQuery{Interval: "2026-10-01/2026-10-31"}
			execution, submitErr := client.Submit(t.Context(), query)
			response, apiErr := client.API().PostUsageQueryWithResponse(t.Context(), query)
			printed := []any{client, options, client.API(), client.HTTPClient(), execution, submitErr, response, apiErr}
			if response != nil {
				sent := response.HTTPResponse.Request
				printed = append(printed, response.HTTPResponse.Header, sent.Header, sent.URL)
			}
			for _, value := range printed {
				text := fmt.Sprintf("%v %+v %#v %s %q", value, value, value, value, value)
				for _, secret := range hidden {
					if i := strings.Index(text, secret); i >= 0 {
						t.Errorf("%s is in %T: %q", secret, value, text[max(i-200, 0):min(i+100, len(text))])
					}
				}
			}
		})
	}
}
