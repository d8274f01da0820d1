package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// Credentials are where tokens come from: exactly one of AccessToken, Source, and
// ClientID with the other two.
type Credentials struct {
	AccessToken string
	Source      oauth2.TokenSource

	ClientID, ClientSecret, LoginURL string
}

// tokens returns the cache of the tokens. The login layers send the requests for
// them.
func (c Credentials) tokens(login http.RoundTripper, logger *slog.Logger) *tokenCache {
	switch {
	case c.AccessToken != "":
		return &tokenCache{token: &oauth2.Token{AccessToken: c.AccessToken}}
	case c.Source != nil:
		return &tokenCache{logger: logger, deaf: true, fetch: func(context.Context) (*oauth2.Token, error) {
			token, err := c.Source.Token()
			if err != nil {
				return nil, fmt.Errorf("asking the token source: %w", err)
			}
			return token, nil
		}}
	}
	config := &clientcredentials.Config{
		ClientID:     c.ClientID,
		ClientSecret: c.ClientSecret,
		TokenURL:     c.LoginURL + "/oauth/token",
		AuthStyle:    oauth2.AuthStyleInHeader,
	}
	client := &http.Client{Transport: &loginHost{login}}
	return &tokenCache{logger: logger, fetch: func(ctx context.Context) (*oauth2.Token, error) {
		token, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
		refused, ok := errors.AsType[*oauth2.RetrieveError](err)
		switch {
		case err == nil:
			return token, nil
		case !ok:
			return nil, fmt.Errorf("fetching a token: %w", err)
		}
		// The request holds the secret; the body, any gateway's page, is quoted.
		refused.Response = withoutSecret(refused.Response) //nolint:bodyclose // package oauth2 has read and closed it
		refused.Body = refused.Body[:min(len(refused.Body), 512)]
		return nil, fmt.Errorf("fetching a token from %s: %d %s: %w%s; check the client id and secret, and that they belong to this region",
			c.LoginURL, refused.Response.StatusCode, http.StatusText(refused.Response.StatusCode), refused, correlation(refused.Response))
	}}
}

// loginHost tells refusals, which package oauth2 gets to see, from a login host
// that is down, limits or redirects, which say nothing of the credentials.
type loginHost struct{ base http.RoundTripper }

func (t *loginHost) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.base.RoundTrip(request.WithContext(WithReader(request.Context(), readToken)))
	if err != nil || response.StatusCode/100 == 2 {
		return response, err
	}
	// A body that breaks off takes nothing from what the status says.
	data, _ := io.ReadAll(io.LimitReader(response.Body, maxBody))
	response.Body.Close()
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(data))
	if response.StatusCode/100 == 4 && !TransientStatus(response.StatusCode) {
		return response, nil
	}
	return nil, &LoginError{withoutSecret(response)}
}

// readToken is a Reader of tokens. Package oauth2 would take text/plain for a form.
func readToken(response *http.Response) error {
	response.Header.Set("Content-Type", "application/json")
	return readJSON(response)
}

// A LoginError is an answer of the login host that says nothing of the
// credentials. Its Response can be read once.
type LoginError struct{ Response *http.Response }

func (e *LoginError) Error() string {
	return fmt.Sprintf("the login host answers %d %s%s", e.Response.StatusCode, http.StatusText(e.Response.StatusCode), correlation(e.Response))
}

// withoutSecret returns a response to a request without header and body.
func withoutSecret(response *http.Response) *http.Response {
	clean := *response
	clean.Request = &http.Request{Method: response.Request.Method, URL: response.Request.URL, Host: response.Request.Host}
	return &clean
}
