package transport

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// Credentials are where tokens come from: an AccessToken, or a Source, or ClientID,
// ClientSecret and LoginURL.
type Credentials struct {
	AccessToken string
	Source      oauth2.TokenSource

	ClientID, ClientSecret, LoginURL string
}

// ValidToken reports whether a token can be sent in a header.
func ValidToken(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// tokens returns a cache of tokens. Those for client credentials are requested through
// login.
func (c Credentials) tokens(login *retry, statusError NewStatusError, logger *slog.Logger) *tokenCache {
	switch {
	case c.AccessToken != "":
		return &tokenCache{token: &oauth2.Token{AccessToken: c.AccessToken}}
	case c.Source != nil:
		return &tokenCache{logger: logger, fetch: func(ctx context.Context) (*oauth2.Token, error) {
			token, err := await(ctx, c.Source.Token, func(*oauth2.Token) {}) // a TokenSource takes no context
			if err != nil {
				return nil, fmt.Errorf("fetching a token from the token source: %w", sourceError(err))
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
	client := &http.Client{Transport: &loginHost{login, statusError}}
	return &tokenCache{logger: logger, fetch: func(ctx context.Context) (*oauth2.Token, error) {
		token, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
		if err != nil {
			return nil, fmt.Errorf("fetching a token from %s: %w", c.LoginURL, loginError(err))
		}
		return token, nil
	}}
}

// sourceError marks the refusal of a token source that fetches tokens by OAuth too.
func sourceError(err error) error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if ok && refused.Response != nil && !TransientStatus(refused.Response.StatusCode) {
		return failure.Permanent(err)
	}
	return err
}

// loginError marks refused credentials and unusable tokens as permanent. An
// *oauth2.RetrieveError loses the header and body of its request, which contain the
// secret.
func loginError(err error) error {
	if sent, ok := errors.AsType[*url.Error](err); ok {
		return sent.Err // the text has the address already
	}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		r := refused.Response
		refused.Response = &http.Response{Status: r.Status, StatusCode: r.StatusCode, Header: r.Header,
			Request: &http.Request{Method: r.Request.Method, URL: r.Request.URL, Host: r.Request.Host}}
		err = &refusal{refused}
	}
	return failure.Permanent(err)
}

// refusal words an *oauth2.RetrieveError, whose own text has a server's body as it is.
type refusal struct{ *oauth2.RetrieveError }

func (e *refusal) Error() string {
	reason := cmp.Or(e.ErrorCode, string(e.Body))
	if e.ErrorDescription != "" {
		reason += ": " + e.ErrorDescription
	}
	return fmt.Sprintf("%d %s: %s%s; check the client id and secret, and that they belong to this region",
		e.Response.StatusCode, http.StatusText(e.Response.StatusCode), failure.Quote(reason), correlation(e.Response.Header))
}

func (e *refusal) Unwrap() error { return e.RetrieveError }

// loginHost passes on to package oauth2 the responses with a token or with a refusal of
// the credentials. For any other, of a login host that is down, rate limits or
// redirects, it returns a status error.
type loginHost struct {
	retry       *retry
	statusError NewStatusError
}

func (t *loginHost) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.retry.send(request, readJSON)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		body, err := readAll(response)
		if err != nil {
			return nil, err
		}
		if !isRefusal(response.StatusCode, body) {
			return nil, t.statusError(response, body)
		}
		response.Body = io.NopCloser(bytes.NewReader(body))
	}
	response.Header.Set("Content-Type", "application/json") // package oauth2 takes text/plain for a form
	return response, nil
}

// isRefusal reports whether a response refuses the credentials: by its status, or by an
// error code of OAuth (RFC 6749, 5.2). A proxy or firewall has other 4xx statuses.
func isRefusal(status int, data []byte) bool {
	var body struct {
		Error string `json:"error"`
	}
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized:
		return true
	case http.StatusProxyAuthRequired: // whatever the proxy says
		return false
	}
	return status/100 == 4 && !TransientStatus(status) &&
		json.Unmarshal(data, &body) == nil && isOAuthCode(body.Error)
}

// isOAuthCode reports whether text is an error code of OAuth, such as invalid_client.
func isOAuthCode(text string) bool {
	return text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz_") == ""
}
